"""Writing so that a power cut leaves all of it or nothing: the one place where listing touches the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import polars as pl

from tidegate.inventory import parquet


class Disk:
    """The operations whose order a resumed listing relies on. Tests make each of them fail."""

    def append(self, file: BinaryIO, line: bytes) -> None:
        """Add a line and return when it is on disk."""
        file.write(line)
        self.sync(file)

    def put(self, frame: pl.DataFrame, path: Path) -> int:
        """Write rows as one new file; return its size in bytes, when file and name are on disk."""
        with path.open("wb") as file:
            parquet.write(frame, file)
            self.sync(file)
            size_bytes = file.tell()
        self.sync_folder(path.parent)
        return size_bytes

    def replace(self, fresh: Path, target: Path) -> None:
        """Give a finished file its name, in one step."""
        fresh.replace(target)
        self.sync_folder(target.parent)

    def remove(self, path: Path) -> None:
        """Delete a file; that it is gone already is no error."""
        path.unlink(missing_ok=True)

    def sync(self, file: BinaryIO) -> None:
        """Return when what was written is on disk."""
        file.flush()
        os.fsync(file.fileno())

    def sync_folder(self, folder: Path) -> None:
        """Return when the folder's names are on disk."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
