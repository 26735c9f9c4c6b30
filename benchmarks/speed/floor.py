"""The limit in Python: what a folder scan costs when nothing but reading and matching is done.

    floor.py read    FOLDER             read every file, do nothing with it
    floor.py scan    FOLDER DATABASE    match every file, count hits
    floor.py compile PATTERNS DATABASE  compile once and save; PATTERNS as for limit.c

As plain as it can be written: no error is met, no container opened, no line counted, nothing kept. What a
scanner in Python takes beyond this is its own; what this takes beyond the C program is Python's.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

BUFFER_BYTES = 2 << 20
OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def main() -> None:
    gc.disable()
    what, folder = sys.argv[1:3]
    if what == "compile":
        save(Path(folder), Path(sys.argv[3]))
        return
    hits: list[int] = []
    match = matcher(Path(sys.argv[3]), hits) if what == "scan" else None
    files, size = read(folder, match)
    print(f'{{"files": {files}, "bytes": {size}, "hits": {len(hits)}}}')


def save(patterns: Path, out: Path) -> None:
    import hyperscan  # noqa: PLC0415 - whoever only reads does without

    lines = [line.split(b"\t", 2) for line in patterns.read_bytes().splitlines()]
    database = hyperscan.Database()
    database.compile(
        expressions=[expression for _, _, expression in lines],
        ids=[int(number) for number, _, _ in lines],
        elements=len(lines),
        flags=[int(flags) for _, flags, _ in lines],
    )
    out.write_bytes(hyperscan.dumpb(database))


def matcher(path: Path, hits: list[int]) -> Callable[[memoryview], object]:
    """Return what matches a text and adds the end of each hit to `hits`."""
    import hyperscan  # noqa: PLC0415

    database = hyperscan.loadb(path.read_bytes(), hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    add = hits.append

    def on_hit(_id: int, _start: int, end: int, _flags: int, _context: object) -> None:
        add(end)

    return lambda text: database.scan(text, match_event_handler=on_hit)


def read(root: str, match: Callable[[memoryview], object] | None) -> tuple[int, int]:
    """Read all files below `root`, many into one buffer, and return how many and their bytes."""
    view = memoryview(bytearray(BUFFER_BYTES))
    used = files = size = 0
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        names = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    names.append(entry.name)
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
        at = os.open(folder, OPEN | os.O_DIRECTORY)
        for name in names:
            file = os.open(name, OPEN, dir_fd=at)
            count = os.readv(file, (view[used:],))
            while count and used + count == BUFFER_BYTES:
                # The buffer is full, and the file may go on.
                size += count
                if match is not None:
                    match(view)
                used = 0
                count = os.readv(file, (view,))
            os.close(file)
            used += count
            size += count
            files += 1
            if used > BUFFER_BYTES // 2:
                if match is not None:
                    match(view[:used])
                used = 0
        os.close(at)
    if match is not None:
        match(view[:used])
    return files, size


if __name__ == "__main__":
    main()
