"""Files of one folder by its handle: half the way that a whole path takes through the file system."""

from __future__ import annotations

import os
from typing import Final, Self

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Within:
    """A folder. One that cannot be opened has files that cannot."""

    def __init__(self, path: str) -> None:
        try:
            self._folder: int | None = os.open(path, _FOLDER)
        except OSError:
            self._folder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None

    def stat(self, name: str) -> os.stat_result | None:
        """Return what the system says of a file, of a link that of the link; `None`: nothing."""
        if self._folder is None:
            return None
        try:
            return os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except OSError:
            return None

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """Return all of a file that has no more than `most_bytes`; `None` for any other."""
        if self._folder is None:
            return None
        try:
            file = os.open(name, _FILE, dir_fd=self._folder)
        except OSError:
            return None
        try:
            whole = os.read(file, most_bytes + 1)
        except OSError:
            return None
        finally:
            os.close(file)
        return whole if len(whole) <= most_bytes else None
