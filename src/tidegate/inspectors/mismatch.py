"""A name that promises one format over the content of another."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Executes, Observation
from tidegate.model.severity import Severity

_TORCH: Final = frozenset(
    ("torch_zip", "torchscript", "torch_package", "pt2", "torch_legacy", "torch_tar", "pickle")
)
_PROMISED: Final[dict[str, frozenset[str]]] = {
    ".safetensors": frozenset(("safetensors",)),
    ".gguf": frozenset(("gguf",)),
    ".onnx": frozenset(("onnx",)),
    ".tflite": frozenset(("tflite",)),
    ".npy": frozenset(("npy",)),
    ".npz": frozenset(("npz",)),
    ".h5": frozenset(("keras_h5", "hdf5")),
    ".hdf5": frozenset(("keras_h5", "hdf5")),
    ".keras": frozenset(("keras_zip",)),
    ".skops": frozenset(("skops",)),
    ".7z": frozenset(("7z",)),
    ".pt": _TORCH,
    ".pth": _TORCH,
}
"""Kinds that an ending stands for. What stands for anything (`.bin`, `.model`, `.ckpt`) is left out."""


def mismatch(judged: Judgement, name: str) -> list[Observation]:
    """Return an observation when the name's ending and the content disagree."""
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    promised = _PROMISED.get(ending)
    if promised is None or judged.kind in promised or judged.kind == "unknown":
        return []
    severity = Severity.LOW if judged.executes is Executes.NO else Severity.MEDIUM
    return [
        Observation(
            inspector="look",
            kind="mismatch",
            severity=severity,
            summary=f"the name says {ending[1:]}, the content is {judged.kind}",
        )
    ]
