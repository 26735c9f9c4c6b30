"""`tidegate share` as somebody runs it: in a folder of its own, with a scope file, and no other credentials."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.schemas import hold
from tidegate.cli import main


@dataclass
class Shares:
    """Runs the command."""

    home: Path
    scope: str
    """The scope file."""
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(exist_ok=True)
        (self.home / "tidegate.toml").write_text(self.scope)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {
            "HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state"), "PATH": os.environ["PATH"],
            "PYTHONWARNINGS": "error", "AWS_EC2_METADATA_DISABLED": "true", **self.environment, **more,
        }  # fmt: skip

    def begin(self, *words: str | Path, **more: str) -> subprocess.Popen[str]:
        """Start it in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "tidegate", "share", *map(str, words)],
            env=self._environment(more), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.home,
        )  # fmt: skip

    def __call__(self, *words: str | Path, stdin: str = "", **more: str) -> tuple[int, str, str]:
        """Run it to its end, in this process; return code, output and errors."""
        out, err = io.StringIO(), io.StringIO()
        kept, given, wanted = dict(os.environ), sys.stdin, self._environment(more)
        os.environ.clear()
        os.environ.update(wanted)
        sys.stdin = io.StringIO(stdin)
        try:
            with chdir(self.home), redirect_stdout(out), redirect_stderr(err):
                code = main(["share", *map(str, words)])
        finally:
            sys.stdin = given
            os.environ.clear()
            os.environ.update(kept)
        return code, out.getvalue(), err.getvalue()

    def json(self, *words: str | Path, code: int = 0, **more: str) -> dict[str, Any]:
        """Run it with JSON, which must end with this code."""
        got, out, err = self(*words, "--format", "json", **more)
        assert got == code, out + err
        found: dict[str, Any] = hold("share", out)
        return found

    def rows(self) -> list[dict[str, str]]:
        """What `share list` says."""
        found: list[dict[str, str]] = self.json("list")["shares"]
        return found

    @property
    def audit(self) -> Path:
        return self.home / "state/tidegate/audit.jsonl"

    def written(self) -> list[str]:
        """What was changed, in order: what for, without names."""
        if not self.audit.exists():
            return []
        sent = [json.loads(line) for line in self.audit.read_text().splitlines()]
        return [
            each["asked"].split(" tidegate-")[0] for each in sent if each["method"] not in ("GET", "HEAD")
        ]

    def kept(self) -> bytes:
        """All that stands in the ledger, the audit log and whatever lies beside them."""
        return b"".join(each.read_bytes() for each in (self.home / "state").rglob("*") if each.is_file())


def answers(link: str, method: str = "GET", data: bytes | None = None) -> int:
    """Return the status that whoever has the link gets."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(link, method=method, data=data), timeout=10
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
