"""What is permitted where, as a table: not granted, decoded, proved or refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.assess import words
from tidegate.model.finding import Finding
from tidegate.model.grant import Permission, Validity
from tidegate.model.reach import State
from tidegate.report._html.parts import text, wide


class Cell(StrEnum):
    """What is known of one action at one service. Ordered: the last is the worst."""

    NO = "not granted"
    REFUSED = "refused"
    """Granted on paper; the service refuses."""
    DECODED = "decoded"
    """Granted on paper, not exercised."""
    PROVED = "proved"


_RANKS = {cell: rank for rank, cell in enumerate(Cell)}
_STYLES = {Cell.NO: "no", Cell.REFUSED: "refused", Cell.DECODED: "decoded", Cell.PROVED: "proved"}
LEGEND = (
    "proved: a request was answered; decoded: the text grants it, and nobody tried; "
    "refused: the text grants it, the service does not; –: not granted. "
    "Of a link to several services, the report does not say which one answered: what was proved stands at the first."
)


@dataclass(slots=True)
class _Sum:
    cell: Cell = Cell.NO
    findings: int = 0


@dataclass(slots=True)
class Matrix:
    """service -> action -> cell."""

    rows: dict[str, dict[str, _Sum]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Take the worst of what is there and of this finding; count those that share the worst."""
        for service, actions in of(finding).items():
            row = self.rows.setdefault(service, {action: _Sum() for action in words.ACTIONS})
            for action, cell in actions.items():
                total = row[action]
                if _RANKS[cell] > _RANKS[total.cell]:
                    row[action] = _Sum(cell, 1)
                elif cell is total.cell:
                    total.findings += 1


def of(finding: Finding) -> dict[str, dict[str, Cell]]:
    """Return the cells of one finding."""
    rows = words.matrix_rows(finding.grant)
    reach = finding.reach
    proved = _actions(reach.proved) if reach else set()
    refused = (
        _actions(a.permission for a in reach.answers if a.permission and a.state is State.CLOSED)
        if reach
        else set()
    )
    first = next((service for service, row in rows if any(row.values())), None)
    if not rows and proved:
        # An open container: there is no paper.
        rows, first = (
            [(service, dict.fromkeys(words.ACTIONS, False)) for service in finding.grant.services[:1]],
            None,
        )
        first = rows[0][0] if rows else None
    dead = reach is not None and reach.state is State.CLOSED
    found: dict[str, dict[str, Cell]] = {}
    for service, row in rows:
        here = service == first
        found[service] = {
            action: _cell(
                granted, dead=dead, proved=here and action in proved, refused=here and action in refused
            )
            for action, granted in row.items()
        }
    return found


def _cell(granted: bool, *, dead: bool, proved: bool, refused: bool) -> Cell:
    if proved:
        return Cell.PROVED
    if not granted:
        return Cell.NO
    return Cell.REFUSED if dead or refused else Cell.DECODED


def _actions(permissions: Iterable[Permission]) -> set[str]:
    return {action for each in permissions for action in words._ACTION_OF[each]}


def one(finding: Finding, name: str) -> Iterator[str]:
    """Yield the table of one finding."""
    cells = {
        service: {action: _Sum(cell, 1) for action, cell in row.items()}
        for service, row in of(finding).items()
    }
    yield from _table(cells, f"What {name} permits, by service", count=False)


def whole(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the table of all findings that may still work: the worst of each cell, and how many share it."""
    matrix = Matrix()
    for finding in findings:
        if finding.grant.validity is not Validity.EXPIRED or finding.reach is not None:
            matrix.add(finding)
    yield from _table(
        matrix.rows, "The strongest of all findings that have not ended, by service", count=True
    )


def _table(rows: dict[str, dict[str, _Sum]], caption: str, *, count: bool) -> Iterator[str]:
    shown = {service: row for service, row in rows.items() if service}
    if not shown:
        return
    # `unknown` is a column only where there is something unknown.
    used = [
        a
        for a in words.ACTIONS
        if a != "unknown" or any(row[a].cell is not Cell.NO for row in shown.values())
    ]
    yield from wide(caption, _lines(dict(list(shown.items())[:12]), caption, used, count=count))


def _lines(rows: dict[str, dict[str, _Sum]], caption: str, used: list[str], *, count: bool) -> Iterator[str]:
    yield f'<table class="m"><caption>{text(caption)}</caption><thead><tr><th scope="col">service</th>'
    yield "".join(f'<th scope="col">{text(action)}</th>' for action in used) + "</tr></thead><tbody>\n"
    for service, row in rows.items():
        yield f'<tr><th scope="row">{text(service, 60)}</th>'
        for action in used:
            cell, many = row[action].cell, row[action].findings
            words_ = (
                "–" if cell is Cell.NO else f"{cell.value} × {many:,}" if count and many > 1 else cell.value
            )
            yield f'<td class="{_STYLES[cell]}">{words_}</td>'
        yield "</tr>\n"
    yield "</tbody></table>\n"
