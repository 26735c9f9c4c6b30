"""One run in one folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from tidegate.errors import ConfigError


class Lock:
    """Held until released, or until the process ends in whatever way: the system lets go of it then."""

    def __init__(self, folder: Path, name: str) -> None:
        """Make the folder where it is missing. Raises `OSError`, `ConfigError` when another run is there."""
        self._path = folder / name
        while True:
            folder.mkdir(mode=0o700, exist_ok=True)
            try:
                self._file = self._path.open("ab")
            except FileNotFoundError:  # the other run has just finished, and deleted the folder
                continue
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                self._file.close()
                raise ConfigError(
                    f"{folder} is in use by another run of Tidegate",
                    hint="wait for it to end, or choose another file with -o",
                ) from error
            if self._is_current():
                return
            self._file.close()

    def release(self) -> None:
        """Let others in."""
        self._file.close()

    def remove(self) -> None:
        """Delete the lock's file, while it is held, and let go."""
        self._path.unlink(missing_ok=True)
        self._file.close()

    def _is_current(self) -> bool:
        """Whether what is locked is what others would lock: the file may have been deleted meanwhile."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False
