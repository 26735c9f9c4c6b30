"""Make the folder to scan, from what the machine has: packages, headers, documentation, programs.

Two folders come out. `plain` holds no container (archive, compressed file, PDF, SQLite), so that a C program
which only reads and matches does the same work as a scanner. `containers` holds only those.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import stat
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from plant import Planted, credential, insert_line

# The standard library's folder is the same inside and outside a virtual environment.
ROOTS = ("/usr/include", "/usr/share", "/usr/lib", "/usr/local", sysconfig.get_path("stdlib"))
MAX_FILE_BYTES = 8 << 20
"""Larger files are left out: a few of them would decide the result."""
BINARY_SHARE = 0.30
"""Of the bytes: a source tree with its images, compiled modules and data."""
ONE_PLANT_IN = 700
"""files: credentials are rare, and what a scanner does with each is no part of its reading speed. Every form
stands there about ten times."""
CONTAINERS = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf\x27\x1c",
    b"%PDF-",
    b"SQLite format 3\x00",
    b"!<arch>\n",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    path: str
    size_bytes: int
    kind: str
    """`text`, `binary` or `container`"""
    digest: bytes


@dataclass(frozen=True, slots=True)
class FolderCorpus:
    plain: Path
    containers: Path
    planted: tuple[Planted, ...]
    """Paths are relative to `plain`."""
    facts: dict[str, object]


def make(work: Path, *, files: int, megabytes: int, seed: int, roots: Sequence[str] = ROOTS) -> FolderCorpus:
    """Return the corpus below `work`, making it when it is not there or was made otherwise.

    At least `files` files and `megabytes` MB (10^6) where the machine has so much; what came out is in
    `facts`.
    """
    home = work / "folder"
    wanted = {"files": files, "megabytes": megabytes, "seed": seed, "roots": list(roots), "version": 4}
    note = home / "corpus.json"
    if note.exists():
        saved = json.loads(note.read_text())
        if saved["wanted"] == wanted:
            known = tuple(Planted(**each) for each in saved["planted"])
            return FolderCorpus(home / "plain", home / "containers", known, saved["facts"])
    shutil.rmtree(home, ignore_errors=True)
    rng = random.Random(seed)
    every = sorted(_candidates(roots, inside=str(work)), key=lambda c: c.path)
    rng.shuffle(every)
    chosen = _choose(every, files, megabytes * 1_000_000)
    planted = _copy([c for c in chosen if c.kind != "container"], home / "plain", rng)
    _copy([c for c in chosen if c.kind == "container"], home / "containers", None)
    facts = _facts(chosen, planted)
    saved = {"wanted": wanted, "facts": facts, "planted": [asdict(each) for each in planted]}
    note.write_text(json.dumps(saved, indent=1))
    return FolderCorpus(home / "plain", home / "containers", tuple(planted), facts)


def write_examples(plain: Path, examples: Mapping[str, str]) -> None:
    """Add a file for every example of every rule: they are today's, whenever the corpus was made."""
    folder = plain / "rule-examples"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in examples.items():
        (folder / name).write_text(text, encoding="utf-8")


def _candidates(roots: Sequence[str], inside: str) -> Iterator[Candidate]:
    for root in roots:
        for folder, subfolders, names in os.walk(root):
            subfolders[:] = [s for s in subfolders if s != ".git" and os.path.join(folder, s) != inside]
            for name in names:
                candidate = _look(os.path.join(folder, name))
                if candidate is not None:
                    yield candidate


def _look(path: str) -> Candidate | None:
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= MAX_FILE_BYTES:
            return None
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None
    # A Java module is a zip behind four bytes of its own, an installer one behind a program.
    if data.startswith(CONTAINERS) or data[257:262] == b"ustar" or data[-22:-18] == b"PK\x05\x06":
        kind = "container"
    else:
        kind = "binary" if b"\x00" in data[:8192] else "text"
    return Candidate(path, len(data), kind, hashlib.blake2b(data, digest_size=16).digest())


def _choose(every: list[Candidate], files: int, size: int) -> list[Candidate]:
    """Text first, then binaries up to their share; each content once, because one peer reads doubles once."""
    seen: set[bytes] = set()
    room = {"text": size, "binary": int(size * BINARY_SHARE), "container": size // 10}
    text_room = size - room["binary"]
    taken: list[Candidate] = []
    counts = {"text": 0, "binary": 0, "container": 0}
    used = {"text": 0, "binary": 0, "container": 0}
    for each in every:
        plenty = (
            each.kind == "text" and used["text"] > text_room and counts["text"] + counts["binary"] >= files
        )
        if each.digest in seen or plenty or used[each.kind] + each.size_bytes > room[each.kind]:
            continue
        seen.add(each.digest)
        taken.append(each)
        counts[each.kind] += 1
        used[each.kind] += each.size_bytes
    return taken


def _copy(chosen: list[Candidate], target: Path, rng: random.Random | None) -> list[Planted]:
    planted: list[Planted] = []
    for number, each in enumerate(chosen):
        inner = each.path.lstrip("/")
        copy = target / inner
        copy.parent.mkdir(parents=True, exist_ok=True)
        if rng is None or each.kind != "text" or number % ONE_PLANT_IN:
            shutil.copyfile(each.path, copy)
            continue
        one = credential(rng, len(planted))
        text, line = insert_line(Path(each.path).read_bytes(), one.text.encode(), rng)
        copy.write_bytes(text)
        planted.append(Planted(one.form, inner, line, one.marker))
    return planted


def _facts(chosen: list[Candidate], planted: list[Planted]) -> dict[str, object]:
    facts: dict[str, object] = {"planted": len(planted)}
    for kind in ("text", "binary", "container"):
        sizes = [c.size_bytes for c in chosen if c.kind == kind]
        facts[kind] = {"files": len(sizes), "megabytes": round(sum(sizes) / 1e6, 1)}
    plain = [c.size_bytes for c in chosen if c.kind != "container"]
    facts["plain"] = {"files": len(plain), "megabytes": round(sum(plain) / 1e6, 1)}
    facts["median_file_bytes"] = sorted(plain)[len(plain) // 2] if plain else 0
    facts["digest"] = hashlib.sha256(b"".join(sorted(c.digest for c in chosen))).hexdigest()[:16]
    return facts
