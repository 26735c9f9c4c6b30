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

LOADER = "mlflow.pyfunc.load_model"
_MARK = re.compile(rb"^(?:flavors|artifact_path|mlflow_version|model_uuid)\s*:", re.MULTILINE)
_FILES = frozenset(
    ["python_model", "pickled_model", "model_path", "data", "model_data", "model_file", "path"]
)
_PICKLED = frozenset(["python_model", "pickled_model"])
_ENVIRONMENTS = ("requirements.txt", "conda.yaml", "python_env.yaml")
_MOST_BYTES = 1_000_000


class MlFlow:
    """Reads the description, and of the files beside it those that it names to be unpickled."""

    id = "mlflow"
    order = 85

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        named = name.rpartition("/")[2] == "MLmodel"
        return b"\0" not in head and b"flavors:" in head and (named or len(_MARK.findall(head)) > 1)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, loader=LOADER, policy=context.policy)
        notes.can_run()
        if data.size_bytes > _MOST_BYTES:
            notes.incomplete(f"{data.size_bytes:,} bytes of text, of which {_MOST_BYTES:,} are looked at")
        with notes.reading():
            for path, value, offset in entries(data.read(0, _MOST_BYTES), notes):
                _entry(path, value, offset, notes, context)
        for beside in _ENVIRONMENTS:
            environment = context.siblings(beside) if context.siblings is not None else None
            if environment is not None:
                judge_requirements(environment.read(0, _MOST_BYTES).decode("utf-8", "replace"), beside, notes)
        return notes.done()


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
