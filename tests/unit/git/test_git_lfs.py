from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import pytest
from git_repositories import Repo, open_repo, read_source

from tidegate.model.document import Tally


def pointer(content: bytes, head: str = "version https://git-lfs.github.com/spec/v1\n") -> str:
    return f"{head}oid sha256:{hashlib.sha256(content).hexdigest()}\nsize {len(content)}\n"


def told(path: Path, jobs: int = 1) -> list[str]:
    """Return the reasons of all gaps once everything is read."""
    with closing(open_repo(path)) as source:
        _, tally = read_source(source, jobs)
        source.places([], tally)
    return [gap.reason for gap in tally.gaps]


@pytest.mark.parametrize("packed", [False, True])
def test_pointers_whose_content_is_not_here_are_counted_once_for_the_repository(
    tmp_path: Path, packed: bool
) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("One", a__bin=pointer(b"one"), b__bin=pointer(b"two"), same__bin=pointer(b"one"))
    repo.commit("Other version", a__bin=pointer(b"three", "version https://hawser.github.com/spec/v1\n"))
    if packed:
        repo.pack()
    assert told(repo.path, jobs=3) == ["3 files are Git LFS pointers whose content is not here"]
    for content in (b"one", b"two"):
        oid = hashlib.sha256(content).hexdigest()
        repo.write(f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}", content)
    assert told(repo.path) == ["1 file is a Git LFS pointer whose content is not here"]
    oid = hashlib.sha256(b"three").hexdigest()
    repo.write(f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}", b"three")
    assert told(repo.path) == []


def test_what_only_looks_like_a_pointer_is_none(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    whole = pointer(b"x")
    repo.commit(
        "Others", a=whole + "more\n", b=whole[:-80], c=whole.replace("v1", "v9"), d=whole + " " * 1024, e=""
    )
    assert told(repo.path) == []


def test_places_of_nothing_are_none(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("One", a="a")
    with closing(open_repo(repo.path)) as source:
        assert source.places([], Tally()) == []
