"""What was computed once and is kept for the next start: files that this user alone could have written."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import Final

_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read(folder: Path | None, name: str, form: bytes) -> bytes | None:
    """Return what was kept, or `None` when there is nothing that can be trusted.

    form: with what the file must begin. What is kept goes to native code that does not check it, so only a
    file is taken which this user alone could have written, and whose digest holds.
    """
    if folder is None:
        return None
    try:
        holder = folder.lstat()
        handle = os.open(folder / name, _OPEN)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        if not only_mine(holder) or not only_mine(os.fstat(file.fileno())):
            return None
        content = file.read()
    body = content[len(form) + 32 :]
    if content[: len(form)] != form or hashlib.sha256(body).digest() != content[len(form) :][:32]:
        return None
    return body


def write(folder: Path | None, name: str, form: bytes, body: bytes) -> None:
    """Keep something. What cannot be written costs time at the next start, no more."""
    if folder is None:
        return
    import tempfile  # noqa: PLC0415 - only where something is new

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=folder)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(form + hashlib.sha256(body).digest() + body)
        Path(made).replace(folder / name)
    except OSError:
        with contextlib.suppress(OSError):
            Path(made).unlink()


def processor() -> str:
    """Return what compiled patterns depend on: the machine, and what its processor can do."""
    try:
        with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith(("flags", "Features")):
                    able = [each for each in ("ssse3", "avx2", "avx512vbmi", "sve2") if each in line]
                    return " ".join([os.uname().machine, *able])
    except OSError:
        pass
    import platform  # noqa: PLC0415 - 4 ms, and hardly ever needed

    return f"{platform.machine()} {platform.processor()}"


def only_mine(info: os.stat_result) -> bool:
    """Say whether this user alone could have written a file, or into a folder."""
    return info.st_uid == os.geteuid() and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
