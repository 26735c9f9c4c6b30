"""LevelDB by ranged reads: tables (`.ldb`, `.sst`), logs (`.log`), and the manifest that says which count.

Own, and small, because a store behind a link is read in pieces and within a budget, in this
process: no native
code, no path is opened. Source: github.com/google/leveldb, "doc/table_format.md", "doc/log_format.md",
"db/version_edit.cc", "db/write_batch.cc".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from tidegate.inspectors.readable import Readable
from tidegate.packing.snappy import unpack, varint
from tidegate.records import dataclass, field

TABLE_MAGIC: Final = bytes.fromhex("57fb808b247547db")
LOG_BLOCK_BYTES: Final = 32768
_FOOTER_BYTES: Final = 48
_MOST_BLOCK_BYTES: Final = 16 << 20
_MOST_INDEX_BYTES: Final = 8 << 20
_READ_BYTES: Final = 1 << 20
"""Neighbouring blocks are got in one read of about this size."""
_MOST_RECORD_BYTES: Final = 32 << 20
_MOST_FILES: Final = 4096


class Record(NamedTuple):
    """One entry, as it was written."""

    key: bytes
    """The user's."""
    value: bytes | None
    """`None`: deleted."""
    sequence: int
    """The higher of two entries with one key counts."""


@dataclass(slots=True)
class State:
    """What went wrong on the way; reading goes on where it can."""

    damaged: int = 0
    """Blocks or records that do not follow their own format."""


def table(data: Readable, state: State, check: Callable[[], None]) -> Iterator[Record]:
    """Yield the entries of a table, in the order of their keys.

    check: called for every block, and may raise. Raises `ValueError` when it is no table, and what
    `read` raises.
    """
    size = data.size_bytes
    footer = data.read(max(0, size - _FOOTER_BYTES), _FOOTER_BYTES)
    if len(footer) < _FOOTER_BYTES or not footer.endswith(TABLE_MAGIC):
        raise ValueError("it has no footer of a LevelDB table")
    try:
        _, at = varint(footer, 0)
        _, at = varint(footer, at)
        start, at = varint(footer, at)
        length, _ = varint(footer, at)
        if length > _MOST_INDEX_BYTES or start + length + 5 > size:
            raise ValueError("its index lies outside of it")
        index = _block(data.read(start, length + 5), length)
        handles = [_handle(value, size) for _, value in _entries(index)]
    except IndexError:
        raise ValueError("its footer or index is damaged") from None
    yield from _blocks(data, handles, state, check)


def _blocks(
    data: Readable, handles: list[tuple[int, int] | None], state: State, check: Callable[[], None]
) -> Iterator[Record]:
    place = 0
    while place < len(handles):
        first = handles[place]
        if first is None:
            state.damaged += 1
            place += 1
            continue
        stop = place + 1
        end = first[0] + first[1] + 5
        while stop < len(handles):
            after = handles[stop]
            if after is None or after[0] != end or after[0] + after[1] + 5 - first[0] > _READ_BYTES:
                break
            end = after[0] + after[1] + 5
            stop += 1
        piece = data.read(first[0], end - first[0])
        for handle in handles[place:stop]:
            check()
            if handle is None:  # never: they were told apart above
                continue
            begin = handle[0] - first[0]
            try:
                block = _block(piece[begin : begin + handle[1] + 5], handle[1])
                yield from _records(block)
            except (ValueError, IndexError):
                state.damaged += 1
        place = stop


def _records(block: bytes) -> Iterator[Record]:
    for key, value in _entries(block):
        if len(key) < 8:
            raise ValueError("a key without its sequence")
        trailer = int.from_bytes(key[-8:], "little")
        yield Record(key[:-8], value if trailer & 0xFF else None, trailer >> 8)


def _block(raw: bytes, length: int) -> bytes:
    """Return a block without its trailer, unpacked."""
    if len(raw) != length + 5:
        raise ValueError("a block ends early")
    if raw[length] == 0:
        return raw[:length]
    if raw[length] == 1:
        return unpack(raw[:length], _MOST_BLOCK_BYTES)
    raise ValueError(f"a block is packed in a way that we do not know ({raw[length]})")


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value. Raises `ValueError`, `IndexError`."""
    if len(block) < 4:
        raise ValueError("a block is too short")
    stop = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    if stop < 0:
        raise ValueError("a block's restarts lie outside of it")
    at, key = 0, b""
    while at < stop:
        shared, at = varint(block, at)
        own, at = varint(block, at)
        length, at = varint(block, at)
        if shared > len(key) or at + own + length > stop:
            raise ValueError("an entry lies outside of its block")
        key = key[:shared] + block[at : at + own]
        at += own
        yield key, block[at : at + length]
        at += length


def _handle(value: bytes, size: int) -> tuple[int, int] | None:
    start, at = varint(value, 0)
    length, _ = varint(value, at)
    return None if length > _MOST_BLOCK_BYTES or start + length + 5 > size else (start, length)


# -- logs


def log(data: Readable, state: State, check: Callable[[], None]) -> Iterator[Record]:
    """Yield what a log's batches write, in their order. Damage ends a batch, not the log."""
    for batch in log_records(data, state, check):
        try:
            yield from _batch(batch)
        except (ValueError, IndexError):
            state.damaged += 1


