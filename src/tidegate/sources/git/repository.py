"""Where the parts of a repository are, and which of them belong to the target.

A folder may say that its git directory, its common directory or more objects are somewhere else. That is
followed only inside the target, or where the other side confirms it: a linked worktree or a submodule,
whose git directory names the folder. Everything else would let a stranger's folder choose what is read.
`core.worktree` is never followed: objects do not depend on it.
Source: git-scm.com/docs/gitrepository-layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tidegate.errors import SourceError
from tidegate.sources.git.regular import read_if_there, read_regular

MAX_POINTER_BYTES = 16 << 10
MAX_CONFIG_BYTES = 4 << 20
MAX_ALTERNATES = 64

WIDTHS = {"sha1": 20, "sha256": 32}
"""Object format -> bytes of an object id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository on disk."""

    root: Path
    """The target, resolved."""
    git_dir: Path
    """Holds HEAD and the index."""
    common_dir: Path
    """Holds refs, configuration and objects; differs from `git_dir` in a linked worktree."""
    worktree: Path | None
    object_dirs: tuple[Path, ...]
    """The repository's own, then its alternates."""
    object_format: str
    partial: bool
    """The configuration says that a server has objects that are not here."""
    reftable: bool
    """Refs are kept in a binary format that we do not read."""
    refused: tuple[tuple[str, str], ...]
    """(what, why): pointers that lead out of the target and were not followed."""

    @property
    def width(self) -> int:
        """Bytes of an object id."""
        return WIDTHS[self.object_format]


def is_repository(path: Path) -> bool:
    """Whether `path` is a work tree with a git directory, or a git directory itself. A few `stat`s."""
    try:
        dot_git = path / ".git"
        if dot_git.is_file():
            return _pointer(dot_git).startswith("gitdir:")
        return _is_git_dir(dot_git) or _is_git_dir(path)
    except OSError:
        return False


def locate(target: Path, *, outside: bool = False) -> Repository:
    """Find the parts of the repository at `target`.

    `outside` lets alternates lead out of the target. Raises `SourceError` when there is no repository,
    when it belongs elsewhere, or when its format is none we know.
    """
    try:
        root = target.resolve(strict=True)
        git_dir = _git_dir(root)
        common_dir = _common_dir(git_dir, root)
        objects = (common_dir / "objects").resolve(strict=True)
        if not (_inside(objects, common_dir) or _inside(objects, root)):
            raise SourceError(f"{target}: its objects are outside of it, in {objects}", hint=_NAME_IT)
        config = read_config(common_dir / "config")
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a loop of symlinks
        raise SourceError(f"{target}: not a git repository that can be read: {_why(error)}") from error
    object_format = config.get("extensions.objectformat", ["sha1"])[-1].lower()
    if object_format not in WIDTHS:
        raise SourceError(f"{target}: unknown object format {object_format[:40]!r}")
    object_dirs, refused = _object_dirs(objects, (root, common_dir), outside=outside)
    return Repository(
        root=root,
        git_dir=git_dir,
        common_dir=common_dir,
        worktree=root if git_dir != root else None,
        object_dirs=tuple(object_dirs),
        object_format=object_format,
        partial=any(_PARTIAL.fullmatch(key) and values[-1] != "false" for key, values in config.items()),
        reftable=config.get("extensions.refstorage", ["files"])[-1].lower() == "reftable",
        refused=tuple(refused),
    )


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror.lower()}: {error.filename}"
    return str(error)


_NAME_IT = "Name that repository itself as a target if it is yours."
_PARTIAL = re.compile(r"extensions\.partialclone|remote\..*\.(promisor|partialclonefilter)", re.DOTALL)


def _is_git_dir(path: Path) -> bool:
    return (path / "HEAD").is_file() and ((path / "objects").is_dir() or (path / "commondir").is_file())


