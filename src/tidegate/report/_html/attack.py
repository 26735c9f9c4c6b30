"""What somebody could do, as a way from left to right: at most eight steps, four in a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidegate.assess import words
from tidegate.model.attack import AttackPath, AttackStep
from tidegate.report._html.parts import bullets, label, picture, text, wide, wrap

NODES, _IN_ROW = 8, 4
_WIDE, _GAP, _LETTERS, _LINES, _LINE = 224.0, 34.0, 26, 7, 17.0
_CERTAINTY = ("proved", "granted", "possible")
LEGEND = (
    "A full line: an answer of the service proves it. A dashed line: granted on paper, not tried. "
    "A dotted line: possible."
)


def graph(path: AttackPath, name: str) -> Iterator[str]:
    """Yield one path: its sentence, its picture, and its steps with what supports them. name: unique on the page."""
    steps = _shown(path.steps)
    yield f'<figure><figcaption class="up t">{text(path.title)}</figcaption>'
    lines = [wrap(step.text, _LETTERS, _LINES) for step in steps]
    tall = 30 + _LINE * max((len(each) for each in lines), default=1)
    in_row = min(_IN_ROW, max(1, len(steps)))
    rows = -(-len(steps) // _IN_ROW) or 1
    size = (_IN_ROW * _WIDE + (_IN_ROW - 1) * _GAP + 4, rows * tall + (rows - 1) * _GAP + 4)
    said = f"{words.many(len(path.steps), 'step')} from left to right; the list below has them in words"
    drawn = picture(name, path.title, said, size, _draw(steps, lines, tall, in_row))
    yield from wide(f"Picture: {path.title}", drawn)
    yield "</figure>"
    yield '<details class="more"><summary>The steps and what supports them</summary><ol class="plain up">'
    for step in path.steps:
        facts = bullets(step.facts[:12])
        yield f"<li>{text(step.text)} <span class='faint'>({text(step.certainty, 20)})</span>{facts}</li>"
    yield "</ol></details>\n"


def _shown(steps: Sequence[AttackStep]) -> list[AttackStep]:
    if len(steps) <= NODES:
        return list(steps)
    left_out = len(steps) - NODES + 1
    between = AttackStep(text=f"{words.many(left_out, 'more step')}, see the list", certainty="possible")
    return [*steps[: NODES // 2], between, *steps[len(steps) - (NODES - NODES // 2 - 1) :]]


def _draw(steps: Sequence[AttackStep], lines: Sequence[list[str]], tall: float, in_row: int) -> Iterator[str]:
    for number, (step, texts) in enumerate(zip(steps, lines, strict=True)):
        row, column = divmod(number, in_row)
        x, y = 2 + column * (_WIDE + _GAP), 2 + row * (tall + _GAP)
        certainty = step.certainty if step.certainty in _CERTAINTY else "possible"
        yield (
            f'<rect class="node n-{certainty}" x="{x:.1f}" y="{y:.1f}" width="{_WIDE:.1f}" '
            f'height="{tall:.1f}" rx="7"/>'
        )
        yield label(x + 12, y + 17, f"{number + 1} · {certainty}", "q s")
        for count, line in enumerate(texts):
            yield label(x + 12, y + 36 + count * _LINE, line)
        if number + 1 < len(steps):
            yield _arrow(x, y, tall, last=column + 1 == in_row)


def _arrow(x: float, y: float, tall: float, *, last: bool) -> str:
    """Draw from one box to the next; at the end of a row to the first of the row below."""
    if not last:
        left, middle = x + _WIDE, y + tall / 2
        return (
            f'<path class="flow" d="M{left + 3:.1f} {middle:.1f}H{left + _GAP - 8:.1f}"/>'
            f'<path class="head" d="M{left + _GAP - 10:.1f} {middle - 5:.1f}l8 5l-8 5z"/>\n'
        )
    start, low, first = x + _WIDE / 2, y + tall, 2 + _WIDE / 2
    turn = low + _GAP / 2
    return (
        f'<path class="flow" d="M{start:.1f} {low + 2:.1f}V{turn:.1f}H{first:.1f}V{low + _GAP - 8:.1f}"/>'
        f'<path class="head" d="M{first - 5:.1f} {low + _GAP - 10:.1f}l5 8l5 -8z"/>\n'
    )
