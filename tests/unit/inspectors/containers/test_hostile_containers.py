"""Archives that were made to hurt: a verdict within the budget, and never `clean` where not all was seen."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packed import PAYLOAD, PLAIN, Written, by_hand, kinds, seen, tarred, torch_zip, zipped

from tidegate.inspectors.look import look
from tidegate.inspectors.meter import Budget, Meter
from tidegate.inspectors.readable import Memory, OverBudgetError
from tidegate.model.observation import Inspection, Verdict

SMALL = Budget(inflated_bytes=1 << 20, members=100)
SAMPLES = {
    "torch zip": torch_zip(PAYLOAD),
    "deflated zip": zipped([("a/net.pkl", PAYLOAD), ("b.txt", b"text " * 9)], zipfile.ZIP_DEFLATED),
    "tar": tarred([("net.pkl", PAYLOAD)])[:2048],
    "tar.gz": tarred([("net.pkl", PAYLOAD)], "w:gz"),
    "joblib, xz": lzma.compress(PAYLOAD),
    "zip in a zip": zipped([("b.zip", torch_zip(PAYLOAD))]),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_archive_that_is_cut_off_is_clean(sample: str) -> None:
    raw = SAMPLES[sample]
    for end in range(0, len(raw), 1 + len(raw) // 300):
        assert seen(raw[:end], "model.pt").verdict not in (Verdict.CLEAN, Verdict.INERT), end


@settings(deadline=None)
@given(st.data())
def test_any_change_of_an_archive_ends_in_an_inspection(data: st.DataObject) -> None:
    raw = bytearray(SAMPLES[data.draw(st.sampled_from(sorted(SAMPLES)))])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    assert isinstance(seen(bytes(raw), "model.pt"), Inspection)


@settings(deadline=None)
@given(
    st.sampled_from(
        [
            b"PK\x03\x04",
            b"7z\xbc\xaf\x27\x1c",
            b"\x1f\x8b\x08",
            b"BZh91AY&SY",
            b"\x93NUMPY\x01\0",
            b"\x04\x22\x4d\x18",
            b"\x28\xb5\x2f\xfd",
            b"ZF0x",
            b"",
        ]
    ),
    st.binary(max_size=400),
)
def test_any_bytes_behind_the_mark_of_a_container_end_in_an_inspection(mark: bytes, rest: bytes) -> None:
    assert isinstance(seen(mark + rest), Inspection)


def test_an_archive_in_an_archive_in_an_archive_is_opened_up_to_a_depth() -> None:
    raw = zipped([("net.pkl", PLAIN)])
    for _ in range(8):
        raw = zipped([("next.zip", raw)])
    found = seen(raw)
    assert found.verdict is Verdict.DAMAGED
    assert not found.complete
    deep = zipped([("net.pkl", PAYLOAD)])
    for _ in range(4):
        deep = zipped([("next.zip", deep)])
    assert seen(deep).verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("squeeze", [gzip.compress, bz2.compress, lzma.compress])
def test_what_unpacks_to_more_than_the_budget_is_damaged_and_its_begin_is_judged(squeeze: object) -> None:
    bomb = squeeze(PAYLOAD + bytes(8 << 20))  # type: ignore[operator]
    found = seen(bomb, budget=SMALL)
    assert found.verdict is Verdict.DANGEROUS
    assert not found.complete
    assert seen(squeeze(PLAIN + bytes(8 << 20)), budget=SMALL).verdict is Verdict.DAMAGED  # type: ignore[operator]


def test_a_member_that_unpacks_to_more_than_the_budget_does_not_hide_the_others() -> None:
    big = b"\x80\x04B" + (8 << 20).to_bytes(4, "little") + bytes(8 << 20) + b"."
    raw = zipped([("a.pkl", big), ("b.pkl", PAYLOAD)], zipfile.ZIP_DEFLATED)
    found = seen(raw, budget=SMALL)
    assert found.verdict is Verdict.DANGEROUS
    assert not found.complete
    assert "not_complete" in kinds(found)


def test_a_member_that_states_ten_bytes_and_unpacks_to_many_is_not_unpacked_whole() -> None:
    raw = by_hand([Written(b"a.pkl", PLAIN + bytes(50 << 20), method=8, size=10)])
    tracemalloc.start()
    found = seen(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.verdict is not Verdict.CLEAN
    assert peak < 16 << 20


def test_more_members_than_the_budget_make_it_incomplete() -> None:
    for raw in (zipped((f"{n}.txt", b"") for n in range(101)), tarred((f"{n}.txt", b"") for n in range(101))):
        found = seen(raw, budget=SMALL)
        assert found.verdict is Verdict.DAMAGED
        assert not found.complete


def test_among_thirty_thousand_members_the_model_is_looked_at_first() -> None:
    members = [Written(b"f%d.txt" % number, b"text") for number in range(30_000)]
    members.insert(15_000, Written(b"net.pkl", PAYLOAD))
    found = seen(by_hand(members, count=30_001), budget=Budget(members=31000, seconds=600))
    assert found.verdict is Verdict.DANGEROUS


def test_gigantic_lengths_in_headers_cost_nothing() -> None:
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFF0, 0xFFFFFFF0, 0)
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1 << 62, 1 << 62, 1 << 62, 1 << 62)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, 60, 1)
    local = torch_zip(PLAIN)[:60]
    tracemalloc.start()
    for raw in (
        local + end,
        local + end64 + locator + end,
        b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<IQQI", 0, 1 << 62, 1 << 62, 0),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
        tarred([("net.pkl", PLAIN)])[:124] + b"\x80" + b"\xff" * 11 + tarred([("net.pkl", PLAIN)])[136:],
    ):
        assert seen(raw).verdict not in (Verdict.CLEAN, Verdict.INERT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 << 20


class _Ticking:
    """A clock on which every look takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_the_time_is_a_limit_of_its_own() -> None:
    meter = Meter(Budget(seconds=2), _Ticking())
    meter.check()
    meter.check()
    with pytest.raises(OverBudgetError, match="takes more than 2 seconds"):
        meter.check()


