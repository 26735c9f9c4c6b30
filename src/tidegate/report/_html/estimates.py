"""What a sample says of all: a dot for what was seen, a line for the interval that holds the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidegate.assess import words
from tidegate.model.contents import Estimate
from tidegate.report import _reach
from tidegate.report._html.parts import bullets, label, picture, shorten, table, text, wide

_WIDTH, _LEFT, _RIGHT, _ROW = 1000.0, 220.0, 190.0, 30.0


def chart(estimates: Sequence[Estimate], name: str, *, whole: bool) -> Iterator[str]:
    """Yield the picture and the table; what was counted is said in words.

    name: unique on the page. whole: every byte of what was looked into was read.
    """
    yield bullets(_reach.estimate(each, whole=whole) for each in estimates[:12] if each.least == each.most)
    shown = [each for each in estimates[:12] if each.least != each.most]
    if not shown:
        return
    said = ". ".join(sentence(each) for each in shown[:4])
    size = (_WIDTH, _ROW * len(shown) + 26)
    yield "<figure><figcaption>Shares of all items, from those that were read; "
    yield "the line holds the truth in 95 of 100 cases.</figcaption>"
    yield from wide(
        "Picture: estimates", picture(name, "Estimates with their intervals", said, size, _draw(shown))
    )
    yield "</figure>"
    cells = [
        [text(each.kind.replace("_", " "), 60), f"{each.hits:,} of {each.read:,}", _percent(each.least), _percent(each.most),
         f"{round(each.least * each.items):,} to {round(each.most * each.items):,} of {each.items:,}"]
        for each in shown
    ]  # fmt: skip
    heads = ["holds", "seen", "at least", "at most", "items"]
    yield from table("The same as a table", heads, cells, right=(1, 2, 3, 4))


def sentence(each: Estimate) -> str:
    """Say one estimate (raw)."""
    low, high = round(each.least * each.items), round(each.most * each.items)
    what = each.kind.replace("_", " ")
    return (
        f"{what}: {low:,} to {high:,} of {words.many(each.items, 'item')}, "
        f"as {each.hits:,} of {each.read:,} that were read"
    )


def _draw(shown: Sequence[Estimate]) -> Iterator[str]:
    room = _WIDTH - _LEFT - _RIGHT
    foot = _ROW * len(shown) + 4
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _LEFT + share * room
        yield f'<line class="axis" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{foot:.1f}"/>'
        yield label(x, foot + 16, f"{share:.0%}", "q s", "middle")
    for number, each in enumerate(shown):
        y = number * _ROW + 15
        left, right = (_LEFT + min(1.0, max(0.0, share)) * room for share in (each.least, each.most))
        yield label(0, y + 5, shorten(each.kind.replace("_", " "), 28))
        yield f'<line class="span" x1="{left:.1f}" y1="{y:.1f}" x2="{max(right, left + 2):.1f}" y2="{y:.1f}"/>'
        seen = _LEFT + (each.hits / each.read if each.read else 0.0) * room
        yield f'<circle class="mark" cx="{seen:.1f}" cy="{y:.1f}" r="5"/>'
        yield label(_WIDTH, y + 5, f"{_percent(each.least)} to {_percent(each.most)}", "s", "end")


def _percent(share: float) -> str:
    percent = share * 100
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"
