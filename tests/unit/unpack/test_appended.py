"""A zip behind something else: programs that unpack themselves, and pictures that are not only that."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from time import process_time

import pytest
from containers import listed, member, tarred, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.model.document import Tally
from tidegate.sources.unpack import HEAD_BYTES, STARTS, ZIP_END, sniff, sniff_end, unpack

ENV = b"DEBUG=0\nKEY=1\n"
NOISE = random.Random(7).randbytes(90_000)
PROGRAMS = [b"MZ\x90\x00", b"\x7fELF\x02\x01", b"#!/usr/bin/env python3\n", b"\xcf\xfa\xed\xfe\x07"]


def kind_of(data: bytes) -> str | None:
    head = data[:HEAD_BYTES]
    return sniff(head, len(data)) or sniff_end(head, len(data), lambda count: data[-count:])


def opened(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    tally = Tally()
    kind = kind_of(data)
    assert kind is not None
    return dict(unpack(kind, data, "box", tally)), [f"{gap.subject}: {gap.reason}" for gap in tally.gaps]


def with_comment(files: dict[str, bytes], comment: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = comment
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("start", [*PROGRAMS, b"GIF89a", b"any text\n", b"\x89PNG\r\n"])
def test_a_zip_is_found_behind_anything(start: bytes) -> None:
    assert opened(start + NOISE + zipped({"conf/.env": ENV})) == ({"conf/.env": ENV}, [])


@pytest.mark.parametrize("start", PROGRAMS)
@pytest.mark.parametrize("comment", [b"setup", b"c" * 65_535])
def test_behind_a_program_it_may_have_a_comment_or_a_signature(start: bytes, comment: bytes) -> None:
    data = start + NOISE + with_comment({"a": ENV}, comment)
    assert opened(data) == ({"a": ENV}, [])
    if len(comment) < 99:
        assert opened(data + NOISE[:9000]) == ({"a": ENV}, [])


def test_an_archive_that_counts_from_the_programs_start_is_read_too() -> None:
    out = io.BytesIO(PROGRAMS[0] + NOISE)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("a", ENV)
    assert opened(out.getvalue()) == ({"a": ENV}, [])


def test_a_large_archive_behind_a_program_is_read_by_its_wide_directory() -> None:
    body, entry = member(b"a", ENV), listed(b"a", ENV, 0)
    at = len(body) + len(entry)
    wide = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(entry), len(body))
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    end = struct.pack("<4sHHHHIIH", ZIP_END, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    for start in (b"", PROGRAMS[1] + NOISE):
        assert opened(start + body + entry + wide + locator + end) == ({"a": ENV}, [])


def test_a_second_archive_before_the_last_is_read_and_told() -> None:
    data = PROGRAMS[0] + zipped({"first": ENV}) + zipped({"second": b"x"})
    documents, gaps = opened(data)
    assert documents == {"first": ENV, "second": b"x"}
    assert gaps == ["box!/first: tampered container: the zip's directory does not name it"]


def test_the_magic_numbers_in_a_programs_code_are_no_members_and_no_archive() -> None:
    code = b"PK\x03\x04" + bytes(40) + b"PK\x05\x06" + bytes(40) + b"PK\x03\x04\x75\x13" + NOISE[:500]
    assert kind_of(PROGRAMS[1] + NOISE + code) is None
    assert opened(PROGRAMS[1] + code + zipped({"a": ENV})) == ({"a": ENV}, [])


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_one_inside_of_another_container_is_opened_and_its_bytes_are_read(pack: object) -> None:
    assert callable(pack)
    program = PROGRAMS[0] + NOISE + zipped({"conf/.env": ENV})
    documents, gaps = opened(pack({"setup.exe": program, "plain.exe": PROGRAMS[0] + NOISE}))
    assert documents == {
        "setup.exe!/conf/.env": ENV, "setup.exe": program, "plain.exe": PROGRAMS[0] + NOISE
    }  # fmt: skip
    assert gaps == []


def test_a_program_full_of_magic_numbers_is_soon_done_with() -> None:
    ends = (ZIP_END + bytes(4) + b"\1\0\2\0" + bytes(10)) * 20_000
    start = process_time()
    for _ in range(100):
        assert kind_of(PROGRAMS[0] + ends) is None
    assert process_time() - start < 2


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*PROGRAMS, b"x", b"From: a\n"]), st.binary(max_size=300), st.binary(max_size=60))
def test_what_a_hot_loop_leaves_out_is_never_a_container(start: bytes, middle: bytes, end: bytes) -> None:
    for data in (start + middle + ZIP_END + end[:18], zipped({"a": middle}) + end, start + middle):
        kind = kind_of(data)
        test = STARTS.get(data[0])
        asked = (test is not None and test(data, 0)) or data[257:262] == b"ustar" or data[-22:-18] == ZIP_END
        assert asked or kind is None
        if kind is not None:
            list(unpack(kind, data, "x", Tally()))
