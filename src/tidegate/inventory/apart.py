"""Parts of an inventory, each in a process of its own.

What is done with many names calls back into Python too often for threads: they wait for one another.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

from tidegate.inventory import _part
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
    first, *others = _cut(group_rows(file), min(MOST, jobs or os.cpu_count() or 1), part_rows)
    found = import_module(task.partition(":")[0])
    function = getattr(found, task.partition(":")[2])
    started = []
    try:
        for start, rows in others:
            wish = {"task": task, "file": str(file), "first": start, "rows": rows, "arguments": arguments}
            started.append((start, rows, _start(wish, [_ROOT, *map(str, roots)])))
        yield function(file, *first, **arguments)
        for start, rows, process in started:
            told = process.communicate()[0] if process is not None else b""
            if process is not None and process.returncode == 0:
                yield told
            else:
                yield function(file, start, rows, **arguments)
    finally:
        for _, _, process in started:
            if process is not None and process.poll() is None:
                process.kill()
                process.communicate()


def _cut(groups: Sequence[int], jobs: int, part_rows: int) -> list[tuple[int, int]]:
    """Return the first row of each part and how many it has; one part at least."""
    total = sum(groups)
    parts = max(1, min(jobs, total // part_rows, len(groups)))
    ends = list(accumulate(groups))
    bounds = [
        0,
        *(next(end for end in ends if end >= total * part // parts) for part in range(1, parts)),
        total,
    ]
    return [(a, b - a) for a, b in pairwise(bounds) if b > a] or [(0, 0)]


def _start(wish: Mapping[str, Any], roots: Sequence[str]) -> subprocess.Popen[bytes] | None:
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", _part.__file__, *roots],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "POLARS_MAX_THREADS": "1"},
        )
    except OSError:
        return None
    if process.stdin is not None:
        try:
            process.stdin.write(json.dumps(wish).encode())
            process.stdin.close()
        except OSError:
            pass
        process.stdin = None
    return process
