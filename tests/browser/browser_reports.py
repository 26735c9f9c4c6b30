"""The pages that are shown to a browser: reports that are put together as the engine does it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from report import samples
from report.test_inventory_text import summary

from tidegate.assess.fix import fixes
from tidegate.assess.paths._all import attack_paths
from tidegate.assess.paths._case import Case
from tidegate.assess.severity import assess
from tidegate.model.contents import Contents, Estimate, Kind, Noted
from tidegate.model.finding import Finding, Severity
from tidegate.model.grant import Permission, Scope
from tidegate.model.observation import Step
from tidegate.model.reach import Answer, Reach, State
from tidegate.model.report import Coverage, Report
from tidegate.report import _treemap
from tidegate.report.html import PLUGIN

P = Permission
LAST_STEP = "Prevent the next one"
"""Begins the last fix of a finding: it must stand on paper, however the finding is folded on the screen."""


def _html_of(made: Callable[[], Report]) -> str:
    out = io.StringIO()
    PLUGIN.write(made(), out)
    return out.getvalue()


def kind(name: str, items: int, size: int, severity: Severity, *, read: int = 0) -> Kind:
    """Things of one kind, of which so many were read."""
    step = Step.WHOLE if read else Step.NAME
    return Kind(kind=name, items=items, bytes=size, severity=severity, step=step, proved=read)


BEHIND = Contents(
    containers=4, items=10_000_050, bytes=38 * 10**12, complete=True, items_read=611, bytes_read=9 * 10**6,
    kinds=(
        kind("dataset", 9_980_000, 30 * 10**12, Severity.LOW),
        kind("workstation_image", 2, 5 * 10**12, Severity.CRITICAL, read=2),
        kind("model", 19_998, 2 * 10**12, Severity.LOW, read=31),
        kind("database_dump", 9, 9 * 10**11, Severity.HIGH, read=3),
        kind("teams_messages", 3, 9 * 10**8, Severity.HIGH, read=3),
        kind("private_key", 12, 20_480, Severity.CRITICAL, read=12),
    ),
    noted=(
        Noted(kind="private_key", severity=Severity.CRITICAL, summary="12 private keys", path="backups/home/m.example/.ssh/id_ed25519", step=Step.WHOLE),
        Noted(kind="teams_messages", severity=Severity.HIGH, summary="30,021 messages of 359 people", path="team/exports/a-very-long-folder-name-without-any-space/of-the-year-2023/teams-chats-of-everyone.json", step=Step.WHOLE),
    ),
    estimates=(
        Estimate(kind="credentials", items=10_000_050, read=600, hits=12, bytes_read=10**7, least=0.0104, most=0.0347),
        Estimate(kind="personal_data", items=10_000_050, read=600, hits=240, bytes_read=10**7, least=0.36, most=0.44),
    ),
)  # fmt: skip


def answer(asked: str, permission: Permission | None, state: State, service: str) -> Answer:
    """One answer of a probe."""
    status = 200 if state is State.OPEN else 403
    return Answer(asked=asked, permission=permission, state=state, status=status, code="", words="answered", service=service)  # fmt: skip


def judged(finding: Finding, reach: Reach | None, contents: Contents | None) -> Finding:
    """The finding as the engine makes it of what was answered and found."""
    grant, places = finding.grant, finding.occurrences
    said = assess(grant, now=samples.NOW, reach=reach, contents=contents, places=places)
    paths = attack_paths(Case(grant=grant, reach=reach, contents=contents, places=places))
    return replace(
        finding, reach=reach, contents=contents, paths=paths, severity=said.severity, score=said.score,
        reasons=said.reasons, factors=said.factors, possible=said.possible, fix=fixes(grant, samples.NOW),
    )  # fmt: skip


def incident() -> Report:
    """The link of 2023, a link to one of the containers that it opens, and one that ended."""
    account = replace(samples.ACCOUNT_FINDING, occurrences_total=2)
    answers = (
        answer("list one container", P.LIST_CONTAINERS, State.OPEN, "blob"),
        answer("list one blob", P.LIST, State.OPEN, "blob"),
        answer("read one byte", P.READ, State.OPEN, "blob"),
        answer("list one share", P.LIST_CONTAINERS, State.CLOSED, "file"),
    )
    proved = (P.READ, P.LIST, P.LIST_CONTAINERS)
    open_ = Reach(state=State.OPEN, proved=proved, untried=(P.WRITE, P.CREATE, P.DELETE), checked_at=samples.NOW, reason="The service did what was asked.", answers=answers)  # fmt: skip
    one = replace(
        account, id="tg-00000000000000a2",
        grant=replace(samples.ACCOUNT_SAS, kind="service_sas", container="models", scope=Scope.CONTAINER, services=("blob",), matrix={"blob": (P.READ, P.LIST)}, permissions=(P.READ, P.LIST)),
    )  # fmt: skip
    reads = replace(open_, proved=(P.READ, P.LIST), untried=(), answers=answers[1:3])
    part = Contents(containers=1, items=19_998, bytes=2 * 10**12, complete=True, kinds=(kind("model", 19_998, 2 * 10**12, Severity.LOW),))  # fmt: skip
    refused = Reach(
        state=State.CLOSED, checked_at=samples.NOW, reason="AuthenticationFailed: its key was rotated"
    )
    old = replace(account, id="tg-00000000000000a3")
    return samples.report(
        [judged(account, open_, BEHIND), judged(one, reads, part), judged(old, refused, None)],
        targets=("/home/mira/checkouts/a-rather-long-name-of-a-repository-for-robust-models",),
        coverage=Coverage(documents=7, bytes=26_000, commits=2, requests=2_113, items_listed=10_000_050),
        gaps=samples.GAPS,
    )  # fmt: skip


def empty() -> Report:
    """Nothing found, nothing left out."""
    return samples.report([])


def unread() -> Report:
    """Nothing was read."""
    at = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    return replace(samples.report([]), started_at=at, ended_at=at, coverage=Coverage())


def ten_thousand() -> Report:
    """As many findings as the page has lines for."""
    return samples.many(10_000)


def inventory() -> str:
    """The page that `tidegate list` writes."""
    return _treemap.page(summary(40), "az://contosomodels")


_REPORTS: dict[str, Callable[[], Report]] = {
    "incident": incident,
    "empty": empty,
    "unread": unread,
    "thirty": samples.thirty,
    "hostile": samples.hostile,
    "ten-thousand": ten_thousand,
}
CASES: dict[str, Callable[[], str]] = {
    **{name: partial(_html_of, made) for name, made in _REPORTS.items()},
    "inventory": inventory,
}
