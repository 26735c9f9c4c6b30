"""Git LFS: files of which a history holds only a pointer. Which ones, and which of their contents are here.

Source: github.com/git-lfs/git-lfs, docs/spec.md, "The Pointer".
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Final

from tidegate.model.counting import many
from tidegate.sources.git.repository import Repository

BEGINS: Final = b"version https://"
MAX_BYTES: Final = 1024
"""A pointer is smaller."""
MAX_POINTERS: Final = 1_000_000
"""So many are remembered in one shard; more are not counted."""
_POINTER: Final = re.compile(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n"
    rb"(?:ext-\d[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize \d{1,19}\n?"
)
_SUFFIX: Final = ".lfs"
_OID_BYTES: Final = 32


class Pointers:
    """Notes the pointers that a worker reads, for whoever tells in the end which contents are missing."""

    def __init__(self, folder: Path) -> None:
        """`folder`: of this run alone."""
        self._folder = folder
        self._oids: set[bytes] = set()

    def add(self, content: bytes) -> None:
        """Take a blob that begins like a pointer."""
        found = _POINTER.fullmatch(content)
        if found is not None and len(self._oids) < MAX_POINTERS:
            self._oids.add(bytes.fromhex(found[1].decode("ascii")))

    def close(self) -> None:
        """Put down what was noted. Raises `OSError`."""
        if not self._oids:
            return
        handle, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            file.write(b"".join(self._oids))
        Path(name).rename(f"{name}{_SUFFIX}")


def missing(folder: Path, repository: Repository) -> str | None:
    """Say how many files are only pointers in this clone, or `None`: none are."""
    oids: set[bytes] = set()
    for path in folder.glob(f"*{_SUFFIX}"):
        data = path.read_bytes()
        oids.update(data[at : at + _OID_BYTES] for at in range(0, len(data), _OID_BYTES))
    absent = sum(not _is_here(oid.hex(), repository) for oid in oids)
    if not absent:
        return None
    if absent == 1:
        return "1 file is a Git LFS pointer whose content is not here"
    return f"{many(absent, 'file')} are Git LFS pointers whose content is not here"


def _is_here(oid: str, repository: Repository) -> bool:
    return (repository.common_dir / "lfs" / "objects" / oid[:2] / oid[2:4] / oid).is_file()
