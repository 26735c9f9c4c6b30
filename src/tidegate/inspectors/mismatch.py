"""A name that promises one format over the content of another."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.seam import Judgement
from tidegate.kinds.table import OTHER, kind
from tidegate.model.observation import Executes, Observation, Step
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
    ".7z": frozenset(("7z", "home_backup", "slack_export", "teams_messages", "system_backup")),
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


_ANYTHING: Final = frozenset(("zip", "tar", "7z", "gzip", "bzip2", "xz", "zstd", "lz4", "archive", "dataset"))
"""Kinds of content that say little: what they are for, the name may tell."""
_TOLD_BY_CONTENT: Final = frozenset(
    "private_key test_key keystore password_export env_file cloud_credentials kubeconfig terraform_state"
    " shell_history personal_data payment_data health_data model image mail video audio font mail_archive"
    " network_capture vpn_profile password_vault database_dump".split()
)
"""Kinds that the bytes would have shown: the name alone is not believed."""
_OF_ARCHIVES: Final = (".001", ".arc")
"""Endings of disks and backups that archives have too."""
_MEDIA: Final = frozenset(("image", "video", "audio", "font"))


def by_name(judged: Judgement | None, name: str, size_bytes: int) -> Judgement:
    """Return what the name adds: the kind, where the content does not tell; a note, where both disagree."""
    from tidegate.kinds.names import kind_of  # noqa: PLC0415 - its rules are read when they are needed

    named = kind_of(name)
    if judged is None:
        judged = Judgement(OTHER, model=False)
    if named == OTHER or not size_bytes:
        return judged
    if judged.kind == OTHER and not judged.observations and named not in _TOLD_BY_CONTENT:
        judged.kind = named
        severity = kind(named).severity
        if severity.rank >= Severity.MEDIUM.rank:
            # What only a name says counts one lower.
            below = next(each for each in Severity if each.rank == severity.rank - 1)
            words = f"named as {kind(named).one}"
            if named == "disk_image":
                # Its first bytes were read, and are those of no disk: encrypted as a whole, or another thing.
                below, words = Severity.MEDIUM, words + ", but no disk that we know begins in it"
            judged.observations.append(_by_name(named, words, below, "medium"))
    elif named in _MEDIA and kind(judged.kind).group != "media" and judged.kind != OTHER:
        words = f"the name says {kind(named).one}, the content is {judged.kind.replace('_', ' ')}"
        judged.observations.append(_by_name("mismatch", words, Severity.LOW, "high"))
    elif judged.kind in _ANYTHING and named not in _TOLD_BY_CONTENT and named not in _ANYTHING:
        severity = kind(named).severity
        # Its table of contents was read, and names no disk.
        no_disk = named == "disk_image" and judged.complete
        if severity.rank >= Severity.HIGH.rank and not no_disk and not name.lower().endswith(_OF_ARCHIVES):
            below = next(each for each in Severity if each.rank == severity.rank - 1)
            judged.observations.append(_by_name(named, f"named as {kind(named).one}", below, "medium"))
    return judged


def _by_name(kind_id: str, summary: str, severity: Severity, confidence: str) -> Observation:
    return Observation(
        inspector="look",
        kind=kind_id,
        severity=severity,
        confidence=confidence,
        summary=summary,
        step=Step.NAME,
    )
