"""Real repositories, made by git."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

from tidegate.model.document import Batch, Tally
from tidegate.sources.git import Bounds, GitSource, open_git

START = 1_600_000_000


class Repo:
    """A repository, and a clock that goes on by an hour with every commit."""

    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        self.now = START
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)
        self.git("config", "gc.auto", "0")

    def git(self, *arguments: str, given: bytes = b"", check: bool = True) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada Nauta",
            "GIT_AUTHOR_EMAIL": "ada@contoso.example",
            "GIT_AUTHOR_DATE": f"{self.now} +0200",
            "GIT_COMMITTER_NAME": "Bo Wharf",
            "GIT_COMMITTER_EMAIL": "bo@contoso.example",
            "GIT_COMMITTER_DATE": f"{self.now} -0500",
            "HOME": str(self.path),
        }
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.path,
            env=environment,
            input=given,
            capture_output=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"git {arguments}: {done.stderr.decode()}")
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, name: str, content: bytes | str) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str, **files: bytes | str) -> str:
        """Commit everything there is; `files` are written first (`__` stands for a dot)."""
        self.now += 3600
        for name, content in files.items():
            self.write(name.replace("__", "."), content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", given=content)

    def pack(self, *options: str) -> None:
        self.git("repack", "-q", "-a", "-d", *options)

    def loose_path(self, oid: str) -> Path:
        return self.path / ".git" / "objects" / oid[:2] / oid[2:]


def text(seed: int, lines: int = 60) -> str:
    """Text that deltas well against its neighbours and not with others."""
    rng = random.Random(seed)
    return "".join(f"{i} {rng.getrandbits(96):x}\n" for i in range(lines))


def open_repo(path: Path, **options: Bounds | bool | str) -> GitSource:
    return open_git(str(path), **options)  # type: ignore[arg-type]


def documents(batch: Batch) -> list[tuple[object, bytes]]:
    """Return label and content of each, of those too that lie there in part."""
    rows = zip(batch.starts, batch.ends, batch.labels, strict=True)
    return [
        (label, batch.partial[i][0] if i in batch.partial else bytes(batch.data[start:end]))
        for i, (start, end, label) in enumerate(rows)
    ]


def read_source(source: GitSource, jobs: int = 1) -> tuple[list[tuple[object, bytes]], Tally]:
    """Return everything that the source hands out, and what it counted."""
    tally = Tally()
    found = []
    for shard in source.shards(jobs, tally):
        for batch in source.batches(shard, tally):
            found += documents(batch)
    return found, tally


def read_objects(path: Path, **options: Bounds | bool | str) -> tuple[dict[str, bytes], Tally]:
    """Return hexadecimal id -> content of every blob, commit and tag; each must have come once."""
    source = open_repo(path, **options)
    try:
        found, tally = read_source(source)
    finally:
        source.close()
    objects: dict[str, bytes] = {}
    for label, content in found:
        oid = None
        if isinstance(label, bytes):
            oid = label
        elif isinstance(label, tuple) and label[0] in ("commit", "tag"):
            oid = label[1]
        if oid is not None:
            assert oid.hex() not in objects, "read twice"
            objects[oid.hex()] = content
    return objects, tally


def all_objects(path: Path) -> dict[str, bytes]:
    """Return what git says is there, trees left out."""
    out = subprocess.run(
        ["git", "-c", "safe.directory=*", "cat-file", "--batch-all-objects", "--batch"],
        cwd=path,
        capture_output=True,
        check=True,
    ).stdout
    found = {}
    at = 0
    while at < len(out):
        end = out.index(b"\n", at)
        oid, kind, size = out[at:end].split()
        if kind != b"tree":
            found[oid.decode()] = out[end + 1 : end + 1 + int(size)]
        at = end + 2 + int(size)
    return found
