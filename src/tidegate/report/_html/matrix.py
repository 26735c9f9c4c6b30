"""What is permitted where, as a table: not granted, decoded, proved or refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.assess import words
from tidegate.model.finding import Finding
from tidegate.model.grant import Permission, Validity
from tidegate.model.reach import Reach, State
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
    "refused: the text grants it, the service does not; –: not granted."
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
    shown = {
        service: row
        for service, row in rows.items()
        if service and any(each.cell is not Cell.NO for each in row.values())
    }
    if not shown:
        return
    closed = [service for service in rows if service and service not in shown]
    if closed:
        caption += f"; nothing is permitted at {words.enumerate_words(closed[:12])}"
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
