"""Laws of the interval, and the simulation that it holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.inventory.sampling.allocation import allocate, pilot, within
from tidegate.inventory.sampling.intervals import (
    Stratum,
    corrected,
    share,
)

RUNS = 500
POPULATIONS = {
    # band sizes, share of hits in each
    "names inform": ([20_000, 80_000, 300_000, 700_000, 1_000_000], [0.25, 0.08, 0.01, 0.004, 0.001]),
    "names tell nothing": ([20_000, 80_000, 300_000, 700_000, 1_000_000], [0.0085] * 5),
    "names mislead": ([20_000, 80_000, 300_000, 700_000, 1_000_000], [0.0, 0.001, 0.002, 0.004, 0.014]),
    "hardly any": ([20_000, 80_000, 300_000, 700_000, 1_000_000], [0.002, 0.0006, 0.0001, 0.00003, 0.0]),
    "none but a handful": ([20_000, 80_000, 300_000, 700_000, 1_000_000], [0.0, 0.0, 0.00002, 0.00001, 0.0]),
    "many": ([20_000, 80_000, 300_000, 700_000, 1_000_000], [0.6, 0.3, 0.08, 0.03, 0.01]),
    "small bands": ([150, 400, 900, 5_000], [0.4, 0.1, 0.02, 0.004]),
    "two bands, all in one": ([5_000, 2_000_000], [0.9, 0.0]),
}


def survey(generator: np.random.Generator, items: list[int], hits: list[int]) -> list[Stratum]:
    """Read a pilot, allocate, and read on: what an account of these bands would answer."""
    first = pilot(items)
    seen = [
        int(generator.hypergeometric(own, all_ - own, count))
        for all_, own, count in zip(items, hits, first, strict=True)
    ]
    counts = allocate([Stratum(*each) for each in zip(items, first, seen, strict=True)])
    for number, count in enumerate(counts):
        left, more = hits[number] - seen[number], count - first[number]
        rest = items[number] - first[number] - left
        seen[number] += int(generator.hypergeometric(left, rest, more)) if more else 0
    return [Stratum(*each) for each in zip(items, counts, seen, strict=True)]


@pytest.mark.parametrize("name", POPULATIONS)
def test_the_interval_holds_the_truth_in_95_of_100_runs(name: str) -> None:
    items, shares = POPULATIONS[name]
    hits = [round(count * part) for count, part in zip(items, shares, strict=True)]
    truth = sum(hits) / sum(items)
    generator = np.random.default_rng(20_261_126)
    held = 0
    for _ in range(RUNS):
        found = share(survey(generator, items, hits))
        held += found.least <= truth <= found.most
    assert held >= 0.95 * RUNS


@st.composite
def strata(draw: st.DrawFn) -> list[Stratum]:
    made = []
    for _ in range(draw(st.integers(1, 6))):
        items = draw(st.integers(1, 10_000))
        read = draw(st.integers(0, items))
        hits = draw(st.integers(0, read))
        made.append(Stratum(items, read, hits, draw(st.integers(0, items - read))))
    return made


@given(strata())
def test_the_interval_is_in_order_and_allows_what_was_seen(made: list[Stratum]) -> None:
    found, total = share(made), sum(each.items for each in made)
    assert 0 <= found.least <= found.middle <= found.most <= 1
    assert found.least >= sum(each.hits for each in made) / total - 1e-12
    assert found.most <= 1 - sum(each.read - each.hits for each in made) / total + 1e-12


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500)), min_size=1, max_size=5))
def test_what_was_read_whole_is_a_count_and_no_estimate(bands: list[tuple[int, int]]) -> None:
    made = [Stratum(items, items, min(hits, items)) for items, hits in bands]
    found = share(made)
    truth = sum(each.hits for each in made) / sum(each.items for each in made)
    assert found.least == pytest.approx(truth)
    assert found.most == pytest.approx(truth)


@given(strata())
def test_items_that_could_not_be_read_may_all_be_hits_and_are_none_below(made: list[Stratum]) -> None:
    found, total = share(made), sum(each.items for each in made)
    assert found.most >= sum(each.hits + each.unknown for each in made) / total - 1e-12
    known = share([Stratum(each.items, each.read, each.hits) for each in made])
    assert found.least == pytest.approx(known.least)


def test_a_band_of_which_nothing_was_read_may_hold_anything() -> None:
    found = share([Stratum(900, 900, 0), Stratum(100, 0, 0)])
    assert (found.least, found.most) == (0.0, pytest.approx(0.1))


def test_nothing_found_in_3_000_items_leaves_a_tenth_of_a_percent() -> None:
    assert share([Stratum(2_100_000, 3_000, 0)]).most == pytest.approx(0.0010, abs=0.00001)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=9), st.integers(0, 50_000))
def test_an_allocation_reads_no_more_than_there_is_and_than_it_may(items: list[int], most: int) -> None:
    first = pilot(items, most=min(most, 1_000))
    counts = allocate([Stratum(all_, read, 0) for all_, read in zip(items, first, strict=True)], most=most)
    bounds = zip(first, counts, items, strict=True)
    assert all(read <= count <= all_ for read, count, all_ in bounds)
    assert sum(counts) <= max(most, sum(first))
    assert sum(within(items, most)) <= max(most, 0) or sum(items) <= most


def test_a_detector_with_known_errors_is_corrected_for_them() -> None:
    assert corrected(0.02, sensitivity=0.9, specificity=0.99) == pytest.approx(0.01 / 0.89)
    assert corrected(0.001, sensitivity=0.9, specificity=0.99) == 0
    with pytest.raises(ValueError, match="chance"):
        corrected(0.1, sensitivity=0.5, specificity=0.5)
