"""What a repository made to hurt does, and does not."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from git_repositories import Repo, open_repo, read_objects, read_source, text

from tidegate.errors import SourceError
from tidegate.model.document import Spot, Tally
from tidegate.sources.git import history, is_repository, open_git

RUNS = """
[core]
    fsmonitor = {run}
    hooksPath = {hooks}
    pager = {run}
    editor = {run}
    sshCommand = {run}
    gitProxy = {run}
    askPass = {run}
    alternateRefsCommand = {run}
    attributesFile = {attributes}
    worktree = {elsewhere}
[alias]
    rev-list = !{run}
    cat-file = !{run}
[credential]
    helper = !{run}
[diff]
    external = {run}
[diff "all"]
    textconv = {run}
    command = {run}
[filter "all"]
    process = {run}
    clean = {run}
    smudge = {run}
    required = true
[gpg]
    program = {run}
[interactive]
    diffFilter = {run}
[merge "all"]
    driver = {run}
[pager]
    rev-list = {run}
    cat-file = {run}
[remote "origin"]
    url = ext::{run}
    uploadpack = {run}
    promisor = true
    partialclonefilter = blob:none
    vcs = evil
[uploadpack]
    packObjectsHook = {run}
[protocol]
    allow = always
[protocol "ext"]
    allow = always
[extensions]
    partialClone = origin
[include]
    path = {include}
[sequence]
    editor = {run}
[trace2]
    eventTarget = {trace}
