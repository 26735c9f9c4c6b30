"""A source of texts in memory, and what can go wrong with one; and tokens to put in them."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidegate.model.document import Batch, Spot, Tally
from tidegate.model.place import Place


def signature(number: int) -> str:
    """Return a SAS's signature in base64; no key has made it."""
    return base64.b64encode(hashlib.sha256(b"of nobody %d" % number).digest()).decode()


def link(number: int) -> str:
    """Return a whole SAS link, percent-encoded as a portal writes it."""
    sig = signature(number).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    return f"https://contosomodels.blob.core.windows.net/c{number}?sv=2022-11-02&sr=c&sp=rl&se=2034-01-01T00:00:00Z&sig={sig}"


class UnforeseenError(Exception):
    """What nobody foresaw."""


def nothing(shard: int) -> None:
    """Read as it should be."""


def killed(shard: int) -> None:
    if shard == 3:
        os.kill(os.getpid(), signal.SIGKILL)


def left(shard: int) -> None:
    if shard == 3:
        os._exit(0)


def failed(shard: int) -> None:
    if shard == 3:
        raise UnforeseenError(f"while reading {link(shard)}")


def slow(shard: int) -> None:
    if shard > 1:
        time.sleep(60)


@dataclass(slots=True)
class Unsendable:
    """A label that cannot go through a pipe."""

    hold: Any = field(default_factory=lambda: lambda: None)

    def __hash__(self) -> int:
        return 1


@dataclass(slots=True)
class Texts:
    """One text with one token a shard; `trouble` is called in the worker, before it is read."""

    count: int
    trouble: Callable[[int], None] = nothing
    cut_after: int | None = None
    """Cutting into shards raises after so many."""
    unsendable: int | None = None
    kind: str = "memory"
    target: str = "texts"

    def shards(self, jobs: int, tally: Tally) -> Iterator[int]:
        for number in range(self.count):
            if number == self.cut_after:
                raise UnforeseenError("no more")
            yield number

    def batches(self, shard: int, tally: Tally) -> Iterator[Batch]:
        self.trouble(shard)
        data = f"see {link(shard)} there\n".encode()
        tally.coverage.documents += 1
        tally.coverage.bytes += len(data)
        label: Any = Unsendable() if shard == self.unsendable else f"text {shard}"
        yield Batch(data, [0], [len(data)], [label])

    def places(self, spots: Sequence[Spot], tally: Tally) -> list[list[Place]]:
        return [
            [Place(source=self.kind, target=self.target, path=str(s.label), line=s.line, column=s.column)]
            for s in spots
        ]

    def close(self) -> None:
        pass
