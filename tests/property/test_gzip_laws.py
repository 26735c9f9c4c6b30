"""Unpacking gzip piece by piece gives what was packed, whatever the pieces."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.packing.decompressors import Gzip

PIECES = st.lists(st.integers(1, 400), min_size=1, max_size=20)
CONTENT = st.lists(st.sampled_from([b"a", b"bc", bytes(3_000), bytes(range(256))]), max_size=8).map(b"".join)


def unpacked(packed: bytes, pieces: list[int], most: int, out: bytearray) -> bytes:
    """Unpack to `out`; return what is left."""
    machine, at, step = Gzip(), 0, 0
    while not machine.eof:
        feed = b""
        if machine.needs_input:
            assert at < len(packed), "asks for more than there is"
            feed = packed[at : at + pieces[step % len(pieces)]]
            at, step = at + len(feed), step + 1
        out += machine.decompress(feed, most)
    return machine.unused_data + packed[at:]


@given(CONTENT, PIECES, st.integers(7, 9_000), st.binary(max_size=20))
def test_what_was_packed_comes_out_and_what_stands_behind_is_left(
    content: bytes, pieces: list[int], most: int, behind: bytes
) -> None:
    out = bytearray()
    assert unpacked(gzip.compress(content) + behind, pieces, most, out) == behind
    assert out == content


@given(PIECES)
def test_a_header_may_hold_a_name_a_remark_and_more(pieces: list[int]) -> None:
    plain = gzip.compress(b"content", mtime=0)
    header = plain[:3] + b"\x1e" + plain[4:10] + b"\x03\0abc" + b"name\0" + b"remark\0" + b"\0\0"
    out = bytearray()
    assert unpacked(header + plain[10:], pieces, 100, out) == b""
    assert out == b"content"


@given(PIECES)
def test_what_came_out_is_given_before_a_wrong_checksum_is_told(pieces: list[int]) -> None:
    packed = gzip.compress(b"content")[:-8] + bytes(8)
    out = bytearray()
    with pytest.raises(zlib.error):
        unpacked(packed, pieces, 100, out)
    assert out == b"content"
