"""Further formats, made to run, load, read or exhaust something."""

from __future__ import annotations

import gzip
import json
import struct

from corpus_models.assemble import name, shell
from corpus_models.graphs import (
    coreml,
)
from corpus_models.model import Want, add_format
from corpus_models.packed import tarred
from corpus_models.wire import flatbuffer, msgpack, safetensors
from corpus_models.zips import Entry, state_dict, torch_zip, zipped

_TENSOR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
add_format(
    "safetensors-bomb",
    "safetensors: a header of 2^63 bytes",
    safetensors({}, length=1 << 63),
    "safetensors audit",
    "model.safetensors",
    "safetensors.torch.load_file",
    Want.ALARM,
)
add_format(
    "safetensors-long",
    "safetensors: a header longer than the file",
    safetensors({"w": _TENSOR}, bytes(8), length=90_000_000),
    "safetensors audit",
    "model.safetensors",
    "safetensors.torch.load_file",
    Want.ALARM,
)
add_format(
    "safetensors-overlap",
    "safetensors: tensors that overlap",
    safetensors({"a": _TENSOR, "b": _TENSOR}, bytes(8)),
    "safetensors audit",
    "model.safetensors",
    "safetensors.torch.load_file",
    Want.ALARM,
)
add_format(
    "safetensors-gap",
    "safetensors: a gap between tensors",
    safetensors({"a": _TENSOR, "b": _TENSOR | {"data_offsets": [16, 24]}}, bytes(24)),
    "safetensors audit",
    "model.safetensors",
    "safetensors.torch.load_file",
    Want.ALARM,
)
add_format(
    "safetensors-outside",
    "safetensors: a tensor beyond the file",
    safetensors({"a": _TENSOR | {"data_offsets": [0, 1 << 40]}}, bytes(8)),
    "safetensors audit",
    "model.safetensors",
    "safetensors.torch.load_file",
    Want.ALARM,
)
add_format(
    "safetensors-twice",
    "safetensors: a key told twice",
    safetensors(
        b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}',
        bytes(8),
    ),
    "safetensors audit",
    "model.safetensors",
    "safetensors.torch.load_file",
    Want.ALARM,
)
add_format(
    "safetensors-shape",
    "safetensors: a shape that does not fit its bytes",
    safetensors({"a": _TENSOR | {"shape": [200]}}, bytes(8)),
    "safetensors audit",
    "model.safetensors",
    "safetensors.torch.load_file",
    Want.ALARM,
)
add_format(
    "safetensors-zip",
    "safetensors with a torch zip behind it",
    safetensors({"a": _TENSOR}, bytes(8)) + torch_zip(state_dict()),
    "polyglot literature",
    "model.safetensors",
    "torch.load",
    Want.ALARM,
)
add_format(
    "safetensors-not-json",
    "safetensors: a header that is no JSON",
    safetensors(b"{" + b"[" * 3000, bytes(8)),
    "ours",
    "model.safetensors",
    "safetensors.torch.load_file",
    Want.ALARM,
)

