"""Names of branches, tags and other refs, read from their files: no git is run in the target for them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tidegate.sources.git.reftable import Tables, read_tables
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
    logs: tuple[bytes, ...] = ()
    """Changes that are logged in tables, a line each; those in files are read as files."""
    unread: tuple[tuple[str, str], ...] = ()
    """Tables that could not be read, and why."""


def read_refs(repository: Repository) -> Refs:
    """Read packed refs, then loose ones, which win; or tables. Unreadable and broken refs are left out."""
    if repository.reftable:
        return _in_tables(repository)
    names = _packed(repository.common_dir / "packed-refs")
    links: dict[bytes, bytes] = {}
    for folder in {repository.common_dir, repository.git_dir}:
        for name, content in _loose(folder):
            if content.startswith(b"ref:"):
                links[name] = content[4:].strip()
            elif oid := _OID.match(content):
                names[name] = bytes.fromhex(oid[0].decode())
    others = _others(repository)
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


def _others(repository: Repository) -> list[bytes]:
    found = []
    for path in [*repository.git_dir.glob("*_HEAD"), *repository.common_dir.glob("worktrees/*/HEAD")]:
        if oid := _OID.match(read_if_there(path, MAX_REF_BYTES)):
            found.append(bytes.fromhex(oid[0].decode()))
    return found


def _in_tables(repository: Repository) -> Refs:
    """Read tables: the common ones, then those of this worktree, which has a HEAD of its own."""
    tables = Tables(repository.width)
    unread: list[tuple[str, str]] = []
    for folder in dict.fromkeys((repository.common_dir, repository.git_dir)):
        unread += read_tables(folder / "reftable", tables)
    others = _others(repository)
    for folder in sorted(repository.common_dir.glob("worktrees/*")):
        if folder != repository.git_dir:
            own = Tables(repository.width)
            unread += read_tables(folder / "reftable", own)
            others += own.names.values()
    head = b"HEAD"
    for _ in range(5):
        head = tables.links.get(head, head)
    return Refs(
        names={name: oid for name, oid in sorted(tables.names.items()) if name.startswith(b"refs/")},
        head=tables.names.get(head),
        others=(*others, *(oid for name, oid in tables.names.items() if not name.startswith(b"refs/"))),
        logs=tuple(tables.logs),
        unread=tuple(unread),
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
