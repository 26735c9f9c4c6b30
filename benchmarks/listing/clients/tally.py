"""What every client is told and has to tell: one JSON line with what it counted, and when it first could."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Task:
    """What to list."""

    endpoint: str
    """`http://127.0.0.1:port/account`."""
    account: str
    sas: str
    containers: list[str]
    """Peers that cannot list containers are told them."""
    most: int
    """Stop after so many blobs; 0: list all."""
    work: Path
    """An empty folder for files."""


@dataclass(slots=True)
class Tally:
    """Counts blobs and bytes. Names are looked at, too: whoever lists wants them."""

    most: int = 0
    items: int = 0
    bytes: int = 0
    first_s: float | None = None
    """When the first blobs were counted."""
    began: float = field(default_factory=time.perf_counter)

    def add(self, items: int, size_bytes: int) -> bool:
        """Count; tell whether to go on."""
        if self.first_s is None:
            self.first_s = time.perf_counter() - self.began
        self.items += items
        self.bytes += size_bytes
        return not self.most or self.items < self.most

    def tell(self, **more: object) -> None:
        print(json.dumps({"items": self.items, "bytes": self.bytes, "first_s": self.first_s, **more}))


def task() -> Task:
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--sas", required=True)
    parser.add_argument("--containers", required=True)
    parser.add_argument("--most", type=int, default=0)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    return Task(
        endpoint=options.endpoint,
        account=options.account,
        sas=options.sas,
        containers=options.containers.split(","),
        most=options.most,
        work=options.work,
    )
