"""Ctrl-C while the command is still starting, or already leaving: one line, and no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

INTERRUPTED_AT = """
import os, signal, sys

class Interrupting:
    left = int(sys.argv.pop(1))

    def find_spec(self, name, path=None, target=None):
        # Raised where Python would raise it: between two instructions of an import.
        self.left -= name.startswith("tidegate.cli.") or "." not in name
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)

from tidegate.cli import main
sys.meta_path.insert(0, Interrupting())
sys.exit(main())
"""

LEAVING = """
import atexit, signal, sys
from tidegate.cli import main
atexit.register(signal.raise_signal, signal.SIGINT)
sys.exit(main())
"""


def run(program: str, *args: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *args],
        cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("at", [1, 2, 3, 5, 9, 14, 20, 30])
def test_an_interrupt_while_modules_are_imported_is_one_line(at: int, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing here")
    done = run(INTERRUPTED_AT, str(at), "scan", "a.txt", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "tidegate: interrupted\n")


def test_an_interrupt_when_all_is_said_leaves_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing here")
    done = run(LEAVING, "scan", "a.txt", folder=tmp_path)
    assert done.returncode in (0, -signal.SIGINT)
    assert "No link, token or key" in done.stdout
    assert done.stderr == ""


def test_nothing_is_imported_before_an_interrupt_is_caught() -> None:
    """Until `main` is called Python itself answers Ctrl-C, with a traceback."""
    program = "import sys; before = set(sys.modules); import tidegate.cli; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["__future__", "tidegate", "tidegate.cli", "tidegate.version"]
