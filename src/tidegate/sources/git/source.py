"""A git repository as a source: every object there is, whether a commit still reaches it or not."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tidegate.errors import SourceError
from tidegate.model.counting import many
from tidegate.model.document import Batch, Spot, Tally
from tidegate.model.place import Place
from tidegate.sources.git import lfs, texts
from tidegate.sources.git.clone import clone_bare, is_url, without_user
from tidegate.sources.git.heads import Keeper
from tidegate.sources.git.history import TreeWalk
from tidegate.sources.git.layer import Layer
from tidegate.sources.git.places import Placer
from tidegate.sources.git.read import Bounds, read_shard
from tidegate.sources.git.refs import Refs, read_refs
from tidegate.sources.git.repository import Repository, locate
from tidegate.sources.git.shards import Catalogue, LooseShard, PackShard, plan
from tidegate.sources.git.view import SEEN, Store, list_store, make_view, remove_view, shallow_commits
from tidegate.sources.gitcommand import CatFile

MAX_MISSING = 50
"""Missing objects of HEAD that are told one by one."""


@dataclass(frozen=True, slots=True)
class TextShard:
    """What stands outside of objects: the git directory's own files, and lists that we made."""

    lists: tuple[tuple[tuple[str], bytes], ...]

    def __str__(self) -> str:
        return "texts outside of objects"


Shard = tuple[PackShard | LooseShard | TextShard, ...]


