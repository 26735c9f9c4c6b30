"""Configurations of hub models as JSON: code of their own, templates, names of other files and models.

Source: huggingface.co/docs/transformers, "Custom models"; docs of diffusers, peft, sentence-transformers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tidegate.inspectors.models._json import MOST_BYTES, objects, parse
from tidegate.inspectors.models._notes import IncompleteError, Notes, quoted
from tidegate.inspectors.models._paths import escapes
from tidegate.inspectors.models._template import judge_template
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

REMOTE = "from_pretrained(trust_remote_code=True)"
_NAMES = frozenset(
    """
config.json tokenizer_config.json adapter_config.json generation_config.json processor_config.json
preprocessor_config.json model_index.json modules.json chat_template.json special_tokens_map.json
""".split()
)
_MARKS = re.compile(
    rb'"(?:auto_map|chat_template|architectures|trust_remote_code|tokenizer_class|base_model_name_or_path|peft_type'
    rb'|_diffusers_version|weight_map|transformers_version|custom_pipeline|model_type)"\s*:'
)
_DOCKER = re.compile(rb'"(?:auths|credsStore|credHelpers|HttpHeaders|currentContext)"\s*:')
"""Docker's settings are a `config.json` too."""
_LIBRARIES = frozenset(["diffusers", "transformers", "onnxruntime", "flax", "optimum"])
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z")


