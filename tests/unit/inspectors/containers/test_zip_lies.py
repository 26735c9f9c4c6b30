"""What a zip says of itself may be false; it is read as its loader reads it, and the lie is told."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
import zlib

import pytest
from packed import PAYLOAD, PLAIN, Written, by_hand, kinds, seen, torch_zip, zipped

from tidegate.model.observation import Evidence, Verdict

PKL = b"archive/data.pkl"


def _unicode_path(name: bytes, other: bytes) -> bytes:
    body = b"\x01" + zlib.crc32(name).to_bytes(4, "little") + other
    return struct.pack("<HH", 0x7075, len(body)) + body


LIES = {
    "the local header names it otherwise": ([Written(PKL, b"%", local_name=b"archive/data.txt")], "name_mismatch"),
    "the name goes on behind a NUL": ([Written(PKL + b"\0.txt", b"%")], "name_mismatch"),
    "a second name in the extra field": ([Written(PKL, b"%", extra=_unicode_path(PKL, b"readme.txt"))], "name_mismatch"),
    "the local header says encrypted": ([Written(PKL, b"%", local_flags=1)], "flag_mismatch"),
    "both headers say encrypted": ([Written(PKL, b"%", flags=1)], "flag_mismatch"),
    "the local header says patch data": ([Written(PKL, b"%", local_flags=0x20)], "flag_mismatch"),
    "both headers say patch data": ([Written(PKL, b"%", flags=0x20)], "flag_mismatch"),
    "the checksum is another": ([Written(PKL, b"%", crc=1)], "crc_mismatch"),
    "the checksum is another, deflated": ([Written(PKL, b"%", crc=1, method=8)], "crc_mismatch"),
    "the methods differ": ([Written(PKL, b"%", local_method=8)], "method_mismatch"),
    "it is there twice": ([Written(PKL, b"%"), Written(PKL, PLAIN)], "duplicate_name"),
    "it is there twice, the last is the bad one": ([Written(PKL, PLAIN), Written(PKL, b"%")], "duplicate_name"),
    "two names differ in case": ([Written(PKL, PLAIN), Written(b"archive/DATA.PKL", b"%")], "case_twins"),
    "only in upper case": ([Written(b"archive/DATA.PKL", b"%")], "case_twins"),
    "the directory leaves it out": (
        [Written(b"archive/version", b"3"), Written(b"archive/data/0", bytes(20_000)), Written(PKL, PLAIN), Written(b"x" * 9000, b"%", listed=False)],
        "hidden_member",
    ),
}  # fmt: skip


def _filled(members: list[Written], payload: bytes) -> list[Written]:
    return [
        Written(**{**vars(each), "data": payload if each.data == b"%" else each.data}) for each in members
    ]


@pytest.mark.parametrize("lie", LIES)
def test_a_payload_behind_a_lie_of_a_zip_is_found_and_the_lie_is_told(lie: str) -> None:
    members, kind = LIES[lie]
    found = seen(by_hand(_filled(members, PAYLOAD)))
    assert found.verdict is Verdict.DANGEROUS
    assert kind in kinds(found)


@pytest.mark.parametrize("lie", LIES)
def test_a_zip_that_lies_is_never_clean_whatever_is_in_it(lie: str) -> None:
    members, kind = LIES[lie]
    found = seen(by_hand(_filled(members, PLAIN + b"" if "twice" not in lie else PLAIN[:-1] + b"0N.")))
    assert found.verdict is Verdict.DAMAGED
    assert found.evidence is Evidence.TAMPERING
    assert kind in kinds(found)


def test_a_zip_that_states_another_number_of_members_is_told() -> None:
    found = seen(by_hand([Written(PKL, PLAIN), Written(b"archive/version", b"3")], count=1))
    assert found.verdict is Verdict.DAMAGED
    assert "directory" in kinds(found)


def test_an_archive_hidden_before_another_is_judged_too() -> None:
    first, second = torch_zip(PAYLOAD), torch_zip(PLAIN)
    found = seen(first + second)
    assert found.verdict is Verdict.DANGEROUS
    assert {"prefix", "hidden_member"} <= kinds(found)


def test_of_two_archives_whose_offsets_count_from_the_first_byte_both_are_judged() -> None:
    found = seen(by_hand([Written(PKL, PLAIN)], prefix=torch_zip(PAYLOAD)))
    assert found.verdict is Verdict.DANGEROUS
    assert "hidden_member" in kinds(found)


def test_two_directories_that_readers_choose_between_are_both_judged() -> None:
    """Python's zipfile finds it in front of the end record, PyTorch's reader where the record says."""
    bad, good = by_hand([Written(PKL, PAYLOAD)]), by_hand([Written(PKL, PLAIN)], prefix=bytes(300))
    directory = good[good.index(b"PK\x01\x02") : -22]
    start = bad.index(b"PK\x01\x02")
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), start, 0)
    found = seen(bad[:-22] + good[300 : good.index(b"PK\x01\x02")] + directory + end)
    assert found.verdict is Verdict.DANGEROUS
    assert "second_directory" in kinds(found)


def test_end_records_of_32_and_64_bits_that_differ_are_told_and_both_judged() -> None:
    raw = by_hand([Written(b"a.pkl", PLAIN), Written(b"b.pkl", PAYLOAD)])
    start = raw.index(b"PK\x01\x02")
    second = raw.index(b"PK\x01\x02", start + 4)
    only_first = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, second - start, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(raw) - 22, 1)
    found = seen(raw[:-22] + only_first + locator + raw[-22:])
    assert found.verdict is Verdict.DANGEROUS
    assert "directory" in kinds(found)


def test_members_that_overlap_are_told() -> None:
    raw = bytearray(
        by_hand([Written(b"a.bin", by_hand([Written(b"b.pkl", PAYLOAD)])), Written(b"b.pkl", PAYLOAD)])
    )
    inner = raw.index(b"PK\x03\x04", 4)
    entry = raw.rindex(b"PK\x01\x02")
    raw[entry + 42 : entry + 46] = inner.to_bytes(4, "little")
    found = seen(bytes(raw))
    assert found.verdict is Verdict.DANGEROUS
    assert "overlap" in kinds(found)


def test_bytes_behind_the_end_are_told_and_do_not_hide_the_archive() -> None:
    found = seen(torch_zip(PAYLOAD) + b"\x01" * 100)
    assert found.verdict is Verdict.DANGEROUS
    assert "trailing_bytes" in kinds(found)


def test_a_pickle_with_an_archive_behind_it_is_judged_as_both() -> None:
    """`torch.load` refuses it, after it has unpickled the first bytes."""
    found = seen(PAYLOAD + torch_zip(PLAIN), "model.pt")
    assert found.verdict is Verdict.DANGEROUS
    assert "several_formats" in kinds(found)


def test_a_pickle_that_holds_an_archive_in_a_constant_is_judged_as_both() -> None:
    """As a pickle it is a constant and calls nothing; Python's zipfile finds the archive in it."""
    inner = zipped([("config.json", b"{}"), ("metadata.json", b"{}"), ("net.pkl", PAYLOAD)])
    found = seen(pickle.dumps(inner, 4), "model.keras")
    assert found.verdict is Verdict.DANGEROUS
    assert "several_formats" in kinds(found)


