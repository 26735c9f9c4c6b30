"""safetensors: a JSON header, then bytes. It runs nothing; what can be wrong is the header.

Source: github.com/huggingface/safetensors, "Format" and `tensor.rs`, which refuses what is broken.
"""

from __future__ import annotations

from math import prod
from typing import Any, TypeGuard

from tidegate.inspectors.models._json import parse
from tidegate.inspectors.models._notes import MalformedError, Notes, exact, quoted
from tidegate.inspectors.models._zip_tail import note_zip
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

MOST_HEADER_BYTES = 100_000_000
"""More is refused by the library itself."""
_FIRST_READ_BYTES = 65_536
_LIKELY_BYTES = 1 << 40
"""A file that only looks alike, a text of 8 letters and a brace, would announce more than this."""
_BITS = (
    {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8}
    | {"F8_E5M2FNUZ": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I16": 16, "U16": 16, "F16": 16, "BF16": 16}
    | {"I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64, "C128": 128}
)


class Safetensors:
    """Reads the length, the header, and the last bytes."""

    id = "safetensors"
    order = 20

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        if size_bytes < 10 or head[8:9] != b"{":
            return False
        if name.lower().endswith(".safetensors"):
            return True
        # A brace alone is one byte in 256: compiled Python and catalogues of messages have it there too.
        length = int.from_bytes(head[:8], "little")
        likely = head[9:10] in b'" \t\r\n}' or 8 + length <= size_bytes
        return length < _LIKELY_BYTES and likely

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            start, header = _header(data, notes)
            _tensors(header, data.size_bytes - start, notes)
        with notes.reading():
            note_zip(data, notes)
        return notes.done()


def _header(data: Readable, notes: Notes) -> tuple[int, dict[str, Any]]:
    """Return where the tensors begin, and the header."""
    first = data.read(0, _FIRST_READ_BYTES)
    length = int.from_bytes(first[:8], "little")
    if length > MOST_HEADER_BYTES:
        raise MalformedError(
            f"the header announces {length:,} bytes; readers refuse more than 100,000,000", 0
        )
    if 8 + length > data.size_bytes:
        raise MalformedError(f"the header announces {length:,} bytes, beyond the end of the file", 0)
    raw = first[8 : 8 + length]
    if len(raw) < length:
        raw += exact(data, 8 + len(raw), length - len(raw))
    header = parse(raw, notes)
    if not isinstance(header, dict):
        raise MalformedError("the header is no object", 8)
    return 8 + length, header


def _tensors(header: dict[str, Any], room: int, notes: Notes) -> None:
    """Check that the tensors fill the room after the header: each its own stretch, none left over."""
    _metadata(header.pop("__metadata__", None), notes)
    stretches: list[tuple[int, int, str]] = []
    for name, entry in header.items():
        begin, end = _stretch(name, entry)
        if end > room:
            notes.broken(f"the tensor {quoted(name)} ends {end - room:,} bytes beyond the file")
        stretches.append((begin, end, name))
    stretches.sort()
    at = 0
    for begin, end, name in stretches:
        if begin < at:
            notes.broken(f"the tensor {quoted(name)} overlaps the one before it by {at - begin:,} bytes")
        elif begin > at:
            notes.broken(f"{begin - at:,} bytes before the tensor {quoted(name)} belong to none")
        at = max(at, end)
    if at < room:
        notes.broken(f"{room - at:,} bytes after the last tensor belong to none")


def _stretch(name: str, entry: Any) -> tuple[int, int]:
    """Return begin and end of a tensor, counted from the end of the header."""
    if not isinstance(entry, dict):
        raise MalformedError(f"the entry of {quoted(name)} is no object")
    shape, offsets, kind = entry.get("shape"), entry.get("data_offsets"), entry.get("dtype")
    if not _numbers(shape) or not _numbers(offsets) or len(offsets) != 2:
        raise MalformedError(f"shape or offsets of {quoted(name)} are no lists of numbers")
    begin, end = offsets
    if begin > end:
        raise MalformedError(f"the tensor {quoted(name)} ends before it begins")
    bits = _BITS.get(kind) if isinstance(kind, str) else None
    if bits is None:
        raise MalformedError(
            f"the tensor {quoted(name)} has the type {quoted(str(kind))}, which does not exist"
        )
    if prod(shape) * bits != (end - begin) * 8:
        raise MalformedError(f"the tensor {quoted(name)} has {end - begin:,} bytes, its shape needs others")
    return begin, end


def _numbers(value: Any) -> TypeGuard[list[int]]:
    """Tell a list of numbers that are sizes: not negative, below 2^63, no more than 64 of them."""
    return (
        isinstance(value, list)
        and len(value) <= 64
        and all(
            isinstance(each, int) and not isinstance(each, bool) and 0 <= each < 1 << 63 for each in value
        )
    )


def _metadata(value: Any, notes: Notes) -> None:
    """`__metadata__` maps text to text; other things make readers stop."""
    if value is None:
        return
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise MalformedError("__metadata__ is no map of text to text")
    for key, text in value.items():
        if "<script" in text.lower() or "javascript:" in text.lower():
            notes.odd(
                "markup", f"the metadata {quoted(key)} holds a script: a page that shows it would run it"
            )


PLUGIN = Safetensors()
