"""One or more valid files of each format, small, for what must hold of all."""

from __future__ import annotations

import io
import json

import h5py
import numpy as np
import onnx
from formats import gguf, message, safetensors
from onnx import TensorProto, helper, numpy_helper
from test_tensorflow import graph, index, lite, meta, saved
from test_trees_and_tables import DESCRIPTION, net, network, program, r, r_call, symbol, ubj

from tidegate.inspectors.models import (
    catboost,
    chat_template,
    coreml,
    coreml_package,
    flax_msgpack,
    hub_config,
    keras_h5,
    keras_json,
    keras_metadata,
    lightgbm,
    mlflow,
    openvino,
    paddle,
    paddle_pir,
    pmml,
    rds,
    tf_checkpoint,
    tf_graph,
    tf_saved_model,
    tf_text,
    tflite,
    xgboost,
)
from tidegate.inspectors.models import (
    gguf as gguf_format,
)
from tidegate.inspectors.models import (
    onnx as onnx_format,
)
from tidegate.inspectors.models import (
    safetensors as safetensors_format,
)
from tidegate.inspectors.seam import ModelFormat

LAMBDA = {"class_name": "Lambda", "config": {"function": ["4wE=", None, None]}}


def _h5(libver: str) -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w", libver=libver) as file:
        file.attrs["model_config"] = json.dumps(LAMBDA)
        file["a"] = h5py.ExternalLink("/x", "/y")
        file.create_dataset("g/d", data=np.zeros(3))
        file.create_dataset("e", (10,), "f4", external=[("up.bin", 0, 40)])
    return out.getvalue()


def _onnx() -> bytes:
    weights = numpy_helper.from_array(np.ones(2, np.float32), "w")
    branch = helper.make_graph(
        [helper.make_node("Foo", ["x"], ["z"], domain="my.ops")], "b", [], [], [weights]
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    made: onnx.ModelProto = helper.make_model(helper.make_graph([node], "g", [x], [], [weights]))
    return made.SerializeToString()


SAMPLES: list[tuple[ModelFormat, str, bytes]] = [
    (
        safetensors_format.PLUGIN,
        "m.safetensors",
        safetensors({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}, bytes(4)),
    ),
    (gguf_format.PLUGIN, "m.gguf", gguf({"a": "{{ x.y }}", "b": ["c"]}, [("t", [8], 0, 0)], bytes(32))),
    (chat_template.PLUGIN, "chat_template.jinja", b"{% if a %}{{ ''.__class__ | attr('x') }}{% endif %}"),
    (onnx_format.PLUGIN, "m.onnx", _onnx()),
    (keras_h5.PLUGIN, "m.h5", _h5("earliest")),
    (keras_h5.PLUGIN, "m.h5", _h5("latest")),
    (keras_json.PLUGIN, "config.json", json.dumps(LAMBDA).encode()),
    (
        keras_metadata.PLUGIN,
        "keras_metadata.pb",
        message((1, message((4, "_tf_keras_layer"), (5, json.dumps(LAMBDA))))),
    ),
    (
        tf_saved_model.PLUGIN,
        "saved_model.pb",
        saved(graph(functions={"f": ("ReadFile",)}), json.dumps(LAMBDA)),
    ),
    (tf_graph.PLUGIN, "frozen.pb", graph()),
    (tf_graph.PLUGIN, "m.meta", meta(graph())),
    (tf_checkpoint.PLUGIN, "m.index", index([(b"a", 0, 40)])),
    (tflite.PLUGIN, "m.tflite", lite("MyOp", "FlexReadFile")),
    (coreml.PLUGIN, "m.mlmodel", network(message((1, "mine"), (500, message((10, "MyLayer")))))),
    (coreml.PLUGIN, "m.mlmodel", program("@model_path/a")),
    (coreml.PLUGIN, "m.mlmodel", message((1, 4), (2, DESCRIPTION), (202, message((1, network()))))),
    (coreml_package.PLUGIN, "Manifest.json", b'{"itemInfoEntries": {"A": {"path": "../x"}}}'),
    (openvino.PLUGIN, "m.xml", net()),
    (pmml.PLUGIN, "m.pmml", b'<!DOCTYPE a [<!ENTITY e SYSTEM "x">]><PMML><Apply function="a.B"/>&e;</PMML>'),
    (xgboost.PLUGIN, "m.ubj", ubj()),
    (xgboost.PLUGIN, "m.json", b'{"learner":{"gradient_booster":{"name":"gbtree"}},"version":[2,1,0]}'),
    (
        lightgbm.PLUGIN,
        "m.txt",
        b"tree\nversion=v4\nnum_class=1\ntree_sizes=8\n\nTree=0\n\nend of trees\n\nend of parameters\n",
    ),
    (catboost.PLUGIN, "m.cbm", b"CBM1\x20\0\0\0" + bytes(40)),
    (
        flax_msgpack.PLUGIN,
        "flax_model.msgpack",
        b"\x81\xa6params\x82\xa1w\xc7\x05\x01" + bytes(5) + b"\xa1b\x93\x01\xc0\xc2",
    ),
    (
        paddle.PLUGIN,
        "m.pdmodel",
        message((1, message((1, 0), (2, 0), (4, message((3, "py_func"))))), (4, message((1, 0)))),
    ),
    (
        tf_text.PLUGIN,
        "graph.pbtxt",
        b'node {\n  name: "n"\n  op: "PyFunc"\n  attr { key: "x" value { s: "y" } }\n}\n',
    ),
    (
        paddle_pir.PLUGIN,
        "inference.json",
        b'{"base_code":{"magic":"pir","version":4},"program":{"regions":[{"blocks":[{"ops":[{"#":"1.py_func"}]}]}]}}',
    ),
    (rds.PLUGIN, "m.rds", r(b"\0\0\4\2" + symbol("a") + r_call("system") + b"\0\0\0\xfe")),
    (rds.PLUGIN, "m.rds", b"A\n2\n262912\n131840\n6\n1\n262153\n6\nsystem\n254\n"),
    (
        hub_config.PLUGIN,
        "config.json",
        b'{"auto_map": {"A": "b.C"}, "chat_template": "{{ x }}", "weight_map": {"a": "../b"}}',
    ),
    (
        mlflow.PLUGIN,
        "MLmodel",
        b"flavors:\n  python_function:\n    loader_module: x\n    python_model: ../a.pkl\n",
    ),
]
