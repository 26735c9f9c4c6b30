"""Folders and single files: walked without following links, read a batch at a time."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from tidegate.errors import SourceError
from tidegate.model.document import Batch, Spot, Tally
from tidegate.model.place import Place
from tidegate.sources.folders import FOLDER, Shard, Walk
from tidegate.sources.layout import BUFFER_BYTES, Layout
from tidegate.sources.places import place_of, shown
from tidegate.sources.unpack import (
    ALSO_RAW,
    FORWARD,
    HEAD_BYTES,
    STARTS,
    ZIP_END,
    Limits,
    Reader,
    leaves,
    sniff,
    sniff_end,
)

_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_TAR_MAGIC: Final = 257
"""Where a tar says that it is one; and from its end a zip."""
_ZIP_END_BYTES: Final = 22
_U: Final = ord("u")
_P: Final = ord("P")
_HELD_BYTES: Final = 64 << 20
"""Containers that cannot be read forward are held in memory up to this size, and mapped beyond."""
_PAGE: Final = 4096


def open_tree(
    path: Path,
    *,
    label: str,
    gitignore: bool = False,
    exclude: Sequence[str] = (),
    skip_git: bool = True,
    skip_git_texts: bool = True,
    containers: bool = True,
    limits: Limits | None = None,
    buffer_bytes: int = BUFFER_BYTES,
) -> TreeSource:
    """Open a folder or a file; a link is followed only when it is the target itself.

    `exclude`: patterns in the language of `.gitignore`. `gitignore`: also honour those found in the tree.
    `skip_git`: leave out the object stores of git repositories, which have a source of their own; where
    they are is in `repositories`.
    `skip_git_texts`: with it, also what that source reads beside objects.
    `containers`: open them; else only their own bytes are read.
    Raises `SourceError` when there is nothing to read at all.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(f"{label}: {reason}", hint="Name a folder, a file, or - for stdin.") from None
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        hint = "Name a folder, a file, or - for stdin."
        raise SourceError(f"{label}: neither a folder nor a regular file", hint=hint)
    walk = Walk(
        os.path.realpath(path),
        gitignore=gitignore,
        exclude=exclude,
        skip_git=skip_git,
        skip_git_texts=skip_git_texts,
    )
    return TreeSource(label, walk, limits or Limits(), buffer_bytes, containers=containers)


