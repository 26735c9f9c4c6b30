"""A private git directory with links to the target's objects, and nothing else of it.

Git reads there our configuration, not the target's. Its object store has links to exactly those packs and
loose folders that we list ourselves, so that no alternates, commit graph or index of theirs is looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tidegate.sources.git.regular import read_if_there
from tidegate.sources.git.repository import Repository

_LOOSE_FOLDER = re.compile(r"[0-9a-f]{2}")
_SHALLOW = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})")
MAX_SHALLOW_BYTES = 16 << 20
SEEN = "seen"
"""A folder of our own in it: what workers note of the objects that they read."""


@dataclass(frozen=True, slots=True)
class Store:
    """What one object folder holds."""

    packs: tuple[Path, ...]
    """`.pack` files that have an index."""
    loose: tuple[Path, ...]
    """Folders of loose objects."""
    promised: bool
    """A pack came from a partial clone's server: what its objects lead to may be missing."""
    refused: tuple[tuple[str, str], ...]
    """(what, why)."""


def list_store(objects: Path) -> Store:
    """Say what is in an object folder. Symlinks are refused: they may lead anywhere."""
    refused: list[tuple[str, str]] = []
    loose = []
    packs = []
    for entry in _scan(objects, refused):
        if not _LOOSE_FOLDER.fullmatch(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            loose.append(objects / entry.name)
        else:
            refused.append((str(objects / entry.name), "not a folder: not followed"))
    folder = objects / "pack"
    if folder.is_symlink():
        refused.append((str(folder), "a symlink: not followed"))
        return Store((), tuple(sorted(loose)), promised=False, refused=tuple(refused))
    promised = False
    for entry in _scan(folder, refused):
        promised |= entry.name.endswith(".promisor")
        if not entry.name.endswith(".pack"):
            continue
        pack = folder / entry.name
        index = pack.with_suffix(".idx")
        if not entry.is_file(follow_symlinks=False) or index.is_symlink():
            refused.append((str(pack), "not a regular file: not followed"))
        elif not index.is_file():
            refused.append((str(pack), "a pack without its index"))
        else:
            packs.append(pack)
    return Store(tuple(sorted(packs)), tuple(sorted(loose)), promised=promised, refused=tuple(refused))


def _scan(folder: Path, refused: list[tuple[str, str]]) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return
    except OSError as error:
        refused.append((str(folder), (error.strerror or str(error)).lower()))


def make_view(repository: Repository, stores: list[Store]) -> Path:
    """Make the private git directory, in a new temporary folder of this user alone. Return it."""
    view = Path(tempfile.mkdtemp(prefix="tidegate-git-"))
    try:
        (view / "refs").mkdir()
        (view / SEEN).mkdir()
        (view / "HEAD").write_text("ref: refs/heads/none\n", "ascii")
        (view / "config").write_text(_CONFIG[repository.object_format], "ascii")
        for number, store in enumerate(stores):
            _link(store, view / "objects" if number == 0 else view / f"alternate-{number}")
        if len(stores) > 1:
            (view / "objects" / "info").mkdir()
            lines = "".join(f"../alternate-{number}\n" for number in range(1, len(stores)))
            (view / "objects" / "info" / "alternates").write_text(lines, "ascii")
        grafts = shallow_commits(repository)
        if grafts:
            (view / "shallow").write_bytes(b"".join(each + b"\n" for each in grafts))
    except BaseException:  # an interrupt, too
        remove_view(view)
        raise
    return view


_CORE = (
    "bare = true\ncommitGraph = false\nmultiPackIndex = false\nuseReplaceRefs = false\n"
    # A third of git's own, which is more than trees and commits need: 75 MB less, and no slower.
    "deltaBaseCacheLimit = 32m\n"
)
_CONFIG = {
    "sha1": f"[core]\nrepositoryformatversion = 0\n{_CORE}",
    "sha256": f"[core]\nrepositoryformatversion = 1\n{_CORE}[extensions]\nobjectformat = sha256\n",
}


def _link(store: Store, objects: Path) -> None:
    (objects / "pack").mkdir(parents=True)
    for number, pack in enumerate(store.packs):
        # Names of our own: theirs say nothing, and two stores may use the same.
        link = objects / "pack" / f"pack-{number:040x}"
        link.with_suffix(".pack").symlink_to(pack)
        link.with_suffix(".idx").symlink_to(pack.with_suffix(".idx"))
    for folder in store.loose:
        (objects / folder.name).symlink_to(folder)


def shallow_commits(repository: Repository) -> list[bytes]:
    """Return the hexadecimal ids of commits whose parents were left out by a shallow clone."""
    return _SHALLOW.findall(read_if_there(repository.common_dir / "shallow", MAX_SHALLOW_BYTES))


def remove_view(view: Path) -> None:
    """Remove the private folder; the links in it are removed, not what they lead to."""
    shutil.rmtree(view, ignore_errors=True)
