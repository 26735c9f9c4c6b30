"""What a Keras configuration would make when a model is built from it: `model_config` of h5, `config.json`.

Keras builds a model by looking up names that stand in the file. Which lookups a name can reach depends on
the version: before 3.9 any importable module (CVE-2025-1550), since then Keras' own. So names decide here.
"""

from __future__ import annotations

import builtins
from typing import Any

from tidegate.inspectors.models._json import objects, parse
from tidegate.inspectors.models._keras_names import CLASSES, FUNCTIONS, OPERATIONS
from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.models._tf_graph import SINKS
from tidegate.inspectors.models._tf_ops import PURE
from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Executes

UNSAFE = "keras.models.load_model(safe_mode=False)"
ANY = "keras.models.load_model"
_ENVELOPES = frozenset(
    """
__tuple__ __bytes__ __slice__ __ellipsis__ __tensor__ __numpy__ __typespec__ __keras_tensor__ __string__
KerasTensor function float int str bool None
""".split()
)
"""Plain values, as Keras writes them."""
_TENSORFLOW_OPS = frozenset(
    ["TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"]
)
_PURE_PARTS = ("math.", "nn.", "linalg.", "__operators__.", "signal.", "strings.", "sparse.", "bitwise.")
"""Parts of the TensorFlow API that only compute."""
_PURE_TOP = frozenset(
    """
argmax argmin argsort boolean_mask broadcast_to cast clip_by_norm clip_by_value compat.v1.transpose
concat cond constant convert_to_tensor cumsum debugging.assert_equal dtypes.cast einsum expand_dims eye
fill gather gather_nd getitem identity identity_n image.resize linspace matmul meshgrid norm numpy ones
ones_like one_hot pad random.normal random.uniform range rank realdiv repeat reshape reverse roll
scatter_nd sequence_mask shape size slice sort split squeeze stack stop_gradient strided_slice
switch_case tensor_scatter_nd_update tensordot tile transpose unique unstack where zeros zeros_like
image.resize_with_crop_or_pad image.rgb_to_grayscale image.flip_left_right image.crop_to_bounding_box
""".split()
)
_WORDS = {
    "get_file": "downloads a file and can unpack it",
    "load_model": "loads another model",
    "load_weights": "loads another file",
    "load_img": "reads a file",
    "model_from_json": "builds a model from another configuration",
    "enable_unsafe_deserialization": "switches safe mode off",
    "save_img": "writes a file",
    "save_model": "writes a file",
    "TFSMLayer": "loads a SavedModel from a path in the file",
    "TorchModuleWrapper": "unpickles a torch module that stands in the file",
}
"""What a known sink does, by its last name."""
_VOCABULARIES = frozenset(["StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup"])
"""Layers that read a file when their `vocabulary` is a path. Source: CVE-2025-12058."""
_TAKES_FUNCTIONS = frozenset(
    ["JaxLayer", "FlaxLayer", "Map", "Scan", "AssociativeScan", "Cond", "ForiLoop"]
) | {
    "WhileLoop",
    "VectorizedMap",
    "Switch",
    "JVP",
}
"""Of Keras itself, but they call a function that the configuration names."""


def judge_config(
    json_bytes: bytes, *, loader: str = ANY, member: str = "", policy: frozenset[str] = frozenset()
) -> Judgement:
    """Judge a configuration: `model_config`, `training_config`, `config.json`. Any bytes end in a judgement.

    loader: who reads it; h5 files ignored safe mode before Keras 3.11.3 (CVE-2025-9905).
    member: where it stands in its file. policy: names that the user allows: `mypackage.layers.Net`.
    """
    notes = Notes("keras_config", loader=loader, member=member, policy=policy)
    notes.can_run()
    with notes.reading():
        document = parse(json_bytes, notes)
        for part in objects(document):
            if isinstance(part.get("class_name"), str):
                _object(part, notes)
    return notes.done()


def _object(part: dict[str, Any], notes: Notes) -> None:
    """Judge one object that is looked up by name and made."""
    name, module = part["class_name"], part.get("module")
    config = part.get("config")
    module = module if isinstance(module, str) else ""
    registered = part.get("registered_name")
    last = name.rpartition(">")[2].rpartition(".")[2]
    path = f"{module}.{name}" if module else name
    if last == "Lambda" or name == "__lambda__":
        _lambda(name, config, notes)
    elif name == "function" and isinstance(config, str):
        _function(module, config, registered, notes)
    elif last in _WORDS:
        notes.sink(
            "call", f"building the model calls {quoted(path)}, which {_WORDS[last]}", payload=bool(config)
        )
    elif last in _VOCABULARIES:
        _vocabulary(last, config, notes)
    elif last in _TENSORFLOW_OPS:
        _tensorflow_function(last, config, notes)
    elif last == "TensorFlowOpLayer":
        _tensorflow_node(config, notes)
    elif module and not _of_keras(module):
        _foreign(path, module, notes)
    elif last in _TAKES_FUNCTIONS:
        notes.unlisted(
            "calls_a_function", f"building the model makes {quoted(path)}, which calls a function", name=path
        )
    elif name in _ENVELOPES or name in CLASSES or (name in OPERATIONS and _of_keras(module)):
        if ">" in str(registered or ""):
            notes.unlisted(
                "custom_object", f"the registered object {quoted(str(registered))} is not of Keras"
            )
    else:
        notes.unlisted(
            "custom_object", f"building the model makes {quoted(path)}, which is not of Keras", name=path
        )


