"""Parts of an inventory, told by several threads at once.

Reading and telling names is done without Python's lock, so that threads are as quick as processes and need
the memory of one: Polars and what the rules are made into are there once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import accumulate, islice, pairwise
from pathlib import Path
from typing import Final, TypeVar

from tidegate.inventory.parquet import group_rows

PART_ROWS: Final = 2_000_000
MOST: Final = 4
"""Threads at once: 40 MB each."""

Told = TypeVar("Told")


def in_parts(
    task: Callable[[int, int], Told],
    file: Path,
    *,
    jobs: int | None = None,
    part_rows: int = PART_ROWS,
) -> Iterator[Told]:
    """Yield what `task` returns for each part of an inventory, in no order.

    It is called with the first row of a part and how many it has: whole row groups. jobs: how many at once,
    one more than there are processors when not given, since one waits now and then. Raises `OSError` and
    `ValueError` for a file that is no Parquet, and what the task raises.
    """
    parts = iter(_cut(group_rows(file), part_rows))
    threads = min(MOST, jobs or (os.cpu_count() or 1) + 1)
    with ThreadPoolExecutor(threads) as pool:
        running: set[Future[Told]] = {pool.submit(task, *part) for part in islice(parts, threads)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for each in done:
                    running.update(pool.submit(task, *part) for part in islice(parts, 1))
                    yield each.result()
        finally:
            for each in running:
                each.cancel()


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
