"""Of large files little is read: directories, headers, pickles."""

from __future__ import annotations

import io
import random
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from packed import PAYLOAD, PLAIN
from test_layouts import _legacy, _state, _storage

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Counted, FileBytes
from tidegate.model.observation import Inspection, Verdict

GIB = 1 << 30
REMOTE_BLOCK = 1 << 16
"""Reads over a network are widened to this."""


def _sparse(path: Path, pieces: list[tuple[int, bytes]], size_bytes: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size_bytes)
        for offset, data in pieces:
            file.seek(offset)
            file.write(data)
    return path


def _measured(path: Path, block: int) -> tuple[Inspection, int]:
    with FileBytes(path) as file:
        counted = Counted(file, block_bytes=block)
        return look(counted, path.name), counted.bytes_read


def _torch_zip(path: Path, tensors: int, each: int, data_pkl: bytes) -> Path:
    """Write a torch zip of 64 bits whose numbers are holes in the file."""
    pieces, central, at = [], bytearray(), 0
    members = [("archive/data.pkl", data_pkl, len(data_pkl))]
    members += [(f"archive/data/{index}", b"", each) for index in range(tensors)]
    members.append(("archive/version", b"3\n", 2))
    for name, data, size in members:
        crc = zipfile.crc32(data)  # type: ignore[attr-defined]
        raw = name.encode()
        offset = struct.pack("<HHQ", 1, 8, at)
        pieces.append(
            (
                at,
                struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 45, 0, 0, 0, 0, crc, size, size, len(raw), 0)
                + raw
                + data,
            )
        )
        central += struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 45, 45, 0, 0, 0, 0, crc, size, size, len(raw), len(offset), 0, 0, 0, 0,
            0xFFFFFFFF,
        )  # fmt: skip
        central += raw + offset
        at += 30 + len(raw) + size
    end64 = struct.pack(
        "<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, len(members), len(members), len(central), at
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at + len(central), 1)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    tail = bytes(central) + end64 + locator + end
    pieces.append((at, tail))
    return _sparse(path, pieces, at + len(tail))


@pytest.mark.parametrize("block", [0, REMOTE_BLOCK])
def test_a_torch_zip_of_5_gb_is_judged_by_a_thousandth_of_it(tmp_path: Path, block: int) -> None:
    count, each = 400, 5 * GIB // 400
    state = _state(*(_storage(str(index), each // 4) for index in range(count)))
    found, read = _measured(_torch_zip(tmp_path / "model.pt", count, each, state), block)
    assert (found.kind, found.verdict, found.observations) == ("torch_zip", Verdict.CLEAN, ())
    assert found.size_bytes > 5 * GIB
    assert found.bytes_read == read
    assert read <= found.size_bytes / 1000
    assert read < 600_000


@pytest.mark.parametrize("block", [0, REMOTE_BLOCK])
def test_a_legacy_torch_file_of_5_gb_is_judged_by_its_pickles_and_a_megabyte(
    tmp_path: Path, block: int
) -> None:
    count, each = 400, 5 * GIB // 400 // 4
    state = _state(*(_storage(str(index), each) for index in range(count)))
    head = _legacy(state, [str(index) for index in range(count)])
    path = _sparse(tmp_path / "model.ckpt", [(0, head)], len(head) + count * (8 + 4 * each))
    found, read = _measured(path, block)
    assert (found.kind, found.verdict, found.observations) == ("torch_legacy", Verdict.CLEAN, ())
    assert read <= len(head) + (1 << 20)


def test_a_tar_of_large_members_is_gone_over_by_its_headers(tmp_path: Path) -> None:
    pieces, at = [], 0
    for index in range(10):
        info = tarfile.TarInfo(f"weights/{index}.bin")
        info.size = GIB // 2
        pieces.append((at, info.tobuf()))
        at += 512 + info.size
    info = tarfile.TarInfo("net.pkl")
    info.size = len(PAYLOAD)
    pieces.append((at, info.tobuf() + PAYLOAD))
    found, read = _measured(_sparse(tmp_path / "model.tar", pieces, at + 4096), 0)
    assert found.verdict is Verdict.DANGEROUS
    assert read < 300_000


def test_of_packed_arrays_only_the_begin_is_unpacked(tmp_path: Path) -> None:
    header = (
        b"\x93NUMPY\x01\x00\x46\x00{'descr': '|u1', 'fortran_order': False, 'shape': (10000000,), }".ljust(80)
    )
    numbers = random.Random(1).randbytes(1_000_000) * 10
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.npy", "b.npy"):
            archive.writestr(name, header + numbers, compresslevel=1)
    path = tmp_path / "model.npz"
    path.write_bytes(out.getvalue())
    found, read = _measured(path, 0)
    assert (found.kind, found.verdict) == ("npz", Verdict.INERT)
    assert found.size_bytes > 20_000_000
    assert read < 100_000


def test_a_file_that_is_no_model_costs_two_reads(tmp_path: Path) -> None:
    path = _sparse(tmp_path / "video.mp4", [(0, b"\0\0\0\x20ftypisom")], GIB)
    with FileBytes(path) as file:
        counted = Counted(file)
        assert look(counted, path.name).verdict is None
        assert (counted.reads, counted.bytes_read) == (2, 8192)


def test_a_small_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(PLAIN)
    with FileBytes(path) as file:
        assert look(file, path.name).bytes_read == len(PLAIN)
