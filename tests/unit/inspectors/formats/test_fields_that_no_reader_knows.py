"""Readers of protobuf pass over fields that they do not know: what stands behind such a field is loaded."""

from __future__ import annotations

import pytest

from corpus_models.every import EVERY
from corpus_models.model import Sample
from corpus_models.wire import field, varint
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory
from tidegate.model.observation import Verdict

_SAMPLES = {
    "savedmodel-pyfunc",
    "savedmodel-library",
    "meta-graph",
    "frozen-graph",
    "onnx-pyop",
    "coreml-custom",
}
SAMPLES = [each for each in EVERY if each.id in _SAMPLES]
GROUP = varint(98 << 3 | 3) + field(1, b"x") + varint(98 << 3 | 4)
UNKNOWN = {
    "a number": field(99, 1),
    "bytes": field(99, b"x"),
    "bytes beyond the head": field(99, bytes(5_000)),
    "eight bytes": varint(99 << 3 | 1) + bytes(8),
    "four bytes": varint(99 << 3 | 5) + bytes(4),
    "a group": GROUP,
    "a group in a group": varint(97 << 3 | 3) + GROUP + varint(97 << 3 | 4),
}


@pytest.mark.parametrize("sample", [pytest.param(each, id=each.id) for each in SAMPLES])
@pytest.mark.parametrize("unknown", UNKNOWN)
def test_a_field_that_no_reader_knows_hides_nothing(sample: Sample, unknown: str) -> None:
    data = sample.build()
    assert sample.want.holds(look(Memory(UNKNOWN[unknown] + data), sample.path).verdict)
    assert sample.want.holds(look(Memory(data + UNKNOWN[unknown]), sample.path).verdict)


def test_all_samples_are_there() -> None:
    assert len(SAMPLES) == len(_SAMPLES)


@pytest.mark.parametrize("unknown", [field(99, b"") * 100_001, GROUP * 100_001])
def test_more_fields_than_are_looked_at_hide_nothing(unknown: bytes) -> None:
    graph = next(each for each in SAMPLES if each.id == "frozen-graph").build()
    verdict = look(Memory(unknown + graph), "frozen_graph.pb").verdict
    assert verdict in (Verdict.DAMAGED, Verdict.DANGEROUS)
