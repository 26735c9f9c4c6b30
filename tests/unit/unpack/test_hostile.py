"""Containers made to hurt, to hide or to lie."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import random
import struct
import tracemalloc
import zipfile
import zlib

import pytest
import zstandard
from containers import closed, listed, member, opened, tarred, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.model.document import Tally
from tidegate.sources.unpack import Limits, Reader, leaves, sniff, unpack

SMALL = Limits(members=1000, total_bytes=8 << 20, ratio_floor=1 << 20, member_bytes=4 << 20, seconds=20)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_a_bomb_is_cut_by_what_comes_out_and_not_by_what_it_says(pack: object) -> None:
    assert callable(pack)
    bomb = pack(bytes(64 << 20))
    tally = Tally()
    tracemalloc.start()
    size = 0
    for leaf in leaves(sniff(bomb, len(bomb)) or "", Reader(bomb), len(bomb), "b", tally, limits=SMALL):
        size += leaf.content.skip(1 << 40)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size <= 9 << 20
    assert peak < 12 << 20, "a bomb is read in pieces (xz has a dictionary of 8 MiB)"
    assert "not read to its end: " in tally.gaps[-1].reason


def test_a_zip_bomb_is_cut_across_its_members() -> None:
    bomb = zipped({f"{number}": bytes(3 << 20) for number in range(20)})
    documents, gaps = opened(bomb, limits=SMALL)
    assert 0 < sum(map(len, documents.values())) <= 9 << 20
    assert "not read to its end" in gaps[-1]


def test_what_is_larger_than_its_header_says_is_read_all_the_same() -> None:
    content = b"0123456789" * 20000
    lies = {"size": 10}
    data = closed(member(b"a", content, **lies), listed(b"a", content, 0, **lies), 1)
    documents, gaps = opened(data)
    assert documents == {"a": content}
    assert "stated 10 bytes, holds 200,000" in gaps[0]


def test_a_packed_size_that_is_too_small_hides_nothing() -> None:
    content = base64.b64encode(bytes(range(256)) * 50)
    data = closed(member(b"a", content, packed=20), listed(b"a", content, 0, packed=20), 1)
    assert opened(data)[0] == {"a": content}


def test_a_false_checksum_hides_nothing() -> None:
    data = closed(member(b"a", b"KEY=1"), listed(b"a", b"KEY=1", 0, crc=1), 1)
    documents, gaps = opened(data)
    assert documents == {"a": b"KEY=1"}
    assert gaps == ["box!/a: tampered or damaged: its checksum is not the stated one"]


def test_a_false_encryption_flag_hides_nothing() -> None:
    data = closed(member(b"a", b"KEY=1", flags=1), listed(b"a", b"KEY=1", 0, flags=1), 1)
    documents, gaps = opened(data)
    assert documents == {"a": b"KEY=1"}
    assert gaps == ["box!/a: tampered container: it says encrypted and is not"]


def test_an_encrypted_member_is_a_gap_and_the_next_is_read() -> None:
    noise = bytes((7 * number) % 251 for number in range(300))
    first = member(b"a", noise, method=0, flags=1, crc=5)
    data = closed(
        first + member(b"b", b"ok"),
        listed(b"a", noise, 0, method=0, flags=1, crc=5) + listed(b"b", b"ok", len(first)),
        2,
    )
    documents, gaps = opened(data)
    assert documents["b"] == b"ok"
    assert gaps == ["box!/a: encrypted"]


def test_two_names_for_one_member_are_both_told() -> None:
    data = closed(member(b"harmless", b"KEY=1"), listed(b"readme.md", b"KEY=1", 0), 1)
    documents, gaps = opened(data)
    assert documents == {"readme.md": b"KEY=1"}
    assert "its local header names it harmless" in gaps[0]


def test_a_member_the_directory_leaves_out_is_found() -> None:
    hidden = member(b"hidden", b"KEY=1")
    data = closed(hidden + member(b"shown", b"x"), listed(b"shown", b"x", len(hidden)), 1)
    documents, gaps = opened(data)
    assert documents == {"hidden": b"KEY=1", "shown": b"x"}
    assert gaps == ["box!/hidden: tampered container: the zip's directory does not name it"]


def test_a_directory_that_points_nowhere_hides_nothing() -> None:
    data = closed(member(b"a", b"KEY=1"), listed(b"a", b"KEY=1", 17), 1)
    documents, gaps = opened(data)
    assert documents == {"a": b"KEY=1"}
    assert any("no local header" in gap for gap in gaps)


def test_members_that_lie_inside_of_others_are_read_once() -> None:
    kernel = member(b"kernel", bytes(1 << 20))
    around = member(b"outer", kernel, method=0)
    inside = len(around) - len(kernel)
    entries = [listed(b"outer", kernel, 0, method=0), listed(b"kernel", bytes(1 << 20), inside)]
    documents, gaps = opened(closed(around, b"".join(entries * 50), 100))
    assert set(documents) == {"outer!/kernel", "outer"}, "the stored one is a zip itself"
    assert sum("lies inside of another member" in gap for gap in gaps) == 99


def test_the_same_container_in_two_places_is_read_in_both() -> None:
    data = zipped({"a": b"x"})
    inner = zipped({"same.zip": data, "again.zip": data}, zipfile.ZIP_STORED)
    assert opened(inner) == ({"same.zip!/a": b"x", "again.zip!/a": b"x"}, [])


def test_a_container_that_holds_itself_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quine, played by an opener: a real one is an art of its own, and the walk does not see the difference."""
    from tidegate.sources.unpack import walk  # noqa: PLC0415

    data = gzip.compress(b"never looked at")
    opens = 0

    def itself(_source: Reader, _inner: str, _budget: object) -> object:
        nonlocal opens
        opens += 1
        yield "me", Reader(data)

    monkeypatch.setattr(walk, "opener_of", lambda _kind: itself)
    assert opened(data) == ({}, [])
    assert opens == 1


