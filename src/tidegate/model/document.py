"""The unit of reading: many documents in one buffer, so that one pass of the matcher covers them all."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from tidegate.model.report import Coverage, Gap
from tidegate.records import dataclass, field

AROUND_BYTES = 160
"""Of a document laid down in part (`Batch.partial`): what stands there on both sides of each difference."""


@dataclass(slots=True)
class Batch:
    """Documents laid one after the other in `data`.

    Document `i` is `data[starts[i]:ends[i]]` and is known by `labels[i]`. Documents do not overlap,
    are in ascending order, and there may be unused bytes between and after them. A source may use
    `data` again for its next batch: whoever needs a byte for longer copies it.
    """

    data: bytes | bytearray | memoryview
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    labels: list[Hashable] = field(default_factory=list)
    """What the source needs to say later where the document is (`Source.places`). Picklable."""
    line_base: dict[int, Callable[[], int]] = field(default_factory=dict)
    """For the few documents that are a window of a larger one: index -> what counts the lines before it,
    while the batch is valid."""
    partial: dict[int, tuple[bytes, Hashable]] = field(default_factory=dict)
    """For documents of which only that lies in `data` in which they differ from an earlier one, ascending:
    index -> the document, and the label of the earlier one. Between the differences stand line ends."""
    marked: set[Hashable] = field(default_factory=set)
    """Labels of documents in which the matcher found anything; whoever scans adds to it. A source that lays
    documents down in part has one set for all batches in which a document and the earlier one may be."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A hit inside a document, before its source has said where that is."""

    label: Hashable
    line: int
    """From 1, inside the document."""
    column: int
    unwrapped: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """What one worker has read and what it could not; merged by the engine."""

    coverage: Coverage = field(default_factory=Coverage)
    gaps: list[Gap] = field(default_factory=list)

    def gap(self, stage: str, subject: str, reason: str) -> None:
        """Note what was not looked at; `stage` is a noun: `source`, `detect`, `decode`."""
        self.gaps.append(Gap(stage=stage, subject=subject, reason=reason))

    def merge(self, other: Tally) -> None:
        """Add what another worker counted."""
        self.coverage.add(other.coverage)
        self.gaps.extend(other.gaps)
