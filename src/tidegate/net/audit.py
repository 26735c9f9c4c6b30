"""The record of every request that was made. No secret can enter: none is handed to it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from tidegate.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One attempt."""

    time: str
    """When it was sent, UTC, ISO 8601 with milliseconds."""
    run: str
    """The same for all requests of one run; Azure's own logs show it with `n` as the client request id."""
    n: int
    """Counts the attempts of the run from 1."""
    provider: str
    name: str
    """The account or bucket that was asked, or the id of the key."""
    method: str
    url: str
    """Without the secret part of its query."""
    asked: str
    """What for, in plain words."""
    status: int | None
    """`None`: no answer came, see `error`."""
    error: str
    bytes: int
    """Of the body, as far as it was read."""
    milliseconds: int


class Recorder(Protocol):
    """Keeps entries. Called from one thread at a time."""

    def record(self, entry: Entry) -> None:
        """Keep one entry before the answer is handed on. Raises `ConfigError` when it cannot."""
        ...


class Memory:
    """Keeps entries in a list."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def record(self, entry: Entry) -> None:
        self.entries.append(entry)


class AuditFile:
    """Appends entries to a file that only its owner may read, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises `ConfigError`."""
        self._path = path
        # No link is followed, so that nobody else decides which file grows; a pipe is not waited for.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with self._explained():
            self._file = os.open(path, flags, 0o600)
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            os.close(self._file)
            raise ConfigError(f"the audit log {path} is no ordinary file")
        with self._explained():
            os.fchmod(self._file, 0o600)

    def record(self, entry: Entry) -> None:
        # One write a line: several runs do not mix in one file. Only ASCII: nothing steers a terminal.
        line = json.dumps(asdict(entry), separators=(",", ":")).encode() + b"\n"
        with self._explained():
            written = os.write(self._file, line)
        if written != len(line):
            raise ConfigError(f"the audit log {self._path} cannot be written: no space left")

    def close(self) -> None:
        """Close the file; every line is already with the system."""
        os.close(self._file)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigError(f"the audit log {self._path} cannot be written: {error.strerror}") from None