def _pointer(path: Path) -> str:
    return read_regular(path, MAX_POINTER_BYTES).decode("utf-8", "surrogateescape").rstrip("\r\n")


def _inside(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def _git_dir(root: Path) -> Path:
    dot_git = root / ".git"
    if dot_git.is_file():
        said = _pointer(dot_git)
        if not said.startswith("gitdir:"):
            raise SourceError(f"{dot_git}: a file that names no git directory")
        git_dir = (root / said.removeprefix("gitdir:").strip()).resolve(strict=True)
    elif dot_git.is_dir():
        git_dir = dot_git.resolve(strict=True)
    elif _is_git_dir(root):
        return root
    else:
        raise SourceError(f"{root}: not a git repository")
    if not _is_git_dir(git_dir):
        raise SourceError(f"{dot_git}: no git directory")
    if not (_inside(git_dir, root) or _confirms(git_dir, root)):
        raise SourceError(f"{dot_git} points out of the target, to {git_dir}", hint=_NAME_IT)
    return git_dir


def _confirms(git_dir: Path, root: Path) -> bool:
    """Whether a git directory elsewhere names `root` as its work tree."""
    back = git_dir / "gitdir"
    if back.is_file():
        return (git_dir / _pointer(back)).resolve() == root / ".git"
    worktree = read_config(git_dir / "config").get("core.worktree")
    return worktree is not None and (git_dir / worktree[-1]).resolve() == root


def _common_dir(git_dir: Path, root: Path) -> Path:
    pointer = git_dir / "commondir"
    if not pointer.is_file():
        return git_dir
    common = (git_dir / _pointer(pointer)).resolve(strict=True)
    if not (_inside(common, root) or git_dir.parent == common / "worktrees"):
        raise SourceError(f"{pointer} points out of the target, to {common}", hint=_NAME_IT)
    return common


def _object_dirs(
    objects: Path, homes: tuple[Path, ...], *, outside: bool
) -> tuple[list[Path], list[tuple[str, str]]]:
    found, refused = [objects], []
    for folder in found:  # grows while we read it: alternates have alternates
        for other in _alternates(folder):
            if other in found:
                continue
            if len(found) > MAX_ALTERNATES:
                refused.append((str(other), f"more than {MAX_ALTERNATES} alternates"))
                return found, refused
            if not (outside or any(_inside(other, home) for home in homes)):
                refused.append((str(other), "alternate object store outside of the target; scan it as well"))
            elif not other.is_dir():
                refused.append((str(other), "alternate object store is not there"))
            else:
                found.append(other)
    return found, refused


def _alternates(objects: Path) -> Iterator[Path]:
    try:
        text = _pointer(objects / "info" / "alternates")
    except OSError:
        return
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        try:
            yield (objects / line).resolve()
        except (OSError, RuntimeError, ValueError):
            continue


_SECTION = re.compile(r'\s*\[\s*([\w.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]\s*(.*)', re.DOTALL)
_VARIABLE = re.compile(r"\s*([A-Za-z][\w-]*)\s*(?:=\s*(.*?))?\s*", re.DOTALL)


def read_config(path: Path) -> Mapping[str, list[str]]:
    """Return `section.subsection.key` -> values. Includes are not followed; a missing file is empty.

    Only as much of the format as our few keys need: no continued lines, quotes only around a whole value.
    """
    text = read_if_there(path, MAX_CONFIG_BYTES).decode("utf-8", "surrogateescape")
    found: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        if opened := _SECTION.fullmatch(line):
            section = opened[1].lower() + (f".{opened[2]}" if opened[2] is not None else "")
            line = opened[3]
        variable = _VARIABLE.fullmatch(line)
        if section and variable:
            value = "true" if variable[2] is None else variable[2]
            if value.startswith('"') and value.endswith('"') and len(value) > 1:
                value = value[1:-1]
            found.setdefault(f"{section}.{variable[1].lower()}", []).append(value)
    return found