def open_git(
    target: str,
    *,
    label: str | None = None,
    outside: bool = False,
    containers: bool = True,
    bounds: Bounds | None = None,
) -> GitSource:
    """Open a repository: a work tree, a git directory, or an address, which is cloned to a temporary folder.

    `label` is what the report calls it. `outside` lets `objects/info/alternates` lead out of the target.
    `containers`: open them; else only the objects' own bytes are read.
    Raises `SourceError` when it cannot be read at all.
    """
    label = without_user(label or target)
    if not is_url(target):
        return GitSource(
            Path(target), label, outside=outside, containers=containers, bounds=bounds or Bounds(), owned=None
        )
    folder = Path(tempfile.mkdtemp(prefix="tidegate-clone-"))
    try:
        bare = clone_bare(target, folder)
        return GitSource(
            bare, label, outside=False, containers=containers, bounds=bounds or Bounds(), owned=folder
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


class GitSource:
    """One repository. Made by `open_git`; used by the engine through `plugins.Source`."""

    kind = "git"

    def __init__(
        self, path: Path, label: str, *, outside: bool, containers: bool, bounds: Bounds, owned: Path | None
    ) -> None:
        self.target = label
        self._containers = containers
        self._repository: Repository = locate(path, outside=outside)
        self._bounds = bounds
        self._stores: list[Store] = [list_store(each) for each in self._repository.object_dirs]
        self._partial = self._repository.partial or any(each.promised for each in self._stores)
        self._refs = read_refs(self._repository)
        self._catalogue: Catalogue | None = None
        try:
            self._view = make_view(self._repository, self._stores)
        except OSError as error:
            raise SourceError(f"{label}: no temporary folder: {error}") from error
        # Also when nobody comes to close it: an interrupt may fall between any two steps.
        self._remove = weakref.finalize(self, _remove, os.getpid(), self._view, owned)

    @property
    def worktree(self) -> Path | None:
        """The folder of checked-out files; `None` when the target is a git directory."""
        return self._repository.worktree

    @property
    def git_dir(self) -> Path:
        """Where HEAD is, resolved: two work trees differ in it."""
        return self._repository.git_dir

    @property
    def head(self) -> str | None:
        """The commit that HEAD comes to; `None` when there is none."""
        return None if self._refs.head is None else self._refs.head.hex()

    @property
    def refs(self) -> Refs:
        """What names point to."""
        return self._refs

    @property
    def view(self) -> Path:
        """A private git directory over the target's objects: git may be run in it."""
        return self._view

    def reader(self) -> CatFile:
        """Return what reads objects by their id; to be closed."""
        return CatFile(self._view, self._bounds.object_bytes)

    def files(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield (path, id of the blob) of every file of HEAD, in no order that matters."""
        if self._refs.head is not None:
            with closing(self.reader()) as git:
                yield from TreeWalk(git, self._repository.width).files(self._refs.head)

    @property
    def nested(self) -> list[Path]:
        """Git directories of submodules, kept inside this one: repositories, and targets, of their own."""
        heads = (self._repository.common_dir / "modules").rglob("HEAD")
        return sorted(each.parent for each in heads if (each.parent / "objects").is_dir())

    def shards(self, jobs: int, tally: Tally) -> Iterator[Shard]:
        """Cut the object store; small pieces are handed out together."""
        self._tell_what_is_left_out(tally)
        self._catalogue = catalogue = Catalogue()
        waiting: list[PackShard | LooseShard | TextShard] = []
        weight, found = 0, False
        for piece in plan(self._stores, self._repository.width, jobs, tally, catalogue):
            waiting.append(piece)
            weight += len(piece.oids) if isinstance(piece, PackShard) else 4 * len(piece.names)
            if weight > _ENOUGH:
                yield tuple(waiting)
                waiting, weight, found = [], 0, True
        if not waiting and not found:
            tally.gap("source", self.target, "a repository without objects: there is no history to read")
        waiting.append(self._lists(catalogue, tally))
        yield tuple(waiting)

    def batches(self, shard: Shard, tally: Tally) -> Iterator[Batch]:
        """Read one shard."""
        layer = Layer(tally, containers=self._containers)
        pointers = lfs.Pointers(self._view / SEEN)
        for piece in shard:
            if isinstance(piece, TextShard):
                for label, content in piece.lists:
                    yield from layer.put(label, content, count=False)
                for name, content in texts.files(self._repository, tally):
                    yield from layer.put_file(("file", name), content, count=False)
                continue
            gaps, keeper = len(tally.gaps), Keeper(self._view / SEEN)
            for kind, oid, content, change in read_shard(piece, self._view, tally, self._bounds):
                if kind == "blob":
                    if len(content) < lfs.MAX_BYTES and content.startswith(lfs.BEGINS):
                        pointers.add(content)
                    full = layer.put_file(oid, content, change)
                else:
                    if kind == "commit":
                        tally.coverage.commits += 1
                        keeper.add(oid, content)
                    full = layer.put((kind, oid), content)
                if full:
                    yield from full
            if len(tally.gaps) == gaps:
                # Else git is asked later, which says what the damage does to the history.
                keeper.close()
        yield from layer.flush()
        pointers.close()

    def places(self, spots: Sequence[Spot], tally: Tally) -> list[list[Place]]:
        """Say where each spot is: history is walked once, and only if a blob has a spot.

        Called without any too: only now is it known what all the shards have seen.
        """
        absent = lfs.missing(self._view / SEEN, self._repository)
        if absent is not None:
            tally.gap("source", self.target, absent)
        if not spots:
            return []
        catalogue = self._catalogue
        if catalogue is None:
            self._catalogue = catalogue = Catalogue()
            for _ in plan(self._stores, self._repository.width, 1, Tally(), catalogue):
                pass
        with closing(CatFile(self._view, self._bounds.object_bytes)) as git:
            placer = Placer(self.target, git, self._view, self._repository, self._refs, catalogue, tally)
            return placer.places(spots)

    def close(self) -> None:
        """Remove the temporary folders; does nothing in a worker."""
        self._remove()

    def _tell_what_is_left_out(self, tally: Tally) -> None:
        repository = self._repository
        refused = [*repository.refused, *(each for store in self._stores for each in store.refused)]
        for what, why in refused:
            tally.gap("source", what, why)
        if self._partial:
            reason = "partial clone: objects that were filtered out are not here, and are not fetched"
            tally.gap("source", self.target, reason)
        grafts = shallow_commits(repository)
        if grafts:
            reason = f"shallow clone: history before {many(len(grafts), 'commit')} is not here"
            tally.gap("source", self.target, reason)
        for what, why in self._refs.unread:
            tally.gap("source", what, why)

    def _lists(self, catalogue: Catalogue, tally: Tally) -> TextShard:
        """List names of refs and of HEAD's files, and tell which of the files are missing."""
        names = b"".join(name + b"\n" for name in self._refs.names)
        lists: list[tuple[tuple[str], bytes]] = [(("refs",), names)]
        if self._refs.logs:
            lists.append((("logs",), b"".join(line + b"\n" for line in self._refs.logs)))
        if self._refs.head is not None and len(catalogue):
            with closing(CatFile(self._view, self._bounds.object_bytes)) as git:
                walk = TreeWalk(git, self._repository.width)
                files = sorted(walk.files(self._refs.head))
            lists.append((("paths",), b"".join(path + b"\n" for path, _ in files)))
            self._tell_missing(files, walk, catalogue, tally)
        return TextShard(tuple(lists))

    def _tell_missing(
        self, files: list[tuple[bytes, bytes]], walk: TreeWalk, catalogue: Catalogue, tally: Tally
    ) -> None:
        if walk.cut:
            tally.gap(
                "source", self.target, "HEAD has too many files to list: names of the rest are not read"
            )
        if self._partial:
            return  # told as a whole
        lost = set(catalogue.lacks(list({oid for _, oid in files})))
        absent = [texts.shown(path) for path, oid in files if oid in lost]
        absent += [texts.shown(folder or b"HEAD") for folder in walk.missing]
        for path in absent[:MAX_MISSING]:
            tally.gap("source", path, "its object is missing from the repository")
        if len(absent) > MAX_MISSING:
            tally.gap(
                "source", self.target, f"{len(absent) - MAX_MISSING:,} more objects of HEAD are missing"
            )


_ENOUGH = 2000
"""Objects for which it is worth while to wake a worker."""


def _remove(maker: int, view: Path, owned: Path | None) -> None:
    """Remove the temporary folders, in the process that made them."""
    if os.getpid() == maker:
        remove_view(view)
        if owned is not None:
            shutil.rmtree(owned, ignore_errors=True)
