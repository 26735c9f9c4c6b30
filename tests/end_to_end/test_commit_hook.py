"""A commit that would bring a credential is refused; what is staged counts, not what lies in the folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from corpus.mint import account_sas
from tidegate.cli import main

SAS = account_sas("contosomodels", sp="rwdlac", seed="hook")
LINK = f"https://{SAS.host}/?{SAS.query}"


def git(folder: Path, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
    return subprocess.run(
        ["git", *identity, *args], cwd=folder, env=environment, capture_output=True, text=True, check=check
    )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "-q")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_staged_counts_and_not_the_work_tree(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = repository / "README.md"
    assert main(["hook"]) == 0
    file.write_text(f"see\n{LINK}\n")
    assert main(["hook"]) == 0
    git(repository, "add", "README.md")
    file.write_text("see\n")
    assert main(["hook"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("README.md:2  critical")
    assert LINK[-20:] not in out
    git(repository, "add", "README.md")
    assert main(["hook"]) == 0


def test_what_the_last_commit_holds_already_is_not_told_again(repository: Path) -> None:
    (repository / "old.md").write_text(LINK)
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "before there was a hook")
    (repository / "new.md").write_text("nothing")
    (repository / "empty").write_text("")
    git(repository, "add", ".")
    assert main(["hook"]) == 0
    (repository / "old.md").unlink()
    git(repository, "add", "-A")
    assert main(["hook"]) == 0


def test_a_line_that_is_meant_to_stay_stays(repository: Path) -> None:
    (repository / "doc.md").write_text(f"{LINK} <!-- tidegate:ignore: dead since 2023 -->\n")
    git(repository, "add", ".")
    assert main(["hook"]) == 0


def test_installed_it_refuses_the_commit_also_of_a_temporary_index(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hook", "install"]) == 0
    assert capsys.readouterr().out.endswith(
        "/pre-commit looks at every commit from now on; delete it to end that\n"
    )
    (repository / "a.txt").write_text("nothing")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "first")
    (repository / "a.txt").write_text(LINK)
    refused = git(repository, "commit", "-q", "-a", "-m", "leak", check=False)
    assert refused.returncode == 1
    assert "a.txt:1  critical" in refused.stdout + refused.stderr
    assert git(repository, "log", "--format=%s").stdout == "first\n"


def test_another_hook_stays_as_it_is(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")
    assert main(["hook", "install"]) == 2
    assert "is another hook" in capsys.readouterr().err
    assert hook.read_text() == "#!/bin/sh\nexit 0\n"


def test_a_monitor_that_the_repository_names_is_not_run(repository: Path) -> None:
    marker = repository / "ran"
    program = repository / "monitor.sh"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(program))
    (repository / "x.md").write_text(LINK)
    git(repository, "-c", "core.fsmonitor=false", "add", "x.md")
    marker.unlink(missing_ok=True)
    assert main(["hook"]) == 1
    assert not marker.exists()


def test_outside_of_a_repository_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["hook"]) == 2


def test_a_bare_repository_is_told_that_git_never_runs_the_hook_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "store.git"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    monkeypatch.chdir(bare)
    assert main(["hook", "install"]) == 2
    assert "this repository is bare" in capsys.readouterr().err
    assert not (bare / "hooks" / "pre-commit").exists()
    assert main(["hook"]) == 2


def test_in_a_bare_repository_with_work_trees_it_holds_for_these(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare, tree = tmp_path / "store.git", tmp_path / "tree"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    nothing = git(bare, "commit-tree", "-m", "first", git(bare, "mktree").stdout.strip()).stdout.strip()
    git(bare, "worktree", "add", "-q", "--detach", str(tree), nothing)
    monkeypatch.chdir(bare)
    assert main(["hook", "install"]) == 0
    (tree / "a.txt").write_text(LINK)
    git(tree, "add", "a.txt")
    assert git(tree, "commit", "-q", "-m", "second", check=False).returncode


@pytest.mark.parametrize("folder", [".", "deep/down"])
def test_a_folder_of_hooks_that_the_repository_names_is_where_it_goes(
    repository: Path, folder: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(repository, "config", "core.hooksPath", ".githooks")
    (repository / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(repository / folder)
    assert main(["hook", "install"]) == 0
    assert "every other repository that names it" in capsys.readouterr().out
    monkeypatch.chdir(repository)
    (repository / "a.txt").write_text(LINK)
    git(repository, "add", "a.txt")
    assert git(repository, "commit", "-q", "-m", "first", check=False).returncode


def test_where_hooks_are_switched_off_it_says_so(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(repository, "config", "core.hooksPath", os.devnull)
    assert main(["hook", "install"]) == 2
    assert "hooks are switched off here" in capsys.readouterr().err
