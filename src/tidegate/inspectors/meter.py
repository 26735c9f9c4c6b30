"""What one item may cost, with all that is packed in it, and what of it is used up."""

from __future__ import annotations

import time
from collections.abc import Callable

from tidegate.inspectors.readable import OverBudgetError, Readable
from tidegate.records import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Bounds for one item. Beyond them it is judged by what was seen, as not complete."""

    seconds: float = 9.0
    """Processor time. A net below the other limits; those give the same result on every machine, this one
    nearly, where wall time would depend on what else the machine does."""
    wall_seconds: float = 120.0
    """Wall time: whoever serves a file slowly gets no more patience than this."""
    depth: int = 6
    """Containers inside of each other."""
    members: int = 200_000
    """Members of every container together, those that are passed over included."""
    inflated_bytes: int = 2048 * MIB
    """What decompressors may give out, all together."""
    directory_bytes: int = 64 * MIB
    """The list of members of one container, which is held in memory."""
    sampled_bytes: int = 16 * MIB
    """Text that is searched for secrets and personal data, all together."""
    samples: int = 500
    """Pieces of such text."""


_USUAL = Budget()


class Meter:
    """What is used up of a `Budget`."""

    def __init__(
        self,
        budget: Budget | None = None,
        clock: Callable[[], float] = time.thread_time,
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        """clock: processor seconds of the thread that looks. wall: seconds that only go forward."""
        self.budget = budget or _USUAL
        self._clock = clock
        self._wall = wall
        self._deadline = clock() + self.budget.seconds
        self._wall_deadline = wall() + self.budget.wall_seconds
        self._members = 0
        self._inflated = 0
        self._sampled = 0
        self._samples = 0
        self.unsampled = 0
        """Pieces of text that were not searched for it."""

    @property
    def seconds_left(self) -> float:
        """Of processor time; negative when it is over."""
        return self._deadline - self._clock()

    def forgive(self, seconds: float) -> None:
        """Give back time that was spent on what serves later items too."""
        self._deadline += max(0.0, seconds)

    def check(self) -> None:
        """Raise `OverBudgetError` when the time is over."""
        if self._clock() > self._deadline:
            raise OverBudgetError(f"it takes more than {self.budget.seconds:g} seconds")
        if self._wall() > self._wall_deadline:
            raise OverBudgetError(f"reading it takes more than {self.budget.wall_seconds:g} seconds")

    def member(self) -> None:
        """Count a member. Raises `OverBudgetError`."""
        self._members += 1
        if self._members > self.budget.members:
            raise OverBudgetError(f"it has more than {self.budget.members:,} members")

    def inflate(self, count: int) -> None:
        """Count bytes that a decompressor gave. Raises `OverBudgetError`."""
        self._inflated += count
        if self._inflated > self.budget.inflated_bytes:
            raise OverBudgetError(f"it unpacks to more than {self.budget.inflated_bytes:,} bytes")
        self.check()

    def sampled(self, count: int) -> bool:
        """Count text that is searched; `False` when there was enough of it."""
        over = self._sampled + count > self.budget.sampled_bytes or self._samples >= self.budget.samples
        if over or self.seconds_left < 0:
            self.unsampled += 1
            return False
        self._sampled += count
        self._samples += 1
        return True


class Timed:
    """A readable that stops when the time is over: whatever reads in a loop stops with it."""

    def __init__(self, whole: Readable, meter: Meter) -> None:
        self._whole = whole
        self._meter = meter
        self.size_bytes = whole.size_bytes
        self.forward: bool = getattr(whole, "forward", False)
        """Its end is dear: all before it has to be unpacked."""

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the whole."""
        self._meter.check()
        return self._whole.read(offset, count)
