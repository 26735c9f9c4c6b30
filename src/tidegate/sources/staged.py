"""What is staged in a repository: the files that the next commit would bring, as the index holds them."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

from tidegate.errors import SourceError
from tidegate.model.document import Batch, Spot, Tally
from tidegate.model.place import Place
from tidegate.sources.gitcommand import environment, program
from tidegate.sources.layout import BUFFER_BYTES, Layout
from tidegate.sources.places import place_of
from tidegate.sources.unpack import HEAD_BYTES, Limits, Reader, leaves, sniff

_FROM_HOOK: Final = (
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_WORK_TREE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)
"""What git tells its hooks: with `git commit -a` or a path the index is another file."""
_QUIET: Final = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "core.hooksPath=/dev/null")
_LARGEST: Final = 64 << 20


def staged(folder: Path) -> list[tuple[str, str]]:
    """Return (path, object id) of each file that is added or changed in the index. Raises `SourceError`."""
    head = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{tree}", fails=True).strip()
    tree = head or _git(folder, "hash-object", "-t", "tree", "--stdin").strip()
    listed = _git(folder, "diff-index", "--cached", "--raw", "-z", "--no-renames", "--diff-filter=AMT", tree)
    parts = listed.split("\0")
    found = []
    for told, path in zip(parts[::2], parts[1::2], strict=False):
        words = told.split()
        if len(words) >= 4 and words[1] in ("100644", "100755"):
            found.append((path, words[3]))
    return found


class StagedSource:
    """The staged files of one repository, read as objects: neither the work tree nor a filter has a say."""

    kind = "staged"

    def __init__(self, folder: Path, target: str, *, containers: bool, limits: Limits | None = None) -> None:
        """folder: anywhere inside of the work tree."""
        self.target = target
        self._folder = folder
        self._containers = containers
        self._limits = limits or Limits()

    def shards(self, jobs: int, tally: Tally) -> Iterator[None]:  # noqa: ARG002
        """One: a commit is small."""
        yield None

    def batches(self, shard: None, tally: Tally) -> Iterator[Batch]:  # noqa: ARG002
        """Read what is staged; a file that is too large or cannot be read is a gap."""
        files = staged(self._folder)
        layout = Layout(tally, bytearray(BUFFER_BYTES))
        with _CatFile(self._folder) as objects:
            for path, oid in files:
                content = objects.read(oid)
                if isinstance(content, str):
                    tally.gap("source", path, content)
                    continue
                kind = sniff(content[:HEAD_BYTES], len(content)) if self._containers else None
                if kind is not None:
                    for inner, leaf in leaves(
                        kind, Reader(content), len(content), path, tally, limits=self._limits
                    ):
                        yield from layout.put(path, inner, leaf.into)
                yield from layout.put(path, None, io.BytesIO(content).readinto)
        yield from layout.flush()

    def places(self, spots: Sequence[Spot], tally: Tally) -> list[list[Place]]:  # noqa: ARG002
        """One place a spot."""
        return [[place_of(spot, self.kind, self.target)] for spot in spots]

    def close(self) -> None:
        """Nothing was taken."""


class _CatFile:
    """`git cat-file --batch` for a few objects."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [program(), *_QUIET, "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=folder,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def read(self, oid: str) -> bytes | str:
        """Return the content, or why there is none."""
        asked, answer = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answer is not None
        try:
            asked.write(f"{oid}\n".encode())
            asked.flush()
            words = answer.readline(1024).split()
            if len(words) != 3:
                return "its object is missing"
            size = int(words[2])
            content = answer.read(min(size, _LARGEST))
            left = size - len(content) + 1
            while left > 0 and (piece := answer.read(min(left, 1 << 20))):
                left -= len(piece)
        except (OSError, ValueError):
            return "git ended while it was read"
        return content if size <= _LARGEST else f"larger than {_LARGEST:,} bytes"


def _environment() -> dict[str, str]:
    told = {name: os.environ[name] for name in _FROM_HOOK if name in os.environ}
    return {**environment(), **told}


def _git(folder: Path, *args: str, fails: bool = False) -> str:
    done = subprocess.run(
        [program(), *_QUIET, *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=_environment(),
        cwd=folder,
        check=False,
    )
    if done.returncode and not fails:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SourceError(f"git {args[0]}: {said[-1] if said else 'failed'}")
    return "" if done.returncode else done.stdout.decode("utf-8", "surrogateescape")
