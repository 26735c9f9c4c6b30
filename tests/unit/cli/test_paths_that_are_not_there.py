"""A path that is not there is what was not looked at: a gap, and exit 3, whichever command is given it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

import tidegate
from cli.shared import LINK
from tidegate.cli import main
from tidegate.cli.entry import parser

SCOPE = '[scope]\nazure = ["contosomodels"]\n'


@pytest.mark.parametrize(
    "command",
    [
        ["scan", "missing"],
        ["inspect", "missing"],
        ["trace", "--key-id", "AKIDEXAMPLE", "--log", "missing"],
        ["share", "check", "missing"],
    ],
)
def test_a_missing_path_is_a_gap(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(command) == 3
    out, err = capsys.readouterr()
    assert "no such file or folder" in out + err
    assert "missing: missing" not in out + err


@pytest.mark.parametrize("verb", ["scan", "inspect"])
def test_the_other_targets_are_read_all_the_same(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.txt").write_text(f"see {LINK}\n")
    assert main([verb, "missing", "there.txt", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [gap["subject"] for gap in document["gaps"]] == ["missing"]
    assert document["complete"] is False
    assert document["findings" if verb == "scan" else "items"]


def test_a_library_is_told_so_too(tmp_path: Path) -> None:
    (gap,) = tidegate.inspect(tmp_path / "missing").gaps
    assert gap.reason == "no such file or folder"


def test_a_trace_without_a_log_does_not_say_that_nobody_used_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["trace", "--key-id", "AKIDEXAMPLE", "--log", str(tmp_path)])
    out = capsys.readouterr().out
    assert "No log was read" in out
    assert "No use of it" not in out


@pytest.mark.parametrize("verb", ["scan", "inspect"])
@pytest.mark.parametrize(("text", "says"), [(None, "there is no scope file"), ("[scope", "is no TOML")])
def test_a_wrong_scope_file_is_an_error_although_nothing_is_asked(
    verb: str, text: str | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text("nothing here")
    scope = tmp_path / "scope.toml"
    if text is not None:
        scope.write_text(text)
    assert main([verb, str(tmp_path / "a.txt"), "--scope", str(scope)]) == 2
    out, err = capsys.readouterr()
    assert (out, says in err) == ("", True)


@pytest.mark.parametrize("verb", ["scan", "inspect"])
def test_options_of_asking_are_said_to_have_no_effect_where_nothing_is_asked(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text("nothing here")
    (tmp_path / "scope.toml").write_text(SCOPE)
    command = [verb, str(tmp_path / "a.txt"), "--scope", str(tmp_path / "scope.toml")]
    assert main(command) == 0
    assert "--scope had no effect" in capsys.readouterr().err
    assert main([*command, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_every_command_describes_itself() -> None:
    waiting: list[argparse.ArgumentParser] = [parser()]
    seen = []
    while waiting:
        each = waiting.pop()
        seen.append(each.prog)
        assert each.description, f"{each.prog} --help says nothing of what it does"
        for action in each._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += action.choices.values()
    assert "tidegate share revoke" in seen
