"""TensorFlow's checkpoints: `.index` says which tensor lies where in which `.data` file. It runs nothing.

Source: tensorflow/core/protobuf/tensor_bundle.proto; LevelDB doc/table_format.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.inspectors.models._notes import MalformedError, Notes, exact, quoted
from tidegate.inspectors.models._protobuf import VARINT, Hop
from tidegate.inspectors.readable import Memory, Readable
from tidegate.inspectors.seam import Context, Judgement

_MAGIC = bytes.fromhex("57fb808b247547db")
_FOOTER_BYTES = 48
_MOST_BLOCK_BYTES = 64_000_000
_SUFFIX = ".index"
_OF_A_STORE = re.compile(r"(?:\A|[/\\])\d{6,20}\.(?:ldb|sst)\Z")


class TensorFlowCheckpoint:
    """Reads the index, and the sizes of the files beside it."""

    id = "tf_checkpoint"
    order = 35

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        # Every table of a LevelDB ends so; TensorFlow opens `….index`, and a store its numbered tables.
        table = size_bytes >= _FOOTER_BYTES and tail.endswith(_MAGIC)
        return table and _OF_A_STORE.search(name) is None

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            footer = exact(data, data.size_bytes - _FOOTER_BYTES, _FOOTER_BYTES)
            _, at = _handle(footer, 0)
            index, _ = _handle(footer, at)
            shards: dict[int, int] = {}
            count = 1
            for _, handle in _entries(_block(data, *index)):
                block, _ = _handle(handle, 0)
                for key, value in _entries(_block(data, *block)):
                    count = _tensor(key, value, shards, count)
            _check(shards, count, name, notes, context)
        return notes.done()


def _handle(raw: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Return offset and size of a block, and where the next handle stands."""
    offset, at = _varint(raw, at)
    size, at = _varint(raw, at)
    return (offset, size), at


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(10):
        if at + shift >= len(raw):
            break
        value |= (raw[at + shift] & 0x7F) << 7 * shift
        if raw[at + shift] < 0x80:
            return value, at + shift + 1
    raise MalformedError("a number does not end", None)


def _block(data: Readable, offset: int, size: int) -> bytes:
    """Return a block of the table. TensorFlow writes them uncompressed."""
    if size > _MOST_BLOCK_BYTES:
        raise MalformedError(f"a block of {size:,} bytes", offset)
    raw = exact(data, offset, size + 1)
    if raw[-1]:
        raise MalformedError("a compressed block, which TensorFlow does not write here", offset)
    return raw[:-1]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value; keys share their beginning with the one before."""
    if len(block) < 4:
        raise MalformedError("a block without an end", None)
    stop = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    at = 0
    key = b""
    while at < stop:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        if shared > len(key) or at + own + length > stop:
            raise MalformedError("an entry is longer than its block", None)
        key = key[:shared] + block[at : at + own]
        at += own
        yield key, block[at : at + length]
        at += length


def _tensor(key: bytes, value: bytes, shards: dict[int, int], count: int) -> int:
    """Note how far a tensor reaches in its file; return the number of files, which the empty key has."""
    entry = Memory(value)
    numbers = {
        field.number: field.value for field in Hop(entry).fields(0, entry.size_bytes) if field.wire == VARINT
    }
    if not key:
        return numbers.get(1, 1)
    shard = numbers.get(3, 0)
    shards[shard] = max(shards.get(shard, 0), numbers.get(4, 0) + numbers.get(5, 0))
    return count


def _check(shards: dict[int, int], count: int, name: str, notes: Notes, context: Context) -> None:
    """Check that the files beside it are as long as the tensors need."""
    stem = name.rpartition("/")[2].removesuffix(_SUFFIX)
    for shard, end in sorted(shards.items()):
        if not 0 <= shard < count:
            notes.broken(f"a tensor lies in file {shard:,} of {count:,}")
            continue
        beside = f"{stem}.data-{shard:05d}-of-{count:05d}"
        file = context.siblings(beside) if context.siblings is not None else None
        if file is not None and file.size_bytes < end:
            notes.broken(f"the tensors end {end - file.size_bytes:,} bytes beyond {quoted(beside)}")


PLUGIN = TensorFlowCheckpoint()
