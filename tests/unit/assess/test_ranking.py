"""Twenty findings, whole ones, from the worst to the least: what is granted, what answered, what lies behind, who sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from grants import ALONE, NOW, grant

from tidegate.assess.severity import assess
from tidegate.kinds.table import kind
from tidegate.model.contents import Contents, Kind
from tidegate.model.finding import Assessment
from tidegate.model.grant import Grant, Permission, Scope
from tidegate.model.observation import Step
from tidegate.model.place import Place
from tidegate.model.reach import Reach, State

P = Permission
READS, ALL = (P.READ, P.LIST), (P.READ, P.LIST, P.WRITE, P.DELETE)
REPOSITORY, WEB = "research", "https://code.example/research"


def opened(*proved: Permission) -> Reach:
    return Reach(state=State.OPEN, proved=proved or READS, checked_at=NOW, reason="200")


CLOSED = Reach(state=State.CLOSED, checked_at=NOW, reason="AuthenticationFailed")
SILENT = Reach(state=State.UNKNOWN, checked_at=NOW, reason="no answer: the name does not resolve")


def behind(*things: tuple[str, int], read: bool = True, complete: bool = True) -> Contents:
    kinds = tuple(
        Kind(
            kind=name, items=items, bytes=items << 20, severity=kind(name).severity,
            step=Step.WHOLE if read else Step.NAME, proved=items if read else 0,
        )
        for name, items in things
    )  # fmt: skip
    items = sum(each.items for each in kinds)
    return Contents(containers=1, items=items, bytes=items << 20, complete=complete, kinds=kinds)


def places(count: int = 1, target: str = REPOSITORY, days: int = 100) -> list[Place]:
    since = NOW - timedelta(days=days)
    return [
        Place(source="git", target=target, path=f"{number}.md", line=1, column=1, committed_at=since)
        for number in range(count)
    ]


def anyone(*, scope: Scope = Scope.CONTAINER) -> Grant:
    return grant(kind="anonymous", days=None, revocation=ALONE, scope=scope)


MACHINES = behind(("workstation_image", 2), ("private_key", 4))
MODELS = behind(("model", 214))
SETS = behind(("dataset", 12))
KEY = grant(P.READ, P.WRITE, P.MINT, kind="account_key", scope=Scope.ACCOUNT, days=None)
ACCOUNT = {"kind": "account_sas", "scope": Scope.ACCOUNT}

RANKING: list[tuple[str, Grant, Reach | None, Contents | None, list[Place], str]] = [
    ("the incident: an account with machines, in a public README, to write, until 2051", grant(*ALL, **ACCOUNT), opened(), MACHINES, places(2, WEB), "critical"),
    ("an account key in a repository, not asked", KEY, None, None, places(), "critical"),
    ("an account-wide link to write, the service silent", grant(*ALL, **ACCOUNT), SILENT, None, places(), "critical"),
    ("an account with machines, to read and list for decades", grant(*READS, **ACCOUNT), opened(), MACHINES, places(), "critical"),
    ("a container of models that others load, to overwrite", grant(*ALL), opened(), MODELS, places(1, WEB), "critical"),
    ("an open container with machines that were read", anyone(), opened(), MACHINES, places(), "critical"),
    ("an account-wide link to read, nobody looked", grant(*READS, **ACCOUNT), None, None, places(), "critical"),
    ("a container with machines, to read for decades", grant(*READS), opened(), MACHINES, places(), "high"),
    ("an account-wide link to write, with a day left", grant(*ALL, **ACCOUNT, days=0.9), None, None, [], "high"),
    ("a container nobody looked into, to read for decades", grant(*READS), None, None, places(), "high"),
    ("an open container with machines, by their names alone", anyone(), opened(), behind(("workstation_image", 2), read=False), places(), "high"),
    ("one object, a copy of a machine, to read for decades", grant(P.READ, scope=Scope.OBJECT), opened(P.READ), behind(("workstation_image", 1)), places(), "high"),
    ("a container, to read for a day", grant(*READS, days=1), None, None, [], "medium"),
    ("an open container whose files nobody looked into", anyone(), opened(), None, places(), "medium"),
    ("one object, to read for decades, nobody looked", grant(P.READ, scope=Scope.OBJECT), None, None, places(), "medium"),
    ("one object by a presigned link whose method is not told, within a day", grant(P.READ, P.UNKNOWN, scope=Scope.OBJECT, days=0.9, kind="presigned_url"), None, None, [], "medium"),
    ("one object, to read within a day", grant(P.READ, scope=Scope.OBJECT, days=0.9), None, None, [], "low"),
    ("a plain address, not asked", anyone(), None, None, places(), "info"),
    ("the link of the incident, refused by the service", grant(*ALL, **ACCOUNT), CLOSED, None, places(2, WEB), "info"),
    ("an open container that holds a website and nothing else, all of it read", anyone(), opened(), behind(("website", 40)), places(), "info"),
]  # fmt: skip


def judged(case: tuple[str, Grant, Reach | None, Contents | None, Sequence[Place], str]) -> Assessment:
    _, given, reach, contents, where, _ = case
    if reach is not None and reach.state is State.OPEN:
        reach = replace(reach, untried=tuple(each for each in given.permissions if each not in reach.proved))
    return assess(given, now=NOW, reach=reach, contents=contents, places=where)


@pytest.mark.parametrize("case", RANKING, ids=[case[0] for case in RANKING])
def test_a_whole_finding_is_as_severe_as(case: tuple) -> None:
    said = judged(case)
    assert said.severity == case[-1], (said.score, said.reasons)


def test_findings_rank_from_the_incident_down_to_what_is_refused() -> None:
    scores = [judged(case).score for case in RANKING]
    assert len(scores) == 20
    assert all(worse >= less for worse, less in pairwise(scores)), scores


@pytest.mark.parametrize("case", RANKING, ids=[case[0] for case in RANKING])
def test_what_a_whole_finding_is_judged_by_is_said(case: tuple) -> None:
    said = judged(case)
    assert said.reasons
    if said.score < said.unlowered:
        assert any(each.startswith("lowered: ") for each in said.reasons)
    for each in said.factors:
        assert each.sentence
        assert each.basis in ("proven", "estimated", "possible")
