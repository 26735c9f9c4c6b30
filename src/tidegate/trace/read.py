"""Streaming logs: only lines that hold a text of the credential are taken apart.

A line without any of them cannot be about it, so gigabytes go by at the speed of a search. Memory does not
grow with the log: a block, and what is counted.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import hyperscan

from tidegate.model.report import Gap
from tidegate.trace.formats import CutLineError, reader_of
from tidegate.trace.tables import table_of
from tidegate.trace.use import Use
from tidegate.trace.wanted import Wanted

BLOCK_BYTES: Final = 4 << 20
WHOLE_BYTES: Final = 256 << 20
"""Of one document that is a single line, as CloudTrail's are."""
_NAMED: Final = 5
_HEADER_BYTES: Final = 1 << 16


@dataclass(slots=True)
class Read:
    """What was read."""

    files: int = 0
    bytes: int = 0
    """Unpacked."""
    gaps: list[Gap] = field(default_factory=list)
    cut: int = 0
    """Lines that hold a text of the credential and cannot be taken apart."""
    formats: dict[str, int] = field(default_factory=dict)
    """Name -> files."""


def uses(paths: Sequence[Path], wanted: Wanted, read: Read, stdin: BinaryIO | None = None) -> Iterator[Use]:
    """Yield what the logs say of a credential, file by file. What cannot be read is a gap."""
    for path in paths:
        for file in _files(path, read):
            try:
                if str(file) == "-" and stdin is not None:
                    yield from _file(stdin, "standard input", wanted, read)
                    continue
                with file.open("rb") as raw:
                    packed = raw.read(2) == b"\x1f\x8b"
                    raw.seek(0)
                    stream: BinaryIO = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]  # reads as one
                    yield from _file(stream, str(file), wanted, read)
            except (OSError, EOFError, zlib.error) as why:
                read.gaps.append(Gap(stage="trace", subject=str(file), reason=_reason(why)))


def _files(path: Path, read: Read) -> list[Path]:
    """Return the files at and below a path, in order; a folder that cannot be listed is a gap."""

    def unlisted(why: OSError) -> None:
        read.gaps.append(Gap(stage="trace", subject=str(why.filename), reason=_reason(why)))

    if not path.is_dir():
        return [path]
    walked = os.walk(path, onerror=unlisted)
    return sorted(
        file for folder, _, names in walked for name in names if (file := Path(folder, name)).is_file()
    )


def _reason(why: Exception) -> str:
    if isinstance(why, FileNotFoundError):
        return "no such file or folder"
    return ((why.strerror if isinstance(why, OSError) else "") or str(why) or type(why).__name__).lower()


def _file(stream: BinaryIO, name: str, wanted: Wanted, read: Read) -> Iterator[Use]:
    block = stream.read(BLOCK_BYTES)
    found = reader_of(block[:4096]) or table_of(block[:_HEADER_BYTES])
    read.files += 1
    if found is None:
        reason = "empty" if not block else "no log that Tidegate knows by its first line"
        read.gaps.append(Gap(stage="trace", subject=name, reason=reason))
        return
    title, reader = found
    read.formats[title] = read.formats.get(title, 0) + 1
    sought = _sought(wanted.needles)
    cut = 0
    for number, lines in _pieces(stream, block, read):
        for line_number, line in _hits(lines, sought):
            try:
                yield from reader(line.decode("utf-8", "replace"), wanted)
            except CutLineError as why:
                cut += 1
                if cut <= _NAMED:
                    where = f"{name}, line {number + line_number:,}"
                    read.gaps.append(Gap(stage="trace", subject=where, reason=f"cannot be read: {why}"))
    if cut > _NAMED:
        reason = f"{cut - _NAMED:,} more lines that name the credential cannot be read"
        read.gaps.append(Gap(stage="trace", subject=name, reason=reason))
    read.cut += cut


def _pieces(stream: BinaryIO, block: bytes, read: Read) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines in blocks, each with the number of its first line."""
    number, left = 1, b""
    while block:
        read.bytes += len(block)
        end = block.rfind(b"\n") + 1
        if not end and len(left) + len(block) <= WHOLE_BYTES:
            left += block
            block = stream.read(BLOCK_BYTES)
            continue
        piece = left + block[:end] if end else left + block
        yield number, piece
        number += piece.count(b"\n")
        left = block[end:] if end else b""
        block = stream.read(BLOCK_BYTES)
    if left:
        yield number, left


def _hits(lines: bytes, sought: hyperscan.Database) -> Iterator[tuple[int, bytes]]:
    """Yield (number from 0, line) of each line with one of the texts."""
    ends: list[int] = []
    sought.scan(lines, match_event_handler=lambda _id, _start, end, _flags, _context: ends.append(end))
    done = counted = number = 0
    for at in ends:
        if at <= done:
            continue
        start = lines.rfind(b"\n", 0, at) + 1
        end = lines.find(b"\n", at)
        done = len(lines) if end < 0 else end
        number += lines.count(b"\n", counted, start)
        counted = start
        yield number, lines[start:done]


def _sought(needles: Sequence[bytes]) -> hyperscan.Database:
    """Compile the texts for one pass: Python's `re` takes 50 times as long for letters of either case."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_CASELESS
    database.compile(
        expressions=[re.escape(each) for each in needles], flags=[flags] * len(needles), elements=len(needles)
    )
    return database
