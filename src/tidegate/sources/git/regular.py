"""Reading the few files of a git directory that we need, whatever stands in their place."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_regular(path: Path, most: int) -> bytes:
    """Return the first `most` bytes of a regular file. Raises `OSError`.

    A link is not followed, as it may lead anywhere; a pipe or device is not read, as it may never end.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "not a regular file")
        return file.read(most)


def read_if_there(path: Path, most: int) -> bytes:
    """Return the same, or nothing."""
    try:
        return read_regular(path, most)
    except OSError:
        return b""
