"""Which commit brought a blob first, and at which path: one pass of `git rev-list`, if there are hits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tidegate.sources.git.messages import FOLDER, GITLINK, parse_message, parse_tree
from tidegate.sources.gitcommand import CatFile, stream

MAX_TREE_ENTRIES = 5_000_000
"""Entries of one commit's tree that we visit: a small tree of trees can stand for 10^10 paths."""
MAX_TREE_DEPTH = 500

# Parents before children, else by date: what a commit brings cannot have been in an older one.
_REV_LIST = (
    "rev-list",
    "--objects",
    "--in-commit-order",
    "--date-order",
    "--reverse",
    "--missing=allow-any",
    "--stdin",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object came into the history."""

    commit: bytes | None
    path: bytes


def origins(view: Path, wanted: set[bytes], starts: Iterable[bytes]) -> Iterator[tuple[bytes, Origin]]:
    """Yield (id, origin) of the wanted objects that are reachable from `starts`; ends when all are found.

    Raises `CommandError` when git could not walk to the end.
    """
    left = {oid.hex().encode() for oid in wanted}
    lines = b"".join(oid.hex().encode() + b"\n" for oid in starts)
    width = len(next(iter(left))) if left else 0
    commit: bytes | None = None
    rest = b""
    if not left or not lines:
        return
    with closing(stream(view, _REV_LIST, lines)) as chunks:
        for chunk in chunks:
            listed = (rest + chunk).split(b"\n")
            rest = listed.pop()
            # The one thing done for every line; a commit's line is its id alone, an object's has a path.
            hits = [i for i, line in enumerate(listed) if line[:width] in left]
            for i in hits:
                oid, _, path = listed[i].partition(b" ")
                if oid in left:
                    left.discard(oid)
                    own = next((listed[j] for j in range(i, -1, -1) if len(listed[j]) == width), commit)
                    yield bytes.fromhex(oid.decode()), Origin(_from_hex(own), path)
            if not left:
                return
            commit = next((line for line in reversed(listed) if len(line) == width), commit)


def _from_hex(oid: bytes | None) -> bytes | None:
    return None if oid is None else bytes.fromhex(oid.decode())


class TreeWalk:
    """Every file of one commit."""

    def __init__(self, git: CatFile, width: int) -> None:
        self._git = git
        self._width = width
        self.missing: list[bytes] = []
        """Paths of folders that could not be read."""
        self.cut = False
        """The tree is larger than we visit."""

    def files(self, commit: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield (path, id of the blob), in no order that matters. Links to submodules are left out."""
        found = self._git.read(commit)
        if found is None:
            self.missing.append(b"")
            return
        tree = parse_message(found[1]).target
        if found[0] != "commit" or tree is None:
            self.missing.append(b"")
            return
        left = MAX_TREE_ENTRIES
        waiting = [(b"", bytes.fromhex(tree), 0)]
        while waiting:
            folder, oid, depth = waiting.pop()
            found = self._git.read(oid)
            if found is None or found[0] != "tree":
                self.missing.append(folder)
                continue
            for mode, name, entry in parse_tree(found[1], self._width):
                left -= 1
                if left < 0 or depth > MAX_TREE_DEPTH:
                    self.cut = True
                    return
                if mode == FOLDER:
                    waiting.append((folder + name + b"/", entry, depth + 1))
                elif mode != GITLINK:
                    yield folder + name, entry


def reachable(view: Path, wanted: set[bytes], head: bytes) -> set[bytes]:
    """Return those of the wanted commits that `head` comes after, or is. Raises `CommandError`."""
    left = {oid.hex().encode() for oid in wanted}
    found: set[bytes] = set()
    rest = b""
    with closing(stream(view, ("rev-list", head.hex()))) as chunks:
        for chunk in chunks:
            listed = (rest + chunk).split(b"\n")
            rest = listed.pop()
            found |= left.intersection(listed)
            if len(found) == len(left):
                break
    return {bytes.fromhex(oid.decode()) for oid in found}
