"""Names of branches, tags and other refs, read from their files: no git is run in the target for them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tidegate.sources.git.regular import read_if_there
from tidegate.sources.git.repository import Repository

MAX_REF_BYTES = 4096
MAX_PACKED_REFS_BYTES = 512 << 20
_OID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refs:
    """What names point to."""

    names: dict[bytes, bytes]
    """Full name -> id, as bytes of the id; sorted by name."""
    head: bytes | None
    """The commit that HEAD comes to."""
    others: tuple[bytes, ...]
    """What the HEADs of linked worktrees and half-done operations (`MERGE_HEAD`, …) point to."""


def read_refs(repository: Repository) -> Refs:
    """Read packed refs, then loose ones, which win. Unreadable and broken refs are left out."""
    names = _packed(repository.common_dir / "packed-refs")
    links: dict[bytes, bytes] = {}
    for folder in {repository.common_dir, repository.git_dir}:
        for name, content in _loose(folder):
            if content.startswith(b"ref:"):
                links[name] = content[4:].strip()
            elif oid := _OID.match(content):
                names[name] = bytes.fromhex(oid[0].decode())
    others = []
    for path in [*repository.git_dir.glob("*_HEAD"), *repository.common_dir.glob("worktrees/*/HEAD")]:
        if oid := _OID.match(read_if_there(path, MAX_REF_BYTES)):
            others.append(bytes.fromhex(oid[0].decode()))
    at = read_if_there(repository.git_dir / "HEAD", MAX_REF_BYTES).strip()
    for _ in range(5):
        if not at.startswith(b"ref:"):
            break
        name = at[4:].strip()
        at = names[name].hex().encode() if name in names else b"ref:" + links.get(name, b"")
    head = _OID.fullmatch(at)
    return Refs(
        names={name: oid for name, oid in sorted(names.items()) if len(oid) == repository.width},
        head=bytes.fromhex(at.decode()) if head and len(at) == 2 * repository.width else None,
        others=tuple(oid for oid in others if len(oid) == repository.width),
    )


def _packed(path: Path) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    text = read_if_there(path, MAX_PACKED_REFS_BYTES)
    for line in text.split(b"\n"):
        oid, _, name = line.partition(b" ")
        if name and _OID.fullmatch(oid):
            found[name] = bytes.fromhex(oid.decode())
    return found


def _loose(folder: Path) -> Iterator[tuple[bytes, bytes]]:
    for at, _, files in os.walk(folder / "refs"):
        for file in files:
            path = Path(at, file)
            content = read_if_there(path, MAX_REF_BYTES)
            if content:
                yield os.fsencode(path.relative_to(folder)), content
