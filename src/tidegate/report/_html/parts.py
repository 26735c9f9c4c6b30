"""What every part of the page is made of: escaped text, tables, pictures. Whatever comes in is escaped here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tidegate.kinds.table import kinds
from tidegate.model.severity import Severity
from tidegate.report._escape import markup, safe
from tidegate.report._steps import pieces

MAX_TEXT: Final = 600
"""Characters of one text from outside; the JSON report has all of it."""


def text(raw: str, limit: int = MAX_TEXT) -> str:
    """Return the text for HTML, cut to `limit` characters."""
    return markup(raw if len(raw) <= limit else raw[: limit - 1] + "…")


def code(raw: str, limit: int = MAX_TEXT) -> str:
    """Return a name as code."""
    return f"<code>{text(raw, limit)}</code>"


def step(raw: str) -> str:
    """Return a step of what is to be done, with its commands as code."""
    cut = raw if len(raw) <= MAX_TEXT else raw[: MAX_TEXT - 1] + "…"
    return "".join(code(each) if at % 2 else text(each) for at, each in enumerate(pieces(cut)))


def tag(severity: Severity) -> str:
    """Return the severity as a word on its colour."""
    return f'<span class="tag {severity.value}">{severity.value}</span>'


def bullets(texts: Iterable[str], *, sentences: bool = False) -> str:
    """Return raw texts as a list; nothing for none. Sentences begin with a capital letter."""
    rows = "".join(f"<li>{text(each)}</li>" for each in texts)
    return f'<ul class="plain{" up" if sentences else ""}">{rows}</ul>' if rows else ""


def steps(texts: Iterable[str], *, ordered: bool = False) -> str:
    """Return raw steps of what is to be done as a list; nothing for none."""
    rows = "".join(f"<li>{step(each)}</li>" for each in texts)
    name = "ol" if ordered else "ul"
    return f'<{name} class="plain">{rows}</{name}>' if rows else ""


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[int] = (),
    short: Sequence[int] = (),
) -> Iterator[str]:
    """Yield a table. caption, heads: raw; cells: HTML. The first cell of a row is its heading.

    right: columns of numbers; short: columns of single words of ours, which are never broken.

    On a narrow screen a row becomes a few lines, and each cell says what it is.
    """
    styles = [_style("r" if each in right else "nw" if each in short else "") for each in range(len(heads))]
    yield f'<table class="cards"><caption>{text(caption)}</caption><thead><tr>'
    for number, head in enumerate(heads):
        yield f'<th scope="col"{styles[number]}>{text(head)}</th>'
    yield "</tr></thead><tbody>\n"
    for row in rows:
        cells = "".join(
            f'<th scope="row"{styles[number]}>{cell}</th>'
            if number == 0
            else f'<td data-is="{text(heads[number])}"{styles[number]}>{cell}</td>'
            for number, cell in enumerate(row)
        )
        yield f"<tr>{cells}</tr>\n"
    yield "</tbody></table>\n"


def _style(name: str) -> str:
    return f' class="{name}"' if name else ""


def wide(label: str, inner: Iterable[str]) -> Iterator[str]:
    """Yield what may be wider than a narrow screen: it scrolls by itself, by keyboard too."""
    yield f'<div class="wide" role="group" tabindex="0" aria-label="{text(label)}">'
    yield from inner
    yield "</div>\n"


def picture(
    name: str, title: str, described: str, size: tuple[float, float], body: Iterable[str]
) -> Iterator[str]:
    """Yield a picture with its name and description for who does not see it. title, described: raw."""
    yield (
        f'<svg class="w6" viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" role="img" '
        f'aria-labelledby="{name}-t {name}-d"><title id="{name}-t">{text(title)}</title>'
        f'<desc id="{name}-d">{text(described)}</desc>\n'
    )
    yield from body
    yield "</svg>\n"


def label(x: float, y: float, raw: str, style: str = "", anchor: str = "") -> str:
    """Return a line of text in a picture."""
    styled = f' class="{style}"' if style else ""
    anchored = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{styled}{anchored}>{text(raw, 200)}</text>\n'


def shorten(raw: str, letters: int) -> str:
    """Return the text, visible and cut in its middle to so many letters."""
    clean = safe(raw)
    if len(clean) <= letters:
        return clean
    head = max(1, (letters - 1) * 2 // 3)
    return f"{clean[:head]}…{clean[len(clean) - max(1, letters - 1 - head) :]}"


def wrap(raw: str, letters: int, lines: int) -> list[str]:
    """Return the text in lines of so many letters, the last with `…` where more follows."""
    return textwrap.wrap(safe(raw), letters, max_lines=lines, placeholder=" …", break_long_words=True)


def kind_words(name: str, count: int) -> str:
    """Return what things of a kind are called: `private keys`; the id in words where the table has it not."""
    known = kinds().get(name)
    if known is None:
        return name.replace("_", " ")
    return known.one if count == 1 else known.many