class TreeSource:
    """A folder, or a single file."""

    kind = "tree"

    def __init__(
        self, target: str, walk: Walk, limits: Limits, buffer_bytes: int, *, containers: bool
    ) -> None:
        self.target = target
        self._containers = containers
        self._walk = walk
        self._limits = limits
        self._buffer_bytes = buffer_bytes
        self._spare: bytearray | None = None

    @property
    def repositories(self) -> list[Path]:
        """Git repositories met so far by `shards`: folders that hold `.git`, and bare ones."""
        return self._walk.repositories

    @property
    def ignored(self) -> int:
        """Files and folders left out so far by `exclude` and `gitignore`."""
        return self._walk.ignored

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_spare": None}

    def shards(self, jobs: int, tally: Tally) -> Iterator[Shard]:
        """Yield shards while walking, so that workers start at once."""
        yield from self._walk.shards(jobs, tally)

    def batches(self, shard: Shard, tally: Tally) -> Iterator[Batch]:
        """Read one shard's files."""
        # A buffer whose pages are there already: a fresh one costs 0.3 ms.
        buffer, self._spare = self._spare or bytearray(self._buffer_bytes), None
        layout = Layout(tally, buffer)
        yield from self._folders(shard, layout)
        yield from layout.flush()
        self._spare = buffer

    def _folders(self, shard: Shard, layout: Layout) -> Iterator[Batch]:
        """Lay down the files of each folder.

        Three system calls a file, and for most of them no call of ours: one costs 1 % of a scan, as does
        what is done once a folder, which often holds five files.
        """
        open_, readv, close, gap = os.open, os.readv, os.close, layout.tally.gap
        buffer, view, containers = layout.buffer, layout.view, self._containers
        starts, ends, labels = layout.batch.starts, layout.batch.ends, layout.batch.labels
        start = documents = size = 0
        room = len(buffer)
        enough = room // 2
        root = self._walk.absolute("")
        held = self._walk.held
        for folder, names in shard:
            try:
                at = held.pop(folder, -1)
                if at < 0:
                    at = open_(root + folder, FOLDER)
            except OSError as error:
                gap("source", shown(folder or "."), _reason(error))
                continue
            prefix = folder + "/" if folder else ""
            try:
                for name in names:
                    try:
                        file = open_(name, _OPEN, dir_fd=at)
                    except OSError as error:
                        gap("source", shown(prefix + name), _reason(error))
                        continue
                    try:
                        stop = start + readv(file, (view[start:],))
                        # A short read is the end of a regular file; but some network file systems stop at a
                        # multiple of a page.
                        if (
                            (stop - start) % _PAGE
                            and stop < room
                            and not (
                                containers
                                and (
                                    ((test := STARTS.get(buffer[start])) is not None and test(buffer, start))
                                    # One byte first: it is compared in a third of the time.
                                    or (
                                        stop - start > _TAR_MAGIC
                                        and buffer[start + _TAR_MAGIC] == _U
                                        and buffer[start + _TAR_MAGIC : start + 262] == b"ustar"
                                    )
                                    or (
                                        stop - start > _ZIP_END_BYTES
                                        and buffer[stop - _ZIP_END_BYTES] == _P
                                        and buffer[stop - _ZIP_END_BYTES : stop - 18] == ZIP_END
                                    )
                                )
                                and _is_container(view[start:stop])
                            )
                        ):
                            # As `Layout.add` does it.
                            starts.append(start)
                            ends.append(stop)
                            labels.append(prefix + name)
                            buffer[stop] = 0x0A
                            size += stop - start
                            documents += 1
                            start = stop + 1
                        elif stop == start:
                            documents += 1
                        else:
                            layout.used = start
                            try:
                                yield from self._other(file, prefix + name, layout)
                            finally:
                                start = layout.used
                        if start > enough:
                            # Early, so that hardly a file meets the end of the buffer: those are read twice.
                            layout.used = start
                            yield from layout.flush()
                            start = 0
                    except OSError as error:
                        gap("source", shown(prefix + name), _reason(error))
                    finally:
                        close(file)
            finally:
                close(at)
        layout.used = start
        layout.tally.coverage.documents += documents
        layout.tally.coverage.bytes += size

    def _other(self, file: int, path: str, layout: Layout) -> Iterator[Batch]:
        """Read a container, or a file that did not fit into what was free."""
        size = os.fstat(file).st_size
        kind = _kind_of(file, size) if self._containers else None
        os.lseek(file, 0, os.SEEK_SET)
        if kind is not None:
            gaps = len(layout.tally.gaps)
            yield from self._container(kind, _content(kind, file, size), size, path, layout)
            if len(layout.tally.gaps) == gaps and kind not in ALSO_RAW:
                return
            os.lseek(file, 0, os.SEEK_SET)
        yield from layout.put(path, None, lambda view: os.readv(file, (view,)), partial(_count_lines, file))

    def _container(self, kind: str, content: Reader, size: int, path: str, layout: Layout) -> Iterator[Batch]:
        for inner, leaf in leaves(kind, content, size, shown(path), layout.tally, limits=self._limits):
            yield from layout.put(path, inner, leaf.into)

    def places(self, spots: Sequence[Spot], tally: Tally) -> list[list[Place]]:  # noqa: ARG002
        """One place a spot: a file stands at one path."""
        return [[place_of(spot, self.kind, self.target)] for spot in spots]

    def close(self) -> None:
        """Give back the buffer, and folders that were listed and not read."""
        self._spare = None
        self._walk.close()


def _is_container(content: memoryview) -> bool:
    head, size = content[:HEAD_BYTES], len(content)
    return bool(sniff(head, size) or sniff_end(head, size, lambda last: content[-last:]))


def _kind_of(file: int, size: int) -> str | None:
    head = os.pread(file, HEAD_BYTES, 0)
    found = sniff(head, size)
    return found or sniff_end(head, size, lambda count: os.pread(file, count, max(0, size - count)))


def _content(kind: str, file: int, size: int) -> Reader:
    if kind in FORWARD:
        return Reader(more=_pieces(file), again=lambda: Reader(more=_pieces(file)))
    if size <= _HELD_BYTES:
        return Reader(b"".join(iter(lambda: os.read(file, 1 << 20), b"")))
    # Closed when the last view of it is gone, which only the interpreter knows.
    return Reader(memoryview(mmap.mmap(file, size, prot=mmap.PROT_READ)))


def _pieces(file: int) -> Iterator[bytes]:
    """Read from the start, wherever the file stands."""
    at = 0
    while piece := os.pread(file, 1 << 18, at):
        at += len(piece)
        yield piece


def _count_lines(file: int, low: int, high: int) -> int:
    """Count the line ends of a part of a file, wherever it stands."""
    lines = 0
    while low < high and (piece := os.pread(file, min(high - low, 1 << 18), low)):
        lines += piece.count(b"\n")
        low += len(piece)
    return lines


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
