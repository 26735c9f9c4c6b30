"""Models as libraries write them, which must raise no alarm: recorded ones, and formats by hand."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zlib
from functools import partial

import numpy as np
import py7zr

from corpus_models.assemble import push, stream
from corpus_models.graphs import (
    PLAIN_NODES,
    SAVE_NODES,
    checkpoint_index,
    coreml,
    meta_graph,
    onnx_model,
    onnx_node,
    onnx_tensor,
    saved_model,
    tf_graph,
    tf_node,
)
from corpus_models.hdf5 import hdf5
from corpus_models.keras_configs import DENSE, DENSE_2, archive, functional, layer, sequential
from corpus_models.listing import RECORDED, model
from corpus_models.model import Want, add
from corpus_models.packed import joblib_file, lz4_frame, npy, tarred
from corpus_models.wire import flatbuffer, gguf, gguf_tensor, msgpack, safetensors
from corpus_models.zips import DEFLATED, Entry, state_dict, torch_zip, zipped

GROUP = "benign"


def _quiet(id_: str, what: str, data: object, name: str, source: str = "by hand") -> None:
    add(f"benign-{id_}", GROUP, what, source, data, name=name, want=Want.QUIET, loader="")  # type: ignore[arg-type]


for _path in sorted(RECORDED.glob("*.txt")):
    _name = _path.name.removesuffix(".txt")
    _quiet(
        _name,
        "recorded",
        partial(model, _name),
        f"model{_name[_name.rindex('.') :]}",
        "written by its library",
    )


def _saved(save: object, *arrays: object) -> bytes:
    out = io.BytesIO()
    save(out, *arrays)  # type: ignore[operator]
    return out.getvalue()


_quiet("npy", "npy", lambda: _saved(np.save, np.arange(6.0).reshape(2, 3)), "a.npy", "numpy")
_quiet(
    "npy-structured", "npy of a structure", lambda: _saved(np.save, np.zeros(2, "i4,f8")), "a.npy", "numpy"
)
_quiet(
    "npy-aligned",
    "npy of an aligned structure with a field named object",
    lambda: _saved(np.save, np.zeros(2, np.dtype([("object", "i1"), ("descr", "f8", (2,))], align=True))),
    "a.npy",
    "numpy",
)
_quiet("npz", "npz", lambda: _saved(np.savez, np.arange(3)), "a.npz", "numpy")
_quiet("npz-deflated", "npz, deflated", lambda: _saved(np.savez_compressed, np.arange(300)), "a.npz", "numpy")
_quiet("npy-2", "npy, header version 2", npy(bytes(24), version=2), "a.npy")
_JOBLIB = joblib_file()
for _suffix, _packed in (
    ("", _JOBLIB),
    (".z", zlib.compress(_JOBLIB)),
    (".gz", gzip.compress(_JOBLIB, mtime=0)),
    (".bz2", bz2.compress(_JOBLIB)),
    (".xz", lzma.compress(_JOBLIB)),
    (".lz4", lz4_frame(_JOBLIB)),
):
    _quiet(f"joblib{_suffix}", "joblib of an array", _packed, f"model.joblib{_suffix}")
_quiet(
    "joblib-opcodes",
    "joblib whose numbers look like a call",
    joblib_file(raw=b"cos\nsystem\n(S'x'\ntR....."),
    "model.joblib",
)

_TENSOR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
_quiet(
    "safetensors",
    "safetensors",
    safetensors({"__metadata__": {"format": "pt"}, "w": _TENSOR}, bytes(8)),
    "model.safetensors",
)
_quiet(
    "safetensors-padded",
    "safetensors with a padded header",
    safetensors(json.dumps({"w": _TENSOR}).encode() + b"   ", bytes(8)),
    "model.safetensors",
)
_quiet(
    "safetensors-code",
    "safetensors whose metadata speaks of code",
    safetensors({"__metadata__": {"note": "import os; os.system is not used"}, "w": _TENSOR}, bytes(8)),
    "model.safetensors",
)
_LLAMA = {
    "general.architecture": "llama",
    "general.name": "m",
    "llama.block_count": 1,
    "general.quantization_version": 2,
}
_CHAT = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] | trim"
    " + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}{% else %}"
    "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
_TOOLS = (
    "{%- set ns = namespace(found=false) -%}{%- for message in messages[::-1] -%}{%- if message.tool_calls is defined -%}"
    "{%- set ns.found = true -%}{{ message.tool_calls | map(attribute='function') | list | tojson }}{%- endif -%}"
    "{%- endfor -%}{{ strftime_now('%d %b %Y') }}{%- macro render(x) -%}{{ x.items() | list }}{%- endmacro -%}"
)
_quiet(
    "gguf",
    "GGUF",
    gguf(_LLAMA, tensors=1, tensor_info=gguf_tensor("w", (2, 2)), data=bytes(16)),
    "model.gguf",
)
_quiet(
    "gguf-template",
    "GGUF with a chat template",
    gguf(
        _LLAMA
        | {
            "tokenizer.chat_template": _CHAT,
            "tokenizer.ggml.tokens": ["a", "b"],
            "tokenizer.ggml.scores": [0.5, 1.0],
        }
    ),
    "model.gguf",
)
_quiet(
    "gguf-tools",
    "GGUF with a template for tools",
    gguf(_LLAMA | {"tokenizer.chat_template": _TOOLS}),
    "model.gguf",
)
for _key, _template in (
    ("chat", _CHAT),
    ("tools", _TOOLS),
    (
        "chatml",
        "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n'}}{% endfor %}",
    ),
):
    _quiet(
        f"tokenizer-{_key}",
        "tokenizer_config.json with a chat template",
        json.dumps(
            {"tokenizer_class": "LlamaTokenizer", "chat_template": _template, "model_max_length": 4096}
        ).encode(),
        "tokenizer_config.json",
    )
_quiet(
    "tokenizer-named",
    "tokenizer_config.json with two templates",
    json.dumps(
        {
            "tokenizer_class": "LlamaTokenizer",
            "chat_template": [
                {"name": "default", "template": _CHAT},
                {"name": "tool_use", "template": _TOOLS},
            ],
        }
    ).encode(),
    "tokenizer_config.json",
)

_quiet("keras", ".keras, Sequential", archive(sequential()), "model.keras")
_quiet(
    "keras-functional",
    ".keras, Functional",
    archive(functional(DENSE, layer("BatchNormalization", {"name": "b"}), layer("Dropout", {"rate": 0.5}))),
    "model.keras",
)
_quiet(
    "keras-wrappers",
    ".keras, layers within layers",
    archive(
        sequential(
            layer("Bidirectional", {"layer": layer("LSTM", {"units": 3, "activation": "tanh"})}),
            layer("Rescaling", {"scale": 0.1}),
        )
    ),
    "model.keras",
)
_quiet(
    "keras-lookup",
    ".keras, StringLookup with its own vocabulary",
    archive(sequential(layer("StringLookup", {"name": "s", "vocabulary": ["a", "b"]}))),
    "model.keras",
)
_H5 = {"keras_version": "2.4.0", "backend": "tensorflow"}
_quiet(
    "h5",
    "Keras h5",
    hdf5(
        _H5
        | {
            "model_config": json.dumps(
                {"class_name": "Sequential", "config": {"name": "m", "layers": [DENSE_2]}}
            ),
            "training_config": json.dumps(
                {
                    "loss": "mse",
                    "metrics": ["accuracy"],
                    "optimizer_config": {"class_name": "Adam", "config": {"learning_rate": 0.001}},
                }
            ),
        },
        ["model_weights", "optimizer_weights"],
    ),
    "model.h5",
)
_quiet(
    "h5-3",
    "Keras 3 h5",
    hdf5(_H5 | {"model_config": json.dumps(sequential())}, ["model_weights"]),
    "model.h5",
)
_quiet("h5-weights", "h5 of weights alone", hdf5(_H5, ["dense", "conv"]), "weights.h5")

_quiet("savedmodel", "SavedModel", saved_model(tf_graph(PLAIN_NODES)), "saved_model.pb")
_quiet(
    "frozen-graph-text",
    "a frozen graph as text",
    b'node {\n  name: "x"\n  op: "Placeholder"\n}\nnode {\n  name: "y"\n  op: "Relu"\n  input: "x"\n}\n'
    b"versions {\n  producer: 1395\n}\n",
    "graph.pbtxt",
)
_quiet(
    "savedmodel-saver",
    "SavedModel that saves and restores itself",
    saved_model(tf_graph(SAVE_NODES, [("inner", PLAIN_NODES)])),
    "saved_model.pb",
)
_quiet("meta-graph", "`.meta` of a checkpoint", meta_graph(tf_graph(SAVE_NODES)), "model.ckpt.meta")
_quiet("checkpoint-index", "TensorFlow checkpoint index", checkpoint_index(), "model.ckpt.index")
_quiet(
    "frozen",
    "frozen graph",
    tf_graph([*PLAIN_NODES, tf_node("s", "Softmax", inputs=["z"])]),
    "frozen_graph.pb",
)
_quiet(
    "onnx",
    "ONNX",
    onnx_model([onnx_node("Relu"), onnx_node("MatMul", inputs=("x", "w"))], [onnx_tensor("w", raw=bytes(8))]),
    "model.onnx",
)
_quiet(
    "onnx-ml",
    "ONNX with ai.onnx.ml",
    onnx_model([onnx_node("TreeEnsembleClassifier", domain="ai.onnx.ml")], domains=("", "ai.onnx.ml")),
    "model.onnx",
)
_quiet(
    "onnx-external",
    "ONNX with data beside it",
    onnx_model([onnx_node("Relu")], [onnx_tensor("w", location="model.onnx.data")]),
    "model.onnx",
)
_quiet("tflite", "TFLite", flatbuffer(b"TFL3", operators=["", ""]), "model.tflite")
_quiet("coreml", "Core ML", coreml(), "model.mlmodel")
_quiet(
    "openvino",
    "OpenVINO",
    b'<?xml version="1.0"?>\n<net name="m" version="11"><layers><layer id="0" name="x" type="Parameter" version="opset1"><data shape="1,3" element_type="f32"/></layer><layer id="1" name="r" type="ReLU" version="opset1"/></layers><edges/></net>\n',
    "model.xml",
)
_quiet(
    "pmml",
    "PMML",
    b'<?xml version="1.0" encoding="UTF-8"?>\n<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header><Application name="x"/></Header><DataDictionary><DataField name="a" optype="continuous" dataType="double"/></DataDictionary><RegressionModel functionName="regression"><RegressionTable intercept="1"/></RegressionModel></PMML>\n',
    "model.pmml",
)
_quiet(
    "xgboost-json",
    "XGBoost JSON",
    json.dumps(
        {
            "learner": {
                "attributes": {},
                "feature_names": [],
                "gradient_booster": {"model": {"trees": []}, "name": "gbtree"},
                "objective": {"name": "binary:logistic"},
            },
            "version": [3, 0, 0],
        }
    ).encode(),
    "model.json",
)
_LIGHTGBM_TREE = b"Tree=0\nnum_leaves=1\nnum_cat=0\nleaf_value=0.5\nis_linear=0\nshrinkage=1\n\n\n"
_LIGHTGBM = (
    b"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=2\nobjective=binary sigmoid:1"
    b"\nfeature_names=a b c\nfeature_infos=[0:1] [0:1] [0:1]\ntree_sizes=%d\n\n"
    % len(_LIGHTGBM_TREE)
    + _LIGHTGBM_TREE
    + b"end of trees\n\nfeature_importances:\n\nparameters:\n[boosting: gbdt]\nend of parameters\n"
)
_quiet("lightgbm-text", "LightGBM text", _LIGHTGBM, "model.txt")
_quiet(
    "flax",
    "Flax msgpack",
    msgpack({"params": {"w": (1, msgpack([[2, 2], "float32", bytes(16)]))}}),
    "flax_model.msgpack",
)
_quiet(
    "mlmodel",
    "MLmodel as MLflow writes it, with a signature of several lines",
    b"artifact_path: model\nflavors:\n  python_function:\n    env:\n      conda: conda.yaml\n"
    b"    loader_module: mlflow.sklearn\n    model_path: model.pkl\n  sklearn:\n    code: null\n"
    b"    pickled_model: model.pkl\nmetadata: {}\nmlflow_version: 3.4.0\nmodel_uuid: m-0\nsignature:\n"
    b"""  inputs: '[{"type": "double", "name": "it''s", "required": true}, {"type":\n"""
    b"""    "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'\n  params: null\n""",
    "MLmodel",
)
_quiet(
    "nemo",
    "NeMo",
    tarred(
        {
            "model_config.yaml": b"target: nemo.collections.asr.models.EncDecCTCModel\nencoder:\n  _target_: nemo.collections.asr.modules.ConvASREncoder\n",
            "model_weights.ckpt": torch_zip(state_dict()),
        }
    ),
    "model.nemo",
)
_quiet(
    "skops",
    "skops",
    zipped(
        [
            Entry(
                name="schema.json",
                data=json.dumps(
                    {
                        "__class__": "list",
                        "__module__": "builtins",
                        "__loader__": "ListNode",
                        "content": [
                            {
                                "__class__": "int",
                                "__module__": "builtins",
                                "__loader__": "JsonNode",
                                "content": "1",
                                "is_json": True,
                            }
                        ],
                        "protocol": 2,
                        "_skops_version": "0.11.0",
                    }
                ).encode(),
            )
        ]
    ),
    "model.skops",
)
_quiet(
    "in-zip",
    "torch zip in a zip",
    zipped(
        [
            Entry(name="model.pt", data=torch_zip(state_dict()), method=DEFLATED),
            Entry(name="README.md", data=b"# Model\n"),
        ]
    ),
    "models.zip",
)
_quiet(
    "in-tar-gz",
    "torch zip in a tar.gz",
    tarred({"model.pt": torch_zip(state_dict())}, "w:gz"),
    "models.tar.gz",
)
_quiet("in-gz", "a pickle in gz", gzip.compress(stream(push({"a": [1, 2.5, None]})), mtime=0), "model.pkl.gz")
_quiet("three-pickles", "three pickles in one file", stream(push(1)) * 3, "log.pkl")
_quiet(
    "words",
    "texts that name sinks",
    stream(push(["os", "system", "eval", "import os; os.system('x')", "__reduce__"])),
    "vocabulary.pkl",
)
_quiet(
    "base64",
    "texts in base64",
    stream(push({"image": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ" * 8})),
    "images.pkl",
)
_quiet(
    "bytes",
    "bytes that begin as a pickle does",
    stream(push([b"\x80\x04N.", b"\x80\x03" + bytes(20)])),
    "bytes.pkl",
)


@partial(_quiet, "seven-zip", "torch zip in 7z", name="models.7z")
def _() -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        archive.writestr(torch_zip(state_dict()), "model.pt")
    return out.getvalue()
