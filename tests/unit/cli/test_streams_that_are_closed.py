"""Standard streams that are closed or full, and folders that nobody may look into: said in a line, with the right exit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.shared import LINK
from corpus.command import Command


@pytest.fixture
def tidegate(tmp_path: Path) -> Command:
    return Command(tmp_path)


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `tidegate …` by the shell, whose redirections close and fill streams. Output is not unbuffered."""
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    line = line.replace("tidegate", f'"{sys.executable}" -m tidegate', 1)
    return subprocess.run(
        line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "command",
    ["scan .", "rules list", "rules check", "schema", "schema report", "share list", "--help", "--version"],
)
def test_a_full_standard_output_is_an_error(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing here")
    done = shell(f"tidegate {command} > /dev/full", tmp_path)
    assert done.stderr.splitlines()[0] == "tidegate: cannot write to standard output: No space left on device"
    assert "Exception" not in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("command", ["scan .", "schema", "share list", "share create az://contoso/models"])
def test_a_closed_standard_output_is_an_error_before_anything_is_done(command: str, tmp_path: Path) -> None:
    done = shell(f"tidegate {command} >&-", tmp_path)
    assert "standard output is closed" in done.stderr
    assert done.returncode == 2
    assert sorted(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stream", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize(
    ("command", "code"),
    [("scan --no-such-option", 2), ("scan missing --max-read 3MB", 3), ("scan leak.txt --max-read 3MB", 1)],
)
def test_a_standard_error_that_takes_nothing_changes_neither_document_nor_exit_code(
    command: str, code: int, stream: str, tmp_path: Path
) -> None:
    (tmp_path / "leak.txt").write_text(LINK)
    done = shell(f"tidegate {command} {stream}", tmp_path)
    assert done.returncode == code
    assert "tidegate: " not in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["decode -", "scan -", "report -", "share revoke x --link -"])
def test_a_closed_standard_input_is_an_error(command: str, tmp_path: Path) -> None:
    done = shell(f"tidegate {command} <&-", tmp_path)
    assert "standard input" in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("verb", "there"),
    [("scan", LINK.encode()), ("inspect", b"cos\nsystem\n(S'echo this would have run'\ntR.")],
)
def test_a_path_in_a_folder_that_nobody_may_look_into_is_a_gap(
    verb: str, there: bytes, tidegate: Command, tmp_path: Path
) -> None:
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "a.txt").write_text("unseen")
    (tmp_path / "there.pkl").write_bytes(there)
    (tmp_path / "shut").chmod(0)
    targets = ("shut/a.txt", "shut", "there.pkl")
    done = tidegate(verb, *targets, "--format", "json", cwd=tmp_path, like_a_user=True)
    (tmp_path / "shut").chmod(0o700)
    assert done.code == 1, done.err
    assert [gap["reason"] for gap in done.report["gaps"]] == ["permission denied"] * 2
    assert all("shut" in gap["subject"] for gap in done.report["gaps"])


def test_logs_that_nobody_may_look_into_are_gaps_of_a_trace(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "logs" / "shut").mkdir(parents=True)
    (tmp_path / "logs" / "shut").chmod(0)
    command = ("trace", "--key-id", "AKIDEXAMPLE", "--log", "logs", "--format", "json")
    done = tidegate(*command, cwd=tmp_path, like_a_user=True)
    (tmp_path / "logs" / "shut").chmod(0o700)
    assert done.code == 3
    assert [(gap["subject"], gap["reason"]) for gap in done.report["gaps"]] == [
        ("logs/shut", "permission denied")
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("scan", "a.txt", "--scope", "shut/scope.toml"), "no scope file shut/scope.toml: permission denied"),
        (("scan", "a.txt", "-o", "shut/report.txt"), "cannot write shut/report.txt: Permission denied"),
        (("scan", "a.txt", "--baseline", "shut/known.json"), "cannot read the baseline shut/known.json"),
        (("scan", "a.txt", "--write-baseline", "."), "cannot read the baseline .: Is a directory"),
        (("inspect", "a.txt", "--policy", "binary"), "cannot read the policy binary: it is not UTF-8"),
        (("lab", "--folder", "shut/lab"), "nothing can be built in shut/lab: Permission denied"),
        (("lab", "--folder", "a.txt"), "a.txt is no folder"),
        (("hook",), "this is no git repository"),
        (("share", "list", "--ledger", "mistyped"), "there is no ledger mistyped"),
        (("share", "check", "a.txt", "--ledger", "mistyped"), "there is no ledger mistyped"),
        (("share", "revoke", "x", "--ledger", "mistyped"), "there is no ledger mistyped"),
    ],
)
def test_what_cannot_be_used_is_named_before_any_work(
    arguments: tuple[str, ...], says: str, tidegate: Command, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("nothing here")
    (tmp_path / "binary").write_bytes(b"\xb9\xfe")
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut").chmod(0)
    done = tidegate(*arguments, cwd=tmp_path, like_a_user=True)
    (tmp_path / "shut").chmod(0o700)
    assert done.err.startswith("tidegate: ")
    assert says in done.err.splitlines()[0]
    assert (done.code, done.out) == (2, "")
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("scan", "--frmat", "json", "."), "hint: see tidegate scan --help"),
        (("frm", "scan"), "hint: see tidegate --help"),
    ],
)
def test_who_mistypes_is_sent_to_the_help_of_that_command(
    arguments: tuple[str, ...], hint: str, tidegate: Command
) -> None:
    assert hint in tidegate(*arguments).err.splitlines()