add_format(
    "tflite-custom",
    "TFLite: a custom operation",
    flatbuffer(b"TFL3", operators=["", "AcmeOp"]),
    "ours",
    "model.tflite",
    "tf.lite.Interpreter",
    Want.ALARM,
)
add_format(
    "tflite-broken",
    "TFLite: offsets beyond the file",
    struct.pack("<I4sI", 0x7FFFFFF0, b"TFL3", 0) + bytes(32),
    "ours",
    "model.tflite",
    "tf.lite.Interpreter",
    Want.ALARM,
)
add_format(
    "coreml-custom",
    "Core ML: a class of the app",
    coreml(custom="AcmeModel"),
    "coremltools",
    "model.mlmodel",
    "MLModel",
    Want.ALARM,
)
add_format(
    "openvino-library",
    "OpenVINO: a layer from a library",
    b'<?xml version="1.0"?>\n<net name="m" version="11"><layers><layer id="0" name="x" type="Acme" version="extension" library="./tidegate-sample.so"/></layers><edges/></net>\n',
    "ours",
    "model.xml",
    "openvino.Core.read_model",
    Want.ALARM,
)
add_format(
    "openvino-entity",
    "OpenVINO: an external entity",
    b'<?xml version="1.0"?>\n<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n<net name="&x;" version="11"><layers/><edges/></net>\n',
    "ours",
    "model.xml",
    "openvino.Core.read_model",
    Want.ALARM,
)
_PMML = b'<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header description="%s"/><DataDictionary/></PMML>\n'
add_format(
    "pmml-entity",
    "PMML: an external entity",
    b'<?xml version="1.0"?>\n<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n' + _PMML % b"&x;",
    "CWE-611",
    "model.pmml",
    "pypmml.Model.load",
    Want.ALARM,
)
add_format(
    "pmml-bomb",
    "PMML: entities that grow",
    b'<?xml version="1.0"?>\n<!DOCTYPE PMML [<!ENTITY a "xxxxxxxxxx">'
    + b"".join(
        b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % (c + 1, c, c, c, c, c, c, c, c)
        for c in range(97, 110)
    )
    + b"]>\n"
    + _PMML % b"&n;",
    "CWE-776",
    "model.pmml",
    "pypmml.Model.load",
    Want.ALARM,
)


def _rds(*items: bytes) -> bytes:
    """Return an R file in XDR. Source: R internals, serialization formats."""
    return gzip.compress(b"X\n" + struct.pack(">III", 2, 0x40301, 0x20300) + b"".join(items), mtime=0)


def _r_text(value: str) -> bytes:
    return struct.pack(">II", 0x00040009, len(value)) + value.encode()


_R_CALL = struct.pack(">I", 6) + struct.pack(">I", 1) + _r_text("system") + struct.pack(">I", 2)
_R_CALL += struct.pack(">II", 16, 1) + _r_text("echo tidegate-sample") + struct.pack(">I", 254)
add_format(
    "rds-promise",
    "R: a promise that runs a command when looked at",
    _rds(struct.pack(">I", 5 | 0x400), struct.pack(">I", 253), struct.pack(">I", 252), _R_CALL),
    "CVE-2024-27322",
    "model.rds",
    "readRDS",
    Want.DANGEROUS,
)
add_format(
    "rds-closure",
    "R: a function",
    _rds(struct.pack(">I", 3 | 0x400), struct.pack(">I", 253), struct.pack(">I", 254), _R_CALL),
    "CVE-2024-27322",
    "model.rds",
    "readRDS",
    Want.ALARM,
)


def _skops(node: dict[str, object]) -> bytes:
    schema = {
        "__class__": "list",
        "__module__": "builtins",
        "__loader__": "ListNode",
        "content": [node],
        "protocol": 2,
        "_skops_version": "0.11.0",
    }
    return zipped([Entry(name="schema.json", data=json.dumps(schema).encode())])


_STR = {
    "__class__": "str",
    "__module__": "builtins",
    "__loader__": "JsonNode",
    "content": '"echo tidegate-sample"',
    "is_json": True,
}
for _id, _node, _source, _want in (
    ("function", {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "content": {"module_path": "os", "function": "system"}}, "skops documentation", Want.DANGEROUS),
    ("object", {"__class__": "Popen", "__module__": "subprocess", "__loader__": "ObjectNode", "content": _STR}, "CVE-2024-37065", Want.DANGEROUS),
    ("operator", {"__class__": "call", "__module__": "operator", "__loader__": "OperatorFuncNode", "attrs": {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [_STR]}}, "CVE-2025-54412", Want.ALARM),
    ("method", {"__class__": "builtin_function_or_method", "__module__": "builtins", "__loader__": "MethodNode", "content": {"func": "__reduce__", "obj": _STR}}, "CVE-2025-54413", Want.ALARM),
    ("reduce", {"__class__": "eval", "__module__": "builtins", "__loader__": "ReduceNode", "__reduce__": {"args": {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [_STR]}}}, "CVE-2024-37065", Want.ALARM),
    ("type", {"__class__": "Net", "__module__": "acme_nets", "__loader__": "TypeNode"}, "skops documentation", Want.ALARM),
    ("mapped", {"__class__": "memmap", "__module__": "numpy", "__loader__": "ReduceNode"}, "ours", Want.DANGEROUS),
    ("distribution", {"__class__": "norm_gen", "__module__": "scipy.stats._continuous_distns", "__loader__": "ObjectNode"}, "ours", Want.ALARM),
    ("unknown-loader", {"__class__": "x", "__module__": "y", "__loader__": "AcmeNode", "content": {}}, "ours", Want.ALARM),
):  # fmt: skip
    add_format(
        f"skops-{_id}", f"skops: {_id} node", _skops(_node), _source, "model.skops", "skops.io.load", _want
    )

