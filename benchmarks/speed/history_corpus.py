"""Make the repository to scan: a copy of a real one, or one written by `git fast-import`.

Credentials are planted in both: in a real repository as commits on a branch of their own that change files
from all over its history, so that naming the first commit and path of each has its full price.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from plant import Planted, credential, insert_line

VERSION = 2
FILES = 2500
"""Files in the made repository."""
MAX_SEED_BYTES = 48_000
PLANTS = 250
BRANCH = "refs/heads/planted-by-the-benchmark"
WHO = "Ada Example <ada@example.com>"
GIT_ENV = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class HistoryCorpus:
    repository: Path
    planted: tuple[Planted, ...]
    facts: dict[str, object]


def make(work: Path, *, blobs: int, seed: int) -> HistoryCorpus:
    """Return a made repository of at least `blobs` blobs below `work`, packed in one go."""
    home = work / "history-made"
    wanted = {"blobs": blobs, "seed": seed, "version": VERSION}
    saved = _saved(home, wanted)
    if saved is not None:
        return saved
    repository = _fresh(home)
    git(repository, "init", "--quiet", "--bare", ".")
    planted: list[Planted] = []
    _import(repository, _made_history(blobs, random.Random(seed), planted))
    git(repository, "repack", "-adfq", "--depth=50", "--window=10")
    return _note(home, wanted, planted)


def copy(work: Path, original: Path, *, seed: int) -> HistoryCorpus:
    """Return a copy of the repository at `original`, with planted commits in a second pack."""
    git_folder = original / ".git" if (original / ".git").is_dir() else original
    home = work / f"history-{original.resolve().name}"
    packs = sorted(p.name for p in (git_folder / "objects" / "pack").glob("*.pack"))
    wanted = {"original": str(original.resolve()), "packs": packs, "seed": seed, "version": VERSION}
    saved = _saved(home, wanted)
    if saved is not None:
        return saved
    repository = _fresh(home)
    shutil.copytree(git_folder, repository, dirs_exist_ok=True)
    planted: list[Planted] = []
    _import(repository, _planted_commits(repository, random.Random(seed), planted))
    return _note(home, wanted, planted)


def git(repository: Path, *arguments: str) -> str:
    """Run git with no configuration but the repository's own, and return what it printed."""
    command = ["git", "-C", str(repository), *arguments]
    done = subprocess.run(command, env=os.environ | GIT_ENV, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


def _fresh(home: Path) -> Path:
    shutil.rmtree(home, ignore_errors=True)
    repository = home / "repository.git"
    repository.mkdir(parents=True)
    return repository


def _saved(home: Path, wanted: Mapping[str, object]) -> HistoryCorpus | None:
    note = home / "corpus.json"
    if not note.exists():
        return None
    saved = json.loads(note.read_text())
    if saved["wanted"] != wanted:
        return None
    planted = tuple(Planted(**each) for each in saved["planted"])
    return HistoryCorpus(home / "repository.git", planted, saved["facts"])


def _note(home: Path, wanted: Mapping[str, object], planted: Sequence[Planted]) -> HistoryCorpus:
    repository = home / "repository.git"
    facts = _facts(repository) | {"planted": len(planted)}
    saved = {"wanted": wanted, "facts": facts, "planted": [asdict(each) for each in planted]}
    (home / "corpus.json").write_text(json.dumps(saved, indent=1))
    return HistoryCorpus(repository, tuple(planted), facts)


def _facts(repository: Path) -> dict[str, object]:
    listing = git(
        repository,
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--batch-check=%(objecttype) %(objectsize)",
    )
    counts = {"blob": 0, "tree": 0, "commit": 0, "tag": 0}
    blob_bytes = 0
    for line in listing.splitlines():
        kind, _, size = line.partition(" ")
        counts[kind] += 1
        blob_bytes += int(size) if kind == "blob" else 0
    packs = list((repository / "objects" / "pack").glob("*.pack"))
    return {
        **{f"{kind}s": count for kind, count in counts.items()},
        "blob_megabytes": round(blob_bytes / 1e6, 1),
        "packs": len(packs),
        "pack_megabytes": round(sum(p.stat().st_size for p in packs) / 1e6, 1),
    }


def _import(repository: Path, stream: Iterator[bytes]) -> None:
    command = ["git", "-C", str(repository), "fast-import", "--quiet", "--force"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | GIT_ENV) as process:
        assert process.stdin is not None
        for piece in stream:
            process.stdin.write(piece)
        process.stdin.close()
    if process.returncode:
        raise SystemExit(f"git fast-import failed with {process.returncode}")


def _commit(
    ref: str, number: int, message: str, parents: Sequence[str], files: dict[str, bytes]
) -> Iterator[bytes]:
    when = 1_262_304_000 + number * 3_600
    text = message.encode()
    who = f"{WHO} {when} +0000"
    yield f"commit {ref}\nmark :{number + 1}\nauthor {who}\ncommitter {who}\n".encode()
    yield b"data %d\n%b\n" % (len(text), text)
    for word, parent in zip(("from", *("merge" for _ in parents[1:])), parents, strict=False):
        yield f"{word} {parent}\n".encode()
    for path, content in files.items():
        yield b"M 100644 inline %b\ndata %d\n" % (path.encode(), len(content))
        yield content + b"\n"
    yield b"\n"


# A made history


def _made_history(blobs: int, rng: random.Random, planted: list[Planted]) -> Iterator[bytes]:
    """Yield a stream: 2,500 files, then commits of one to eight small edits, a merge now and then."""
    texts = _seed_texts(rng)
    lines = sorted({line for text in texts.values() for line in text.split(b"\n") if 8 < len(line) < 120})
    main, side = "refs/heads/main", "refs/heads/side"
    yield from _commit(main, 0, "Begin", (), texts)
    number, made, open_side = 1, len(texts), 0
    paths = sorted(texts)
    while made < blobs:
        plant = len(planted) < PLANTS and made > len(planted) * blobs // PLANTS
        chosen = [paths[int(len(paths) * rng.random() ** 3)] for _ in range(rng.randint(1, 8))]
        changed = {path: _edited(texts[path], lines, rng) for path in chosen}
        if plant:
            changed[chosen[0]] = _with_plant(changed[chosen[0]], chosen[0], rng, planted)
        # The credential goes again with the next edit of that file: history keeps it, HEAD does not.
        texts |= {path: content for path, content in changed.items() if not (plant and path == chosen[0])}
        parents = [f":{number}"]
        if open_side:
            parents.append(f":{open_side}")
            open_side = 0
        yield from _commit(main, number, f"Change {', '.join(sorted(changed))}", parents, changed)
        made += len(changed)
        number += 1
        if number % 50 == 0:
            path = rng.choice(paths)
            yield from _commit(
                side, number, f"Try {path}", [f":{number}"], {path: _edited(texts[path], lines, rng)}
            )
            number, made = number + 1, made + 1
            # The next commit of main follows the last of main, and merges this one.
            open_side = number
            yield from _commit(main, number, "Prepare", [f":{number - 1}"], {})
            number += 1


def _seed_texts(rng: random.Random) -> dict[str, bytes]:
    """Return path -> text, from the Python library of this machine: real code makes real deltas."""
    root = Path(sysconfig.get_path("stdlib"))
    found: dict[str, bytes] = {}
    candidates = sorted(
        p for p in root.rglob("*") if p.suffix in {".py", ".txt", ".h", ".json"} and p.is_file()
    )
    rng.shuffle(candidates)
    for path in candidates:
        data = path.read_bytes()[:MAX_SEED_BYTES]
        if len(data) > 400 and b"\x00" not in data:
            found[path.relative_to(root).as_posix().replace("site-packages/", "vendor/")] = data
        if len(found) == FILES:
            break
    return found


def _edited(text: bytes, lines: list[bytes], rng: random.Random) -> bytes:
    """Return `text` with one to four places changed: lines added, taken out, replaced."""
    own = text.split(b"\n")
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(own) + 1)
        removed = rng.randint(0, 4) if len(own) > 40 else 0
        first = rng.randrange(len(lines))
        own[at : at + removed] = lines[first : first + rng.randint(1, 6)]
    if len(own) > 1500:
        del own[1000:1300]
    return b"\n".join(own)


