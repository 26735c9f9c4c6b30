"""What lies behind: areas are bytes, colours say how bad it is that this kind is exposed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tidegate.assess import words
from tidegate.model.contents import Kind
from tidegate.model.finding import Finding
from tidegate.model.observation import Step
from tidegate.model.severity import Severity
from tidegate.report._html.parts import kind_words, label, picture, shorten, table, tag, text
from tidegate.report._squarify import Rect, squarify
from tidegate.report._stores import stores

WIDTH, HEIGHT, _CHIP = 1000.0, 320.0, 32.0
KINDS = 60
"""Kinds that are drawn and listed; the worst and largest come first."""
_LEAST = 900.0
"""Square pixels: what is smaller cannot be pointed at, and gets a tile of its own below."""
_LETTER = 7.4
"""Mean width of a letter, in pixels."""


@dataclass(slots=True)
class Pile:
    """Things of one kind in all that was listed."""

    kind: str
    severity: Severity
    items: int = 0
    bytes: int = 0
    estimated: bool = False
    read: bool = False
    """The count rests on contents, not on names alone."""


def piles(findings: Iterable[Finding]) -> list[Pile]:
    """Sum up by kind, worst first, then most bytes. What several findings reach counts once."""
    found: dict[str, Pile] = {}
    for contents in stores(findings):
        for kind in contents.kinds:
            _add(found, kind)
    return sorted(found.values(), key=lambda pile: (-pile.severity.rank, -pile.bytes, -pile.items, pile.kind))


def _add(found: dict[str, Pile], kind: Kind) -> None:
    pile = found.setdefault(kind.kind, Pile(kind.kind, kind.severity))
    pile.items += kind.items
    pile.bytes += kind.bytes
    pile.estimated |= kind.estimated
    pile.read |= kind.step is not Step.NAME
    if kind.severity.rank > pile.severity.rank:
        pile.severity = kind.severity


def chart(found: Sequence[Pile]) -> Iterator[str]:
    """Yield the treemap; what is too small to be seen, or to hold its name, stands below it, worst first."""
    found = found[:KINDS]
    by_items = counts_items(found)
    weighed = sorted(found, key=lambda pile: -_weight(pile, by_items))
    total = sum(_weight(pile, by_items) for pile in found) or 1
    large = [p for p in weighed if _weight(p, by_items) / total * WIDTH * HEIGHT >= _LEAST]
    rects = squarify([float(_weight(pile, by_items)) for pile in large], Rect(0, 0, WIDTH, HEIGHT))
    drawn = list(zip(large, rects, strict=True))
    named = {pile.kind for pile, rect in drawn if _holds_name(pile, rect)}
    small = [pile for pile in found if pile.kind not in named]
    columns = 3
    extra = 28 + _CHIP * -(-len(small) // columns) if small else 0.0
    described = ", ".join(said(pile) for pile in found[:8])
    whole = (WIDTH, HEIGHT + extra)
    yield from picture(
        "behind",
        "What lies behind, by kind and sensitivity",
        described,
        whole,
        _draw(drawn, small, columns),
    )


def counts_items(found: Sequence[Pile]) -> bool:
    """Tell whether areas are numbers of items, because no size is known."""
    return not any(pile.bytes for pile in found[:KINDS])


def _letters(rect: Rect) -> int:
    return int((rect.width - 16) / _LETTER)


def _holds_name(pile: Pile, rect: Rect) -> bool:
    """Tell whether the name can be read: all of it, or most of a long one. It is bold, and so wider."""
    return rect.height >= 22 and _letters(rect) * 9 // 10 >= min(16, len(kind_words(pile.kind, 2)))


def _draw(large: Sequence[tuple[Pile, Rect]], small: Sequence[Pile], columns: int) -> Iterator[str]:
    for pile, rect in large:
        yield f"<g><title>{text(said(pile))}</title>"
        yield (
            f'<rect class="edge l-{pile.severity.value}" x="{rect.x:.1f}" y="{rect.y:.1f}" '
            f'width="{rect.width:.1f}" height="{rect.height:.1f}"/>'
        )
        letters = _letters(rect)
        named = _holds_name(pile, rect)
        if named:
            yield label(rect.x + 9, rect.y + 19, shorten(kind_words(pile.kind, 2), letters * 9 // 10), "b")
        if named and rect.height >= 42:
            yield label(
                rect.x + 9, rect.y + 37, shorten(f"{pile.items:,}, {words.size(pile.bytes)}", letters)
            )
        if named and rect.height >= 60 and pile.severity is not Severity.INFO:
            yield label(rect.x + 9, rect.y + 55, pile.severity.value, "s")
        yield "</g>\n"
    if not small:
        return
    yield label(0, HEIGHT + 20, "Too small to be seen above, or to hold a name:", "q")
    wide = WIDTH / columns
    for number, pile in enumerate(small):
        x, y = number % columns * wide, HEIGHT + 28 + number // columns * _CHIP
        yield (
            f'<rect class="l-{pile.severity.value}" x="{x:.1f}" y="{y + 2:.1f}" width="{wide - 8:.1f}" '
            f'height="{_CHIP - 6:.1f}" rx="3"/>'
        )
        what = f"{pile.items:,} {kind_words(pile.kind, pile.items)}, {words.size(pile.bytes)}"
        yield label(x + 9, y + 19, shorten(what, int((wide - 26) / 7.2)))


def _weight(pile: Pile, by_items: bool) -> int:
    return pile.items if by_items else pile.bytes


def said(pile: Pile) -> str:
    """Say how many there are, how much, and how bad it is (raw)."""
    about = "about " if pile.estimated else ""
    what = kind_words(pile.kind, pile.items)
    return f"{about}{pile.items:,} {what}, {words.size(pile.bytes)} ({pile.severity})"


def rows(found: Sequence[Pile]) -> Iterator[str]:
    """Yield the same as a table."""
    cells = [
        [
            text(kind_words(pile.kind, 2)),
            tag(pile.severity),
            f"{'about ' if pile.estimated else ''}{pile.items:,}",
            words.size(pile.bytes),
            ("estimated from a sample" if pile.estimated else "counted")
            + ("" if pile.read else ", by names"),
        ]
        for pile in found[:KINDS]
    ]
    yield from table(
        "The same as a table, worst first", ["kind", "sensitivity", "items", "size", "rests on"], cells,
        right=(2, 3),
    )  # fmt: skip
    if len(found) > KINDS:
        yield f"<p>{words.many(len(found) - KINDS, 'more kind')} in the JSON report.</p>"
