"""Each place where git can hide a token: found, and told where, by whom and when."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from corpus import hiding
from corpus.command import Answer, Command
from corpus.hiding import Hidden
from corpus.judge import leaks
from corpus.model import ANY


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory, tidegate: Command) -> tuple[dict[str, Hidden], Answer]:
    """Return what is hidden, by name, and the answer of one scan of it."""
    repository, hidden = hiding.build(tmp_path_factory.mktemp("hiding") / "repo")
    return {h.name: h for h in hidden}, tidegate.scan(repository.path)


@pytest.mark.parametrize("name", sorted(hiding.PLACES))
def test_a_token_is_found_in_git(name: str, scanned: tuple[dict[str, Hidden], Answer]) -> None:
    hidden, answer = scanned
    wanted = hidden[name]
    account = None if wanted.bare else wanted.sas.host.split(".")[0]
    places = [f["occurrences"] for f in answer.report["findings"] if f["grant"]["account"] == account]
    assert sum(any(_is(wanted, p) for p in each) for each in places) == 1, places


def test_the_whole_repository_is_read_without_a_gap(scanned: tuple[dict[str, Hidden], Answer]) -> None:
    _, answer = scanned
    assert answer.report["gaps"] == []
    assert answer.code == 1
    assert len(answer.report["findings"]) == len(hiding.PLACES)


def test_no_token_is_shown(scanned: tuple[dict[str, Hidden], Answer]) -> None:
    hidden, answer = scanned
    assert answer.report["findings"]
    assert leaks([h.sas.sig for h in hidden.values()], answer.out + answer.err) == []


def test_only_the_work_tree_is_read_when_history_is_not_wanted(tmp_path: Path, tidegate: Command) -> None:
    repository, _ = hiding.build(tmp_path / "repo")
    answer = tidegate.scan("--no-history", repository.path)
    accounts = {f["grant"]["account"] for f in answer.report["findings"]}
    assert {"contosountracked", "contosomodified", "contosoignored", "contosoplainfile"} <= accounts
    assert "contosodeletedfile" not in accounts


def _is(wanted: Hidden, place: Mapping[str, Any]) -> bool:
    path = (
        place["path"].startswith(wanted.path[:-1])
        if wanted.path.endswith("*")
        else place["path"] == wanted.path
    )
    return (
        path
        and wanted.commit in (ANY, place["commit"])
        and wanted.author in (ANY, place["author"])
        and wanted.when in (ANY, place["committed_at"])
        and wanted.in_head in (ANY, place["in_head"])
    )
