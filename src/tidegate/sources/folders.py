"""Walking a tree: which files there are, cut into shards while it goes on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tidegate.model.document import Tally
from tidegate.sources.gitfiles import OTHERS, is_text
from tidegate.sources.ignore import Patterns
from tidegate.sources.places import shown

_SHARD_FILES: Final = 1024
"""About 14 MB of source code, 20 ms of work."""
_ALONE_FILES: Final = 256
"""Where the process that lists also reads: few enough that most of their folders can stay open."""
_HELD: Final = 64
"""Folders that stay open between listing and reading: to open one again costs as much as to read a file."""
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_VIRTUAL: Final = frozenset(("/proc", "/sys", "/dev"))
"""No files of anybody; reading some of them never ends."""
_GIT_OBJECT: Final = re.compile(
    r"[0-9a-f]{38}|[0-9a-f]{62}|pack-[0-9a-f]{40,64}\.(pack|idx|rev|bitmap|keep|mtimes|promisor)|multi-pack-index|commit-graph"
)


_NAMED: Final = 3
"""Files of a shard that are named where it could not be read."""
_IGNORE_BYTES: Final = 1 << 20
"""Of a `.gitignore`; what comes later is not honoured, so that more is read and not less."""


class Shard(list[tuple[str, list[str]]]):
    """Folders (relative to the root, `/` between) with names of files in them."""

    def __str__(self) -> str:
        """Name some of the files, as a gap's subject: whole, since a part of a name may be a secret's."""
        paths = [f"{folder}/{name}" if folder else name for folder, names in self for name in names]
        more = f", … ({len(paths):,} files in all)" if len(paths) > _NAMED else ""
        return ", ".join(map(shown, paths[:_NAMED])) + more

    def halves(self) -> tuple[Shard, Shard] | None:
        """Cut it in two, so that a worker's death is traced to one file; `None` when it is one."""
        if len(self) > 1:
            return Shard(self[: len(self) // 2]), Shard(self[len(self) // 2 :])
        folder, names = self[0]
        middle = len(names) // 2
        return (Shard([(folder, names[:middle])]), Shard([(folder, names[middle:])])) if middle else None


def absent(path: Path) -> str:
    """Return why nothing can be looked at there, in words; empty when it can."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "no such file or folder"
    except OSError as error:
        return (error.strerror or str(error)).lower()
    except ValueError:
        return "no path of this system"
    return ""


_Folder = tuple[str, tuple[Patterns, ...], str]
"""Path, patterns of what is left out below it, and what it is of git's: `objects` (its object store, or in
it), `texts` (another part of a git directory), or nothing."""


class Walk:
    """A tree, from its root. Links are not followed: what they mean inside is walked anyway."""

    def __init__(
        self,
        root: str,
        *,
        gitignore: bool,
        exclude: Sequence[str],
        skip_git: bool,
        skip_git_texts: bool,
    ) -> None:
        self.root, self._single = (root, "") if Path(root).is_dir() else os.path.split(root)
        self.repositories: list[Path] = []
        self.ignored = 0
        self.held: dict[str, int] = {}
        """Folders that are listed and not yet read -> descriptor: whoever takes one out closes it."""
        self._top = -1
        """Descriptor of the root where folders are held, or -1."""
        self._gitignore = gitignore
        self._exclude = Patterns(exclude) if exclude else None
        self._skip_git = skip_git
        self._skip_git_texts = skip_git_texts

    def __getstate__(self) -> dict[str, object]:
        # In another process the descriptors are others.
        return {**self.__dict__, "held": {}, "_top": -1}

    def absolute(self, path: str) -> str:
        """Return where a path of the tree is."""
        return f"{self.root.rstrip('/')}/{path}"

    def shards(self, jobs: int, tally: Tally) -> Iterator[Shard]:
        """Yield shards of about a thousand files, fewer in a small tree so that every worker gets some."""
        if self._single:
            yield Shard([("", [self._single])])
            return
        shard = Shard()
        count = 0
        limit = max(16, _SHARD_FILES // 8)
        most = _SHARD_FILES if jobs > 1 else _ALONE_FILES
        if jobs == 1:
            self._hold()
        for folder, names in self.folders(tally):
            while names:
                part, names = names[: limit - count], names[limit - count :]
                shard.append((folder, part))
                count += len(part)
                if count >= limit:
                    yield shard
                    shard, count = Shard(), 0
                    limit = min(limit * 2, most) if jobs > 1 else most
        if shard:
            yield shard

    def folders(self, tally: Tally) -> Iterator[tuple[str, list[str]]]:
        """Yield every folder with the names of its regular files. Iterative: depth costs no stack."""
        waiting: list[_Folder] = [("", (self._exclude,) if self._exclude else (), "")]
        while waiting:
            path, patterns, git = waiting.pop()
            try:
                names, below = self._list(path)
            except OSError as error:
                tally.gap("source", shown(path or self.root), (error.strerror or str(error)).lower())
                continue
            is_git = "objects" in below and "refs" in below and "HEAD" in names
            if is_git or ".git" in below or ".git" in names:
                self._note_repository(path, names, below)
            if self._gitignore and ".gitignore" in names:
                patterns = (*patterns, self._read_ignore(path, tally))
            prefix = path + "/" if path else ""
            if patterns:
                names = self._sift(prefix, names, patterns, folders=False)
                below = self._sift(prefix, below, patterns, folders=True)
            top = is_git and self._skip_git
            part = "texts" if top else git
            if part:
                names = self._unread(names, part)
            if names:
                yield path, names
            else:
                self._let_go(path)
            for name in below:
                if prefix or self.root + name not in _VIRTUAL:
                    other = top and name in OTHERS
                    inside = ("objects" if name == "objects" else "") if other else part
                    waiting.append((prefix + name, patterns, inside))
                else:
                    tally.gap("source", name, "not walked: no files on a disk")

    def _list(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of regular files and of folders; links, devices, FIFOs and sockets are neither."""
        names: list[str] = []
        below: list[str] = []
        if self._top < 0 or len(self.held) >= _HELD:
            _sort_out(self.absolute(folder), names, below)
            return names, below
        file = os.open(folder or ".", FOLDER, dir_fd=self._top)
        try:
            _sort_out(file, names, below)
        except OSError:
            os.close(file)
            raise
        self.held[folder] = file
        return names, below

    def _hold(self) -> None:
        try:
            self._top = os.open(self.absolute(""), FOLDER)
        except OSError:  # listing it will fail, too, and say so
            self._top = -1

    def _let_go(self, folder: str) -> None:
        file = self.held.pop(folder, -1)
        if file >= 0:
            os.close(file)

    def close(self) -> None:
        """Close the folders that nobody has read."""
        for folder in list(self.held):
            self._let_go(folder)
        if self._top >= 0:
            os.close(self._top)
            self._top = -1

    def _note_repository(self, folder: str, names: list[str], below: list[str]) -> None:
        """Note a folder that holds `.git`, which is a file in work trees and submodules, or is a bare one."""
        inside = folder.rpartition("/")[2] == ".git" or (not folder and self.root.endswith("/.git"))
        if ".git" in below or ".git" in names or not inside:
            self.repositories.append(Path(self.root, folder))

    def _unread(self, names: list[str], part: str) -> list[str]:
        """Return those files of a part of a git directory that the git source does not read."""
        if part == "objects":
            return [name for name in names if not _GIT_OBJECT.fullmatch(name)]
        if part == "texts" and self._skip_git_texts:
            return [name for name in names if not is_text(name)]
        return names

    def _sift(
        self, prefix: str, names: list[str], patterns: tuple[Patterns, ...], *, folders: bool
    ) -> list[str]:
        """Drop what is ignored: the last pattern that says something decides, and deeper files come later."""
        kept = []
        for name in names:
            ignored = False
            for each in patterns:
                ignored = each.verdict(prefix + name, folder=folders, before=ignored)
            if not ignored:
                kept.append(name)
        self.ignored += len(names) - len(kept)
        return kept

    def _read_ignore(self, folder: str, tally: Tally) -> Patterns:
        path = f"{folder}/.gitignore" if folder else ".gitignore"
        try:
            file = os.open(self.absolute(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                text = os.read(file, _IGNORE_BYTES)
            finally:
                os.close(file)
        except OSError as error:
            tally.gap("source", shown(path), (error.strerror or str(error)).lower())
            return Patterns([])
        lines = text.decode("utf-8", "surrogateescape").splitlines()
        return Patterns(lines, folder + "/" if folder else "")


def _sort_out(folder: str | int, names: list[str], below: list[str]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                names.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                below.append(entry.name)
