"""What may be named as a target: however it is written, the same is read, and what is not read is said."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from corpus import mint
from corpus.azure_kinds import PORTAL_SERVICE
from corpus.command import Command
from corpus.containers import env
from corpus.repository import Repository

SAS = mint.container_sas("contosotarget", "raw").ordered(PORTAL_SERVICE)


@pytest.fixture
def leaky(tmp_path: Path) -> Repository:
    """Return a repository whose history holds a token and whose files do not."""
    repository = Repository(tmp_path / "leaky")
    repository.put("docs/a.env", env(SAS), "Add")
    repository.remove("docs/a.env", "Remove")
    repository.put("README.md", "clean\n", "Go on")
    return repository


@pytest.mark.parametrize(
    "written", ["leaky", "./leaky/", "leaky/.git", "leaky/../leaky", "link", "{absolute}"]
)
def test_a_repository_is_read_however_it_is_written(
    written: str, leaky: Repository, tidegate: Command, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to("leaky")
    answer = tidegate.scan(written.format(absolute=leaky.path), cwd=tmp_path)
    assert answer.report["gaps"] == []
    assert [f["occurrences"][0]["path"] for f in answer.report["findings"]] == ["docs/a.env"]
    assert answer.report["coverage"]["commits"] == 3


@pytest.mark.parametrize("written", [".", "{absolute}"])
def test_a_repository_inside_of_a_folder_is_read(
    written: str, leaky: Repository, tidegate: Command, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("nothing\n")
    answer = tidegate.scan(written.format(absolute=tmp_path), cwd=tmp_path)
    assert [f["occurrences"][0]["path"] for f in answer.report["findings"]] == ["leaky/docs/a.env"]
    assert answer.report["coverage"]["commits"] == 3


def test_a_bare_repository_and_a_linked_work_tree_are_read(
    leaky: Repository, tidegate: Command, tmp_path: Path
) -> None:
    leaky.git("clone", "-q", "--bare", str(leaky.path), str(tmp_path / "bare.git"))
    leaky.git("worktree", "add", "-q", str(tmp_path / "linked"), "HEAD")
    for target in ("bare.git", "linked"):
        answer = tidegate.scan(tmp_path / target)
        assert [f["grant"]["account"] for f in answer.report["findings"]] == ["contosotarget"], target


def test_a_git_address_is_cloned_and_read(leaky: Repository, tidegate: Command) -> None:
    answer = tidegate.scan(f"file://{leaky.path}")
    assert [f["occurrences"][0]["path"] for f in answer.report["findings"]] == ["docs/a.env"]


def test_an_address_that_does_not_answer_is_a_gap(tidegate: Command) -> None:
    answer = tidegate.scan("https://127.0.0.1:9/nobody/nothing.git")
    assert answer.code == 3
    assert answer.report["gaps"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_repository_inside_of_an_archive_is_read_or_said_to_be_unread(
    packed: bool, leaky: Repository, tidegate: Command, tmp_path: Path
) -> None:
    if packed:
        leaky.git("gc", "-q")
    with tarfile.open(tmp_path / "backup.tar.gz", "w:gz") as archive:
        archive.add(leaky.path, "leaky")
    answer = tidegate.scan(tmp_path / "backup.tar.gz")
    assert answer.report["findings"] or answer.report["gaps"]
    assert answer.code in (1, 3)


def test_a_bundle_is_read_or_said_to_be_unread(leaky: Repository, tidegate: Command, tmp_path: Path) -> None:
    leaky.git("bundle", "create", "-q", str(tmp_path / "backup.bundle"), "--all")
    answer = tidegate.scan(tmp_path / "backup.bundle")
    assert answer.report["findings"] or answer.report["gaps"]
    assert answer.code in (1, 3)


def test_several_targets_are_one_report(leaky: Repository, tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SAS.url)
    report = tidegate.scan(leaky.path, tmp_path / "a.txt").report
    assert len(report["targets"]) == 2
    assert len(report["findings"]) == 1
    assert {o["source"] for o in report["findings"][0]["occurrences"]} == {"git", "tree"}


def test_excluded_paths_are_left_out(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "keep.md").write_text("nothing\n")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/a.env").write_bytes(env(SAS))
    answer = tidegate.scan("--exclude", "vendor/*", tmp_path)
    assert answer.report["findings"] == []
    assert answer.code == 0


def test_excluded_paths_are_left_out_of_history_too(leaky: Repository, tidegate: Command) -> None:
    answer = tidegate.scan("--exclude", "docs/*", leaky.path)
    assert answer.report["findings"] == []
    assert answer.code == 0
