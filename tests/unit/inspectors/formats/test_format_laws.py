"""What must hold of every format: any bytes end in a judgement, in bounded work, and change nothing else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from formats import claimed, judged, message
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SAMPLES
from test_tensorflow import graph, lite

from tidegate.inspectors.models import keras_json, mlflow, onnx, tf_graph, tflite
from tidegate.inspectors.readable import Counted, Memory, OverBudgetError
from tidegate.inspectors.seam import Context, Judgement, ModelFormat
from tidegate.inspectors.verdict import verdict
from tidegate.model.observation import Verdict


class Gone:
    """A file that was there a moment ago."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes

    def read(self, offset: int, count: int) -> bytes:
        raise OSError("gone")


PLUGINS = list({plugin.id: plugin for plugin, _, _ in SAMPLES}.values())
CASES = [pytest.param(*sample, id=f"{number}-{sample[0].id}") for number, sample in enumerate(SAMPLES)]


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
def test_a_sample_is_claimed_by_its_format_and_by_no_other(
    plugin: ModelFormat, name: str, raw: bytes
) -> None:
    assert [each.id for each in PLUGINS if claimed(each, raw, name)] == [plugin.id]


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
def test_whichever_byte_is_changed_it_ends_in_a_judgement(plugin: ModelFormat, name: str, raw: bytes) -> None:
    places = range(0, len(raw), 1 + len(raw) // 800)
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
@settings(deadline=None, max_examples=50)
@given(raw=st.binary(max_size=300))
def test_any_bytes_end_in_a_judgement(plugin: ModelFormat, raw: bytes) -> None:
    assert isinstance(judged(plugin, raw), Judgement)
    assert isinstance(claimed(plugin, raw), bool)


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_bytes_after_a_sample_s_beginning_end_in_a_judgement(
    plugin: ModelFormat, name: str, raw: bytes, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(raw)))
    changed = raw[:cut] + data.draw(st.binary(max_size=64)) + raw[cut + data.draw(st.integers(0, 16)) :]
    assert isinstance(judged(plugin, changed, name), Judgement)


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
def test_what_may_not_be_read_whole_is_never_complete(plugin: ModelFormat, name: str, raw: bytes) -> None:
    needed = Counted(Memory(raw))
    plugin.judge(needed, name, Context(0))
    for most in range(0, needed.bytes_read, max(1, needed.bytes_read // 20)):
        with suppress(OverBudgetError):
            assert not plugin.judge(Counted(Memory(raw), most_bytes=most), name, Context(0)).complete


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
def test_bytes_that_cannot_be_had_are_no_judgement(plugin: ModelFormat, name: str, raw: bytes) -> None:
    with pytest.raises(OSError, match="gone"):
        plugin.judge(Gone(len(raw)), name, Context(0))


@pytest.mark.parametrize(("plugin", "name", "raw"), CASES)
def test_the_same_file_is_judged_the_same_twice(plugin: ModelFormat, name: str, raw: bytes) -> None:
    assert judged(plugin, raw, name) == judged(plugin, raw, name)


@pytest.mark.parametrize(
    ("plugin", "raw", "allowed"),
    [
        (
            onnx.PLUGIN,
            message((1, 8), (2, "x"), (7, message((1, message((4, "Foo"), (7, "my.ops")))))),
            "my.ops.Foo",
        ),
        (keras_json.PLUGIN, b'{"class_name": "Net", "module": "mine.nets", "config": {}}', "mine.nets.Net"),
        (tflite.PLUGIN, lite("MyOp"), "MyOp"),
        (tf_graph.PLUGIN, graph(["MatMul", "ZeroOut"]), "ZeroOut"),
        (mlflow.PLUGIN, b"flavors:\n  python_function:\n    loader_module: mine.loader\n", "mine.loader"),
    ],
    ids=lambda value: getattr(value, "id", None),
)
def test_a_name_that_the_policy_allows_is_no_alarm(plugin: ModelFormat, raw: bytes, allowed: str) -> None:
    unknown = plugin.judge(Memory(raw), "m", Context(0))
    known = plugin.judge(Memory(raw), "m", Context(0, policy=frozenset([allowed])))
    assert verdict(unknown) is Verdict.UNKNOWN
    assert verdict(known) is Verdict.CLEAN
