"""What a repository says outside of its objects: configuration, reflogs, messages half written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tidegate.model.document import Tally
from tidegate.sources.git.regular import read_regular
from tidegate.sources.git.repository import Repository
from tidegate.sources.gitfiles import OTHERS, is_text

MAX_FILE_BYTES = 256 << 20


def files(repository: Repository, tally: Tally) -> Iterator[tuple[str, bytes]]:
    """Yield (path inside the git directory, content). Links are not followed, pipes not opened."""
    seen = set()
    for folder in dict.fromkeys((repository.common_dir, repository.git_dir)):
        for path in _walk(folder):
            relative = str(path.relative_to(folder))
            try:
                state = path.lstat()
                if not stat.S_ISREG(state.st_mode) or (state.st_dev, state.st_ino) in seen:
                    continue
                seen.add((state.st_dev, state.st_ino))
                if state.st_size > MAX_FILE_BYTES:
                    tally.gap("source", shown(path), f"larger than {MAX_FILE_BYTES >> 20} MiB")
                    continue
                yield relative, read_regular(path, MAX_FILE_BYTES)
            except OSError as error:
                tally.gap("source", shown(path), (error.strerror or str(error)).lower())


def _walk(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        if Path(at) == folder:
            folders[:] = sorted(set(folders) - OTHERS)
        for name in sorted(names):
            if is_text(name):
                yield Path(at, name)


def shown(path: Path | bytes) -> str:
    """Return a path as text; bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def place_of(relative: str) -> str:
    """Return what the report calls a file of the git directory."""
    name = relative.rpartition("/")[2]
    if name in ("config", "config.worktree"):
        return "<git config>"
    if "logs" in relative.split("/")[:-1]:
        return "<reflog>"
    return shown(os.fsencode(f".git/{relative}"))