def test_a_hundred_thousand_empty_entries_are_run_over_and_a_limit_holds() -> None:
    names = [b"%d" % number for number in range(100_000)]
    body = b"".join(member(name, b"", method=0) for name in names)
    offsets, at = [], 0
    for name in names:
        offsets.append(at)
        at += 30 + len(name)
    entries = b"".join(
        listed(name, b"", offset, method=0) for name, offset in zip(names, offsets, strict=True)
    )
    last = member(b"last", b"KEY=1")
    data = closed(body + last, entries + listed(b"last", b"KEY=1", len(body)), 0xFFFF)
    assert opened(data) == ({"last": b"KEY=1"}, [])
    documents, gaps = opened(data, limits=Limits(members=5000))
    assert not documents
    assert gaps == ["box: not read to its end: more than 5,000 entries"]


def test_more_gaps_than_anybody_reads_are_counted() -> None:
    first = b"".join(member(b"%03d" % number, b"x", crc=9) for number in range(300))
    step = len(member(b"000", b"x"))
    entries = b"".join(listed(b"%03d" % number, b"x", number * step, crc=9) for number in range(300))
    documents, gaps = opened(closed(first, entries, 300))
    assert len(documents) == 300
    assert len(gaps) == 101
    assert gaps[-1] == "box: 200 more gaps inside"


@pytest.mark.parametrize("cut", [40, 300, 900])
def test_what_stands_before_the_break_is_read_and_the_rest_is_a_gap(cut: int) -> None:
    noise = random.Random(1).randbytes(4000)
    whole = zipped({"first": b"KEY=1\n", "second": noise})
    documents, gaps = opened(whole[: cut + 60])
    assert documents["first"] == b"KEY=1\n"
    assert gaps

    packed = gzip.compress(noise)
    documents, gaps = opened(packed[: cut + 20], "a.gz")
    assert noise.startswith(documents["a"])
    assert gaps == ["a.gz: gz stream ends early"]


