"""What a part of a mail is called: its file name, or its number and type. A label, and bounded."""

from __future__ import annotations

import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from tidegate.sources.unpack.names import UNNAMED, readable

_PARAMETER: Final = re.compile(
    rb'\b(filename|name)(?:\*\d{1,3})?(\*)?=(?:"((?:[^"\\\r\n]|\\[^\r\n]){1,1000})"|([^\s;"]{1,1000}))',
    re.IGNORECASE,
)
_TYPE: Final = re.compile(
    rb"^content-type:\s{0,80}([a-z]{1,20})/([a-z0-9.+-]{1,80})", re.IGNORECASE | re.MULTILINE
)
_FOLD: Final = re.compile(rb"\r?\n[ \t]{1,80}")
_WORD: Final = re.compile(rb"=\?([\w-]{1,40})\?([BbQq])\?([^?\s]{0,1000})\?=(?:[ \t]+(?==\?))?")
_ENDINGS: Final = {
    b"plain": "txt", b"gzip": "gz", b"x-gzip": "gz", b"x-zip-compressed": "zip", b"rfc822": "eml",
    b"calendar": "ics",     b"javascript": "js", b"x-javascript": "js", b"markdown": "md", b"x-tar": "tar",
    b"x-7z-compressed": "7z", b"svg+xml": "svg", b"x-sqlite3": "sqlite",
}  # fmt: skip
_ENDING: Final = re.compile(rb"[a-z0-9]{1,5}")
_CHARACTERS: Final = 200
# Of the codecs that Python has, some are no charsets, and some warn.
_CHARSETS: Final = re.compile(
    rb"utf-?8|utf-16(?:[bl]e)?|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|gb2312|gbk|gb18030|big5"
    rb"|shift_jis|euc-(?:jp|kr)|iso-2022-jp",
    re.IGNORECASE,
)


def part_name(head: bytes, number: int) -> str:
    """Return `report.zip`, or `part[2].html` for the second encoded part, which has no name.

    Source: RFC 2183 (`filename`), RFC 2231 (`filename*0*=`), RFC 2047 (`=?utf-8?B?…?=`).
    """
    head = _FOLD.sub(b" ", head)
    for wanted in (b"filename", b"name"):
        pieces = [_value(found) for found in _PARAMETER.finditer(head) if found[1].lower() == wanted]
        name = readable(b"".join(pieces[:20]).strip()).strip() if pieces else ""
        if name and name != UNNAMED:
            return name if len(name) <= _CHARACTERS else name[:_CHARACTERS] + "…"
    found = _TYPE.search(head)
    ending = found[2].lower() if found else b""
    known = _ENDINGS.get(ending) or (ending.decode() if _ENDING.fullmatch(ending) else "")
    return f"part[{number}].{known}" if known else f"part[{number}]"


def _value(found: re.Match[bytes]) -> bytes:
    """Return the text of one parameter, in UTF-8."""
    if found[2]:
        # charset'language'text, of which only the first of several has the former two.
        charset, _, text = (found[3] or found[4]).rpartition(b"'")
        return _in_utf8(unquote_to_bytes(text), charset.partition(b"'")[0])
    if found[4]:
        return _WORD.sub(_word, found[4])
    return _WORD.sub(_word, re.sub(rb"\\(.)", rb"\1", found[3]))


def _word(found: re.Match[bytes]) -> bytes:
    charset, how, text = found.groups()
    if how in b"Qq":
        return _in_utf8(binascii.a2b_qp(text, header=True), charset)
    digits = text.rstrip(b"=")
    try:
        return _in_utf8(binascii.a2b_base64(digits + b"=" * (-len(digits) & 3)), charset)
    except binascii.Error:
        return found[0]


def _in_utf8(text: bytes, charset: bytes) -> bytes:
    if not _CHARSETS.fullmatch(charset):
        return text
    try:
        return text.decode(charset.decode()).encode("utf-8", "replace")
    except (LookupError, UnicodeError):
        return text
