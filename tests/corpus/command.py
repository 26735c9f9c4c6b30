"""Runs the real command in a process of its own."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
PR_CAPBSET_DROP = 24
"""Numbers of linux/capability.h and linux/prctl.h."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The one JSON document of stdout; fails when there is more or less than one."""
        read: dict[str, Any] = json.loads(self.out)
        return read


@dataclass(frozen=True, slots=True)
class Command:
    """`tidegate`, with a cache of its own and no settings of the user's."""

    home: Path

    def __call__(
        self, *args: str | Path, data: bytes = b"", timeout_s: float = 60, cwd: Path | None = None,
        like_a_user: bool = False,
    ) -> Answer:  # fmt: skip
        """Run it and return what it says; a traceback fails the test.

        like_a_user: root, too, must obey file modes.
        """
        environment = {
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "PATH": os.environ["PATH"],
            "PYTHONWARNINGS": "error",
        }
        done = subprocess.run(
            [sys.executable, "-m", "tidegate", *map(str, args)],
            env=environment, input=data, capture_output=True, timeout=timeout_s, cwd=cwd or self.home, check=False,
            preexec_fn=_obey_modes if like_a_user else None,
        )  # fmt: skip
        answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))
        if "Traceback" in answer.err:
            # Python leaves 1 for an exception, as we do for findings: no test may take one for the other.
            raise AssertionError(answer.err)
        return answer

    def scan(self, *args: str | Path, **more: Any) -> Answer:
        """Scan with the JSON format."""
        return self("scan", "--format", "json", *args, **more)


def _obey_modes() -> None:
    """Give up root's right to read everything; who is not root has none to give up, and that is as good."""
    libc = ctypes.CDLL(None)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
