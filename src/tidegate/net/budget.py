"""What is used up of what the user allowed. Not for many threads: it lives on the network's own."""

from __future__ import annotations

from tidegate.errors import BudgetError
from tidegate.model.counting import many
from tidegate.net.limits import Budget


class Spending:
    """Counts against a `Budget`. Times are seconds of one monotonic clock, handed in."""

    def __init__(self, budget: Budget, scope_file: str) -> None:
        self._budget = budget
        self._file = scope_file
        self._interval_s = 1.0 / budget.requests_per_second
        self._next_s = float("-inf")
        self._ends_s: float | None = None
        self.requests = 0
        self.bytes_read = 0

    def request(self, now_s: float) -> float:
        """Count one attempt and return how many seconds it has to wait for its turn. Raises `BudgetError`.

        Turns are one interval apart, without bursts: a rate is what the user said it is in any second.
        """
        if self._ends_s is None and self._budget.seconds is not None:
            self._ends_s = now_s + self._budget.seconds
        if self.requests == self._budget.requests:
            raise self._used_up(self.requests, "request", "requests")
        if self._bytes_used_up():
            raise self._bytes_error()
        turn_s = max(now_s, self._next_s)
        self.check_time(turn_s)
        self._next_s = turn_s + self._interval_s
        self.requests += 1
        return turn_s - now_s

    def read(self, size_bytes: int) -> None:
        """Count bytes of a body. Raises `BudgetError`."""
        self.bytes_read += size_bytes
        if self._budget.bytes_read is not None and self.bytes_read > self._budget.bytes_read:
            raise self._bytes_error()

    @property
    def bytes_left(self) -> int | None:
        """Bytes that may still be read; `None`: as many as there are."""
        most = self._budget.bytes_read
        return None if most is None else max(0, most - self.bytes_read)

    def left_s(self, now_s: float) -> float:
        """Return how many seconds the run still has."""
        return float("inf") if self._ends_s is None else self._ends_s - now_s

    def check_time(self, now_s: float) -> None:
        """Raise `BudgetError` when the run has no time left at `now_s`."""
        if self.left_s(now_s) <= 0:
            raise self._used_up(self._budget.seconds or 0, "second", "seconds")

    def _bytes_used_up(self) -> bool:
        return self._budget.bytes_read is not None and self.bytes_read >= self._budget.bytes_read

    def _bytes_error(self) -> BudgetError:
        return self._used_up(self._budget.bytes_read or 0, "byte", "bytes_read")

    def _used_up(self, count: float, one: str, key: str) -> BudgetError:
        what = many(count, one) if isinstance(count, int) else f"{count:g} {one}{'' if count == 1 else 's'}"
        return BudgetError(
            f"the {what} that the scope allows {'is' if count == 1 else 'are'} used up",
            hint=f"Raise {key} under [budget] in {self._file}.",
        )
