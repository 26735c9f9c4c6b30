"""What is permitted where, and how that is known: of each action at each service one word."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from tidegate.assess import words
from tidegate.model.finding import Finding
from tidegate.model.grant import Permission
from tidegate.model.reach import Reach, State


class Cell(StrEnum):
    """What is known of one action at one service. Ordered: the last is the worst."""

    NO = "not granted"
    REFUSED = "refused"
    """Granted on paper; the service refuses."""
    DECODED = "decoded"
    """Granted on paper, not exercised."""
    PROVED = "proved"


def rights(finding: Finding) -> dict[str, dict[str, Cell]]:
    """Return what is known of each action at each service of one finding: service -> action -> cell."""
    rows = words.matrix_rows(finding.grant)
    reach = finding.reach
    first = next((service for service, row in rows if any(row.values())), "")
    if not rows and reach is not None and reach.proved:
        # An open container: there is no paper.
        rows = [(service, dict.fromkeys(words.ACTIONS, False)) for service in finding.grant.services[:1]]
        first = rows[0][0] if rows else ""
    proved, refused = _answered(reach, first)
    dead = reach is not None and reach.state is State.CLOSED
    return {
        service: {
            action: _cell(
                granted,
                dead=dead,
                proved=action in proved.get(service, ()),
                refused=action in refused.get(service, ()),
            )
            for action, granted in row.items()
        }
        for service, row in rows
    }


def _answered(reach: Reach | None, first: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return what was proved and what was refused, service -> actions.

    first: the service that stands for an answer that names none, as those of older reports do.
    """
    proved: dict[str, set[str]] = {}
    refused: dict[str, set[str]] = {}
    if reach is None:
        return proved, refused
    for each in reach.answers:
        if each.permission is not None and each.state is not State.UNKNOWN:
            to = proved if each.state is State.OPEN else refused
            to.setdefault(each.service or first, set()).update(words.ACTION_OF[each.permission])
    shown = {each.permission for each in reach.answers if each.state is State.OPEN}
    proved.setdefault(first, set()).update(_actions(each for each in reach.proved if each not in shown))
    return proved, refused


def _cell(granted: bool, *, dead: bool, proved: bool, refused: bool) -> Cell:
    if proved:
        return Cell.PROVED
    if not granted:
        return Cell.NO
    return Cell.REFUSED if dead or refused else Cell.DECODED


def _actions(permissions: Iterable[Permission]) -> set[str]:
    return {action for each in permissions for action in words.ACTION_OF[each]}