def test_a_picture_with_an_archive_behind_it_is_an_archive() -> None:
    found = seen(b"GIF89a" + bytes(500) + torch_zip(PAYLOAD), "cat.gif")
    assert found.verdict is Verdict.DANGEROUS
    assert "prefix" in kinds(found)


def test_an_archive_without_its_directory_is_read_by_its_local_headers() -> None:
    raw = torch_zip(PAYLOAD)
    found = seen(raw[: raw.index(b"PK\x01\x02")])
    assert found.verdict is Verdict.DANGEROUS
    assert "no_directory" in kinds(found)


def test_an_encrypted_member_is_damaged_and_not_passed_over() -> None:
    found = seen(by_hand([Written(PKL, bytes(range(60)), flags=1, crc=5)]))
    assert found.verdict is Verdict.DAMAGED
    assert not found.complete


def test_a_member_longer_or_shorter_than_stated_is_told() -> None:
    for size in (3, 5_000):
        found = seen(by_hand([Written(PKL, PAYLOAD, method=8, size=size)]))
        assert found.verdict is not Verdict.CLEAN
        assert kinds(found) & {
            "size_mismatch",
            "damaged_member",
            "malformed",
            "broken",
            "crc_mismatch",
            "truncated",
        }


def test_an_honest_archive_says_nothing() -> None:
    found = seen(torch_zip(PLAIN), "model.pt")
    assert found.verdict is Verdict.CLEAN
    assert found.observations == ()
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert seen(zipped([("a.pkl", PLAIN), ("b.txt", b"text")], method)).observations == ()


def test_sizes_that_stand_behind_their_member_are_no_lie() -> None:
    """As a writer leaves them that cannot go back: flag 8, and zeros in the local header."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive._seekable = False  # type: ignore[attr-defined]
        archive.writestr("archive/data.pkl", PLAIN)
    assert out.getvalue()[6] & 8
    assert seen(out.getvalue()).observations == ()


@pytest.mark.parametrize("stated", [b"\x00\x10", b"\xff\xff"], ids=repr)
def test_a_comment_that_is_shorter_than_stated_hides_no_zip_behind_other_bytes(stated: bytes) -> None:
    raw = b"\0" * 100 + zipped([("archive/data.pkl", PAYLOAD)])
    assert seen(raw[:-2] + stated).verdict is Verdict.DANGEROUS


def test_a_count_of_no_members_hides_no_zip_behind_other_bytes() -> None:
    raw = bytearray(b"\0" * 100 + zipped([("archive/data.pkl", PAYLOAD)]))
    raw[-12:-10] = bytes(2)
    assert seen(bytes(raw)).verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("name", ["model.keras", "model.mar", "models.zip"])
def test_a_long_comment_hides_no_zip_behind_other_bytes_where_its_reader_seeks_it(name: str) -> None:
    packed = bytearray(zipped([("model.pkl", PAYLOAD)]))
    packed[-2:] = (60_000).to_bytes(2, "little")
    assert seen(b"\x01\x02" * 50 + packed + b"c" * 60_000, name).verdict is Verdict.DANGEROUS
    assert seen(b"\x01\x02" * 40_000, name).verdict is None
