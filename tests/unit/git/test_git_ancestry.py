from __future__ import annotations

import random
import subprocess
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from dulwich.pack import create_delta
from git_repositories import Repo, open_repo, text
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.model.document import Tally
from tidegate.sources.delta import apply_delta
from tidegate.sources.git.ancestry import Ancestry
from tidegate.sources.git.deltaops import SLACK, OddError, read_instructions
from tidegate.sources.git.history import Origin, origins
from tidegate.sources.git.shards import Catalogue, plan
from tidegate.sources.gitcommand import CatFile


def history(path: Path, seed: int, commits: int) -> None:
    """A history with merges, renames, folders, files that come and go, clocks that go wrong, and many ties."""
    rng = random.Random(seed)
    Repo(path)
    names = [
        f"{folder}{name}{i}" for folder in ("", "a/", "a/b/", "c/") for name in ("f", "g") for i in range(9)
    ]
    states: list[dict[str, int]] = []
    lines = []
    contents = 40
    for number in range(1, commits + 1):
        parents = sorted(rng.sample(range(1, number), min(number - 1, rng.choice((1, 1, 1, 2, 2, 3, 0)))))
        files = dict(states[parents[-1] - 1]) if parents else {}
        for other in parents[:-1]:
            for name, content in states[other - 1].items():
                files.setdefault(name, content)
        for _ in range(rng.randint(0, 4)):
            change = rng.random()
            if files and change < 0.3:
                files[rng.choice(names)] = files.pop(rng.choice(sorted(files)))
            elif files and change < 0.4:
                del files[rng.choice(sorted(files))]
            else:
                files[rng.choice(names)] = rng.randrange(contents)
        states.append(files)
        when = 1_600_000_000 + (number * 10 if rng.random() < 0.8 else rng.randrange(100) * 10)
        lines.append(
            f"commit refs/heads/b{rng.randrange(4)}\nmark :{number}\ncommitter A <a@b.c> {when} +0000\ndata 0\n"
        )
        lines += [f"{'merge' if i else 'from'} :{parent}\n" for i, parent in enumerate(reversed(parents))]
        lines.append("deleteall\n")
        for name, content in sorted(files.items()):
            lines.append(f"M 100644 inline {name}\ndata <<END\n{text(content, 3)}END\n")
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"], cwd=path, input="".join(lines).encode(), check=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def both_answers(path: Path) -> tuple[dict[bytes, Origin], dict[bytes, Origin]]:
    """Ours and rev-list's, for every blob there is: from the branches, then from all commits."""
    listed = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)"],
        cwd=path, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    pairs = [(kind, bytes.fromhex(oid)) for kind, oid in zip(listed[::2], listed[1::2], strict=True)]
    blobs = {oid for kind, oid in pairs if kind == "blob"}
    with closing(open_repo(path)) as source, closing(CatFile(source._view, 1 << 20)) as git:
        catalogue = Catalogue()
        list(plan(source._stores, source._repository.width, 1, Tally(), catalogue))
        starts = sorted(set(source._refs.names.values()))
        commits = sorted(oid for kind, oid in pairs if kind == "commit")
        theirs = dict(origins(source._view, blobs, starts))
        rest = dict(origins(source._view, blobs - theirs.keys(), commits))
        ancestry = Ancestry(catalogue, git, source._repository.width, fewest=0)
        ours = dict(ancestry.origins(blobs, starts))
        brought = list(dict.fromkeys(each.commit for each in theirs.values()))
        assert ancestry.in_order(sorted(filter(None, brought))) == brought
    # What only dangling commits have may be listed in another order where these are as old as each other.
    assert rest.keys() == ours.keys() - theirs.keys()
    return {oid: ours[oid] for oid in theirs}, theirs


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), packs=st.sampled_from(["one", "several", "loose"]))
def test_the_first_commit_and_path_are_those_of_rev_list(
    tmp_path_factory: pytest.TempPathFactory, seed: int, packs: str
) -> None:
    path = tmp_path_factory.mktemp("history")
    history(path, seed, 60)
    git = Repo(path)
    if packs == "loose":
        (pack,) = (path / ".git" / "objects" / "pack").glob("*.pack")
        moved = pack.rename(path / "moved.pack")
        pack.with_suffix(".idx").unlink()
        git.git("unpack-objects", "-q", given=moved.read_bytes())
    else:
        git.git("repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=20")
    if packs == "several":
        git.git("read-tree", "b0", check=False)
        git.git("checkout", "-q", "-f", "b0", check=False)
        for number in range(5):
            git.commit(f"More {number}", **{"f1": text(1000 + number), f"new{number}": text(number)})
        git.git("repack", "-q", "-d")
    ours, theirs = both_answers(path)
    assert ours == theirs


def test_a_history_of_large_trees_is_followed_through_their_deltas(tmp_path: Path) -> None:
    """Insertions of more than 127 bytes, ids that begin like the one before, and long chains."""
    repo = Repo(tmp_path / "r")
    rng = random.Random(5)
    lines = []
    names = [f"folder{i % 3}/name{i:05}{'x' * (i * 7 % 23)}" for i in range(2500)]
    files = dict(zip(names, range(2500), strict=True))
    for number in range(1, 121):
        lines.append(
            f"commit refs/heads/main\nmark :{number}\ncommitter A <a@b.c> {number * 100} +0000\ndata 0\n"
        )
        first = rng.randrange(2400)
        for i in range(first, first + rng.choice((1, 1, 2, 30))):
            files[names[i]] = rng.randrange(10**6)
        changed = files if number == 1 else dict(list(files.items())[first : first + 40])
        for name, content in changed.items():
            lines.append(f"M 100644 inline {name}\ndata <<END\n{content}\nEND\n")
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=repo.path, input="".join(lines).encode(), check=True
    )
    repo.git("repack", "-q", "-a", "-d", "-f", "--depth=100", "--window=30")
    ours, theirs = both_answers(repo.path)
    assert len(theirs) > 2500
    assert ours == theirs


def test_a_history_in_sha256_is_followed(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r", "--object-format=sha256")
    for number in range(8):
        repo.commit(f"Change {number}", **{"a": text(number), f"b{number % 3}": text(number % 5)})
    repo.pack()
    ours, theirs = both_answers(repo.path)
    assert ours == theirs


@given(st.lists(st.tuples(st.binary(max_size=400), st.binary(max_size=400)), min_size=1, max_size=5))
def test_instructions_say_what_a_delta_does(pairs: list[tuple[bytes, bytes]]) -> None:
    deltas = [b"".join(create_delta(base, target)) for base, target in pairs]
    data = np.frombuffer(b"".join(deltas) + bytes(SLACK), np.uint8)
    ends = np.cumsum([len(delta) for delta in deltas])
    made = read_instructions(data, ends - [len(delta) for delta in deltas], ends)
    for number, (base, target) in enumerate(pairs):
        built = b""
        for i in np.flatnonzero(made.owners == number).tolist():
            assert made.targets[i] == len(built)
            source = base if made.copies[i] else data.tobytes()
            built += source[made.sources[i] : made.sources[i] + made.lengths[i]]
        assert built == target == apply_delta(base, deltas[number])


@given(st.binary(max_size=60))
def test_a_malformed_delta_is_odd_and_never_anything_worse(delta: bytes) -> None:
    data = np.frombuffer(delta + bytes(SLACK), np.uint8)
    with suppress(OddError):
        read_instructions(data, np.array([0]), np.array([len(delta)]))
