"""Exit codes are a contract: 0 clean, 1 found, 2 usage, 3 incomplete, 130 interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest
from report import samples

from tidegate.api import scanning
from tidegate.cli import codes, main
from tidegate.model.finding import Severity
from tidegate.model.report import Coverage, Report

HIGH = samples.report([samples.finding(1, Severity.HIGH)])
INFO = samples.report([samples.finding(1, Severity.INFO)])
CLEAN = samples.report([])
GAPS = samples.report([], gaps=samples.GAPS)
BOTH = samples.report([samples.finding(1, Severity.HIGH)], gaps=samples.GAPS)
UNREAD = samples.report([], coverage=Coverage())


@pytest.mark.parametrize(
    ("report", "fail_on", "code"),
    [
        (CLEAN, "low", 0),
        (HIGH, "low", 1),
        (HIGH, "high", 1),
        (HIGH, "critical", 0),
        (INFO, "low", 0),
        (INFO, "info", 1),
        (GAPS, "low", 3),
        (BOTH, "low", 1),
        (BOTH, "critical", 3),
        (UNREAD, "low", 3),
    ],
)
def test_findings_win_over_gaps_and_nothing_read_is_never_clean(
    report: Report, fail_on: str, code: int
) -> None:
    assert codes.of(report, fail_on=Severity(fail_on), exit_zero=False) == code


@pytest.mark.parametrize(("report", "code"), [(CLEAN, 0), (HIGH, 0), (BOTH, 3), (GAPS, 3), (UNREAD, 3)])
def test_exit_zero_forgives_findings_and_never_gaps(report: Report, code: int) -> None:
    assert codes.of(report, fail_on=Severity.LOW, exit_zero=True) == code


def test_a_scan_that_finds_exits_1(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(leaky)]) == 1
    assert "README.md:2:1" in capsys.readouterr().out


def test_a_scan_of_a_clean_folder_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("nothing here")
    assert main(["scan", str(tmp_path)]) == 0
    assert "No link, token or key" in capsys.readouterr().out


@pytest.mark.parametrize(
    "make", [lambda path: path / "missing", lambda path: path], ids=["no such path", "empty folder"]
)
def test_a_scan_that_reads_nothing_exits_3(
    make: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", str(make(tmp_path))]) == 3  # type: ignore[operator]
    capsys.readouterr()


def test_a_report_into_the_scanned_folder_is_not_a_document_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", str(tmp_path), "-o", str(tmp_path / "report.txt")]) == 3
    assert "Nothing was read" in capsys.readouterr().err


def test_fail_on_and_exit_zero_reach_the_scan(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(leaky), "--exit-zero"]) == 0
    assert main(["scan", str(leaky), "--fail-on", "critical"]) == 1
    capsys.readouterr()


def test_rendering_a_saved_report_exits_0_unless_a_gate_is_asked_for(
    leaky: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = str(tmp_path / "report.json")
    assert main(["scan", str(leaky), "--format", "json", "-o", saved]) == 1
    assert main(["report", saved, "--format", "sarif"]) == 0
    assert main(["report", saved, "--fail-on", "low"]) == 1
    assert main(["report", saved, "--fail-on", "low", "--exit-zero"]) == 0
    capsys.readouterr()


def test_ctrl_c_exits_130_and_leaves_the_old_report(
    leaky: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> Report:
        raise KeyboardInterrupt

    monkeypatch.setattr(scanning, "scan", interrupted)
    old = tmp_path / "report.json"
    old.write_text("old")
    assert main(["scan", str(leaky), "--format", "json", "-o", str(old)]) == 130
    assert old.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leaky", "report.json"]
    assert capsys.readouterr().err == "tidegate: interrupted\n"
