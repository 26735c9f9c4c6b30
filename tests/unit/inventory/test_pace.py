"""Another chain is taken up where the processor waits, and given up where it brings nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegate.inventory import pace


class Clock:
    """Time that a test lets pass; the processor is busy for a share of it."""

    def __init__(self) -> None:
        self.now_s = self.busy_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def process_time(self) -> float:
        return self.busy_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


def walked(clock: Clock, rate: Callable[[int], float], busy: float, windows: int) -> list[int]:
    """Return how many chains there were in each window. rate: items a second of so many chains."""
    waiting = pace.Waiting()
    items, chains, seen = 0.0, 1, []
    for _ in range(windows):
        clock.now_s += 0.5
        clock.busy_s += 0.5 * busy
        items += 0.5 * rate(chains)
        chains = waiting.chains(chains, int(items))
        seen.append(chains)
    return seen


def test_a_slow_network_gets_more_chains_as_long_as_each_brings_more(clock: Clock) -> None:
    chains = walked(clock, lambda n: 30_000.0 * min(n, 3), busy=0.2, windows=40)
    assert max(chains[:5]) >= 2
    assert chains.count(3) > 20  # the fourth was tried, and brought nothing
    assert 4 in chains


def test_a_service_at_its_limit_is_asked_by_one_chain_again(clock: Clock) -> None:
    chains = walked(clock, lambda n: 60_000.0, busy=0.4, windows=60)
    assert chains.count(1) > 50
    assert 2 in chains
    assert 3 not in chains


def test_a_busy_processor_gets_no_second_chain(clock: Clock) -> None:
    assert set(walked(clock, lambda n: 100_000.0 * n, busy=0.9, windows=30)) == {1}
