"""Git, run so that nothing of the scanned repository's configuration has a say.

Commands run in a private git directory (`view.py`) that has links to the target's objects and
nothing else of it: no configuration, no hooks, no attributes, no alternates but those we accepted.
Only plumbing is called, and no transport is allowed, so that a partial clone never fetches.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from tidegate.errors import SourceError

_ISOLATED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",  # git 2.44 and later; before, the list of protocols below stops a fetch
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
    "HOME": os.devnull,
}

CHUNK_BYTES = 1 << 20


class CommandError(Exception):
    """A git command failed; becomes a gap."""


def environment() -> dict[str, str]:
    """Return all that a git command is given: where programs are, and our switches."""
    return {"PATH": os.environ.get("PATH", os.defpath), **_ISOLATED}


def program() -> str:
    """Return the path of git. Raises `SourceError` when there is none."""
    found = shutil.which("git")
    if found is None:
        raise SourceError("git is not installed", hint="Install git 2.30 or later.")
    return found


def stream(view: Path, args: Sequence[str], lines: bytes = b"") -> Generator[bytes]:
    """Yield the command's output in chunks; closing the iterator ends the command.

    `lines` is its standard input, written to a file first, so that neither side can wait for the other.
    Raises `CommandError` behind the last chunk when the command failed: what it said before stands.
    """
    with tempfile.TemporaryFile() as given:
        given.write(lines)
        given.seek(0)
        process = subprocess.Popen(
            [program(), "--git-dir", str(view), *args],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            cwd=view,
        )
    out = process.stdout
    assert out is not None
    try:
        while chunk := out.read(CHUNK_BYTES):
            yield chunk
        if process.wait():
            raise CommandError(f"git {args[0]} ended with status {process.returncode}")
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()


class CatFile:
    """`git cat-file --batch`, kept running; started when first asked, again when it died."""

    def __init__(self, view: Path, max_bytes: int) -> None:
        self._view = view
        self._max_bytes = max_bytes
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, oid: bytes) -> tuple[str, bytes] | None:
        """Return type and content, or `None` when it is missing, damaged or larger than `max_bytes`."""
        process = self._running()
        asked, answer = process.stdin, process.stdout
        assert asked is not None
        assert answer is not None
        try:
            asked.write(oid.hex().encode() + b"\n")
            asked.flush()
            return self._answer(answer)
        except (OSError, ValueError):
            self.close()
            return None

    def _answer(self, out: IO[bytes]) -> tuple[str, bytes] | None:
        words = out.readline(1024).split()
        if len(words) == 2 and words[1] == b"missing":
            return None
        if len(words) != 3:
            raise ValueError("git ended")
        size = int(words[2])
        if size > self._max_bytes:
            raise ValueError("too large")
        content = out.read(size + 1)
        if len(content) != size + 1:
            raise ValueError("git ended")
        return words[1].decode(), content[:-1]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [program(), "--git-dir", str(self._view), "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                cwd=self._view,
            )
        return self._process

    def close(self) -> None:
        """End the process; the next `read` starts a new one."""
        if self._process is not None:
            _end(self._process)
            self._process = None
