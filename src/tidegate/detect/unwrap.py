"""Undo the wrappings a text may have: escapes, line breaks, concatenation, encodings.

A `View` is one reading of a stretch of a document, with the way back: every byte of the view knows the
byte of the document it came from. Nothing here knows what a credential is.
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

_ROUNDS = 3
"""How often one kind of escape may be nested in itself: `&amp;amp;`, `%2525`."""


_Substitution = tuple[bytes, bytes | Callable[[re.Match[bytes]], bytes]]
"""What is replaced, and by what."""
_Edits = tuple[list[int], list[int], list[int]]
"""Where, in the view before, each edit begins and ends, and where, after it, the text goes on."""


class View:
    """`data`, read out of a document by undoing `steps`, outermost first.

    The way back is a list of edits of the view before, made only when somebody asks: in most nothing is
    found.
    """

    __slots__ = ("_edits", "_origin", "_parent", "_substitution", "data", "steps")

    def __init__(self, data: bytes, origin: int) -> None:
        self.data = data
        self.steps: tuple[str, ...] = ()
        self._origin = origin
        self._parent: View | None = None
        self._substitution: _Substitution | None = None
        self._edits: _Edits | None = None

    def edited(self, data: bytes, substitution: _Substitution, step: str) -> View:
        """Return the view that has `data` after the substitution."""
        view = View(data, self._origin)
        view.steps = self.steps if step in self.steps else (*self.steps, step)
        view._parent = self
        view._substitution = substitution
        return view

    def source(self, offset: int) -> int:
        """Return the document's offset of the byte at `offset`; inside a replacement, where that begins."""
        if self._parent is None or self._substitution is None:
            return self._origin + offset
        if self._edits is None:
            self._edits = _edits(self._parent.data, *self._substitution)
        starts, ends, cuts = self._edits
        edit = bisect_right(cuts, offset) - 1
        before = ends[edit] + offset - cuts[edit] if edit >= 0 else offset
        if edit + 1 < len(starts):
            # The bytes of the next replacement stand where what they replace begins.
            before = min(before, starts[edit + 1])
        return self._parent.source(before)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the document `data[start:end]` stands: its first byte, and past its last."""
        return self.source(start), self.source(max(start, end - 1)) + 1


def raw_view(document: bytes, start: int, end: int) -> View:
    """Return the stretch as it stands."""
    return View(document[start:end], start)


def views(view: View) -> Iterator[View]:
    """Yield the readings of `view`, from the plainest to the one with most undone, each once."""
    seen = {view.data}
    yield view
    for base in _bases(view):
        for read in _chain(base):
            if read.data not in seen:
                seen.add(read.data)
                yield read


def _bases(view: View) -> Iterator[View]:
    yield view
    if re.search(_QUOTED_PRINTABLE_SIGN, view.data):
        yield _substitute(view, _QUOTED_PRINTABLE, _from_quoted_printable, "quoted-printable")
    if len(re.findall(_RTF_HEX, view.data)) > 1:
        yield _substitute(view, _RTF_HEX, _from_rtf, "rtf")
    if b"^&" in view.data:
        yield _substitute(view, _CARET, _from_caret, "cmd-escape")
    elif re.search(_DOUBLE_PERCENT, view.data):
        yield _substitute(view, _DOUBLE_PERCENT, b"%", "double-percent")
    decoded = decode_values(view)
    if decoded is not view:
        yield decoded


def decode_values(view: View) -> View:
    """Read values that are printable text in base64 as that text: a Secret of Kubernetes."""
    return _substitute(view, _BASE64_RUN, _from_base64, "base64")


def _chain(view: View) -> Iterator[View]:
    """Escapes, then joined literals and lines, then percent-encoding level by level."""
    yield view
    view = unescape(view)
    yield view
    if b"join" in view.data:
        yield _substitute(view, _LIST_COMMA, b"&", "list-join")
    joined = join_literals(view)
    yield joined
    unwrapped = _substitute(joined, _LINE_BREAK, b"", "line-wrap")
    yield unwrapped
    for start in (view, unwrapped):
        for _ in range(_ROUNDS):
            if not re.search(_NESTED_PERCENT, start.data):
                break
            start = unescape(unquote(start))
            yield start


def unquote(view: View) -> View:
    """Undo one level of percent-encoding."""
    return _substitute(view, _PERCENT, _from_percent, "percent-encoding")


def unescape(view: View) -> View:
    """Undo JSON, JavaScript, HTML and XML escapes, also nested in each other."""
    for _ in range(_ROUNDS):
        before = view
        if b"\\" in view.data:
            view = _substitute(view, _BACKSLASH, _from_backslash, "json-escape")
        if b"&" in view.data:
            view = _substitute(view, _ENTITY, _from_entity, "html-escape")
        if view is before:
            break
    return view


def join_literals(view: View) -> View:
    """Join string literals that the language would join, and lines that end in a continuation sign."""
    view = _substitute(view, _CONTINUATION, b"", "line-continuation")
    return _substitute(view, _CONCATENATION, b"", "concatenation")


# Compiled when they are needed, which in most commits they are not: 3 ms. `re` keeps what it compiled.
# Possessive, and only from where a run begins: a megabyte of backslashes or of blanks is read once, not
# once from each of them. A look behind stands after the first character, never before it: `re` passes over
# all that cannot begin a match only where that is told by its first item, and reads four times as fast.
# A backslash before a sign gives the sign (JSON, Java properties, LaTeX), `\n` and `\t` white space; before
# other letters it stays: `\d` is somebody's regular expression, and `C:\temp` a path.
_BACKSLASH = (
    rb"\\(?<!\\\\)\\*+(?:u00([0-9A-Fa-f]{2})|u\{0*([0-9A-Fa-f]{1,2})\}|x([0-9A-Fa-f]{2})|([\"'/&=:%_#!?$-])"
    rb"|([nrt])(?![A-Za-z]{2}:)|([01][0-7]{2}))"
)
_RTF_HEX = rb"\\'([0-9A-Fa-f]{2})"
_CARET = rb"\^([&|<>^=])|%(%)(?=[0-9A-Fa-f]{2})"
_DOUBLE_PERCENT = rb"%%(?=[0-9A-Fa-f]{2})"
_ENTITY = (
    rb"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos|equals|plus|sol|quest|colon|num|percnt);"
)
_PERCENT = rb"%([0-9A-Fa-f]{2})"
# Only an encoded separator shows that a link is encoded as a whole: `%2B` alone belongs to a signature.
_NESTED_PERCENT = rb"%(?:25)*(?:26|3[DdAa]|3[Ff]|22|7[Bb])"
_QUOTED_PRINTABLE = rb"=(?:[ \t]*\r?\n|([0-9A-F]{2}))"
# `sv=20` is no space: the whole text is so encoded only when its equals signs are, or its lines are broken.
_QUOTED_PRINTABLE_SIGN = rb"=3D|=[ \t]*\r?\n"
_LINE_BREAK = rb"[ \t\r\n](?<![ \t][ \t\r\n])(?:(?<=\n)|(?<=\r)\n|(?<=[ \t])[ \t]*+\r?\n)[ \t>|#*]*+"
_CONTINUATION = rb"[\\`^_](?<![^ ]_)(?<!\A_)[ \t]*\r?\n[ \t]*"
# From a closing quote to the next opening one over operators, commas of a list of lines, and prefixes; or
# over the name of the variable that is added to.
_CONCATENATION = (
    rb"[\"'`](?:;?\s{1,40}\$?[A-Za-z_]\w{0,60}\s{0,4}[+.&]=\s{0,4}"
    rb"|[\s\"'`+.,&~|\\]{0,200}[fFrRbBuUlL@$]{0,2})[\"'`]"
)
_LIST_COMMA = rb"[\"'`]\s{0,8},\s{1,80}[\"'`]"
# Of four characters that decode to three of ASCII the first three are bound: keys and hashes fail at once.
_FIRST = rb"[CDIJKLMNOPQRSTUVWXYZabcdef]"
_SECOND = rb"[A-HQ-Xg-nw-z0-3]"
_THIRD = rb"[ABEFIJMNQRUVYZcdghklopstwx014589]"
_ANY = rb"[A-Za-z0-9+/_-]"
_BASE64_RUN = (
    _FIRST + _SECOND + _THIRD + rb"(?<!" + _ANY + rb"[A-Za-z]" + _ANY + _ANY + rb")" + _ANY
    + rb"(?:" + _FIRST + _SECOND + _THIRD + _ANY + rb"){2,1023}" + _ANY + rb"{0,3}={0,2}(?![A-Za-z0-9+/=_-])"
)  # fmt: skip


def _from_backslash(match: re.Match[bytes]) -> bytes:
    code = match[1] or match[2] or match[3]
    if code:
        return bytes((int(code, 16),))
    if match[4]:
        return match[4]
    if match[6]:
        return bytes((int(match[6], 8),))
    return b"\n" if match[5] in b"nr" else b"\t"


def _from_rtf(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),))


def _from_caret(match: re.Match[bytes]) -> bytes:
    return match[1] or match[2]


def _from_entity(match: re.Match[bytes]) -> bytes:
    import html  # noqa: PLC0415 - 2 ms, and most texts have no entity

    return html.unescape(match[0].decode("ascii")).encode("utf-8", "replace")


def _from_percent(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),))


def _from_quoted_printable(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),)) if match[1] else b""


def _from_base64(match: re.Match[bytes]) -> bytes:
    """Decode a value that holds printable text; leave everything else (keys, hashes) as it is."""
    decoded = decode_base64(match[0])
    if decoded is None or not re.fullmatch(_PRINTABLE, decoded):
        return match[0]
    return decoded


_PRINTABLE = rb"[\t\r\n -~]+"


def decode_base64(text: bytes) -> bytes | None:
    """Decode either alphabet, padded or not; `None` when it is no base64."""
    text = text.translate(_TO_STANDARD).rstrip(b"=")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def _substitute(
    view: View, pattern: bytes, replace: bytes | Callable[[re.Match[bytes]], bytes], step: str
) -> View:
    """Return `view` with every match replaced, or `view` itself when nothing changed."""
    data = re.sub(pattern, replace, view.data)
    return view if data == view.data else view.edited(data, (pattern, replace), step)


def _edits(data: bytes, pattern: bytes, replace: bytes | Callable[[re.Match[bytes]], bytes]) -> _Edits:
    """Return what the substitution does to the text."""
    starts: list[int] = []
    ends: list[int] = []
    cuts: list[int] = []
    done = length = 0
    for match in re.finditer(pattern, data):
        start, end = match.span()
        new = replace if isinstance(replace, bytes) else replace(match)
        if new == data[start:end]:
            continue
        length += start - done + len(new)
        starts.append(start)
        ends.append(end)
        cuts.append(length)
        done = end
    return starts, ends, cuts
