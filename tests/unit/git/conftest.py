from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from git_repositories import Repo, text


@pytest.fixture(scope="session")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A repository with everything in it that `git log -p` would not show. Not to be changed."""
    repo = Repo(tmp_path_factory.mktemp("eventful") / "repo")
    repo.commit("First", readme__md="one\n", data__txt=text(1))
    for i in range(12):
        repo.commit(f"Change {i}", data__txt=text(1) + f"change {i}\n")
    repo.write(".gitattributes", "*.key -diff\n")
    repo.commit(
        "Attributes, and a file in UTF-16",
        secret__key="hidden from diff\n",
        wide__txt="breit\n".encode("utf-16"),
    )
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("On a side branch", side__txt="side\n", data__txt=text(1) + "from the side\n")
    repo.git("checkout", "-q", "main")
    repo.commit("On main", main__txt="main\n", data__txt=text(1) + "from main\n")
    repo.git("merge", "-q", "--no-commit", "side", check=False)
    repo.commit(
        "Merge: with a file that only the merge has", only__txt="only in the merge\n", data__txt="both\n"
    )
    repo.git("rm", "-q", "side.txt")
    repo.commit("Deleted")
    repo.commit("Soon dangling", dangling__txt="dangling\n")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.write("readme.md", "stashed\n")
    repo.write("untracked.txt", "stashed, untracked\n")
    repo.git("stash", "push", "-q", "--include-untracked")
    repo.git("notes", "add", "-m", "a note on it", "HEAD")
    repo.git("tag", "-a", "v1", "-m", "The first release\n\nwith words")
    repo.git(
        "update-ref", "refs/pull/7/head", repo.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "A pull")
    )
    repo.write("staged.txt", "staged only\n")
    repo.git("add", "staged.txt")
    repo.blob(b"in no tree\n")
    repo.write("image.bin", bytes(range(256)) * 2000)
    repo.git("add", "image.bin")
    return repo
