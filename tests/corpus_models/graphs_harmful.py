"""Graphs of TensorFlow and ONNX that read, write or call."""

from __future__ import annotations

from corpus_models.graphs import (
    PLAIN_NODES,
    meta_graph,
    onnx_model,
    onnx_node,
    onnx_tensor,
    saved_model,
    tf_graph,
    tf_node,
)
from corpus_models.model import Want, add_format
from corpus_models.wire import field

_READ = tf_node("evil", "ReadFile", inputs=["name"])
for _op, _want in (
    ("ReadFile", Want.DANGEROUS),
    ("WriteFile", Want.DANGEROUS),
    ("PyFunc", Want.DANGEROUS),
    ("PyFuncStateless", Want.DANGEROUS),
    ("EagerPyFunc", Want.DANGEROUS),
    ("MatchingFiles", Want.DANGEROUS),
    ("AcmeOp", Want.ALARM),
):
    add_format(
        f"savedmodel-{_op.lower()}",
        f"SavedModel with {_op}",
        saved_model(tf_graph([*PLAIN_NODES, tf_node("n", _op, inputs=["x"])])),
        "TF SECURITY.md",
        "saved_model.pb",
        "tf.saved_model.load",
        _want,
    )
for _op, _key in (("ImmutableConst", "memory_region_name"), ("FixedUnigramCandidateSampler", "vocab_file")):
    add_format(
        f"savedmodel-{_op.lower()}",
        f"SavedModel with {_op}, which reads a file that an attribute names",
        saved_model(
            tf_graph([*PLAIN_NODES, tf_node("n", _op, attributes=[(_key, field(2, "/tmp/tidegate-sample"))])])
        ),
        "TensorFlow, core/kernels",
        "saved_model.pb",
        "tf.saved_model.load",
    )
add_format(
    "savedmodel-library",
    "the operation only in the function library",
    saved_model(tf_graph(PLAIN_NODES, [("inner", [_READ])])),
    "ours",
    "saved_model.pb",
    "tf.saved_model.load",
)
add_format(
    "meta-graph",
    "a `.meta` file with WriteFile",
    meta_graph(tf_graph([*PLAIN_NODES, tf_node("n", "WriteFile")])),
    "ours",
    "model.ckpt.meta",
    "tf.train.import_meta_graph",
)
add_format(
    "frozen-graph",
    "a frozen graph with ReadFile",
    tf_graph([*PLAIN_NODES, _READ]),
    "ours",
    "frozen_graph.pb",
    "tf.import_graph_def",
)
_TEXT = """saved_model_schema_version: 1
meta_graphs {
  meta_info_def { tags: "serve" }
  graph_def {
    node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_STRING } } }
    node { name: "y" op: "%s" input: "x" }
    versions { producer: 1395 }
  }
}
"""
for _op in ("PyFunc", "WriteFile"):
    add_format(
        f"savedmodel-text-{_op.lower()}",
        f"SavedModel as text with {_op}",
        (_TEXT % _op).encode(),
        "TF SECURITY.md",
        "saved_model.pbtxt",
        "tf.saved_model.load",
        Want.DANGEROUS,
    )

add_format(
    "onnx-traversal",
    "external data outside the folder",
    onnx_model([onnx_node("Relu")], [onnx_tensor("w", location="../../../../etc/hostname")]),
    "CVE-2022-25882, CVE-2024-27318",
    "model.onnx",
    "onnx.load",
    Want.DANGEROUS,
)
add_format(
    "onnx-absolute",
    "external data by absolute path",
    onnx_model([onnx_node("Relu")], [onnx_tensor("w", location="/etc/hostname")]),
    "CVE-2022-25882",
    "model.onnx",
    "onnx.load",
    Want.DANGEROUS,
)
add_format(
    "onnx-pyop",
    "an operation in Python",
    onnx_model([onnx_node("PyOp", domain="ai.onnx.contrib")], domains=("", "ai.onnx.contrib")),
    "onnxruntime-extensions",
    "model.onnx",
    "onnxruntime",
    Want.ALARM,
)
add_format(
    "onnx-domain",
    "an operation of a domain nobody knows",
    onnx_model([onnx_node("AcmeOp", domain="com.acme")], domains=("", "com.acme")),
    "ours",
    "model.onnx",
    "onnxruntime",
    Want.ALARM,
)
add_format(
    "onnx-backslash",
    "external data outside, with backslashes",
    onnx_model([onnx_node("Relu")], [onnx_tensor("w", location="..\\..\\hostname")]),
    "CVE-2024-27318",
    "model.onnx",
    "onnx.load",
    Want.ALARM,
)
