"""Accepted findings do not alarm, and are counted."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tidegate.cli import main
from tidegate.errors import ConfigError
from tidegate.model.baseline import Baseline, Entry


def test_what_is_in_the_baseline_is_counted_and_not_reported(
    leaky: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "baseline.json")
    assert main(["scan", str(leaky), "--write-baseline", file]) == 1
    capsys.readouterr()
    assert main(["scan", str(leaky), "--baseline", file]) == 0
    assert "in the baseline: 1" in capsys.readouterr().out
    assert main(["scan", str(leaky), "--baseline", file, "--include-suppressed"]) == 1
    assert "contosomodels" in capsys.readouterr().out


def test_a_new_finding_beside_the_baseline_alarms(
    leaky: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "baseline.json")
    main(["scan", str(leaky), "--write-baseline", file])
    text = (leaky / "README.md").read_text()
    (leaky / "new.md").write_text(
        text.replace("contosomodels", "contosoother").replace("sig=Zm9v", "sig=Zm9w")
    )
    capsys.readouterr()
    assert main(["scan", str(leaky), "--baseline", file]) == 1
    out = capsys.readouterr().out
    assert "contosoother" in out
    assert "contosomodels" not in out


def test_one_id_a_line_sorted_and_every_line_ends_alike(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    Baseline(
        {
            "tg-b": Entry(first_seen=date(2026, 1, 2), note="rotated"),
            "tg-a": Entry(first_seen=date(2026, 1, 1)),
        }
    ).save(file)
    assert file.read_text().splitlines() == [
        "{",
        '"tg-a": {"first_seen": "2026-01-01"},',
        '"tg-b": {"first_seen": "2026-01-02", "note": "rotated"},',
        '"schema": "tidegate-baseline/1"',
        "}",
    ]
    assert json.loads(file.read_text())
    assert list(tmp_path.iterdir()) == [file]


def test_dates_and_notes_of_known_ids_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    Baseline({"tg-a": Entry(first_seen=date(2020, 1, 1), note="a ticket")}).save(file)
    later = Baseline.load(file).with_findings(["tg-a", "tg-b"], date(2026, 1, 1))
    later.save(file)
    known = Baseline.load(file)
    assert known.entries["tg-a"] == Entry(first_seen=date(2020, 1, 1), note="a ticket")
    assert known.entries["tg-b"].first_seen == date(2026, 1, 1)
    assert "tg-b" in known
    assert "tg-c" not in known


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"schema": "other"}', "<<<<<<< HEAD\n{}", "[" * 100_000,
        '{"tg-a": {}, "schema": "tidegate-baseline/1"}',
        '{"tg-a": 1, "schema": "tidegate-baseline/1"}',
        '{"x": {"first_seen": "2026-01-01"}, "schema": "tidegate-baseline/1"}',
        '{"tg-a": {"first_seen": "2026-01-01", "note": 1}, "schema": "tidegate-baseline/1"}',
        '{"tg-a": {"first_seen": 7}, "schema": "tidegate-baseline/1"}',
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_by_name(text: str, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"baseline\.json"):
        Baseline.load(file)
