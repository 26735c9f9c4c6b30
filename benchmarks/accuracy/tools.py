"""The scanners that are compared: their pins, their environments, and how their exit codes are read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Said(StrEnum):
    """What a scanner said of a file."""

    ALARM = "alarm"
    """It names a finding, at the level at which it ends with its exit code for findings."""
    WEAK = "weak"
    """Ours only: `unknown` or `damaged`."""
    ERROR = "error"
    """It ended with another exit code than 0, crashed or took too long, and named nothing."""
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Tool:
    """One peer."""

    id: str
    pins: tuple[str, ...]
    found: int
    """The exit code that says that something was found."""
    words: str = ""
    """Printed when something was found, though the exit code says an error."""


PEERS = (
    Tool("picklescan", ("picklescan[7z]==1.0.5", "numpy"), 1, "dangerous import"),
    Tool("modelscan", ("modelscan==0.8.8", "h5py", "tensorflow-cpu", "numpy"), 1),
    Tool("fickling", ("fickling==0.1.12", "typing_extensions"), 1),
    Tool("modelaudit", ("modelaudit==0.2.54", "h5py", "onnx", "py7zr", "lz4"), 1),
    Tool("hayward", ("hayward==1.4.1",), 1),
    Tool("aisbom-cli", ("aisbom-cli==1.7.0",), 2),
)
"""Exit codes: each tool's own documentation."""

QUIET_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "COLUMNS": "200",
    "NO_COLOR": "1",
    "DO_NOT_TRACK": "1",
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "NO_ANALYTICS": "1",
    "AISBOM_NO_TELEMETRY": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def python(tool: Tool, work: Path) -> Path:
    """Return the Python of a peer's environment, made on the first call."""
    folder = work / "peers" / tool.id
    found = folder / "bin" / "python"
    if not found.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(found), "-m", "pip", "install", "--quiet", *tool.pins], check=True)
    return found


def without_network() -> list[str]:
    """Return a prefix that takes the network away where the system allows it: two peers send telemetry."""
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [unshare, "-n"]
    return []


def judge(tool: Tool, paths: Sequence[Path], work: Path) -> dict[Path, Said]:
    """Run a peer on every file."""
    listed, result = work / f"{tool.id}.list", work / f"{tool.id}.json"
    listed.write_text("\n".join(map(str, paths)), encoding="utf-8")
    home = work / "home"
    home.mkdir(exist_ok=True)
    command = [
        *without_network(),
        str(python(tool, work)),
        str(HERE / "driver.py"),
        tool.id,
        str(listed),
        str(result),
    ]
    env = QUIET_ENVIRONMENT | {"HOME": str(home), "TMPDIR": str(home)}
    subprocess.run(command, check=True, env=env, stdin=subprocess.DEVNULL)
    answers = json.loads(result.read_text(encoding="utf-8"))
    return {path: _said(tool, answers[str(path)]) for path in paths}


def _said(tool: Tool, answer: dict[str, object]) -> Said:
    if answer["code"] == tool.found or (tool.words and tool.words in str(answer["text"])):
        return Said.ALARM
    return Said.SILENT if answer["code"] == 0 else Said.ERROR


def judge_ours(paths: Sequence[Path]) -> dict[Path, Said]:
    """Ask ourselves. A file that is no model file for us counts as silence."""
    from tidegate.inspectors.look import look  # noqa: PLC0415
    from tidegate.inspectors.readable import FileBytes  # noqa: PLC0415
    from tidegate.model.observation import Verdict  # noqa: PLC0415

    words = {Verdict.DANGEROUS: Said.ALARM, Verdict.UNKNOWN: Said.WEAK, Verdict.DAMAGED: Said.WEAK}
    said = {}
    for path in paths:
        with FileBytes(path) as data:
            verdict = look(data, os.fspath(path), siblings=_beside(path)).verdict
        said[path] = words.get(verdict, Said.SILENT) if verdict else Said.SILENT
    return said


def _beside(path: Path) -> Callable[[str], object | None]:
    from tidegate.inspectors.readable import FileBytes  # noqa: PLC0415

    def open_sibling(name: str) -> FileBytes | None:
        sibling = path.parent / name
        return FileBytes(sibling) if sibling.parent == path.parent and sibling.is_file() else None

    return open_sibling
