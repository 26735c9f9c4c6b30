"""A repository with links in it, and what a run that asked about them left."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from corpus.command import Answer


def repository(folder: Path, files: dict[str, str]) -> Path:
    """Commit files, one after the other, to a repository."""

    def git(*words: str) -> None:
        who = ["-c", "user.name=Mira Example", "-c", "user.email=mira@example.invalid"]
        subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)

    folder.mkdir()
    git("init", "-q")
    for name, text in files.items():
        (folder / name).write_text(text)
        git("add", "-A")
        git("commit", "-qm", f"add {name}")
    return folder


def by_path(answer: Answer) -> dict[str, dict[str, Any]]:
    """Return the findings by the file that each was seen in first."""
    return {each["occurrences"][0]["path"]: each for each in answer.report["findings"] if each["occurrences"]}


def sent(audit: Path) -> list[dict[str, Any]]:
    """Return the lines of an audit log."""
    return [json.loads(line) for line in audit.read_text().splitlines()]
