"""Run as a process of its own by `test_kills.py` and `test_memory.py`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

sys.path.insert(0, str(Path(__file__).parent))

from fake_storage import AtOnce, Service, credential, rows

from tidegate.inventory import walk
from tidegate.inventory.lister import list_all
from tidegate.inventory.summary import summarise
from tidegate.plugins import Container, Page

PAGE = 5_000


def to_be_killed() -> Service:
    tree = [f"{a}/{b:03d}/{c}" for a in "abcdefgh" for b in range(20) for c in "xyz"] + ["a-", "b", "zz"]
    slow = lambda *_: time.sleep(0.002)  # noqa: E731
    return Service({"one": tree, "two": ["x", "y"], "three": tree[:100]}, least=5, most=30, trouble=slow)


class Large:
    """2 million items in 4 containers, made up page by page."""

    id = "azure"

    def __init__(self, total: int) -> None:
        self.pages = total // PAGE // 4
        names = [f"{n:06d}" for n in range(PAGE)]
        self.page_of_rows = rows(Container(service="blob", name="c"), names)

    def containers(self, *_: Any) -> Iterator[Container]:
        for name in "abcd":
            yield Container(service="blob", name=name)

    def page(self, _: Any, net: Any, container: Container, *, delimited: bool = False, after: str | None = None, **more: Any) -> Page:  # fmt: skip
        number = int(after or 0)
        start = f"experiments/run-{number:06d}/checkpoints/model-of-the-step-"
        items = self.page_of_rows.with_columns(
            pl.lit(container.name).alias("container"), pl.lit(start) + pl.col("name")
        )
        return Page(items=items, after=None if number + 1 == self.pages else str(number + 1))


def nursery(folder: Path) -> None:
    """For each name on standard input, fork a run that makes this file; say its id, and when asked how it ended.

    Starting Python anew takes a second and more each time. Polars has not begun any thread before the fork.
    """
    walk.KEEP_ROWS = 50
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if child == 0:
            list_all(to_be_killed(), credential(), None, folder / line.strip(), jobs=3, pace=AtOnce(3))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        sys.stdin.readline()  # until then its id belongs to no other process
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


def peak_kb() -> int:
    """Peak of this program alone: what `getrusage` tells counts the process that started it, too."""
    text = Path("/proc/self/status").read_text("utf-8")
    return int(text.partition("VmHWM:")[2].split()[0])


def main() -> None:
    what, file = sys.argv[1], Path(sys.argv[2])
    if what == "nursery":
        nursery(file)
        return
    before = peak_kb()
    listing = list_all(Large(2_000_000), credential(), None, file)
    after_list = peak_kb()
    summary = summarise(file, containers=len(listing.containers), now=datetime.now(UTC))
    peak = peak_kb()
    counts = {"before_kb": before, "list_kb": after_list, "peak_kb": peak, "items": listing.counts.items}
    sys.stdout.write(json.dumps({**counts, "summed": summary.items}))


if __name__ == "__main__":
    main()