class HubConfig:
    """Reads the whole JSON."""

    id = "hub_config"
    order = 75

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        last = name.rpartition("/")[2].lower()
        begins = head.lstrip()[:1]
        if last == "modules.json" and begins == b"[":
            return True
        known = last in _NAMES or last.endswith(".index.json")
        marked = _MARKS.search(head) is not None
        return begins == b"{" and (
            marked or (known and b'"class_name"' not in head and _DOCKER.search(head) is None)
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            if data.size_bytes > MOST_BYTES:
                raise IncompleteError(f"{data.size_bytes:,} bytes of JSON")
            document = parse(data.read(0, data.size_bytes), notes)
            if isinstance(document, list):
                _modules(document, notes)
            for part in objects(document):
                for key, value in part.items():
                    _entry(key, value, notes, context)
            if isinstance(document, dict) and "_class_name" in document:
                _pipeline(document, notes)
        return notes.done()


def _entry(key: str, value: Any, notes: Notes, context: Context) -> None:
    """Judge one value by its key."""
    judge = _KEYS.get(key)
    if judge is not None:
        judge(value, notes, context)
    elif key.endswith("_template") and isinstance(value, str):
        judge_template(value, notes, where=f"the template {quoted(key)}")


def _auto_map(value: Any, notes: Notes, context: Context) -> None:
    """`auto_map`: class of transformers -> module.Class beside the file, or repository--module.Class."""
    named = value.values() if isinstance(value, dict) else [value]
    for each in named:
        for text in each if isinstance(each, list) else [each]:
            if not isinstance(text, str):
                continue
            repository, _, path = text.rpartition("--")
            module = path.partition(".")[0] + ".py"
            where = f"of the repository {quoted(repository)}" if repository else "beside it"
            summary = f"loading imports and runs {quoted(module)} {where} ({quoted(text)})"
            notes.unlisted("remote_code", summary, name=text, loader=REMOTE)
            if not repository and context.siblings is not None and context.siblings(module) is None:
                notes.fact("missing_file", f"{quoted(module)} is not beside it")


def _trust(value: Any, notes: Notes, _: Context) -> None:
    if value is True:
        notes.unlisted("trust_remote_code", "it asks to be loaded with trust_remote_code")


def _custom_pipeline(value: Any, notes: Notes, _: Context) -> None:
    if isinstance(value, str):
        notes.unlisted("remote_code", f"loading runs the pipeline {quoted(value)}", loader=REMOTE)


def _template(value: Any, notes: Notes, _: Context) -> None:
    """`chat_template`: a text, a list of name and text, or a map of names to texts."""
    entries = value if isinstance(value, list) else [value]
    for entry in entries:
        texts = entry.values() if isinstance(entry, dict) else [entry]
        for text in texts:
            if isinstance(text, str):
                judge_template(text, notes, where="the chat template")


def _base_model(value: Any, notes: Notes, _: Context) -> None:
    """Judge where an adapter's model is: a name of a hub, or a folder of whoever trained it."""
    if not isinstance(value, str):
        return
    plain = value.replace("\\", "/")
    if "://" in plain or plain.startswith("//") or ".." in plain.split("/"):
        notes.unlisted("base_model", f"loading takes the base model from {quoted(value)}", loader="peft")
    elif escapes(value):
        notes.odd("base_model", f"the base model is the folder {quoted(value)}", loader="peft")


def _weights(value: Any, notes: Notes, _: Context) -> None:
    """`weight_map`: tensor -> file beside it."""
    for path in set(map(str, value.values())) if isinstance(value, dict) else ():
        if escapes(path):
            summary = f"loading reads weights from {quoted(path)} outside the model's folder"
            notes.sink("external_file", summary, payload=True)


def _attention(value: Any, notes: Notes, _: Context) -> None:
    """Judge an attention: with a slash in its name it is a repository of native code."""
    if isinstance(value, str) and "/" in value:
        notes.unlisted("native_code", f"loading fetches and runs the kernels of {quoted(value)}")


def _auto_mapping(value: Any, notes: Notes, _: Context) -> None:
    """`auto_mapping` of peft: the module that a base model's class is imported from."""
    library = value.get("parent_library") if isinstance(value, dict) else None
    if isinstance(library, str) and library.partition(".")[0] not in (*_LIBRARIES, "__main__", "peft"):
        kind = value.get("base_model_class")
        summary = f"loading imports {quoted(library)} for {quoted(str(kind))}"
        notes.unlisted("remote_code", summary, name=f"{library}.{kind}", loader="peft AutoPeftModel")


def _custom_pipelines(value: Any, notes: Notes, _: Context) -> None:
    """`custom_pipelines` of transformers: task -> module.Class beside the file."""
    for each in value.values() if isinstance(value, dict) else ():
        text = each.get("impl") if isinstance(each, dict) else None
        if isinstance(text, str):
            notes.unlisted(
                "remote_code", f"loading runs the pipeline {quoted(text)}", name=text, loader=REMOTE
            )


_KEYS: dict[str, Callable[[Any, Notes, Context], None]] = {
    "auto_map": _auto_map,
    "auto_mapping": _auto_mapping,
    "custom_pipelines": _custom_pipelines,
    "trust_remote_code": _trust,
    "custom_pipeline": _custom_pipeline,
    "chat_template": _template,
    "base_model_name_or_path": _base_model,
    "weight_map": _weights,
    "attn_implementation": _attention,
    "_attn_implementation": _attention,
}


def _modules(modules: list[Any], notes: Notes) -> None:
    """`modules.json` of sentence-transformers: classes by their dotted names."""
    for module in modules:
        kind = module.get("type") if isinstance(module, dict) else None
        if isinstance(kind, str) and _DOTTED.match(kind) and not kind.startswith("sentence_transformers."):
            summary = f"loading imports {quoted(kind)} and makes one"
            notes.unlisted("custom_object", summary, name=kind, loader=f"SentenceTransformer, {REMOTE}")


def _pipeline(document: dict[str, Any], notes: Notes) -> None:
    """`model_index.json` of diffusers: part -> library and class; other libraries are files beside it."""
    for part, value in document.items():
        named = isinstance(value, list) and len(value) == 2 and all(isinstance(each, str) for each in value)
        if named and value[0] not in _LIBRARIES and (part == "_class_name" or not part.startswith("_")):
            summary = f"loading imports {quoted(value[0])} for {quoted(value[1])}"
            notes.unlisted("remote_code", summary, loader=f"DiffusionPipeline.{REMOTE}")


PLUGIN = HubConfig()
