"""From what the user named to the sources that read it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tidegate.errors import SourceError, UsageError
from tidegate.model.document import Tally
from tidegate.plugins import Source
from tidegate.records import dataclass
from tidegate.sources.files import open_tree
from tidegate.sources.folders import absent
from tidegate.sources.stdin import open_stream

if TYPE_CHECKING:
    from tidegate.sources.git import GitSource

_STORAGE = re.compile(r"(?:az|azure|abfss?|wasbs?|s3|gs)://", re.IGNORECASE)
_GIT_ADDRESS = re.compile(r"(?:(?:https?|ssh|git|file)://|[\w.-]+@[\w.-]+:)", re.IGNORECASE)
_SIGNED = re.compile(
    r"[?&](?:sig|X-Amz-Signature|X-Goog-Signature|Signature|token)=|(?:^|;)\s*(?:AccountKey|SharedAccessSignature)=",
    re.IGNORECASE,
)
"""In a link, or in a connection string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be read of a target."""

    history: bool = True
    """Of a repository all objects; else only the files of its work tree."""
    gitignore: bool = False
    containers: bool = True
    """Open archives, documents and images; else only their own bytes are read."""
    exclude: tuple[str, ...] = ()
    stdin: BinaryIO | None = None
    staged: bool = False
    """Of a repository what is staged, and nothing else."""


@dataclass(slots=True)
class Opened:
    """A source, and where in the target it lies."""

    source: Source
    prefix: str = ""
    """Put before every path: the folder of a repository inside of a tree."""


def is_storage(target: str) -> bool:
    """Tell whether a target is storage, or a link into it: not text to read, but something to ask."""
    return bool(_STORAGE.match(target) or _SIGNED.search(target))


def is_address(target: str) -> bool:
    """Tell whether a target is the address of a repository elsewhere, by its form."""
    return bool(_GIT_ADDRESS.match(target))


def open_target(target: str, wanted: Wanted, tally: Tally) -> Iterator[Opened]:
    """Yield the sources of one target, one after the other: some are known only when others are read.

    Raises `UsageError` for a target that is no text to read, `SourceError` for one that cannot be read.
    """
    if wanted.staged:
        from tidegate.sources.staged import StagedSource  # noqa: PLC0415 - only a hook needs it

        yield Opened(StagedSource(Path(target), target, containers=wanted.containers))
    elif target == "-":
        if wanted.stdin is None:
            raise UsageError("there is no standard input to read", hint="Name a file or folder.")
        yield Opened(open_stream(wanted.stdin, label="-", containers=wanted.containers))
    elif _GIT_ADDRESS.match(target) and not os.path.lexists(target):
        yield from _clone(target, wanted)
    else:
        yield from _local(Path(target), target, wanted, tally)


def _clone(address: str, wanted: Wanted) -> Iterator[Opened]:
    import tempfile  # noqa: PLC0415 - only to clone

    from tidegate.sources.git import clone_bare, open_git  # noqa: PLC0415 - numpy, which most scans do without

    with tempfile.TemporaryDirectory(prefix="tidegate-") as folder:
        bare = clone_bare(address, Path(folder))
        yield Opened(open_git(str(bare), label=address, containers=wanted.containers))


def _local(path: Path, target: str, wanted: Wanted, tally: Tally) -> Iterator[Opened]:
    if why := absent(path):
        raise SourceError(f"{target}: {why}")
    if path.is_file():
        yield Opened(open_tree(path, label=target, containers=wanted.containers))
        return
    worktree = path
    repository = _repository(path, target, wanted, tally)
    if repository is not None:
        yield Opened(repository)
        if repository.worktree is None:
            yield from _inside(repository.nested, path, target, wanted, tally)
            return
        worktree = repository.worktree
    tree = open_tree(
        worktree,
        label=target,
        gitignore=wanted.gitignore,
        exclude=wanted.exclude,
        skip_git_texts=wanted.history and (repository is not None or not _looks_like_git(path)),
        containers=wanted.containers,
    )
    yield Opened(tree)
    if wanted.history:
        yield from _inside(tree.repositories, worktree, target, wanted, tally)


def _repository(path: Path, target: str, wanted: Wanted, tally: Tally) -> GitSource | None:
    """Open the repository at a folder; `None` where there is none. One that cannot be read is a gap."""
    if not (wanted.history and _looks_like_git(path)):
        return None
    from tidegate.sources.git import is_repository, open_git  # noqa: PLC0415 - as above

    if not is_repository(path):
        if os.path.lexists(path / ".git"):
            tally.gap(
                "source", target, "its .git is no git directory: it is read as files, without a history"
            )
        return None
    try:
        return open_git(target, containers=wanted.containers)
    except SourceError as why:
        tally.gap("source", target, str(why).removeprefix(f"{target}: "))
        return None


def _inside(
    repositories: Sequence[Path], root: Path, target: str, wanted: Wanted, tally: Tally
) -> Iterator[Opened]:
    """Open the repositories that the walk of a tree met: submodules, a folder of clones.

    A submodule is met as a work tree and as a git directory below `.git/modules`: read once, as the former.
    """
    met: set[Path] = set()
    for each in sorted(repositories, key=lambda path: ".git" in path.parts):
        if each.resolve() == root.resolve():
            continue
        from tidegate.sources.git import open_git  # noqa: PLC0415

        relative = Path(os.path.relpath(each, root)).as_posix()
        try:
            repository = open_git(str(each), label=target, containers=wanted.containers)
            if repository.git_dir in met:
                repository.close()
                continue
            met.add(repository.git_dir)
            yield Opened(repository, prefix=f"{relative}/")
        except SourceError as why:
            tally.gap("source", relative, str(why))


def _looks_like_git(path: Path) -> bool:
    """Cheap: so that a plain folder does without the git source."""
    # `os.path`, because a folder that nobody may look into is none; `Path` would raise.
    there = os.path.exists
    return there(path / ".git") or (there(path / "objects") and there(path / "HEAD"))
