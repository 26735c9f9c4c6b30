"""Reading a source to its end, as the engine does."""

from __future__ import annotations

import pickle
from collections.abc import Hashable
from dataclasses import dataclass, field

from tidegate.model.document import Spot, Tally
from tidegate.plugins import Source


@dataclass
class Seen:
    """What came out of a source."""

    documents: dict[str, bytes] = field(default_factory=dict)
    """By the place's path; windows of one document are laid over each other."""
    windows: list[tuple[Hashable, bytes, int]] = field(default_factory=list)
    batches: int = 0
    tally: Tally = field(default_factory=Tally)

    @property
    def gaps(self) -> list[str]:
        return [f"{gap.subject}: {gap.reason}" for gap in self.tally.gaps]


def read(source: Source, jobs: int = 1) -> Seen:
    """Read all; the labels go through a pickle, as they do between processes."""
    seen = Seen()
    for shard in source.shards(jobs, seen.tally):
        for batch in source.batches(pickle.loads(pickle.dumps(shard)), seen.tally):
            seen.batches += 1
            last = 0
            data = bytes(batch.data)
            for index, (start, stop, label) in enumerate(
                zip(batch.starts, batch.ends, batch.labels, strict=True)
            ):
                assert last <= start < stop <= len(data)
                last = stop
                label = pickle.loads(pickle.dumps(label))
                seen.windows.append((label, data[start:stop], batch.line_base.get(index, int)()))
    _join(source, seen)
    return seen


def _join(source: Source, seen: Seen) -> None:
    for label, data, base in seen.windows:
        (place,) = source.places([Spot(label, base + 1, 1)], seen.tally)[0]
        before = seen.documents.get(place.path)
        if before is None:
            seen.documents[place.path] = data
            continue
        at = _offset(before, place.line, place.column)
        assert before[at:] == data[: len(before) - at], "windows overlap, and agree on what is where"
        seen.documents[place.path] = before[:at] + data


def _offset(data: bytes, line: int, column: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = data.index(b"\n", at) + 1
    return at + column - 1
