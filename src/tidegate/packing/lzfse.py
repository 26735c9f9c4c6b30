"""What Apple packs with LZFSE and LZVN (disk images, files of HFS+ and APFS since 2014), and with ADC before.

All ends within what was asked for; damage raises `ValueError`. About 1 MB/s.
Source: Apple's lzfse, its header files and remarks, on blocks, tables of states and opcodes; of ADC the
description in "Demystifying the DMG File Format" (Vu).
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from tidegate.records import dataclass

_END: Final = b"bvx$"
_RAW: Final = b"bvx-"
_LZVN: Final = b"bvxn"
_LZFSE: Final = b"bvx2"
_HEAD_BYTES: Final = 32
_MOST_LITERALS: Final = 40_000
_MOST_MATCHES: Final = 10_000
_STATES: Final = (64, 64, 256, 1024)
"""Of literal lengths, match lengths, distances, literals."""
_EXTRA: Final = (
    (0,) * 16 + (2, 3, 5, 8),
    (0,) * 16 + (3, 5, 8, 11),
    tuple(number // 4 for number in range(64)),
)
"""Bits that follow each symbol of the first three."""
_BASES: Final = tuple(tuple(accumulate((1 << bits for bits in row[:-1]), initial=0)) for row in _EXTRA)
_SYMBOLS: Final = (20, 20, 64, 256)
_SHORT: Final = ((0, 2, 0), (2, 2, 1), (1, 3, 2), (5, 3, 3), (3, 5, 4), (11, 5, 5), (19, 5, 6), (27, 5, 7))
"""Lowest bits of a frequency, how many they are, and its value."""
_OFTEN: Final = {
    bits: (count, value)
    for low, count, value in _SHORT
    for bits in range(32)
    if bits & ((1 << count) - 1) == low
}
_WINDOW_BYTES: Final = 32
_MASKS: Final = tuple((1 << bits) - 1 for bits in range(8 * _WINDOW_BYTES + 80))

_Row = tuple[int, int, int, int]
"""Of a state: bits to take, how many of them are of the value, where the next state begins, the base."""


class _Bits:
    """Takes bits from the end of a stream to its beginning."""

    __slots__ = ("_at", "_data", "_held", "_left")

    def __init__(self, data: bytes, spare: int) -> None:
        """spare: bits at the very end that are none, as a number from -7 to 0."""
        self._data, self._at = data, len(data)
        self._held = self._left = 0
        self._fill()
        if not -7 <= spare <= 0 or self._left + spare < 0 or self._held >> (self._left + spare):
            raise ValueError("bits where none may be")
        self._left += spare

    def _fill(self) -> None:
        start = max(0, self._at - _WINDOW_BYTES)
        part = self._data[start : self._at]
        self._held = self._held << (8 * len(part)) | int.from_bytes(part, "little")
        self._left += 8 * len(part)
        self._at = start

    def take(self, count: int) -> int:
        if count > self._left:
            self._fill()
            if count > self._left:
                raise ValueError("it ends early")
        self._left -= count
        value = self._held >> self._left
        self._held &= _MASKS[self._left]
        return value


@dataclass(frozen=True, slots=True)
class _Head:
    raw_bytes: int
    literals: int
    literal_bytes: int
    literal_spare: int
    literal_states: tuple[int, ...]
    matches: int
    match_bytes: int
    match_spare: int
    match_states: tuple[int, ...]
    size_bytes: int


def unpack_lzfse(packed: bytes, most: int) -> bytes:
    """Return what a stream unpacks to, `most` bytes of it. Raises `ValueError`."""
    out = bytearray()
    at = 0
    while len(out) < most:
        mark = packed[at : at + 4]
        size = int.from_bytes(packed[at + 4 : at + 8], "little")
        if mark == _END:
            break
        if mark == _RAW:
            out += packed[at + 8 : at + 8 + size]
            at += 8 + size
            if at > len(packed):
                raise ValueError("it ends early")
        elif mark == _LZVN:
            length = int.from_bytes(packed[at + 8 : at + 12], "little")
            _lzvn(packed[at + 12 : at + 12 + length], out, min(most, len(out) + size))
            at += 12 + length
        elif mark == _LZFSE:
            at = _block(packed, at, out)
        else:
            raise ValueError("no block of LZFSE")
    return bytes(out[:most])


def unpack_lzvn(packed: bytes, most: int) -> bytes:
    """Return what a bare stream of LZVN unpacks to, `most` bytes of it. Raises `ValueError`."""
    out = bytearray()
    _lzvn(packed, out, most)
    return bytes(out[:most])


def unpack_adc(packed: bytes, most: int) -> bytes:
    """Return what a stream of ADC unpacks to, `most` bytes of it. Raises `ValueError`."""
    out = bytearray()
    at = 0
    while at < len(packed) and len(out) < most:
        first = packed[at]
        if first & 0x80:
            out += packed[at + 1 : at + 2 + (first & 0x7F)]
            at += 2 + (first & 0x7F)
        elif first & 0x40:
            _copy(out, int.from_bytes(packed[at + 1 : at + 3], "big") + 1, (first & 0x3F) + 4)
            at += 3
        else:
            _copy(
                out, ((first & 3) << 8 | int.from_bytes(packed[at + 1 : at + 2], "big")) + 1, (first >> 2) + 3
            )
            at += 2
    return bytes(out[:most])


def _copy(out: bytearray, distance: int, count: int) -> None:
    """Repeat what stands so far back, itself included."""
    if not 0 < distance <= len(out):
        raise ValueError("it refers to what is not there")
    start = len(out) - distance
    if distance >= count:
        out += out[start : start + count]
        return
    piece = bytes(out[start:])
    out += (piece * (count // distance + 1))[:count]


def _lzvn(packed: bytes, out: bytearray, most: int) -> None:
    """Run the opcodes; `most` is the length at which all is there."""
    at, distance, end = 0, 0, len(packed)
    while at < end and len(out) < most:
        code = packed[at]
        literals, count, length = code >> 6, (code >> 3 & 7) + 3, 1
        if code >= 0xE0:
            wide = code & 15
            if not wide:
                wide, length = packed[at + 1] + 16 if at + 1 < end else 0, 2
            literals, count = (wide, 0) if code < 0xF0 else (0, wide)
        elif code >> 5 == 5:  # 101LLMMM DDDDDDMM DDDDDDDD
            pair = int.from_bytes(packed[at + 1 : at + 3], "little")
            literals, count, distance, length = code >> 3 & 3, ((code & 7) << 2 | pair & 3) + 3, pair >> 2, 3
        elif code >> 4 in (7, 13):
            raise ValueError("no opcode of LZVN")
        elif code & 7 == 7:
            distance, length = int.from_bytes(packed[at + 1 : at + 3], "little"), 3
        elif code & 7 == 6:
            if code == 6:
                return
            if code in (14, 22):
                at += 1
                continue
            if code < 0x40:
                raise ValueError("no opcode of LZVN")
        else:
            distance, length = (code & 7) << 8 | int.from_bytes(packed[at + 1 : at + 2], "little"), 2
        at += length
        if literals:
            if at + literals > end:
                raise ValueError("it ends early")
            out += packed[at : at + literals]
            at += literals
        if count:
            _copy(out, distance, count)


def _block(packed: bytes, at: int, out: bytearray) -> int:
    """Unpack one block of LZFSE to the end of what there is; return where the next one begins."""
    head, tables = _head(packed, at)
    start = at + head.size_bytes
    middle, end = start + head.literal_bytes, start + head.literal_bytes + head.match_bytes
    if end > len(packed):
        raise ValueError("it ends early")
    literals = _literals(packed[start:middle], head, tables[3])
    _matches(packed[middle:end], head, tables, literals, out)
    return end


def _head(packed: bytes, at: int) -> tuple[_Head, list[list[_Row]]]:
    if at + _HEAD_BYTES > len(packed):
        raise ValueError("it ends early")
    first, second, third = (
        int.from_bytes(packed[at + 8 + 8 * n : at + 16 + 8 * n], "little") for n in range(3)
    )
    head = _Head(
        raw_bytes=int.from_bytes(packed[at + 4 : at + 8], "little"),
        literals=first & 0xFFFFF,
        literal_bytes=first >> 20 & 0xFFFFF,
        literal_spare=(first >> 60 & 7) - 7,
        literal_states=tuple(second >> shift & 1023 for shift in (0, 10, 20, 30)),
        matches=first >> 40 & 0xFFFFF,
        match_bytes=second >> 40 & 0xFFFFF,
        match_spare=(second >> 60 & 7) - 7,
        match_states=tuple(third >> shift & 1023 for shift in (32, 42, 52)),
        size_bytes=third & 0xFFFFFFFF,
    )
    if head.literals > _MOST_LITERALS or head.matches > _MOST_MATCHES or head.literals % 4:
        raise ValueError("more than a block may hold")
    if any(state >= limit for state, limit in zip(head.match_states, _STATES, strict=False)):
        raise ValueError("a state that does not exist")
    return head, _tables(packed[at + _HEAD_BYTES : at + head.size_bytes])


def _tables(raw: bytes) -> list[list[_Row]]:
    """Return the four tables of states, made from how often each symbol comes."""
    if len(raw) > 2 * sum(_SYMBOLS):
        raise ValueError("more frequencies than symbols")
    bits, left = int.from_bytes(raw, "little"), 8 * len(raw)
    tables = []
    for number, count in enumerate(_SYMBOLS):
        often = []
        for _ in range(count):
            if bits & 15 == 7:
                taken, value = 8, 8 + (bits >> 4 & 15)
            elif bits & 15 == 15:
                taken, value = 14, 24 + (bits >> 4 & 1023)
            else:
                taken, value = _OFTEN[bits & 31]
            often.append(value)
            bits >>= taken
            left -= taken
        if left < 0:
            raise ValueError("it ends early")
        tables.append(_states(often, number))
    return tables


def _states(often: list[int], number: int) -> list[_Row]:
    states = _STATES[number]
    if sum(often) > states:
        raise ValueError("more states than there are")
    extra = _EXTRA[number] if number < 3 else (0,) * 256
    bases = _BASES[number] if number < 3 else tuple(range(256))
    rows: list[_Row] = []
    for symbol, count in enumerate(often):
        if not count:
            continue
        bits = states.bit_length() - count.bit_length()
        wide = (2 * states >> bits) - count
        for place in range(count):
            if place < wide:
                taken, next_state = bits, (count + place << bits) - states
            else:
                taken, next_state = bits - 1, place - wide << bits - 1
            rows.append((taken + extra[symbol], extra[symbol], next_state, bases[symbol]))
    return rows


def _literals(packed: bytes, head: _Head, rows: list[_Row]) -> bytes:
    if not head.literals:
        return b""
    take = _Bits(packed, head.literal_spare).take
    states = list(head.literal_states)
    out = bytearray(head.literals)
    try:
        for at in range(0, head.literals, 4):
            for lane in (0, 1, 2, 3):
                bits, _, base, out[at + lane] = rows[states[lane]]
                states[lane] = base + take(bits)
    except IndexError:
        raise ValueError("a state that does not exist") from None
    return bytes(out)


def _matches(packed: bytes, head: _Head, tables: list[list[_Row]], literals: bytes, out: bytearray) -> None:
    take = _Bits(packed, head.match_spare).take
    states = list(head.match_states)
    at, distance, most = 0, 0, len(out) + head.raw_bytes
    for _ in range(head.matches):
        values = []
        for kind in (0, 1, 2):
            try:
                total, own, base, value = tables[kind][states[kind]]
            except IndexError:
                raise ValueError("a state that does not exist") from None
            bits = take(total)
            states[kind] = base + (bits >> own)
            values.append(value + (bits & _MASKS[own]))
        length, count, new = values
        distance = new or distance
        if at + length > len(literals) or len(out) + length + count > most:
            raise ValueError("more than the block states")
        out += literals[at : at + length]
        at += length
        if count:
            _copy(out, distance, count)
