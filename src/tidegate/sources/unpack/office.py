"""The text of office documents, as a person reads it: their XML may cut one word into many runs."""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = re.compile(
    r"word/(document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml"
    r"|xl/(sharedStrings|comments\d*|worksheets/[^/]{1,80})\.xml|xl/comments/[^/]{1,80}\.xml"
    r"|ppt/(slides|notesSlides|comments)/[^/]{1,80}\.xml"
    r"|content\.xml"
)
# One token at a time, and never more of a tag than its name: linear, whatever the XML is.
_TOKEN: Final = re.compile(rb"<(/?)([A-Za-z][\w:.-]{0,60}+)[^<>]{0,65536}+>([^<]*+)")
_TEXT_TAGS: Final = frozenset((b"w:t", b"a:t", b"t", b"w:instrText", b"w:delText"))
_ENDS: Final = frozenset((b"w:p", b"a:p", b"si", b"is", b"text:p", b"text:h", b"comment", b"w:tr"))
_ENTITY: Final = re.compile(rb"&(amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_NAMED: Final = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}


def has_runs(name: str) -> bool:
    """Whether `name`, in a zip, is a part of an office document that holds its text."""
    return name.endswith(".xml") and _NAMES.fullmatch(name) is not None


def joined(data: bytes | memoryview) -> bytes:
    """Return the paragraphs, a line each, their runs joined. What is no such XML gives nothing."""
    out: list[bytes] = []
    is_open_document = b"office:document-content" in bytes(data[:4096])
    for closing, tag, text in _TOKEN.findall(data):
        if closing:
            if tag in _ENDS:
                out.append(b"\n")
            if not is_open_document:
                continue
        elif tag in (b"w:br", b"w:cr", b"text:line-break"):
            out.append(b"\n")
        elif tag in (b"w:tab", b"text:tab"):
            out.append(b"\t")
        if text and (is_open_document or tag in _TEXT_TAGS):
            out.append(_ENTITY.sub(_plain, text) if b"&" in text else text)
    return b"".join(out).strip(b"\n")


def _plain(found: re.Match[bytes]) -> bytes:
    name = found[1]
    if name in _NAMED:
        return _NAMED[name]
    code = int(name[2:], 16) if name[1:2] in b"xX" else int(name[1:])  # noqa: FURB166
    return chr(code).encode("utf-8", "replace") if 0 < code <= 0x10FFFF else b"?"
