"""What is text, in which encoding, and what its first lines look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from tidegate.inspectors.readable import Readable
from tidegate.kinds.known import value_is_harmless

WHOLE_TEXT_BYTES: Final = 256 << 10
"""Up to this size a text is read whole."""
WINDOW_BYTES: Final = 64 << 10
"""Of a longer one so much is read at its start, in its middle, and at its end."""
_PIECE_BYTES: Final = 1 << 20
_BINARY: Final = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_PLACEHOLDER: Final = re.compile(
    r"(?i)\A(?:|-|\.+|x+|\*+|#+|_+|none|null|nil|true|false|yes|no|on|off|todo|tbd|n/a|empty|changeme.*|change[_-]?me.*"
    r"|change[_-]this.*|replace[_-]?me.*|placeholder.*|your[_-].*|my[_-].*|some[_-].*|insert.*|enter.*|put[_-].*"
    r"|example.*|.*example\.(?:com|org|net).*|dummy.*|fake.*|test|testing|sample.*|secret|password|passwd|pass"
    r"|default|admin|root|user|postgres|localhost.*|127\.0\.0\.1.*|<.*>|\[.*\]|\{\{.*|\$\{?[A-Za-z_].*|%\w+%|@\w+@"
    r"|\d{1,5}|/[\w./-]*|\.{1,2}/.*)\Z"
)
SECRET_NAME: Final = re.compile(
    r"(?i)(?:pass(?:word|wd|phrase)?(?![a-z])|secret|token|api_?key|access_?key|private_?key|account_?key|encryption_?key"
    r"|credential|connection_?string|conn_?str|database_?url|db_?url|redis_?url|mongo\w*_?ur[il]|amqp_?url|dsn(?![a-z])"
    r"|webhook|sas_?(?:url|token)?(?![a-z])|salt(?![a-z])|signing|(?:^|_)key$|(?:^|_)auth$|(?:^|_)pw$|smtp_?url|jwt)"
)


CODE: Final = re.compile(
    rb"(?m)^(?:import [\w.{* ]+|from [\w.]+ import |#include [<\"]|package [\w.]+;?$|using [\w.]+;|def \w+\(|class \w+[(:{ ]"  # noqa: E501
    rb"|(?:pub )?fn \w+[<(]|func \w*\(|(?:export )?(?:async )?function \w+\(|const \w+ = |public (?:class|interface|static)"  # noqa: E501
    rb"|namespace [\w\\.:]+|<\?php|use (?:strict|warnings);|module \w+|resource \"\w+\" \"|#define \w+"
    rb"|cdef |cpdef |cimport \w+|from [\w.]+ cimport )"
)
"""Lines that begin as those of programs do: two of them are one."""


@lru_cache(maxsize=8)
def plain(head: bytes) -> bytes | None:
    """Return the head of a text as UTF-8 without its byte order mark; `None` when it is no text.

    A head may end in the middle of a character.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        made = head[: len(head) & ~1].decode("utf-16", "ignore").encode()
        return None if _BINARY.search(made) else made
    head = head.removeprefix(b"\xef\xbb\xbf")
    if not head or _BINARY.search(head):
        return None
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            # Latin letters of one byte: few among many plain ones.
            odd = sum(byte > 127 for byte in head)
            return None if odd * 5 > len(head) else head
    return head


def code_begins(text: bytes) -> bool:
    """Tell a program by how it begins, whatever is written down in it."""
    return len(CODE.findall(text[:2048])) >= 2


def found_in(
    data: Readable, pattern: re.Pattern[bytes], check: Callable[[], None], *, most_bytes: int, overlap: int
) -> Iterator[re.Match[bytes]]:
    """Yield what a pattern finds in the first bytes of a text, in order, each once.

    check: called for every piece read, and may raise. overlap: bytes, at least those of the longest match.
    """
    stop = min(data.size_bytes, most_bytes)
    at, rest = 0, b""
    while at < stop:
        check()
        piece = data.read(at, min(_PIECE_BYTES, stop - at))
        if not piece:
            return
        at += len(piece)
        text = rest + piece
        end = 0
        for found in pattern.finditer(text):
            if at < stop and found.start() >= len(text) - overlap:
                break
            end = found.end()
            yield found
        rest = text[max(end, len(text) - overlap) :]


def windows(data: Readable) -> list[tuple[int, bytes]]:
    """Return (offset, text) of what is read of a text: all of a short one, three windows of a long one."""
    size = data.size_bytes
    if size <= WHOLE_TEXT_BYTES:
        return [(0, data.read(0, size))]
    starts = [0] if getattr(data, "forward", False) else [0, (size // 2) & ~4095, size - WINDOW_BYTES]
    return [(start, data.read(start, WINDOW_BYTES)) for start in starts]


def lines(text: bytes, most: int = 400) -> list[bytes]:
    """Return the first lines; the last is left out, as it may be cut, unless it is the only one."""
    cut = text.splitlines()
    if len(cut) > 1 and not text.endswith((b"\n", b"\r")):
        cut.pop()
    return cut[:most]


def placeholder(value: str) -> bool:
    """Tell whether a setting's value is plainly none: empty, `changeme`, `<…>`, a path, a small number.

    Or public by intent: a constant of documentation, the key of an emulator.
    """
    bare = value.strip().strip("\"'`").strip()
    return _PLACEHOLDER.match(bare) is not None or value_is_harmless(bare)


def secret_name(name: str) -> bool:
    """Tell whether a setting is named as secrets are."""
    return SECRET_NAME.search(name) is not None
