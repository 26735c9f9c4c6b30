"""Wherever the disk stops taking what is written, the next run makes the file that an undisturbed one makes."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl
import pytest
from fake_storage import AtOnce, QuickDisk, Service, credential, every_folder
from polars.testing import assert_frame_equal

from tidegate.errors import UsageError
from tidegate.inventory import walk
from tidegate.inventory.lister import list_all, work_folder

NET: Any = None


class PowerCutError(BaseException):
    """Nothing after this happens, and nobody handles it."""


class FailingDisk(QuickDisk):
    """Fails at its nth operation and at all that follow; of what is written then, the first half arrives."""

    def __init__(self, at: int, error: BaseException) -> None:
        self.left = at
        self.error = error

    def _fails(self) -> bool:
        self.left -= 1
        return self.left < 0

    def append(self, file: BinaryIO, line: bytes) -> None:
        if self._fails():
            file.write(line[: len(line) // 2] if self.left == -1 else b"")
            file.flush()
            raise self.error
        super().append(file, line)

    def put(self, frame: pl.DataFrame, path: Path) -> int:
        size_bytes = super().put(frame, path)
        if self._fails():
            with path.open("r+b") as file:
                file.truncate(size_bytes // 2)
            raise self.error
        return size_bytes

    def replace(self, fresh: Path, target: Path) -> None:
        if self._fails():
            raise self.error
        super().replace(fresh, target)
        if self._fails():  # the new name is on disk, the call has not come back
            raise self.error

    def remove(self, path: Path) -> None:
        if self._fails():
            raise self.error
        super().remove(path)


def service(*, flat: bool) -> Service:
    tree = [f"{a}/{b:02d}/{c}" for a in "abc" for b in range(12 if flat else 4) for c in "xyz"]
    tree += ["a-", "b", "zz"]
    return Service(
        {"one": tree if flat else every_folder(tree), "two": ["x"], "three": []}, most=20, flat=flat
    )


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "KEEP_ROWS", 10)


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_power_cut_at_any_write_changes_nothing_in_the_end(tmp_path: Path, flat: bool, jobs: int) -> None:
    whole = tmp_path / "whole.parquet"
    expected = list_all(
        service(flat=flat), credential(), NET, whole, jobs=jobs, pace=AtOnce(jobs), disk=QuickDisk()
    )
    cuts = 0
    while True:
        file = tmp_path / f"{cuts}.parquet"
        try:
            disk = FailingDisk(cuts, PowerCutError())
            list_all(service(flat=flat), credential(), NET, file, jobs=jobs, pace=AtOnce(jobs), disk=disk)
            break
        except PowerCutError:
            cuts += 1
        found = list_all(
            service(flat=flat), credential(), NET, file, jobs=jobs, pace=AtOnce(jobs), disk=QuickDisk()
        )
        assert (found.counts.items, found.counts.bytes) == (expected.counts.items, expected.counts.bytes)
        assert found.gaps == ()
        assert_frame_equal(pl.read_parquet(file), pl.read_parquet(whole))
        assert not work_folder(file).exists()
    assert cuts > 12


def test_a_full_disk_is_said_and_what_was_listed_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "inventory.parquet"
    for at in range(3, 7):
        disk = FailingDisk(at, OSError(errno.ENOSPC, "No space left on device"))
        with pytest.raises(UsageError, match="No space left on device") as caught:
            list_all(service(flat=True), credential(), NET, file, disk=disk)
        assert "goes on from there" in caught.value.hint
    again = service(flat=True)
    listing = list_all(again, credential(), NET, file)
    assert listing.resumed
    assert_frame_equal(pl.read_parquet(file), again.expected())
    assert len(again.asked) < 15


def test_after_any_number_of_power_cuts_the_file_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "inventory.parquet"
    cuts = 0
    while not file.exists():
        disk = FailingDisk(cuts % 5 + 2, PowerCutError())
        with contextlib.suppress(PowerCutError):
            list_all(service(flat=True), credential(), NET, file, disk=disk)
        cuts += 1
        assert cuts < 60
    assert cuts > 3
    assert_frame_equal(pl.read_parquet(file), service(flat=True).expected())
