"""What is said of a stream does not depend on how many opcodes were taken at once."""

from __future__ import annotations

import collections
import decimal
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_models.every import EVERY
from tidegate.inspectors.pickles import machine
from tidegate.inspectors.pickles.judge import judge_pickles
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.readable import Memory
from tidegate.inspectors.seam import Judgement

_PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=90), st.binary(max_size=90)
)  # fmt: skip
_MADE = st.one_of(
    st.decimals(allow_nan=False),
    st.datetimes().map(lambda each: each.replace(tzinfo=UTC)),
    st.builds(collections.OrderedDict, st.dictionaries(st.text(max_size=3), _PLAIN, max_size=2)),
    st.builds(lambda: decimal.Decimal(1)),
    st.sampled_from([datetime, collections.Counter, len]),
)
_VALUES = st.lists(_PLAIN | _MADE | st.tuples(_PLAIN, _MADE), max_size=6)
_CUTS = st.lists(
    st.tuples(st.integers(0, 1 << 12), st.binary(max_size=3), st.integers(0, 3)), max_size=3
)  # where, what is put in, how much is taken out


def in_runs_and_one_by_one(data: bytes, loader: Loader) -> tuple[Judgement, Judgement]:
    with pytest.MonkeyPatch.context() as patch:
        in_runs = judge_pickles(Memory(data), loader=loader)
        patch.setattr(machine, "take_run", lambda _machine: 0)
        return in_runs, judge_pickles(Memory(data), loader=loader)


@given(_VALUES, st.integers(0, 5), _CUTS, st.sampled_from(list(Loader)))
def test_a_stream_is_judged_the_same_in_runs_and_one_by_one(
    values: list[object], protocol: int, cuts: list[tuple[int, bytes, int]], loader: Loader
) -> None:
    data = pickle.dumps(values, protocol)
    for place, put_in, taken in cuts:
        at = place % (len(data) + 1)
        data = data[:at] + put_in + data[at + taken :]
    in_runs, one_by_one = in_runs_and_one_by_one(data, loader)
    assert in_runs == one_by_one


def test_every_sample_is_judged_the_same_in_runs_and_one_by_one() -> None:
    for each in EVERY:
        data = each.build()
        if len(data) < 1 << 16:
            in_runs, one_by_one = in_runs_and_one_by_one(data, Loader.C)
            assert in_runs == one_by_one, each.name
