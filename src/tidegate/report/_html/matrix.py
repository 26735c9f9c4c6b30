"""What is permitted where, as a table: not granted, decoded, proved or refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tidegate.assess import words
from tidegate.model.finding import Finding
from tidegate.model.grant import Validity
from tidegate.report._html.parts import text, wide
from tidegate.report._rights import Cell, rights

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
        for service, actions in rights(finding).items():
            row = self.rows.setdefault(service, {action: _Sum() for action in words.ACTIONS})
            for action, cell in actions.items():
                total = row[action]
                if _RANKS[cell] > _RANKS[total.cell]:
                    row[action] = _Sum(cell, 1)
                elif cell is total.cell:
                    total.findings += 1


def one(finding: Finding, name: str) -> Iterator[str]:
    """Yield the table of one finding."""
    cells = {
        service: {action: _Sum(cell, 1) for action, cell in row.items()}
        for service, row in rights(finding).items()
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