"""


@pytest.fixture
def hostile(tmp_path: Path) -> tuple[Repo, Path]:
    """A repository in which every known way to run a command would leave a canary behind."""
    canary = tmp_path / "canary"
    canary.mkdir()
    run = tmp_path / "run.sh"
    run.write_text(f"#!/bin/sh\ntouch {canary}/$$\n")
    run.chmod(0o755)
    repo = Repo(tmp_path / "repo")
    for i in range(5):
        repo.commit(
            f"Change {i}",
            a__txt=text(1) + f"{i}\n",
            __gitattributes="* filter=all diff=all merge=all\n",
        )
    repo.pack("-f")
    repo.commit("Loose", b__txt="needle\n")
    repo.commit("Gone", c__txt="gone\n")
    repo.loose_path(repo.git("rev-parse", "HEAD:c.txt")).unlink()
    git_dir = repo.path / ".git"
    for hook in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "pre-auto-gc",
        "fsmonitor-watchman",
    ):
        (git_dir / "hooks" / hook).write_text(run.read_text())
        (git_dir / "hooks" / hook).chmod(0o755)
    (git_dir / "info").mkdir(exist_ok=True)
    (git_dir / "info" / "attributes").write_text("* filter=all diff=all\n")
    include = tmp_path / "include"
    include.write_text(f"[core]\nfsmonitor = {run}\n")
    (git_dir / "config").write_text(
        "[core]\nrepositoryformatversion = 1\n"
        + RUNS.format(
            run=run,
            hooks=git_dir / "hooks",
            attributes=git_dir / "info" / "attributes",
            elsewhere=tmp_path,
            include=include,
            trace=canary / "trace",
        )
    )
    return repo, canary


def test_the_canaries_of_these_tests_sing(hostile: tuple[Repo, Path]) -> None:
    repo, canary = hostile
    repo.git("config", "--unset", "core.worktree")
    repo.git("status", check=False)
    assert list(canary.iterdir())


def test_nothing_that_a_repository_configures_is_run(hostile: tuple[Repo, Path]) -> None:
    repo, canary = hostile
    source = open_repo(repo.path)
    found, _ = read_source(source)
    spots = [Spot(label, 1, 1) for label, _ in found]
    places = source.places(spots, Tally())
    source.close()
    assert {p.path for own in places for p in own} >= {"a.txt", "b.txt", "<commit header>", "<git config>"}
    assert b"needle\n" in dict(found).values()
    assert not list(canary.iterdir())


def test_a_missing_object_of_a_partial_clone_is_not_fetched(hostile: tuple[Repo, Path]) -> None:
    repo, canary = hostile
    _, tally = read_objects(repo.path)
    assert any("partial clone" in gap.reason for gap in tally.gaps)
    assert not list(canary.iterdir())


def test_reading_changes_nothing_in_the_repository(eventful: Repo) -> None:
    def state() -> dict[str, tuple[int, int]]:
        files = [p for p in eventful.path.rglob("*") if p.is_file()]
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in files}

    before = state()
    source = open_repo(eventful.path)
    found, _ = read_source(source)
    source.places([Spot(label, 1, 1) for label, _ in found], Tally())
    source.close()
    assert state() == before


def private_repository(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "private")
    repo.commit("Private", secret__txt="private needle\n")
    return repo


def test_a_git_file_that_points_to_somebody_elses_repository_is_refused(tmp_path: Path) -> None:
    private = private_repository(tmp_path)
    target = tmp_path / "target"
    target.mkdir()
    (target / ".git").write_text(f"gitdir: {private.path}/.git\n")
    assert is_repository(target)
    with pytest.raises(SourceError, match="out of the target"):
        open_git(str(target))


def test_a_common_directory_elsewhere_is_refused(tmp_path: Path) -> None:
    private = private_repository(tmp_path)
    target = tmp_path / "target" / ".git"
    target.mkdir(parents=True)
    (target / "HEAD").write_text("ref: refs/heads/main\n")
    (target / "commondir").write_text(f"{private.path}/.git\n")
    with pytest.raises(SourceError, match="out of the target"):
        open_git(str(target.parent))


@pytest.mark.parametrize("link", [".git", "objects", "objects/pack", "objects/xx", "loose", "pack", "refs"])
def test_a_symlink_out_of_the_target_is_not_followed(tmp_path: Path, link: str) -> None:
    private = private_repository(tmp_path)
    oid = private.git("rev-parse", "HEAD:secret.txt")
    if link in ("objects/pack", "pack"):
        private.pack()
    own = Repo(tmp_path / "target")
    own.commit("Own", own__txt="own\n")
    theirs, mine = private.path / ".git", own.path / ".git"

    def replace(relative: str) -> None:
        path = mine / relative
        subprocess.run(["rm", "-rf", str(path)], check=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(theirs / relative)

    if link == ".git":
        subprocess.run(["rm", "-rf", str(mine)], check=True)
        mine.symlink_to(theirs)
    elif link == "loose":
        replace(f"objects/{oid[:2]}/{oid[2:]}")
    elif link == "objects/xx":
        replace(f"objects/{oid[:2]}")
    elif link == "pack":
        for path in (theirs / "objects/pack").iterdir():
            replace(f"objects/pack/{path.name}")
    else:
        replace(link)
    try:
        found, tally = read_objects(own.path)
    except SourceError:
        return
    assert link == "refs" or tally.gaps
    assert b"private needle\n" not in found.values()


def test_alternates_out_of_the_target_are_a_gap_even_through_a_chain(tmp_path: Path) -> None:
    private = private_repository(tmp_path)
    own = Repo(tmp_path / "target")
    own.commit("Own", own__txt="own\n")
    inner = own.path / ".git" / "more" / "info"
    inner.mkdir(parents=True)
    (inner / "alternates").write_text(f"{private.path}/.git/objects\n")
    (own.path / ".git/objects/info/alternates").write_text("../more\n../more\n../missing\n")
    found, tally = read_objects(own.path)
    assert b"own\n" in found.values()
    assert b"private needle\n" not in found.values()
    assert sorted(gap.reason for gap in tally.gaps) == [
        "alternate object store is not there",
        "alternate object store outside of the target; scan it as well",
    ]


def test_a_submodule_and_a_repository_in_a_subfolder_are_followed(tmp_path: Path) -> None:
    inner = Repo(tmp_path / "inner")
    inner.commit("Inner", inner__txt="inner needle\n")
    outer = Repo(tmp_path / "outer")
    outer.git("submodule", "--quiet", "add", str(inner.path), "sub")
    outer.commit("With a submodule")
    found, tally = read_objects(outer.path / "sub")
    assert b"inner needle\n" in found.values()
    assert not tally.gaps
    source = open_repo(outer.path)
    assert source.nested == [outer.path / ".git/modules/sub"]
    source.close()


def test_pipes_and_sockets_in_a_git_directory_do_not_stop_the_scan(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("First", a__txt="a\n")
    git_dir = repo.path / ".git"
    for name in ("PIPE_HEAD", "logs/pipe", "refs/heads/pipe", "objects/ab", "shallow-pipe"):
        os.mkfifo(git_dir / name)
    (git_dir / "index").unlink()
    os.mkfifo(git_dir / "index")
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(git_dir / "fsmonitor--daemon.ipc"))
        found, tally = read_objects(repo.path)
        blob = repo.blob(b"in no tree\n")
        source = open_repo(repo.path)
        source.places([Spot(bytes.fromhex(blob), 1, 1)], Tally())
        source.close()
    assert b"a\n" in found.values()
    assert all(stat.S_ISFIFO(os.lstat(gap.subject).st_mode) for gap in tally.gaps)


@pytest.mark.parametrize(
    "name", ["HEAD", "config", "packed-refs", "shallow", "index", "objects/info/alternates"]
)
def test_a_pipe_in_the_place_of_a_file_does_not_hang(tmp_path: Path, name: str) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("First", a__txt="a\n")
    path = repo.path / ".git" / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    try:
        found, _ = read_objects(repo.path)
    except SourceError:
        return
    assert b"a\n" in found.values()


def test_a_small_tree_that_stands_for_ten_billion_paths_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_TREE_ENTRIES", 20_000)
    repo = Repo(tmp_path / "repo")
    entry = f"100644 blob {repo.blob(b'x')}\tfile\n"
    for _ in range(10):
        tree = repo.git("mktree", given="".join(entry.replace("file", f"f{i}") for i in range(10)).encode())
        entry = f"040000 tree {tree}\tfile\n"
    commit = repo.git("commit-tree", tree, "-m", "bomb")
    repo.git("update-ref", "refs/heads/main", commit)
    _, tally = read_objects(repo.path)
    assert ["too many files" in gap.reason for gap in tally.gaps] == [True]


def test_refs_that_point_to_each_other_end(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("First", a__txt="a\n")
    for name, other in (("x", "y"), ("y", "x")):
        (repo.path / ".git/refs/heads" / name).write_text(f"ref: refs/heads/{other}\n")
    (repo.path / ".git/HEAD").write_text("ref: refs/heads/x\n")
    source = open_repo(repo.path)
    assert source.head is None
    found, _ = read_source(source)
    source.close()
    assert b"a\n" in dict(found).values()


@pytest.mark.parametrize(
    "content", [b"tree zz\n\nneedle", b"", b"\n\n", b"tree " + b"a" * 40 + b"\nparent x\n\nx"]
)
def test_a_head_that_is_no_commit_is_read_all_the_same(tmp_path: Path, content: bytes) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("First", a__txt="a\n")
    oid = repo.git("hash-object", "-w", "-t", "commit", "--literally", "--stdin", given=content)
    (repo.path / ".git/refs/heads/main").write_text(oid + "\n")
    (repo.path / ".git/refs/heads/long").write_text("ab" * 32 + "\n")
    with (repo.path / ".git/logs/HEAD").open("a") as log:
        log.write(f"{'0' * 41} {'1' * 41} needle\n")
    source = open_repo(repo.path)
    found, tally = read_source(source)
    places = source.places([Spot(label, 1, 1) for label, _ in found], tally)
    source.close()
    assert len(places) == len(found)
    assert b"a\n" in dict(found).values()
    assert tally.gaps