def test_a_file_that_is_served_slowly_is_given_up() -> None:
    meter = Meter(Budget(wall_seconds=2), lambda: 0.0, _Ticking())
    meter.check()
    meter.check()
    with pytest.raises(OverBudgetError, match="reading it takes more than 2 seconds"):
        meter.check()


def test_a_file_that_cannot_be_read_raises_what_reading_raises() -> None:
    class Failing(Memory):
        def read(self, offset: int, count: int) -> bytes:
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        look(Failing(torch_zip(PLAIN)), "model.pt")


def test_a_stream_of_ones_own_making_gives_back_its_temporary_file() -> None:
    """Unclosed files are errors in these tests."""
    found = seen(gzip.compress(io.BytesIO(bytes(40 << 20)).getvalue(), 1))
    assert found.verdict is None


def _header(kind: bytes, size: bytes, *, name: bytes = b"pickle") -> bytes:
    """Return a header of tar with the checksum that fits."""
    block = bytearray(512)
    block[: len(name)] = name
    block[124 : 124 + len(size)] = size
    block[156:157] = kind
    block[257:265] = b"ustar\x0000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\x00 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize("kind", [b"z", b"M", b"N", b"V", b"D", b"\xff", b"0"], ids=repr)
def test_a_member_of_a_type_that_nobody_knows_is_a_file_as_it_is_to_python(kind: bytes) -> None:
    raw = _header(kind, b"%011o" % len(PAYLOAD)) + PAYLOAD.ljust(512, b"\0") + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        assert archive.extractfile("pickle").read() == PAYLOAD  # type: ignore[union-attr]
    assert seen(raw, "model.tar").verdict is Verdict.DANGEROUS


def test_a_folder_with_a_size_hides_no_member_behind_it() -> None:
    hidden = _header(b"0", b"%011o" % len(PAYLOAD)) + PAYLOAD.ljust(512, b"\0")
    raw = _header(b"5", b"%011o" % len(hidden), name=b"folder") + hidden + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        assert archive.getnames() == ["folder", "pickle"]
    assert seen(raw, "model.tar").verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("size", [b"+0000000%o", b"0o%o", b" %o ", b"%o\0garb"], ids=repr)
def test_a_size_is_read_however_python_takes_a_number(size: bytes) -> None:
    raw = _header(b"0", size % len(PAYLOAD)) + PAYLOAD.ljust(512, b"\0") + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        assert archive.getmembers()[0].size == len(PAYLOAD)
    assert seen(raw, "model.tar").verdict is Verdict.DANGEROUS
