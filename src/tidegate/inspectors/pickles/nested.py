"""Second-stage pickles: constants that a stream hands to a loader, plain or in base64 or hex."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from tidegate.inspectors.pickles.limits import DECODED_BYTES, NESTED_BYTES
from tidegate.inspectors.pickles.values import Literal, Value
from tidegate.inspectors.readable import Memory, Part, Readable
from tidegate.records import dataclass

_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}\s*\Z")
_HEX: Final = re.compile(rb"(?:[0-9a-fA-F]{2}){8,}\s*\Z")
_BINARY: Final = re.compile(rb"\x80[\x00-\x05]")
_TEXT: Final = re.compile(rb"[\s\S]{0,64}?[ci][A-Za-z_][\w.]{0,99}\n[A-Za-z_][\w.]{0,99}\n")
"""GLOBAL or INST near the beginning, as protocols 0 and 1 have it."""
_LOADERS: Final = re.compile(r"(?:^|[._])(?:loads?|_?load_from_bytes|[Uu]npickler|read_pickle)$")
_CONTAINERS: Final = (b"PK\x03\x04", b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9")
"""A torch file within: zip, and the magic number of the old form."""


@dataclass(frozen=True, slots=True)
class Found:
    """A constant to look into."""

    data: Readable
    start: int
    """Where its stream begins; -1: it is a container."""
    sure: bool
    """It goes to a loader, whatever it looks like."""


def unpack(whole: Readable, value: Value, callee: str) -> Found | None:
    """Return what a constant holds, if it is a pickle or goes to something that loads pickles."""
    sure = _LOADERS.search(callee) is not None
    data = _readable(whole, value)
    if data is None or not data.size_bytes:
        return None
    head = data.read(0, 256)
    if head.startswith(_CONTAINERS):
        return Found(data, -1, sure)
    if _BINARY.match(head) or _TEXT.match(head):
        return Found(data, 0, sure)
    decoded = _decoded(data)
    if decoded is not None:
        return Found(Memory(decoded), 0, sure)
    return Found(data, 0, sure) if sure and not isinstance(value, str) else None


def _readable(whole: Readable, value: Value) -> Readable | None:
    if isinstance(value, str):
        return Memory(value.encode("latin-1", "replace"))
    if isinstance(value, bytes):
        return Memory(value)
    if isinstance(value, Literal):
        return Part(whole, value.start, min(value.size_bytes, NESTED_BYTES))
    return None


def _decoded(data: Readable) -> bytes | None:
    """Return what base64 or hex text holds, if that is a pickle."""
    if data.size_bytes > DECODED_BYTES * 2:
        return None
    text = data.read(0, data.size_bytes)
    plain: bytes | None = None
    if _HEX.match(text):
        plain = binascii.unhexlify(text.strip())
    elif _BASE64.match(text):
        text = text.strip().translate(bytes.maketrans(b"-_", b"+/"))
        try:
            plain = base64.b64decode(text + b"=" * (-len(text) % 4))
        except ValueError:
            return None
    return plain if plain and (_BINARY.match(plain) or _TEXT.match(plain)) else None
