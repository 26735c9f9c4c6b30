"""Graphs of TensorFlow are programs: what they do beside computing; and where checkpoints lie."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable

import flatbuffers
import pytest
from formats import claimed, judged, message, said, varint, word

from tidegate.inspectors.models import keras_metadata, tf_checkpoint, tf_graph, tf_saved_model, tflite
from tidegate.inspectors.models._tf_graph import SINKS
from tidegate.inspectors.models._tf_ops import PURE
from tidegate.model.observation import Verdict

SAVED, GRAPH, INDEX, LITE = tf_saved_model.PLUGIN, tf_graph.PLUGIN, tf_checkpoint.PLUGIN, tflite.PLUGIN
USUAL = (
    "VarHandleOp",
    "ReadVariableOp",
    "MatMul",
    "SaveV2",
    "RestoreV2",
    "StatefulPartitionedCall",
    "XlaCallModule",
)


def nodes(*operations: str) -> bytes:
    return b"".join(message((1, message((1, f"n/{op}"), (2, op), (3, "in")))) for op in operations)


def graph(operations: Iterable[str] = USUAL, functions: dict[str, tuple[str, ...]] | None = None) -> bytes:
    library = b""
    for name, inner in (functions or {}).items():
        body = b"".join(message((3, message((1, "x"), (2, op)))) for op in inner)
        library += message((1, message((1, message((1, name)))) + body))
    return nodes(*operations) + message((4, message((1, 1_000)))) + message((2, library))


def meta(of: bytes, metadata: str = "") -> bytes:
    made = message((1, message((4, "serve"), (5, "2.15.0"), (6, "unknown"))), (2, of))
    if metadata:
        made += message((7, message((1, message((4, message((1, "_tf_keras_layer"), (3, metadata))))))))
    return made


def saved(of: bytes, metadata: str = "") -> bytes:
    return message((1, 1), (2, meta(of, metadata)))


def test_a_graph_that_only_computes_saves_and_restores_is_clean() -> None:
    local = graph((*USUAL, "__inference_f_1"), {"__inference_f_1": ("Mul", "Identity")})
    for plugin, raw in ((SAVED, saved(local)), (GRAPH, local), (GRAPH, meta(local))):
        assert claimed(plugin, raw), plugin
        assert word(plugin, raw) is Verdict.CLEAN, said(plugin, raw)


@pytest.mark.parametrize(
    "op", ["PyFunc", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles", "MergeV2Checkpoints"]
)
def test_an_operation_that_reaches_beyond_is_dangerous_wherever_it_stands(op: str) -> None:
    inside = graph(USUAL, {"f": ("Mul", op)})
    for plugin, raw in (
        (SAVED, saved(graph((*USUAL, op)))),
        (SAVED, saved(inside)),
        (GRAPH, graph((*USUAL, op))),
        (GRAPH, inside),
        (GRAPH, meta(inside)),
    ):
        assert word(plugin, raw) is Verdict.DANGEROUS
        assert op in said(plugin, raw)


def test_an_operation_of_no_library_we_know_is_unknown() -> None:
    assert word(SAVED, saved(graph((*USUAL, "ZeroOut")))) is Verdict.UNKNOWN


def test_a_saved_model_that_leaves_out_its_version_is_still_one() -> None:
    raw = message((2, message((2, nodes("Const", "PyFunc")))))
    assert claimed(SAVED, raw, "saved_model.pb")
    assert word(SAVED, raw) is Verdict.DANGEROUS


def merging(origin: str, *, function: bool) -> bytes:
    """A graph whose MergeV2Checkpoints gets its places from a node of this operation; none: from outside."""
    made = (
        [("place", origin, ())] if origin else [],
        [("suffix", "Const", ()), ("part", "StringJoin", ("place", "suffix"))],
        [
            ("packed", "Pack", ("part:output:0", "^save")),
            ("merge", "MergeV2Checkpoints", ("packed", "place:0")),
        ],
    )
    number = 3 if function else 1
    body = b"".join(
        message((number, message((1, name), (2, op), *((3, each) for each in inputs))))
        for part in made
        for name, op, inputs in part
    )
    return message((2, message((1, message((1, message((1, "f")))) + body)))) if function else body


@pytest.mark.parametrize("function", [False, True])
@pytest.mark.parametrize(
    ("origin", "verdict"),
    [
        ("", Verdict.CLEAN),
        ("Placeholder", Verdict.CLEAN),
        ("PlaceholderWithDefault", Verdict.CLEAN),
        ("Const", Verdict.DANGEROUS),
        ("DecodeBase64", Verdict.DANGEROUS),
    ],
)
def test_a_model_may_save_itself_where_its_caller_says(origin: str, verdict: Verdict, function: bool) -> None:
    assert word(SAVED, saved(merging(origin, function=function))) is verdict


def test_places_that_lead_in_circles_are_followed_no_further() -> None:
    ring = [(f"n{at}", "StringJoin", (f"n{(at + 1) % 40}", f"n{(at + 2) % 40}")) for at in range(40)]
    made = [*ring, ("merge", "MergeV2Checkpoints", ("n0", "n1"))]
    raw = b"".join(
        message((1, message((1, name), (2, op), *((3, each) for each in inputs))))
        for name, op, inputs in made
    )
    assert word(SAVED, saved(raw)) is Verdict.DANGEROUS


def test_printing_is_dangerous_only_into_a_file() -> None:
    def printing(where: str) -> bytes:
        value = message((1, "output_stream"), (2, message((2, where))))
        return saved(message((1, message((1, "p"), (2, "PrintV2"), (5, value)))) + nodes("NoOp"))

    assert word(SAVED, printing("stderr")) is Verdict.CLEAN
    assert word(SAVED, printing("file:///tmp/x")) is Verdict.DANGEROUS


def test_no_operation_is_pure_and_a_sink() -> None:
    assert not PURE & set(SINKS)


def test_what_keras_noted_in_a_saved_model_is_judged() -> None:
    layer = {"class_name": "Lambda", "config": {"function": ["4wE=", None, None], "function_type": "lambda"}}
    assert word(SAVED, saved(graph(), json.dumps(layer))) is Verdict.DANGEROUS
    plain = json.dumps({"class_name": "Dense", "config": {}})
    assert word(SAVED, saved(graph(), plain)) is Verdict.CLEAN
    for text, verdict in ((json.dumps(layer), Verdict.DANGEROUS), (plain, Verdict.CLEAN)):
        raw = message((1, message((2, 1), (3, "root.layer-0"), (4, "_tf_keras_layer"), (5, text))))
        assert claimed(keras_metadata.PLUGIN, raw)
        assert word(keras_metadata.PLUGIN, raw) is verdict


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    made = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in entries)
    return made + struct.pack("<II", 0, 1)


def index(tensors: list[tuple[bytes, int, int]], shards: int = 1) -> bytes:
    entries = [(b"", message((1, shards)))]
    entries += [(name, message((1, 1), (4, offset), (5, size))) for name, offset, size in tensors]
    data = block(entries)
    listed = block([(b"z", varint(0) + varint(len(data)))])
    at = len(data) + 5
    footer = varint(0) + varint(0) + varint(at) + varint(len(listed))
    magic = bytes.fromhex("57fb808b247547db")
    return data + b"\0crc_" + listed + b"\0crc_" + footer.ljust(40, b"\0") + magic


def test_a_checkpoint_is_inert_if_its_tensors_lie_in_its_files() -> None:
    raw = index([(b"a", 0, 40), (b"b", 40, 60)])
    beside = {"model.ckpt-1.data-00000-of-00001": bytes(100)}
    assert claimed(INDEX, raw)
    assert word(INDEX, raw, "model.ckpt-1.index", beside) is Verdict.INERT
    assert word(INDEX, raw, "model.ckpt-1.index") is Verdict.INERT
    assert word(INDEX, raw, "model.ckpt-1.index", {next(iter(beside)): bytes(99)}) is Verdict.DAMAGED
    assert word(INDEX, raw[:20] + b"\xff" * 20 + raw[40:]) is Verdict.DAMAGED


def lite(*custom: str, cut: int = 0) -> bytes:
    """A model with an operation for each name, written by the real library of FlatBuffers."""
    builder = flatbuffers.Builder(256)
    codes = []
    for name in custom:
        text = builder.CreateString(name)
        builder.StartObject(4)
        builder.PrependInt8Slot(0, 32, 0)
        builder.PrependUOffsetTRelativeSlot(1, text, 0)
        builder.PrependInt32Slot(3, 32, 0)
        codes.append(builder.EndObject())
    builder.StartObject(4)
    builder.PrependInt8Slot(0, 9, 0)
    codes.append(builder.EndObject())
    builder.StartVector(4, len(codes), 4)
    for code in reversed(codes):
        builder.PrependUOffsetTRelative(code)
    listed = builder.EndVector()
    data = builder.CreateByteVector(bytes(64))
    builder.StartObject(3)
    builder.PrependUOffsetTRelativeSlot(0, data, 0)
    buffer = builder.EndObject()
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(buffer)
    buffers = builder.EndVector()
    builder.StartObject(8)
    builder.PrependUint32Slot(0, 3, 0)
    builder.PrependUOffsetTRelativeSlot(1, listed, 0)
    builder.PrependUOffsetTRelativeSlot(4, buffers, 0)
    builder.Finish(builder.EndObject(), file_identifier=b"TFL3")
    raw = bytes(builder.Output())
    return raw[: len(raw) - cut]


def test_a_lite_model_is_inert_until_it_names_an_operation_of_another_library() -> None:
    assert claimed(LITE, lite())
    assert word(LITE, lite()) is Verdict.INERT
    assert word(LITE, lite("TFLite_Detection_PostProcess", "FlexErf")) is Verdict.INERT
    assert word(LITE, lite("MyOp")) is Verdict.UNKNOWN
    assert word(LITE, lite("FlexMyOp")) is Verdict.UNKNOWN
    assert word(LITE, lite("FlexWriteFile")) is Verdict.DANGEROUS
    assert word(LITE, lite("MyOp", cut=60)) is Verdict.DAMAGED


def test_a_graph_of_a_hundred_thousand_operations_is_judged() -> None:
    raw = graph(["MatMul"] * 100_000)
    assert judged(GRAPH, raw).complete
