"""What a person types wrong gets one sentence and a hint; never a traceback, never the secret repeated."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import pytest
from report import samples

from cli.shared import LINK, tidegate
from tidegate.cli import codes, main, schema
from tidegate.cli.entry import parser

SECRET = samples.PLANTED.rstrip("=")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "COMMAND is missing; there are scan, decode, "),
        (["scan"], "TARGET is missing"),
        (["scan", ""], "argument TARGET: is empty; . is the current folder"),
        (["inspect", "x", ""], "argument PATH_OR_TARGET: is empty; . is the current folder"),
        (["list", "x"], "files and folders are for tidegate scan and tidegate inspect"),
        ([LINK], "no such command or choice; there are scan, decode, probe, list, inspect, report, "),
        (
            ["scna", "x"],
            "no such choice: scna (did you mean scan?); there are scan, decode, probe, list, inspect, report, ",
        ),
        (["scan", "x", "--format", "xml"], "no such choice: xml; there are csv, "),
        (["scan", "x", "--fail-on", "dire"], "no such choice: dire; there are critical, high"),
        (["scan", "x", "--jobs", "0"], "must be a number from 1 to 9999"),
        (["scan", "x", "--frobnicate=1"], "no such option: --frobnicate"),
        (["scan", "x", "--fromat", "json"], "no such option: --fromat (did you mean --format?)"),
        (["scan", "x", "--format", "jsn"], "no such choice: jsn (did you mean json?); there are csv, "),
        (["share"], "COMMAND is missing; there are create, "),
        (["share", "create", "--too", "x"], "no such option: --too (did you mean --to?)"),
        (["decode", LINK, LINK], "more arguments than the command takes"),
        (["decode", f"--token={SECRET}"], "LINK_OR_TOKEN is missing"),
        (["decode", "x", f"--token={SECRET}"], "no such option: --token"),
        (["report", "/no/such/report.json"], "cannot read /no/such/report.json: No such file or directory"),
        (
            ["scan", "x", "--baseline", "/no/such"],
            "cannot read the baseline /no/such: No such file or directory",
        ),
        (
            ["scan", "x", "--write-baseline", "/no/such/file"],
            "cannot write the baseline /no/such/file: there is no such folder",
        ),
        (["rules", "show", "no-such-rule"], "no rule has this id"),
        (["rules", "check", "/no/such.toml"], "/no/such.toml"),
    ],
)
def test_a_wrong_command_exits_2_and_says_what_is_wrong(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tidegate: ")
    assert said in err
    assert SECRET not in err
    assert "Traceback" not in err


def test_names_in_errors_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "/no/\x1b]0;x\x07such"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_a_broken_report_is_refused_with_the_spot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.json"
    file.write_text('{"schema": "tidegate/1"}')
    assert main(["report", str(file)]) == 2
    assert capsys.readouterr().err == "tidegate: the saved report is wrong at coverage: is missing\n"


@pytest.mark.parametrize("text", ["hello", "", "   ", f"not a link {SECRET}"])
def test_what_is_no_credential_exits_2_without_repeating_it(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decode", text]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "no link, token or key that Tidegate knows" in err
    assert SECRET not in err


def test_nothing_on_stdin_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" \n")))
    assert main(["decode", "-"]) == 2
    assert "nothing on standard input" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["scan", "--help"],
        ["decode", "--help"],
        ["report", "--help"],
        ["rules", "--help"],
        ["--version"],
    ],
)
def test_help_is_on_stdout_and_exits_0(args: list[str]) -> None:
    run = tidegate(*args)
    assert run.returncode == 0
    assert run.stdout
    assert run.stderr == b""


def test_help_fits_80_columns_and_tells_the_exit_codes() -> None:
    text = tidegate("scan", "--help", COLUMNS="80").stdout.decode()
    assert max(map(len, text.splitlines())) <= 80
    for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "130 "):
        assert f"\n  {code}" in text


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_what_a_command_says_of_itself_is_no_wider_than_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    waiting = [parser()]
    while waiting:
        each = waiting.pop()
        paragraphs = (each.description or "").split("\n\n")
        shown = each.format_help()
        for paragraph in paragraphs:
            if "\n " not in paragraph:
                words = paragraph.split()
                assert " ".join(words) in " ".join(shown.split())
        said = shown[shown.index((each.description or "").split()[0]) :].split("\n\n")[0]
        assert max(map(len, said.splitlines())) <= columns, each.prog
        for action in each._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += action.choices.values()


@pytest.mark.parametrize("debug", [False, True])
def test_a_mistake_of_ours_is_one_line_and_never_what_was_being_read(
    debug: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(args: object) -> int:
        raise ValueError(f"invalid literal: {SECRET}")

    monkeypatch.setattr(schema, "run", breaks)
    assert main([*(["--debug"] if debug else []), "schema"]) == codes.INCOMPLETE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tidegate: stopped at an error of ours: ValueError at test_errors.py:")
    assert ("entry.py" in err) == debug
    assert SECRET not in err
    assert "Traceback" not in err


def test_the_lab_says_that_it_needs_git_before_it_starts_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["lab", "--folder", str(tmp_path / "lab")]) == 2
    assert "git is not installed" in capsys.readouterr().err
    assert not (tmp_path / "lab").exists()


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("r.json", '{\n "schema"'),
        ("r.SARIF", "{"),
        ("r.html", "<!doctype html>"),
        ("r.md", "### Tidegate"),
        ("r.csv", '"record"'),
        ("r.txt", "tidegate "),
        ("r", "tidegate "),
    ],
)
def test_the_end_of_the_files_name_says_the_form_unless_it_is_given(
    name: str, start: str, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("nothing here")
    file = tmp_path / name
    assert main(["scan", "--quiet", str(tmp_path / "a.txt"), "-o", str(file)]) == 0
    assert file.read_text().lower().startswith(start.lower())
    assert main(["scan", "--quiet", "--format", "text", str(tmp_path / "a.txt"), "-o", str(file)]) == 0
    assert file.read_text().startswith("tidegate ")
