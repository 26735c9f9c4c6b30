"""A git repository made by real git: fixed people, fixed times, nothing of this machine's settings."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

FIRST = datetime(2021, 3, 1, 9, 0, tzinfo=UTC)
AUTHOR = "Ada Example <ada@contoso.example>"
SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": os.devnull,
    "LC_ALL": "C",
    "PATH": os.environ["PATH"],
}


@dataclass(slots=True)
class Repository:
    """A repository with a work tree. Each commit is a day after the one before."""

    path: Path
    commits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str, data: bytes | None = None, author: str = AUTHOR) -> str:
        """Run git here and return what it prints."""
        when = (FIRST + timedelta(days=self.commits)).isoformat()
        name, mail = author.rstrip(">").split(" <")
        people = {
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": mail,
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_NAME": "Committer Example",
            "GIT_COMMITTER_EMAIL": "c@contoso.example",
            "GIT_COMMITTER_DATE": when,
        }
        run = subprocess.run(
            ["git", *args], cwd=self.path, env=SETTINGS | people, input=data, capture_output=True, check=False
        )
        if run.returncode:
            raise RuntimeError(f"git {args[0]}: {run.stderr.decode(errors='replace')}")
        return run.stdout.decode(errors="surrogateescape").strip()

    def write(self, name: str, data: bytes | str) -> None:
        """Write a file of the work tree."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)

    def commit(self, message: str, *, author: str = AUTHOR) -> str:
        """Commit all that has changed and return the commit's id."""
        self.commits += 1
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message, author=author)
        return self.git("rev-parse", "HEAD")

    def put(self, name: str, data: bytes | str, message: str) -> str:
        """Write a file and commit it."""
        self.write(name, data)
        return self.commit(message)

    def remove(self, name: str, message: str) -> str:
        """Delete a file and commit that."""
        (self.path / name).unlink()
        return self.commit(message)

    def when(self, commit: str) -> str:
        """Return the author's time of a commit as the report writes it."""
        seconds = int(self.git("show", "-s", "--format=%at", commit))
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
