"""Parts of an inventory, each in a process of its own.

What is done with many names calls back into Python too often for threads: they wait for one another.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import accumulate, pairwise
from pathlib import Path
from typing import IO, Any, Final

from tidegate.inventory import _part
from tidegate.inventory._part import SIZE_BYTES
from tidegate.inventory.parquet import group_rows

PART_ROWS: Final = 2_000_000
"""Fewer are not worth a process, which takes half a second to start."""
MOST: Final = 4
"""Processes at once: 170 MB each."""
_ROOT: Final = str(Path(__file__).resolve().parents[2])


def in_parts(
    task: str,
    file: Path,
    arguments: Mapping[str, Any],
    *,
    jobs: int | None = None,
    part_rows: int = PART_ROWS,
    roots: Sequence[Path] = (),
) -> Iterator[bytes]:
    """Yield what `task`, "module:function", returns for each part of an inventory, in no order.

    It is called as `function(file, first, rows, **arguments)`, for the rows of whole row groups.
    arguments: JSON. jobs: how many at once, as many as there are processors when not given. roots: folders
    from which the other processes import besides ours. A part whose process dies is done here. Raises
    `OSError` and `ValueError` for a file that is no Parquet, and what the function raises.
    """
    file = file.resolve()
    groups = group_rows(file)
    parts = deque(_cut(groups, part_rows))
    module, _, name = task.partition(":")
    function = getattr(import_module(module), name)
    wish = json.dumps({"task": task, "file": str(file), "groups": groups, "arguments": arguments})
    others = min(MOST, jobs or os.cpu_count() or 1, len(parts)) - 1
    helpers = [_Helper(wish, [_ROOT, *map(str, roots)], parts) for _ in range(others)]
    try:
        while parts or any(helper.thread.is_alive() or helper.told for helper in helpers):
            try:
                part = parts.popleft()
            except IndexError:
                for helper in helpers:
                    helper.thread.join()
            else:
                yield function(file, *part, **arguments)
            for helper in helpers:
                while helper.told:
                    yield helper.told.pop()
    finally:
        for helper in helpers:
            helper.end()


class _Helper:
    """Another process, and the thread that hands it one part after the other."""

    def __init__(self, wish: str, roots: Sequence[str], parts: deque[tuple[int, int]]) -> None:
        self.told: list[bytes] = []
        self._process = _start(roots)
        self._parts = parts
        self.thread = threading.Thread(target=self._work, args=(wish,), daemon=True)
        self.thread.start()

    def end(self) -> None:
        """Wait until it has ended; stop it where it has not."""
        if self._process is not None:
            self._process.kill()
        self.thread.join()

    def _work(self, wish: str) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return
        with process, process.stdin as asked, process.stdout as answers:
            with contextlib.suppress(OSError):
                asked.write(wish.encode() + b"\n")
            while self._parts:
                try:
                    part = self._parts.popleft()
                except IndexError:  # another was faster
                    break
                told = _asked(part, asked, answers)
                if told is None:
                    self._parts.append(part)
                    break
                self.told.append(told)
            with contextlib.suppress(OSError):
                asked.close()


def _asked(part: tuple[int, int], asked: IO[bytes], answers: IO[bytes]) -> bytes | None:
    """Return what the other process says to a part; `None` when it says nothing any more."""
    try:
        asked.write(json.dumps(part).encode() + b"\n")
        asked.flush()
        size = answers.read(SIZE_BYTES)
        told = answers.read(int.from_bytes(size, "little"))
    except (OSError, ValueError):
        return None
    whole = len(size) == SIZE_BYTES and len(told) == int.from_bytes(size, "little")
    return told if whole else None


def _cut(groups: Sequence[int], part_rows: int) -> list[tuple[int, int]]:
    """Return the first row of each part and how many it has; one part at least."""
    total = sum(groups)
    parts = max(1, min(total // part_rows, len(groups)))
    ends = list(accumulate(groups))
    bounds = [
        0,
        *(next(end for end in ends if end >= total * part // parts) for part in range(1, parts)),
        total,
    ]
    return [(a, b - a) for a, b in pairwise(bounds) if b > a] or [(0, 0)]


def _start(roots: Sequence[str]) -> subprocess.Popen[bytes] | None:
    try:
        return subprocess.Popen(
            [sys.executable, "-I", _part.__file__, *roots],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "POLARS_MAX_THREADS": "1"},
        )
    except OSError:
        return None
