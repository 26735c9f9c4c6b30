"""LZ4 frames are read by an own decoder: literals, matches that overlap themselves, blocks that refer back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.packing.lz4 import MAGIC, Lz4, unpack_block

INDEPENDENT, LINKED, CONTENT_SUM = 0x60, 0x40, 0x04


def _frame(*blocks: bytes, flags: int = INDEPENDENT, stored: bool = False) -> bytes:
    body = b"".join((len(each) | stored << 31).to_bytes(4, "little") + each for each in blocks)
    return MAGIC + bytes([flags, 0x40, 0]) + body + bytes(4) + (bytes(4) if flags & CONTENT_SUM else b"")


def _all(frame: bytes, piece: int, most: int = -1) -> bytes:
    machine, out = Lz4(), bytearray()
    for at in range(0, len(frame), piece):
        out += machine.decompress(frame[at : at + piece], most)
        while not machine.needs_input and not machine.eof:
            out += machine.decompress(b"", most)
    assert machine.eof
    return bytes(out)


def test_literals_and_a_match_that_overlaps_itself_are_unpacked() -> None:
    block = b"\x2fab\x02\x00\x05" + b"\x10c"
    assert unpack_block(block, b"", 1 << 16) == b"ab" + b"ab" * 12 + b"c"


def test_a_block_may_refer_to_the_one_before() -> None:
    first, second = b"\x50hello", b"\x00\x05\x00" + b"\x10!"
    assert _all(_frame(first, second, flags=LINKED), 3) == b"hellohell!"
    with pytest.raises(ValueError, match="not there"):
        _all(_frame(first, second, flags=INDEPENDENT), 100)


@given(st.binary(max_size=3000), st.integers(1, 500), st.sampled_from([-1, 1, 7, 4096]))
def test_stored_blocks_come_out_as_they_went_in_however_they_are_cut(
    data: bytes, piece: int, most: int
) -> None:
    frame = _frame(
        *(data[at : at + 900] for at in range(0, len(data), 900)),
        flags=INDEPENDENT | CONTENT_SUM,
        stored=True,
    )
    assert _all(frame, piece, most) == data


def test_what_follows_a_frame_is_given_back() -> None:
    machine = Lz4()
    assert machine.decompress(_frame(b"abc", stored=True) + b"rest") == b"abc"
    assert machine.eof
    assert machine.unused_data == b"rest"


@pytest.mark.parametrize(
    "bad",
    [b"\x0f\x00\x00", b"\x10", b"\x00\x01\x00", b"\xf0" + b"\xff" * 9, b"\x1fa\x01\x00" + b"\xff" * 300],
)
def test_damage_raises_and_never_grows_beyond_the_block(bad: bytes) -> None:
    with pytest.raises(ValueError, match="LZ4"):
        unpack_block(bad, b"", 1 << 16)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_bytes_or_in_a_value_error(data: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(Lz4().decompress(MAGIC + b"\x60\x40\x00" + data), bytes)