add_format(
    "nemo-target",
    "NeMo: `_target_` names what is called",
    tarred(
        {
            "model_config.yaml": b"model:\n  _target_: os.system\n  command: echo tidegate-sample\n",
            "model_weights.ckpt": torch_zip(state_dict()),
        }
    ),
    "CVE-2025-23304",
    "model.nemo",
    "nemo ModelPT.restore_from",
    Want.DANGEROUS,
)
for _id, _yaml, _want in (
    ("loads", b"m:\n  _target_: torch.storage._load_from_bytes\n  b: !!binary gAQu\n", Want.ALARM),
    ("opens", b"m:\n  _target_: xgboost.core.Booster\n  model_file: /tmp/tidegate-sample\n", Want.ALARM),
    ("escape", b'm:\n  "_targe\\x74_": os.system\n', Want.ALARM),
    ("alias", b"a: &x os.system\nm:\n  _target_: *x\n", Want.ALARM),
    ("anchor", b"a: &x _target_\nm:\n  *x : os.system\n", Want.ALARM),
    ("block", b"m:\n  _target_: >-\n    os.system\n", Want.ALARM),
    ("typed", b"m:\n  _target_: !!str os.system\n", Want.ALARM),
    ("interpolation", b"m:\n  _target_: ${x}\nx: os.system\n", Want.ALARM),
    ("remark", b"m:\n  _target_: # a remark\n    os.system\n", Want.DANGEROUS),
    ("utf-16", "m:\n  _target_: os.system\n".encode("utf-16"), Want.DANGEROUS),
    ("tag", b"m: !!python/object/apply:os.system [x]\n", Want.ALARM),
):
    add_format(
        f"nemo-{_id}",
        f"NeMo: what is called, hidden by YAML: {_id}",
        tarred({".//model_config.yaml": _yaml, "model_weights.ckpt": torch_zip(state_dict())}),
        "CVE-2025-23304",
        "model.nemo",
        "nemo ModelPT.restore_from",
        _want,
    )
_PICKLED = json.dumps({"config": {"w": {"path_name": "weight_0", "use_pickle": True}}}).encode()
for _id, _weight in (
    ("zip", torch_zip(shell())),
    ("raw", name("os.system") + b"(S'echo tidegate-sample'\ntR."),
):
    add_format(
        f"pt2-pickled-{_id}",
        "pt2: a weight that its list has loaded as a pickle",
        zipped(
            [
                Entry(name="m/archive_format", data=b"pt2"),
                Entry(name="m/models/model.json", data=b"{}"),
                Entry(name="m/data/weights/model_weights_config.json", data=_PICKLED),
                Entry(name="m/data/weights/weight_0", data=_weight),
            ]
        ),
        "PyTorch, torch/export/pt2_archive/_package.py",
        "model.pt2",
        "torch.export.load",
    )