def _with_plant(text: bytes, path: str, rng: random.Random, planted: list[Planted]) -> bytes:
    one = credential(rng, len(planted))
    content, line = insert_line(text, one.text.encode(), rng)
    planted.append(Planted(one.form, path, line, one.marker))
    return content


# Planting in a real history


def _planted_commits(repository: Path, rng: random.Random, planted: list[Planted]) -> Iterator[bytes]:
    """Yield commits on a branch of their own, each with one credential in one old version of a file."""
    commits = git(repository, "rev-list", "--all", "--no-merges").split()
    step = max(1, len(commits) // PLANTS)
    previous = ""
    for base in commits[::step][:PLANTS]:
        chosen = _a_file(repository, base, rng)
        if chosen is None:
            continue
        path, text = chosen
        content = _with_plant(text, path, rng, planted)
        number = len(planted)
        parents = [previous] if previous else [base]
        yield from _commit(BRANCH, number, f"Planted {planted[-1].form}", parents, {path: content})
        previous = f":{number + 1}"


def _a_file(repository: Path, commit: str, rng: random.Random) -> tuple[str, bytes] | None:
    """Return path and text of a small text file of that commit, or `None` when git cannot give one."""
    try:
        listing = git(
            repository, "ls-tree", "-r", "-z", "--format=%(objecttype) %(objectname) %(path)", commit
        )
    except subprocess.CalledProcessError:
        return None
    entries = [e.split(" ", 2) for e in listing.split("\0") if e.startswith("blob ")]
    for _, name, path in rng.sample(entries, min(8, len(entries))):
        command = ["git", "-C", str(repository), "cat-file", "blob", name]
        done = subprocess.run(command, env=os.environ | GIT_ENV, capture_output=True, check=False)
        plain = path.isascii() and not set(path) & set('"\\\n ')
        if done.returncode == 0 and plain and 200 < len(done.stdout) < 100_000 and b"\0" not in done.stdout:
            return path, done.stdout
    return None