def test_a_tar_cut_inside_of_a_member_gives_what_is_there() -> None:
    documents, gaps = opened(tarred({"a": b"1" * 600, "b": b"2" * 5000})[:3000])
    assert documents == {"a": b"1" * 600, "b": b"2" * (3000 - 2048)}
    assert gaps == ["box: tar ends inside of b"]


def test_a_tar_header_that_is_none_ends_it_and_the_bytes_are_read_raw() -> None:
    data = bytearray(tarred({"a": b"1", "b": b"2", "c": b"3"}))
    data[1024 + 20] ^= 1
    inner = zipped({"x.tar": bytes(data)})
    documents, gaps = opened(inner)
    assert documents["x.tar!/a"] == b"1"
    assert documents["x.tar"] == data, "what was not understood is a document as it is"
    assert gaps == ["box!/x.tar: no tar header at byte 1,024"]


def test_a_tar_that_states_an_absurd_size_is_bounded() -> None:
    header = bytearray(tarred({"a": b"1"}))
    header[124:136] = b"\x80" + (1 << 80).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    documents, gaps = opened(bytes(header))
    assert documents["a"].startswith(b"1")
    assert gaps


NAMES = [b"../../x", b"/abs", b"C:\\x", b"a\x00b", b"x" * 60_000, b"\xff\xfe", b"\x1b[31m", b"", b"." * 9]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_label_whatever_it_holds(name: bytes) -> None:
    data = closed(member(name, b"KEY=1"), listed(name, b"KEY=1", 0), 1)
    documents, gaps = opened(data)
    (shown,) = documents
    assert documents[shown] == b"KEY=1"
    assert len(shown) <= 1100
    shown.encode()
    assert not gaps


def test_a_7z_with_a_dictionary_of_gigabytes_is_refused() -> None:
    coder = b"\x21\x21\x01\x28"
    folder = b"\x01" + coder
    body = b"x" * 10
    streams = b"\x06\x00\x01\x09\x0a\x00" + b"\x07\x0b\x01\x00" + folder + b"\x0c\x80\xff" + b"\x00\x00"
    header = b"\x01\x04" + streams + b"\x05\x01\x11\x05\x00a\x00\x00\x00\x00\x00"
    start = struct.pack("<QQI", len(body), len(header), zlib.crc32(header))
    data = b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + body + header
    documents, gaps = opened(data)
    assert not documents
    assert "a dictionary of 4,294,967,295 bytes is too large" in gaps[0]


_SEEDS = [
    zipped({"a": b"KEY=1", "b.zip": zipped({"c": b"2"})}),
    tarred({"a": b"KEY=1" * 200, "é" * 120: b"2"}),
    gzip.compress(tarred({"a": b"1"})),
    zstandard.compress(b"KEY=1" * 100),
    lzma.compress(b"KEY=1" * 100),
    bz2.compress(b"KEY=1" * 100),
    b"!<arch>\n" + b"a/              0           0     0     644     4         `\nabcd",
]
_MAGICS = [b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"!<arch>\n", b"BZh91AY&SY"]


def _survives(data: bytes) -> None:
    kind = sniff(data[:512], len(data))
    assert sniff(memoryview(data)[:512], len(data)) == kind
    if kind is None or kind == "pdf":
        return
    tally = Tally()
    size = sum(len(content) for _, content in unpack(kind, data, "x", tally, SMALL))
    assert size <= 40 << 20
    for gap in tally.gaps:
        assert gap.reason


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_MAGICS), st.binary(max_size=2000))
def test_any_bytes_behind_a_magic_number_end_without_an_exception(magic: bytes, rest: bytes) -> None:
    _survives(magic + rest)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(_SEEDS),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6),
    st.integers(0, 1 << 16),
)
def test_a_container_with_bytes_changed_or_cut_ends_without_an_exception(
    seed: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(seed)
    for at, value in changes:
        data[at % len(data)] = value
    _survives(bytes(data[: cut % len(data) + 1] if cut % 3 == 0 else data))