add_format(
    "mlmodel-loader",
    "MLmodel with a loader module of its maker's",
    b"artifact_path: model\nflavors:\n  python_function:\n    loader_module: acme_loader\n    code: code\n    python_version: 3.11.0\nmodel_uuid: 0\n",
    "CVE-2024-37052 to -37060",
    "MLmodel",
    "mlflow.pyfunc.load_model",
    Want.ALARM,
)
add_format(
    "flax-unknown",
    "Flax msgpack with an extension nobody knows",
    msgpack({"params": {"w": (77, b"x" * 8)}}),
    "ours",
    "flax_model.msgpack",
    "flax.serialization.from_bytes",
    Want.ALARM,
)
add_format(
    "msgpack-bomb",
    "Flax msgpack that claims 2^32-1 entries",
    b"\xdf\xff\xff\xff\xff\xa6params",
    "ours",
    "flax_model.msgpack",
    "flax.serialization.from_bytes",
    Want.ALARM,
)

_MLMODEL = b"artifact_path: model\nmodel_uuid: 0\n"
_FUNCTION = _MLMODEL + b"flavors:\n  python_function:\n"
for _id, _yaml in (
    ("flow", _MLMODEL + b"flavors: {python_function: {loader_module: acme_loader, env: x}}\n"),
    ("flow-inner", _MLMODEL + b"flavors:\n  python_function: {loader_module: acme_loader}\n"),
    ("json", b'{"artifact_path": "m", "flavors": {"python_function": {"loader_module": "acme_loader"}}}'),
    ("key-line", _FUNCTION + b"    ? loader_module\n    : acme_loader\n"),
    ("escape", _FUNCTION + b'    "loader\\x5fmodule": acme_loader\n'),
    ("next-line", _FUNCTION + b"    loader_module:\n      acme_loader\n"),
    ("merge", _FUNCTION + b"    env: &m {loader_module: acme_loader}\n    <<: *m\n"),
    ("quoted-key", _FUNCTION.replace(b"flavors:", b'"flavors":') + b"    loader_module: acme_loader\n"),
    ("space", _FUNCTION.replace(b"flavors:", b"flavors :") + b"    loader_module: acme_loader\n"),
    ("far", b"# a remark\n" * 1_000 + _FUNCTION + b"    loader_module: acme_loader\n"),
    ("utf-16", (_FUNCTION + b"    loader_module: acme_loader\n").decode().encode("utf-16")),
):
    add_format(
        f"mlmodel-{_id}",
        f"MLmodel with a loader of its maker's, in a form that MLflow does not write: {_id}",
        _yaml,
        "YAML 1.1",
        "MLmodel",
        "mlflow.pyfunc.load_model",
        Want.ALARM,
    )
add_format(
    "adapter-library",
    "an adapter whose base model's class is imported from any module",
    json.dumps(
        {"peft_type": "LORA", "auto_mapping": {"parent_library": "acme", "base_model_class": "Net"}}
    ).encode(),
    "peft, AutoPeftModel",
    "adapter_config.json",
    "peft.AutoPeftModel.from_pretrained",
    Want.ALARM,
)
add_format(
    "config-pipelines",
    "a configuration with a pipeline of its maker's",
    json.dumps(
        {"model_type": "bert", "custom_pipelines": {"p": {"impl": "pipe.Pipe", "pt": ["AutoModel"]}}}
    ).encode(),
    "transformers, custom pipelines",
    "config.json",
    "transformers.pipeline(trust_remote_code=True)",
    Want.ALARM,
)

for _id, _model, _members in (
    ("module", {"modelFile": "net"}, {"net/__init__.pyc": bytes(16)}),
    ("native", {}, {"net.so": b"\x7fELF" + bytes(60)}),
):
    _manifest = {"model": {"modelName": "m", "handler": "image_classifier"} | _model}
    add_format(
        f"mar-{_id}",
        f"TorchServe: a module of the archive's own that is not named .py: {_id}",
        zipped(
            [
                Entry(name="MAR-INF/MANIFEST.json", data=json.dumps(_manifest).encode()),
                *(Entry(name=each, data=data) for each, data in _members.items()),
            ]
        ),
        "TorchServe, ts/torch_handler/base_handler.py",
        "model.mar",
        "torchserve",
        Want.ALARM,
    )
