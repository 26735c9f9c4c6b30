"""What a grant permits, laid out for a terminal; shared by the text report and `tidegate decode`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tidegate.assess import words
from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.report import _words
from tidegate.report._terminal import Paper, columns, table

LABEL = 10
"""Columns of the label before each block of lines."""

_SCOPES = {
    Scope.ACCOUNT: "the whole account",
    Scope.CONTAINER: "the container",
    Scope.DIRECTORY: "the directory",
    Scope.OBJECT: "one object:",
    Scope.UNKNOWN: "not said what:",
}


def block(paper: Paper, label: str, text: str, *, sign: str = "", style: str = "") -> list[str]:
    """Wrap clean text beside its label; without a label it continues the block above."""
    head = paper.paint(paper.pad(f" {label}", LABEL), "faint")
    return paper.wrap(text, first=head + sign, rest=" " * (LABEL + columns(sign)), style=style)


def entries(
    paper: Paper, label: str, texts: Iterator[str] | tuple[str, ...], *, count: bool
) -> Iterator[str]:
    """Write a list beside its label, numbered (`count`) or with bullets. The texts are raw."""
    for number, text in enumerate(texts, 1):
        sign = f"{number}. " if count else f"{paper.signs.bullet} "
        yield from block(paper, label if number == 1 else "", paper.clean(text), sign=sign)


def opens(grant: Grant) -> str:
    """Say what the grant opens and in which services (raw)."""
    services = f" ({', '.join(grant.services)})" if grant.services else ""
    return f"{_SCOPES[grant.scope]} {_words.subject(grant)}{services}"


def lifetime(grant: Grant, now: datetime) -> str:
    """Say when it ends and from when it holds (raw)."""
    text = _words.ends(grant, now)
    if grant.validity is Validity.NOT_YET_VALID and grant.starts_at:
        return f"{text}; not before {_words.day(grant.starts_at)}"
    return f"{text}; since {_words.day(grant.starts_at)}" if grant.starts_at else text


def limits(grant: Grant) -> str:
    """Say what narrows its use: protocol, addresses, policy (raw)."""
    parts = []
    if grant.protocols:
        parts.append(f"over {' or '.join(grant.protocols)}")
    parts.append(f"from {grant.ip_range} only" if grant.ip_range else "from any address")
    if grant.policy:
        parts.append(f"by the stored policy {grant.policy}")
    return ", ".join(parts)


def powers(paper: Paper, grant: Grant) -> Iterator[str]:
    """Write the actions in words, services that permit the same together."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for service, row in grant.matrix.items():
        rows.setdefault(_named(row), []).append(service)
    if len(rows) < 2:
        yield from block(paper, "may", paper.clean(", ".join(_named(grant.permissions)) or "not known"))
        return
    names = {actions: paper.clean(", ".join(services)) for actions, services in rows.items()}
    width = max(columns(name) for name in names.values()) + 2
    label = "may"
    for actions, name in names.items():
        sign = paper.pad(name, width) if width < paper.width // 3 else f"{name}: "
        yield from block(paper, label, ", ".join(actions) or "nothing", sign=sign)
        label = ""


def _named(permissions: tuple[Permission, ...]) -> tuple[str, ...]:
    return tuple(permission.replace("_", " ") for permission in permissions)


def matrix(paper: Paper, grant: Grant) -> Iterator[str]:
    """Write the matrix, an action a line and a service a column: as many actions as there are fit."""
    rows = words.matrix_rows(grant)
    if not rows:
        return
    services = [(paper.clean(service), permitted) for service, permitted in rows]
    body = [
        [
            action.replace("_", " "),
            *(_mark(paper, service, permitted.get(action, False)) for service, permitted in services),
            "",
        ]
        for action in words.ACTIONS
    ]
    for number, cells in enumerate(table([["", *(service for service, _ in services), ""], *body])):
        line = f"{' ' * LABEL}{''.join(cells)}".rstrip()
        yield paper.paint(line, "faint") if number == 0 else line


def _mark(paper: Paper, service: str, permitted: bool) -> str:
    """Put the sign under the middle of the service's name."""
    sign = paper.paint(paper.signs.yes, "bold") if permitted else paper.paint(paper.signs.no, "faint")
    return " " * (columns(service) // 2) + sign
