"""A stream is read to its end, whatever comes through it."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest
from reading import read

from tidegate.sources.stdin import open_stream
from tidegate.sources.unpack import Limits

sys.path.insert(0, str(Path(__file__).parents[1] / "unpack"))

from containers import tarred, zipped


@pytest.mark.parametrize("size", [0, 1, 70_000, 3 << 20])
def test_text_of_any_size_is_one_document(size: int) -> None:
    text = (b"0123456789 abc\n" * (size // 15 + 1))[:size]
    seen = read(open_stream(io.BytesIO(text), buffer_bytes=1 << 16))
    assert seen.documents == ({"-": text} if text else {})
    assert seen.tally.coverage.documents == 1
    assert seen.tally.coverage.bytes == size


def test_a_container_on_a_stream_is_opened() -> None:
    for data in (zipped({"a": b"KEY=1"}), tarred({"a": b"KEY=1"}), tarred({"a": b"KEY=1"}, "w:xz")):
        assert read(open_stream(io.BytesIO(data), label="in")).documents == {"in!/a": b"KEY=1"}


def test_a_tar_larger_than_what_is_held_is_read_as_it_comes_and_a_zip_is_a_gap() -> None:
    content = bytes(range(255)) * 9000
    limits = Limits(member_bytes=1 << 20)
    for data in (tarred({"a": content}), gzip.compress(tarred({"a": content}))):
        seen = read(open_stream(io.BytesIO(data), limits=limits))
        assert seen.documents == {"-!/a": content}
    zipped_data = zipped({"a": content}, 0)
    seen = read(open_stream(io.BytesIO(zipped_data), limits=limits))
    assert seen.documents == {"-": zipped_data}, "what is not opened is read as it is"
    assert "larger than" in seen.gaps[0]


class _Breaking(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 0:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_a_stream_that_breaks_gives_what_came_and_a_gap() -> None:
    seen = read(open_stream(_Breaking(b"KEY=1\n")))
    assert seen.documents == {"-": b"KEY=1\n"}
    assert seen.gaps == ["-: input/output error"]
