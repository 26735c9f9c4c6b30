"""MLflow's `MLmodel`: which module loads a model, which files are unpickled, what its environment installs.

Source: mlflow.org/docs, "MLflow Model"; CVE-2024-37052 to -37060 (pickled flavours).
"""

from __future__ import annotations

import re

from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.models._paths import escapes
from tidegate.inspectors.models._requirements import judge_requirements
from tidegate.inspectors.models._yaml import entries
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import OTHER

LOADER = "mlflow.pyfunc.load_model"
_MARK = re.compile(rb"^(?:flavors|artifact_path|mlflow_version|model_uuid)\s*:", re.MULTILINE)
_FILES = frozenset(
    ["python_model", "pickled_model", "model_path", "data", "model_data", "model_file", "path"]
)
_PICKLED = frozenset(["python_model", "pickled_model"])
_ENVIRONMENTS = ("requirements.txt", "conda.yaml", "python_env.yaml")
_MOST_BYTES = 1_000_000
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_QUOTED = re.compile(
    rb"""^[ ]*(?:-[ ]+)?[\w.\-]+:[ ]+('(?:[^']|'')*+'|"(?:[^"\\]|\\.)*+")[ ]*\r?$""", re.MULTILINE | re.DOTALL
)
"""A value in quotes, over several lines: signatures are JSON in it."""
_OTHER_FORMS = re.compile(
    rb"""^[ ]*+\?(?:\s|$)|^[ ]*+(?:-[ ]++)*+"[^"\\\n]*+\\(?:[^"\\\n]|\\.)*+"[ ]*+:|:[ ]++[&*]\w"""
    rb"""|^[ ]*+(?:-[ ]++)?[&*]\w|<<[ ]*+:|^[ ]*+\{|:[ ]++\{[ ]*+[^}\s]|^%|:[ ]++!<|[\w"'][ ]++:(?=\s)"""
    rb"""|:[ ]++[|>][-+0-9]*+[ ]*+\r?$"""
    rb"""|^([ ]*+)(?:loader_module|model_code_path|code):[ ]*+(?:\#.*)?\r?\n"""
    rb"""(?:[ ]*+(?:\#.*)?\r?\n)*+\1[ ]++[^ #-].*""",
    re.MULTILINE,
)
"""Keys of their own line, escapes, names for later use, flow forms, tags, values on the next line."""


class MlFlow:
    """Reads the description, and of the files beside it those that it names to be unpickled."""

    id = "mlflow"
    order = 85

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        if name.rpartition("/")[2] == "MLmodel":  # the only name that MLflow reads; `judge` looks further
            return b"\0" not in head or head.startswith(_UTF_16)
        return b"\0" not in head and b"flavors:" in head and len(_MARK.findall(head)) > 1

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        raw = _utf_8(data.read(0, _MOST_BYTES))
        if b"flavors" not in raw:
            return Judgement(OTHER, model=False)
        notes = Notes(self.id, loader=LOADER, policy=context.policy)
        notes.can_run()
        if data.size_bytes > _MOST_BYTES:
            notes.incomplete(f"{data.size_bytes:,} bytes of text, of which {_MOST_BYTES:,} are looked at")
        with notes.reading():
            for path, value, offset in entries(raw, notes):
                _entry(path, value, offset, notes, context)
            odd = _OTHER_FORMS.search(_QUOTED.sub(_blank, raw))
            if odd is not None:
                what = quoted(odd[0].strip().decode("utf-8", "replace"))
                summary = f"names or values stand in a form that MLflow does not write: {what}"
                notes.unlisted("odd_yaml", summary, offset=odd.start())
        for beside in _ENVIRONMENTS:
            environment = context.siblings(beside) if context.siblings is not None else None
            if environment is not None:
                judge_requirements(environment.read(0, _MOST_BYTES).decode("utf-8", "replace"), beside, notes)
        return notes.done()


def _blank(found: re.Match[bytes]) -> bytes:
    start, stop = found.start(1) - found.start(), found.end(1) - found.start()
    return found[0][:start] + b"x" * (stop - start) + found[0][stop:]


def _utf_8(raw: bytes) -> bytes:
    """Return a text as UTF-8: readers of YAML tell UTF-16 by its mark."""
    return raw.decode("utf-16", "replace").encode() if raw.startswith(_UTF_16) else raw


def _entry(path: tuple[str, ...], value: str, offset: int, notes: Notes, context: Context) -> None:
    """Judge one value by the last part of its path."""
    key = path[-1]
    if key == "loader_module" and value and not (value + ".").startswith("mlflow."):
        summary = f"loading imports the module {quoted(value)} and calls it"
        notes.unlisted("loader_module", summary, name=value, offset=offset)
    elif key == "model_code_path" and value not in ("", "null", "~"):
        notes.unlisted("model_code", f"loading runs the script {quoted(value)}", offset=offset)
    elif key == "code" and len(path) > 2 and value not in ("", "null", "~"):
        summary = f"loading puts the folder {quoted(value)} on Python's path"
        notes.unlisted("code_path", summary, offset=offset)
    elif key in _FILES and value:
        if escapes(value):
            summary = f"loading reads {quoted(value)} outside the model's folder"
            notes.sink("external_file", summary, offset=offset, payload=True)
        elif key in _PICKLED:
            _pickled(value, offset, notes, context)


def _pickled(path: str, offset: int, notes: Notes, context: Context) -> None:
    """Judge the file that is unpickled, where it can be had."""
    notes.fact("pickle", f"loading unpickles {quoted(path)}", offset=offset)
    file = context.siblings(path) if context.siblings is not None else None
    judged = context.inside(file, path) if file is not None and context.inside is not None else None
    if judged is not None:
        notes.include(judged)


PLUGIN = MlFlow()
