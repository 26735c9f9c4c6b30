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

WAITING = """
import sys, time
from tidegate.cli import main
from tidegate.engine import collect

def waiting(*args):
    print("working", file=sys.stderr, flush=True)
    time.sleep(60)

collect.run_shards = waiting
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_it_from_outside_leaves_nothing_behind(number: int, tmp_path: Path) -> None:
    """A scan of a repository keeps a view of it in a temporary folder; a lab an account of 300 MB."""
    (tmp_path / "tmp").mkdir()
    subprocess.run(["git", "init", "-q", "repository"], cwd=tmp_path, check=True)
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, "scan", "repository", "-"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path / "tmp")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stderr is not None
        assert child.stderr.readline() == "working\n"
        assert list((tmp_path / "tmp").iterdir())
        child.send_signal(number)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (128 + number, "", "")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_nohup_ignores_stays_ignored(tmp_path: Path) -> None:
    program = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + LEAVING.replace(
        "signal.SIGINT", "signal.SIGHUP"
    )
    (tmp_path / "a.txt").write_text("nothing here")
    assert run(program, "scan", "a.txt", folder=tmp_path).returncode == 0