def log_records(data: Readable, state: State, check: Callable[[], None]) -> Iterator[bytes]:
    """Yield the records of a log, with their checksums compared. A last one that is cut is left out."""
    parts: list[bytes] = []
    held = 0
    for start in range(0, data.size_bytes, 32 * LOG_BLOCK_BYTES):
        piece = data.read(start, 32 * LOG_BLOCK_BYTES)
        for begin in range(0, len(piece), LOG_BLOCK_BYTES):
            check()
            for kind, body in _log_block(piece[begin : begin + LOG_BLOCK_BYTES], state):
                if kind in (1, 2):
                    parts, held = [], 0
                elif not parts:
                    state.damaged += 1
                    continue
                parts.append(body)
                held += len(body)
                if held > _MOST_RECORD_BYTES:
                    parts, held = [], 0
                    state.damaged += 1
                elif kind in (1, 4):
                    yield b"".join(parts)
                    parts, held = [], 0


def _log_block(block: bytes, state: State) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 7 <= len(block):
        crc, length, kind = struct.unpack_from("<IHB", block, at)
        if kind == 0 and length == 0:
            return
        body = block[at + 7 : at + 7 + length]
        if (
            len(body) < length
            or kind not in (1, 2, 3, 4)
            or masked_crc(block[at + 6 : at + 7 + length]) != crc
        ):
            state.damaged += 1
            return
        yield kind, body
        at += 7 + length


def _batch(batch: bytes) -> Iterator[Record]:
    sequence = int.from_bytes(batch[:8], "little")
    at = 12
    while at < len(batch):
        kind = batch[at]
        if kind not in (0, 1):
            raise ValueError("a batch of neither puts nor deletions")
        length, at = varint(batch, at + 1)
        key = batch[at : at + length]
        at += length
        value = None
        if kind:
            length, at = varint(batch, at)
            value = batch[at : at + length]
            at += length
        if at > len(batch):
            raise ValueError("a batch ends early")
        yield Record(key, value, sequence)
        sequence += 1


# -- the manifest


@dataclass(slots=True)
class Live:
    """Which files a store consists of now."""

    tables: dict[int, int] = field(default_factory=dict)
    """Number -> level. What a lower level says of a key is newer; in level 0, what a higher number says."""
    log: int = 0
    """Logs from this number on count."""
    previous_log: int = 0
    next_file: int = 0


def manifest(data: Readable, state: State, check: Callable[[], None]) -> Live:
    """Return what a manifest says. Raises what `read` and `check` raise."""
    live = Live()
    for edit in log_records(data, state, check):
        try:
            _apply(edit, live)
        except (ValueError, IndexError):
            state.damaged += 1
        if len(live.tables) > _MOST_FILES:
            state.damaged += 1
            break
    return live


def _apply(edit: bytes, live: Live) -> None:
    at = 0

    def number() -> int:
        nonlocal at
        value, at = varint(edit, at)
        return value

    def text() -> bytes:
        nonlocal at
        length = number()
        at += length
        if at > len(edit):
            raise ValueError("an edit ends early")
        return edit[at - length : at]

    while at < len(edit):
        tag = number()
        if tag == 1:
            text()
        elif tag == 2:
            live.log = number()
        elif tag == 3:
            live.next_file = number()
        elif tag == 4:
            number()
        elif tag == 5:
            number()
            text()
        elif tag == 6:
            number()
            live.tables.pop(number(), None)
        elif tag == 7:
            level = number()
            live.tables[number()] = level
            number()
            text()
            text()
        elif tag == 9:
            live.previous_log = number()
        else:
            raise ValueError("an edit that we do not know")


# -- checksums


def _table() -> tuple[int, ...]:
    made = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        made.append(byte)
    return tuple(made)


_CRC: Final = _table()


def masked_crc(data: bytes) -> int:
    """Return CRC-32C of some bytes, in the masked form that LevelDB stores."""
    crc, steps = 0xFFFFFFFF, _CRC
    for byte in data:
        crc = crc >> 8 ^ steps[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
