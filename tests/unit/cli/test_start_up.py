"""A command that does little starts fast: it imports little."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "re2",
    "hyperscan",
    "numpy",
    "dulwich",
    "py7zr",
    "pypdfium2_raw",
    "zstandard",
    "tidegate.api",
    "tidegate.engine",
    "tidegate.plugins",
    "json",
)


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["scan", "--help"]])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    code = (
        "import sys\nfrom tidegate.cli import main\n"
        f"try: main({args!r})\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stderr.strip() == "[]"