def _of_keras(module: str) -> bool:
    return (
        not module
        or module in ("builtins", "keras", "tf_keras")
        or module.startswith(
            ("keras.", "tf_keras.", "tensorflow.keras.", "tensorflow.python.keras.", "keras_core.")
        )
    )


def _lambda(name: str, config: Any, notes: Notes) -> None:
    """Judge a Lambda: it holds marshalled code of Python, or names a function."""
    function = config.get("function") if isinstance(config, dict) else None
    code = name == "__lambda__" or isinstance(function, list)
    code = code or (isinstance(config, dict) and config.get("function_type") == "lambda")
    code = code or (isinstance(function, dict) and function.get("class_name") == "__lambda__")
    loader = UNSAFE if notes.loader == ANY else notes.loader
    if code:
        notes.sink(
            "lambda",
            "building the model unmarshals code of Python from the file and calls it (a Lambda layer)",
            loader=loader,
            executes=Executes.ONLY_IF if loader == UNSAFE else Executes.YES,
            payload=True,
        )
    elif isinstance(function, str):
        if not function.replace(".", "_").replace(">", "_").isidentifier():
            summary = f"a Lambda layer holds code as text: {quoted(function)}"
            notes.sink("lambda", summary, loader=loader, executes=Executes.ONLY_IF, payload=True)
        elif function in FUNCTIONS:
            notes.fact("lambda", f"a Lambda layer calls {quoted(function)} of Keras")
        else:
            notes.unlisted("lambda", f"a Lambda layer calls the function {quoted(function)}", name=function)
    elif not isinstance(function, dict):
        notes.unlisted("lambda", "a Lambda layer whose function cannot be told")


def _function(module: str, name: str, registered: Any, notes: Notes) -> None:
    """Judge a function that is looked up by module and name."""
    path = f"{module}.{name}" if module else name
    if name in _WORDS:
        notes.sink("call", f"building the model calls {quoted(path)}, which {_WORDS[name]}", payload=True)
    elif not _of_keras(module) or (module == "builtins" and name in _BUILTINS):
        _foreign(path, module, notes)
    elif name not in FUNCTIONS:
        notes.unlisted("custom_object", f"building the model uses the function {quoted(path)}", name=path)
    elif ">" in str(registered or ""):
        notes.unlisted("custom_object", f"the registered function {quoted(str(registered))} is not of Keras")


_BUILTINS = frozenset(dir(builtins)) - FUNCTIONS
"""Keras writes `builtins` for functions of its own, too; one that only Python has is looked up there."""
_STANDARD = frozenset(
    """
os posix nt subprocess sys builtins importlib runpy code codeop pty shutil socket ctypes _ctypes marshal
pickle _pickle types operator functools urllib urllib.request http.client ftplib smtplib webbrowser
tempfile pathlib io asyncio multiprocessing threading inspect pdb timeit trace platform pkgutil
zipimport numpy torch dill cloudpickle joblib
""".split()
)


def _foreign(path: str, module: str, notes: Notes) -> None:
    """Judge a module that is not of Keras: whoever imports it runs it."""
    if module in _STANDARD or module.partition(".")[0] in _STANDARD:
        notes.sink(
            "call",
            f"building the model looks up {quoted(path)} and calls it (Keras before 3.9: CVE-2025-1550)",
            executes=Executes.ONLY_IF,
            payload=True,
        )
    else:
        notes.unlisted(
            "custom_object", f"building the model imports {quoted(path)}, which is not of Keras", name=path
        )


def _vocabulary(name: str, config: Any, notes: Notes) -> None:
    vocabulary = config.get("vocabulary") if isinstance(config, dict) else None
    if isinstance(vocabulary, str):
        notes.sink(
            "reads_file",
            f"building {name} reads the file {quoted(vocabulary)} (CVE-2025-12058)",
            payload=True,
        )


def _tensorflow_function(name: str, config: Any, notes: Notes) -> None:
    """Judge a layer of tf_keras that calls a function of TensorFlow by its exported name."""
    function = config.get("function", config.get("method_name")) if isinstance(config, dict) else None
    if name == "SlicingOpLambda" or name.startswith("Instance"):
        return
    text = function if isinstance(function, str) else ""
    plain = text.removeprefix("tf.").removeprefix("compat.v1.")
    if any(
        word in text
        for word in ("py_func", "numpy_function", "py_function", "io.", "load_", "write", "read_")
    ):
        notes.sink("call", f"the model calls tf.{text}, which runs code, reads or writes", payload=True)
    elif plain not in _PURE_TOP and not (plain.startswith(_PURE_PARTS) and plain.count(".") == 1):
        notes.unlisted("tensorflow_function", f"the model calls the TensorFlow function {quoted(text)}")


def _tensorflow_node(config: Any, notes: Notes) -> None:
    """Judge a layer of tf_keras that holds one operation of a graph."""
    node = config.get("node_def") if isinstance(config, dict) else None
    op = node.get("op") if isinstance(node, dict) else None
    if isinstance(op, str) and op in SINKS:
        notes.sink("operation", f"the model has the operation {op}, which {SINKS[op]}", payload=True)
    elif not isinstance(op, str) or op not in PURE:
        notes.unlisted("operation", f"the model has an operation {quoted(str(op))} that is not of TensorFlow")
