"""What must hold of every format: any bytes end in a judgement, in bounded work, and change nothing else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from formats import claimed, judged
from hypothesis import given
from hypothesis import strategies as st
from samples import SAMPLES

from tidegate.inspectors.readable import Counted, Memory, OverBudgetError
from tidegate.inspectors.seam import Context, Judgement, ModelFormat
from tidegate.inspectors.verdict import verdict
from tidegate.model.observation import Verdict

PLUGINS = list({plugin.id: plugin for plugin, _, _ in SAMPLES}.values())
CASES = [pytest.param(*sample, id=f"{number}-{sample[0].id}") for number, sample in enumerate(SAMPLES)]


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
def test_a_sample_is_claimed_by_its_format_and_by_no_other(
    plugin: ModelFormat, name: str, raw: bytes
) -> None:
    assert [each.id for each in PLUGINS if claimed(each, raw, name)] == [plugin.id]


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
def test_whichever_byte_is_changed_it_ends_in_a_judgement(plugin: ModelFormat, name: str, raw: bytes) -> None:
    places = range(len(raw)) if len(raw) < 1_500 else range(0, len(raw), len(raw) // 700)
    for at in places:
        for value in (0, 0xFF, raw[at] ^ 1, raw[at] ^ 0x80):
            changed = raw[:at] + bytes([value]) + raw[at + 1 :]
            assert isinstance(verdict(judged(plugin, changed, name)), Verdict)


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
def test_wherever_it_is_cut_it_ends_in_a_judgement(plugin: ModelFormat, name: str, raw: bytes) -> None:
    for at in range(0, len(raw), max(1, len(raw) // 300)):
        assert isinstance(verdict(judged(plugin, raw[:at], name)), Verdict)
        assert isinstance(claimed(plugin, raw[:at], name), bool)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.id)
@given(raw=st.binary(max_size=300))
def test_any_bytes_end_in_a_judgement(plugin: ModelFormat, raw: bytes) -> None:
    assert isinstance(judged(plugin, raw), Judgement)
    assert isinstance(claimed(plugin, raw), bool)


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
@given(data=st.data())
def test_bytes_after_a_sample_s_beginning_end_in_a_judgement(
    plugin: ModelFormat, name: str, raw: bytes, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(raw)))
    changed = raw[:cut] + data.draw(st.binary(max_size=64)) + raw[cut + data.draw(st.integers(0, 16)) :]
    assert isinstance(judged(plugin, changed, name), Judgement)


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
def test_what_reading_raises_is_not_swallowed(plugin: ModelFormat, name: str, raw: bytes) -> None:
    with pytest.raises(OverBudgetError):
        plugin.judge(Counted(Memory(raw), most_bytes=0), name, Context(0))
    for most in range(1, len(raw), max(1, len(raw) // 20)):
        with suppress(OverBudgetError):
            assert isinstance(
                plugin.judge(Counted(Memory(raw), most_bytes=most), name, Context(0)), Judgement
            )


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
def test_the_same_file_is_judged_the_same_twice(plugin: ModelFormat, name: str, raw: bytes) -> None:
    assert judged(plugin, raw, name) == judged(plugin, raw, name)
