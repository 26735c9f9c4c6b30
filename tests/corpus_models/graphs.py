"""TensorFlow and ONNX graphs, CoreML models and TensorFlow's checkpoint index, as protobuf and tables by hand."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from corpus_models.wire import field, varint


def tf_node(
    name: str, op: str, *, inputs: Sequence[str] = (), attributes: Sequence[tuple[str, bytes]] = ()
) -> bytes:
    """Return a NodeDef. Source: tensorflow/core/framework/node_def.proto."""
    out = field(1, name) + field(2, op) + b"".join(field(3, each) for each in inputs)
    return out + b"".join(field(5, field(1, key) + field(2, value)) for key, value in attributes)


def tf_graph(nodes: Sequence[bytes], functions: Sequence[tuple[str, Sequence[bytes]]] = ()) -> bytes:
    """Return a GraphDef; functions: what stands in its library alone."""
    library = b"".join(
        field(1, field(1, field(1, name)) + b"".join(field(3, node) for node in inner))
        for name, inner in functions
    )
    return (
        b"".join(field(1, node) for node in nodes)
        + (field(2, library) if library else b"")
        + field(4, field(1, 1395))
    )


def meta_graph(graph: bytes) -> bytes:
    """Return a MetaGraphDef, which is what a `.meta` file holds."""
    info = field(4, "serve") + field(5, "2.15.0")
    return field(1, info) + field(2, graph)


def saved_model(graph: bytes) -> bytes:
    return field(1, 1) + field(2, meta_graph(graph))


PLAIN_NODES = (
    tf_node("x", "Placeholder", attributes=[("dtype", field(6, 1))]),
    tf_node("w", "VarHandleOp", attributes=[("dtype", field(6, 1))]),
    tf_node("w/Read", "ReadVariableOp", inputs=["w"]),
    tf_node("y", "MatMul", inputs=["x", "w/Read"]),
    tf_node("z", "Relu", inputs=["y"]),
)
SAVE_NODES = (
    *PLAIN_NODES,
    tf_node("save/tensor_names", "Const"),
    tf_node("save/RestoreV2", "RestoreV2", inputs=["saver_filename", "save/tensor_names"]),
    tf_node("save/SaveV2", "SaveV2", inputs=["saver_filename", "save/tensor_names"]),
    tf_node("save/ShardedFilename", "ShardedFilename", inputs=["saver_filename"]),
    tf_node(
        "save/MergeV2Checkpoints", "MergeV2Checkpoints", inputs=["save/ShardedFilename", "saver_filename"]
    ),
    tf_node(
        "StatefulPartitionedCall", "StatefulPartitionedCall", attributes=[("f", field(10, field(1, "inner")))]
    ),
)
"""With the operations by which every SavedModel saves and restores itself.

Source: tensorflow/python/checkpoint/functional_saver.py, MultiDeviceSaver: SaveV2, then MergeV2Checkpoints.
"""


def onnx_node(
    op: str, *, domain: str = "", inputs: Sequence[str] = ("x",), attributes: Sequence[bytes] = ()
) -> bytes:
    """Return a NodeProto. Source: onnx/onnx.proto."""
    out = b"".join(field(1, each) for each in inputs) + field(2, "y") + field(4, op)
    out += b"".join(field(5, each) for each in attributes)
    return out + (field(7, domain) if domain else b"")


def onnx_tensor(
    name: str, *, raw: bytes | None = None, location: str | None = None, dims: Sequence[int] = (2,)
) -> bytes:
    """Return a TensorProto of float32; location: a file beside the model that holds its data."""
    out = b"".join(field(1, each) for each in dims) + field(2, 1) + field(8, name)
    if location is not None:
        pairs = {"location": location, "offset": "0", "length": "8"}
        out += b"".join(field(13, field(1, key) + field(2, value)) for key, value in pairs.items()) + field(
            14, 1
        )
    return out + (field(9, raw) if raw is not None else b"")


def onnx_model(
    nodes: Sequence[bytes], tensors: Sequence[bytes] = (), domains: Sequence[str] = ("",)
) -> bytes:
    value = field(1, "x") + field(2, field(1, field(1, 1) + field(2, field(1, field(1, 2)))))
    graph = b"".join(field(1, each) for each in nodes) + field(2, "g")
    graph += (
        b"".join(field(5, each) for each in tensors)
        + field(11, value)
        + field(12, value.replace(b"x", b"y", 1))
    )
    opsets = b"".join(field(8, (field(1, each) if each else b"") + field(2, 17)) for each in domains)
    return field(1, 8) + field(2, "samples") + field(3, "1.0") + field(7, graph) + opsets


def coreml(*, custom: str | None = None) -> bytes:
    """Return a Core ML model: a linear regressor, or one that names a class of the app that loads it.

    Source: coremltools mlmodel/format/Model.proto (glmRegressor 300, customModel 555) and CustomModel.proto.
    """
    feature = field(1, "x") + field(3, field(2, b""))
    head = field(1, 4) + field(2, field(1, feature) + field(10, feature))
    if custom is not None:
        return head + field(555, field(10, custom))
    return head + field(
        300, field(1, field(1, struct.pack("<dd", 1.0, 2.0))) + field(2, struct.pack("<d", 0.5))
    )


def checkpoint_index() -> bytes:
    """Return a TensorFlow checkpoint's `.index`: a table of names, shapes and places. Source: LevelDB's table format."""
    header = field(1, 1) + field(3, field(1, 1))
    entry = field(1, 1) + field(2, field(2, field(1, 2))) + field(5, 8)
    entries = [(b"", header), (b"layer/kernel/.ATTRIBUTES/VARIABLE_VALUE", entry)]
    block = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in entries)
    parts, places = bytearray(), []
    for each in (block, b""):
        body = each + struct.pack("<II", 0, 1)
        places.append(varint(len(parts)) + varint(len(body)))
        parts += body + bytes(5)
    index_key = b"m"
    index = varint(0) + varint(1) + varint(len(places[0])) + index_key + places[0] + struct.pack("<II", 0, 1)
    where = varint(len(parts)) + varint(len(index))
    parts += index + bytes(5)
    footer = places[1] + where
    return bytes(parts) + footer + bytes(40 - len(footer)) + struct.pack("<Q", 0xDB4775248B80FB57)
