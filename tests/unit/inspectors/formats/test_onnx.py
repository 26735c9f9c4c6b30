"""ONNX: files outside the folder, operations of other libraries, and what is not read."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from formats import claimed, counted, judged, message, said, varint, word
from onnx import TensorProto, helper, numpy_helper

from tidegate.inspectors.models.onnx import PLUGIN
from tidegate.inspectors.verdict import verdict
from tidegate.model.observation import Verdict


def model(
    *nodes: onnx.NodeProto, location: str = "", functions: list[onnx.FunctionProto] | None = None
) -> bytes:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])
    weights = numpy_helper.from_array(np.ones((1, 4), np.float32), "w")
    if location:
        weights.ClearField("raw_data")
        weights.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", "0"), ("length", "16")):
            entry = weights.external_data.add()
            entry.key, entry.value = key, value
    graph = helper.make_graph(
        list(nodes) or [helper.make_node("Add", ["x", "w"], ["y"])], "g", [x], [y], [weights]
    )
    made = helper.make_model(graph, producer_name="test", functions=functions or [])
    return made.SerializeToString()


def test_a_model_of_the_real_library_is_inert() -> None:
    branch = helper.make_graph([helper.make_node("Relu", ["x"], ["z"])], "b", [], [])
    nodes = [
        helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch),
        helper.make_node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml"),
        helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft"),
    ]
    assert claimed(PLUGIN, model(*nodes))
    assert word(PLUGIN, model(*nodes)) is Verdict.INERT
    assert word(PLUGIN, model()) is Verdict.INERT


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/hostname",
        "/etc/hostname",
        "a/../../b",
        "C:\\x",
        "..\\x",
        "file:///x",
        "~/x",
        "$HOME/x",
        "\\\\host\\x",
    ],
)
def test_weights_outside_the_folder_are_dangerous(path: str) -> None:
    assert word(PLUGIN, model(location=path)) is Verdict.DANGEROUS
    assert path in said(PLUGIN, model(location=path))


def test_weights_beside_the_model_are_usual() -> None:
    raw = model(location="weights/a.bin")
    assert word(PLUGIN, raw) is Verdict.INERT
    assert "are not beside it" in said(PLUGIN, raw)
    assert "are not beside it" not in said(PLUGIN, raw, beside={"weights/a.bin": bytes(16)})


def test_operations_of_other_libraries_are_unknown_and_python_is_dangerous() -> None:
    assert word(PLUGIN, model(helper.make_node("Foo", ["x"], ["y"], domain="my.ops"))) is Verdict.UNKNOWN
    assert (
        word(PLUGIN, model(helper.make_node("PyOp", ["x"], ["y"], domain="ai.onnx.contrib")))
        is Verdict.DANGEROUS
    )
    hidden = helper.make_graph([helper.make_node("Foo", ["x"], ["z"], domain="my.ops")], "b", [], [])
    loop = helper.make_node("If", ["c"], ["y"], then_branch=hidden, else_branch=hidden)
    assert word(PLUGIN, model(loop)) is Verdict.UNKNOWN


def test_a_function_of_the_model_itself_is_no_library() -> None:
    body = [helper.make_node("Relu", ["a"], ["b"])]
    imports = [helper.make_opsetid("", 17)]
    function = helper.make_function("my.ops", "Foo", ["a"], ["b"], body, imports)
    raw = model(helper.make_node("Foo", ["x"], ["y"], domain="my.ops"), functions=[function])
    assert word(PLUGIN, raw) is Verdict.INERT
    body = [helper.make_node("Bar", ["a"], ["b"], domain="other")]
    function = helper.make_function("my.ops", "Foo", ["a"], ["b"], body, imports)
    raw = model(helper.make_node("Foo", ["x"], ["y"], domain="my.ops"), functions=[function])
    assert word(PLUGIN, raw) is Verdict.UNKNOWN


def test_a_model_cut_off_or_nested_without_end_is_damaged() -> None:
    assert word(PLUGIN, model()[:-3]) is Verdict.DAMAGED
    assert word(PLUGIN, message((1, 8), (2, "x"))) is Verdict.DAMAGED
    graph = b""
    for _ in range(100):
        graph = message((1, message((4, "If"), (5, message((1, "b"), (6, graph))))))
    assert word(PLUGIN, message((1, 8), (2, "x"), (7, graph))) is Verdict.DAMAGED


def test_the_bytes_of_tensors_are_jumped_over() -> None:
    many, size = 200, 20_000_000
    tensor = message((1, 5), (2, 1), (8, "weight")) + varint(9 << 3 | 2) + varint(size)
    parts: dict[int, bytes] = {}
    graph = many * (len(varint(5 << 3 | 2)) + len(varint(len(tensor) + size)) + len(tensor) + size)
    head = message((1, 8), (2, "x")) + varint(7 << 3 | 2) + varint(graph)
    parts[0], at = head, len(head)
    for _ in range(many):
        part = varint(5 << 3 | 2) + varint(len(tensor) + size) + tensor
        parts[at] = part
        at += len(part) + size
    data = counted(at, parts)
    assert verdict(judged(PLUGIN, data)) is Verdict.INERT
    assert data.bytes_read <= many * 1_024 + 4_096
