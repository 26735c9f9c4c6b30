"""Two reports compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report import samples

from tidegate.cli import main
from tidegate.model import codec
from tidegate.model.report import Gap, Report
from tidegate.model.severity import Severity
from tidegate.watch.diff import Change, diff

FINDINGS = samples.thirty().findings[:6]
GAP = Gap(stage="source", subject="x", reason="no such object")


def report(numbers: set[int], *, worse: bool = False, gaps: bool = False) -> Report:
    found = [FINDINGS[number] for number in sorted(numbers)]
    if worse:
        found = [replace(each, severity=Severity.CRITICAL, score=100) for each in found]
    return replace(samples.report(found), gaps=(GAP,) if gaps else ())


sets = st.sets(st.integers(0, len(FINDINGS) - 1))


@given(sets, st.booleans())
def test_a_run_compared_with_itself_shows_no_change(numbers: set[int], gaps: bool) -> None:
    assert diff(report(numbers, gaps=gaps), report(numbers, gaps=gaps)) == ()


@given(sets, sets)
def test_what_is_new_one_way_is_gone_the_other(one: set[int], two: set[int]) -> None:
    forth, back = diff(report(one), report(two)), diff(report(two), report(one))
    new = {each.finding.id for each in forth if each.change is Change.NEW}
    assert new == {each.finding.id for each in back if each.change is Change.GONE}


def test_what_was_not_looked_at_is_lost_and_never_gone() -> None:
    assert [each.change for each in diff(report({0, 1}), report({0}, gaps=True))] == [Change.LOST]


def test_what_became_worse_says_so() -> None:
    changes = {each.change for each in diff(report({4, 5}), report({4, 5}, worse=True))}
    assert changes <= {Change.WORSE}
    assert changes


def test_the_command_tells_it_in_three_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, each in (("old", report({0, 1})), ("new", report({1, 2}))):
        (tmp_path / f"{name}.json").write_text(json.dumps(codec.to_dict(each)))
    files = [str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    assert main(["report", "--compare", *files]) == 1
    assert "1 new" in capsys.readouterr().out
    assert main(["report", "--compare", *files, "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [each["change"] for each in told["events"]] == ["new", "gone"]
    assert main(["report", "--compare", *files, "--format", "markdown"]) == 1
    assert "| new |" in capsys.readouterr().out
    assert main(["report", "--compare", files[0], files[0]]) == 0


@pytest.mark.parametrize(
    ("old", "new", "options", "code"),
    [
        (report({0}), report({0}), [], 0),
        (report({0, 1}), report({0}), [], 0),
        (report({0}), report({0, 1}), [], 1),
        (report({0}), report({0, 1}), ["--exit-zero"], 0),
        (report({0}), report({0, 1}), ["--fail-on", "info"], 1),
        (report({0, 1}), report({0, 1}, gaps=True), [], 3),
        (report({0}), report({0, 1}, gaps=True), [], 1),
    ],
)
def test_the_exit_code_tells_what_is_new_from_what_was_not_looked_at(
    old: Report,
    new: Report,
    options: list[str],
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, each in (("old", old), ("new", new)):
        (tmp_path / f"{name}.json").write_text(json.dumps(codec.to_dict(each)))
    files = [str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    assert main(["report", "--compare", *files, *options]) == code
    assert main(["report", files[0], "--compare", *files]) == 2
    capsys.readouterr()


def test_only_changes_from_the_severity_on_that_was_asked_for_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = replace(FINDINGS[0], severity=Severity.MEDIUM)
    for name, findings in (("old", []), ("new", [new])):
        (tmp_path / f"{name}.json").write_text(json.dumps(codec.to_dict(samples.report(findings))))
    command = ["report", "--compare", str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    assert main([*command, "--fail-on", "medium"]) == 1
    assert main([*command, "--fail-on", "high"]) == 0
    capsys.readouterr()
