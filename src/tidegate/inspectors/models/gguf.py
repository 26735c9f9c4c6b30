"""GGUF: keys, values and tensors for llama.cpp and its kin. It runs nothing, but may carry a chat template.

Source: github.com/ggml-org/ggml, docs/gguf.md; sizes of blocks from gguf-py `GGML_QUANT_SIZES`.
"""

from __future__ import annotations

from math import prod

from tidegate.inspectors.models._cursor import Cursor
from tidegate.inspectors.models._notes import IncompleteError, MalformedError, Notes, quoted
from tidegate.inspectors.models._template import judge_template, looks_like_template
from tidegate.inspectors.models._zip_tail import note_zip
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

MOST_ENTRIES = 4_000_000
"""Strings of arrays that are walked, about 3 s of work; the largest vocabularies have 262,144 words and about
twice as many merges."""
_MOST_NAMES = 500_000
"""Keys and tensors, which are remembered: 200 bytes each. Large models have some 2,000."""
_LONGEST_KEY_BYTES = 4_096
_LONGEST_TEXT_BYTES = 4_000_000
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Value type -> bytes. 8 is a string, 9 an array."""
_STRING, _ARRAY = 8, 9
_BLOCKS = (
    {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40)}
    | {10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292)}
    | {16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110)}
    | {22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8)}
    | {29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18)}
)
"""Tensor type -> (numbers, bytes) of a block."""


class Gguf:
    """Reads the header, the keys and values, and the table of tensors."""

    id = "gguf"
    order = 10

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        # Its version is a small number of either byte order; a text that begins with the word has letters.
        little, big = int.from_bytes(head[4:8], "little"), int.from_bytes(head[4:8], "big")
        return head[:4] == b"GGUF" and min(little, big) < 1 << 16

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            _File(data, notes).judge()
        with notes.reading():
            note_zip(data, notes)
        return notes.done()


class _File:
    """One file while it is walked."""

    def __init__(self, data: Readable, notes: Notes) -> None:
        self._notes = notes
        self._size_bytes = data.size_bytes
        self._cursor = Cursor(data, 4)
        self._entries = MOST_ENTRIES
        self._wide = True
        self._alignment = 32

    def judge(self) -> None:
        cursor = self._cursor
        version = cursor.u32()
        if version & 0xFFFF == 0:  # a big-endian file, read as a little-endian one
            cursor.order = ">"
            version = int.from_bytes(version.to_bytes(4, "little"), "big")
        if version not in (1, 2, 3):
            raise MalformedError(f"version {version:,} does not exist", 4)
        self._wide = version > 1
        tensors, keys = self._count(), self._count()
        # The smallest key needs 13 bytes, the smallest tensor 24: what cannot be there is not looped over.
        if keys * 13 + tensors * 24 > self._size_bytes:
            raise MalformedError(f"{keys:,} keys and {tensors:,} tensors are announced: more than fit", 8)
        if keys + tensors > _MOST_NAMES:
            raise IncompleteError(f"{keys:,} keys and {tensors:,} tensors")
        seen: set[str] = set()
        for _ in range(keys):
            at = cursor.at
            key = self._string(_LONGEST_KEY_BYTES, "a key")
            if key in seen:
                self._notes.tampering("duplicate_key", f"the key {quoted(key)} stands twice", offset=at)
            seen.add(key)
            self._value(key)
        self._tensors(tensors)

    def _count(self) -> int:
        return self._cursor.u64() if self._wide else self._cursor.u32()

    def _spend(self, entries: int) -> None:
        self._entries -= entries
        if self._entries < 0:
            raise IncompleteError(f"more than {MOST_ENTRIES:,} entries")

    def _string(self, most_bytes: int, what: str) -> str:
        at = self._cursor.at
        length = self._count()
        if length > most_bytes:
            raise MalformedError(f"{what} announces {length:,} bytes", at)
        return self._cursor.take(length).decode("utf-8", "replace")

    def _value(self, key: str) -> None:
        """Read the value of a key as far as it matters: texts that may be templates, the alignment."""
        cursor = self._cursor
        at = cursor.at
        kind = cursor.u32()
        if kind == _STRING:
            text = self._string(_LONGEST_TEXT_BYTES, f"the value of {quoted(key)}")
            if "template" in key or looks_like_template(text):
                judge_template(text, self._notes, where=f"the template {quoted(key)}", offset=at)
        elif kind == _ARRAY:
            self._array(key)
        elif kind in _WIDTHS:
            if key == "general.alignment" and _WIDTHS[kind] == 4:
                self._align(cursor.u32())
            else:
                cursor.skip(_WIDTHS[kind])
        else:
            raise MalformedError(
                f"the value of {quoted(key)} has the type {kind:,}, which does not exist", at
            )

    def _align(self, alignment: int) -> None:
        if alignment < 1 or alignment & (alignment - 1) or alignment > 1 << 20:
            raise MalformedError(f"the alignment {alignment:,} is no power of two", self._cursor.at)
        self._alignment = alignment

    def _array(self, key: str) -> None:
        """Skip an array. Arrays of arrays are counted, not recursed into."""
        cursor = self._cursor
        left = 1
        while left:
            left -= 1
            at = cursor.at
            kind, count = cursor.u32(), self._count()
            if kind in _WIDTHS:
                cursor.skip(_WIDTHS[kind] * count)
            elif count * (4 if kind == _STRING else 8) > self._size_bytes - cursor.at:
                raise MalformedError(
                    f"the array {quoted(key)} announces {count:,} entries: more than fit", at
                )
            elif kind == _STRING:
                self._spend(count)
                self._strings(key, count)
            elif kind == _ARRAY:
                self._spend(count)
                left += count
            else:
                raise MalformedError(
                    f"the array {quoted(key)} has the type {kind:,}, which does not exist", at
                )

    def _strings(self, key: str, count: int) -> None:
        """Walk texts: their lengths decide where the next key stands. Only small arrays hold templates."""
        cursor = self._cursor
        for _ in range(count):
            length = self._count()
            if count <= 64 and length < _LONGEST_TEXT_BYTES:
                text = cursor.take(length).decode("utf-8", "replace")
                if "template" in key or looks_like_template(text):
                    judge_template(
                        text, self._notes, where=f"a text of {quoted(key)}", offset=cursor.at - length
                    )
            else:
                cursor.skip(length)

    def _tensors(self, count: int) -> None:
        """Check that the tensors stand in the file, each its own stretch."""
        stretches: list[tuple[int, int, str]] = []
        for _ in range(count):
            at = self._cursor.at
            name = self._string(_LONGEST_KEY_BYTES, "the name of a tensor")
            rank = self._cursor.u32()
            if rank > 8:
                raise MalformedError(f"the tensor {quoted(name)} has {rank:,} dimensions", at)
            shape = [self._count() for _ in range(rank)]
            kind, offset = self._cursor.u32(), self._cursor.u64()
            if offset % self._alignment:
                self._notes.broken(f"the tensor {quoted(name)} is not aligned", offset=at)
            stretches.append((offset, offset + self._size(name, shape, kind, at), name))
        start = -(-self._cursor.at // self._alignment) * self._alignment
        self._check(sorted(stretches), start)

    def _size(self, name: str, shape: list[int], kind: int, at: int) -> int:
        """Bytes of a tensor; 0 for a type that is too new for us."""
        if kind not in _BLOCKS:
            self._notes.fact(
                "unknown_type", f"tensors of the type {kind:,}: their size is not known", offset=at
            )
            return 0
        numbers, size = _BLOCKS[kind]
        if shape and shape[0] % numbers:
            self._notes.broken(f"the tensor {quoted(name)} does not fill its blocks", offset=at)
        return prod(shape) // numbers * size

    def _check(self, stretches: list[tuple[int, int, str]], start: int) -> None:
        at = 0
        for begin, end, name in stretches:
            if begin < at:
                self._notes.broken(f"the tensor {quoted(name)} overlaps the one before it")
            at = max(at, end)
        if start + at > self._size_bytes and at:
            self._notes.broken(f"the tensors end {start + at - self._size_bytes:,} bytes beyond the file")
        rest = self._size_bytes - start - at
        if rest > self._alignment:
            self._notes.odd("trailing_data", f"{rest:,} bytes after the last tensor", offset=start + at)


PLUGIN = Gguf()
