"""The example repository: always the same, and told as it happened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from corpus.command import Command

BUILDER = Path(__file__).parents[2] / "examples" / "research_repo.py"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example, built by its script."""
    folder = tmp_path_factory.mktemp("example") / "repo"
    done = subprocess.run(
        [sys.executable, str(BUILDER), str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{folder}\n"
    return folder


def test_its_commits_are_the_same_on_every_machine(repository: Path) -> None:
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True
    )
    assert head.stdout.strip() == "19a0221e37f57fc07d44bffd933df1e55fcf5cda"


def test_it_is_not_built_into_a_folder_that_holds_something(repository: Path) -> None:
    again = subprocess.run([sys.executable, str(BUILDER), str(repository)], capture_output=True, check=False)
    assert again.returncode == 2


def test_its_leaks_are_told_as_they_happened(repository: Path, tidegate: Command) -> None:
    answer = tidegate.scan(repository)
    told = {_what(f): f for f in answer.report["findings"] if f["grant"]["kind"] != "anonymous"}
    assert answer.code == 1
    assert answer.report["gaps"] == []
    assert sorted(told) == [
        ("account_key", "contosovision", None),
        ("account_sas", "contosorobust", "2021-10-05T06:00:00Z"),
        ("account_sas", "contosorobust", "2051-10-06T06:00:00Z"),
        ("service_sas", "contosovision", "2032-01-10T08:00:00Z"),
        ("service_sas", "contosovision", "2041-11-02T08:00:00Z"),
    ]
    assert {k[0]: f["severity"] for k, f in told.items() if k[2] != "2021-10-05T06:00:00Z"} == {
        "account_key": "critical",
        "account_sas": "critical",
        "service_sas": "high",
    }


def test_the_renewed_link_is_in_head_and_the_removed_ones_are_not(
    repository: Path, tidegate: Command
) -> None:
    found = tidegate.scan(repository).report["findings"]
    by_end = {f["grant"]["expires_at"]: f["occurrences"] for f in found}
    renewed = next(o for o in by_end["2051-10-06T06:00:00Z"] if o["commit"])
    assert (renewed["path"], renewed["line"], renewed["in_head"]) == ("README.md", 6, True)
    assert (renewed["author"], renewed["committed_at"]) == (
        "Mira Example <mira@research.contoso.example>",
        "2021-10-05T07:31:00Z",
    )
    removed = by_end["2041-11-02T08:00:00Z"]
    assert [(o["path"], o["in_head"]) for o in removed] == [("docs/mirror.md", False)]
    assert [(o["path"], o["in_head"]) for o in by_end[None] if o["commit"]] == [(".env", False)]


def _what(finding: dict[str, Any]) -> tuple[str, str, str | None]:
    grant = finding["grant"]
    return grant["kind"], grant["account"], grant["expires_at"]
