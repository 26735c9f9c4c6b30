"""An inventory as a picture: areas are bytes, colours are kinds. SVG alone, or a page with a table beside it.

Neither needs a script or anything from elsewhere; both follow the reader's choice of light or dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tidegate.assess.words import many, size
from tidegate.kinds.table import kind as kind_row
from tidegate.model.inventory import Group, Place, Prefix, Summary
from tidegate.report._escape import markup, safe
from tidegate.report._html.style import policy
from tidegate.report._squarify import Rect, squarify

WIDTH, HEIGHT = 1200, 720
MIN_AREA = 48.0
"""Smaller boxes are drawn as one, with their number: nobody could see or point at them."""
TABLE_ROWS = 200
_HEAD_PLACE, _HEAD_FOLDER = 20.0, 15.0
_LETTER = 6.3
"""Mean width of a letter of the labels, in pixels; 6.0 to 6.6 in the fonts that systems have for 11 px."""

_COLOURS = {
    "key": "#ff7f73",
    "machine": "#ffa95c",
    "messages": "#f58fb5",
    "personal": "#e3ab7d",
    "database": "#cf97de",
    "model": "#7fb2f7",
    "dataset": "#8ee3f2",
    "archive": "#dcc66f",
    "document": "#9fd6a2",
    "code": "#bdd163",
    "program": "#e59f9f",
    "log": "#b4c0c9",
    "media": "#4fb399",
    "other": "#ccd2d9",
}
"""By groups of kinds. Light enough for black letters, on either background."""

_STYLE = (
    ":root{--paper:#fff;--ink:#1c2127;--faint:#59636e;--box:#eceff2;--line:#fff;--rule:#d4dae0}"
    "@media(prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e8ecf0;--faint:#9aa5b1;--box:#262d35;"
    "--line:#14181d;--rule:#39424c}}"
    "svg{font:11px system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;background:var(--paper)}"
    ".b{fill:var(--box);stroke:var(--line)}.t{fill:var(--ink);font-weight:600}.f{fill:var(--ink)}"
    ".n{fill:#15181c}.c{stroke:var(--line);stroke-width:.75}"
    + "".join(f".k-{kind}{{fill:{colour}}}" for kind, colour in _COLOURS.items())
)

_PAGE_STYLE = (
    "body{margin:0 auto;max-width:1200px;padding:24px;background:var(--paper);color:var(--ink);"
    "font:15px/1.5 system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}h1{font-size:22px;margin:0 0 4px}"
    "h2{font-size:17px;margin:28px 0 8px}p{margin:0 0 14px;color:var(--faint)}svg{width:100%;height:auto}"
    "ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:12px 0;font-size:13px}"
    "li i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:6px;vertical-align:-1px}"
    "body{overflow-wrap:break-word}div{overflow-x:auto}div svg{min-width:640px}"
    "div:focus-visible{outline:3px solid #3b82c4;outline-offset:2px}"
    "table{border-collapse:collapse;width:100%;font-size:13px}"
    "th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid var(--rule);vertical-align:top;"
    "overflow-wrap:anywhere}th{overflow-wrap:normal}td{min-width:64px}.r{text-align:right;white-space:nowrap}"
    + "".join(f"i.k-{kind}{{background:{colour}}}" for kind, colour in _COLOURS.items())
)


_WIDE = '<div role="group" tabindex="0" aria-label="{}">'


@dataclass(slots=True)
class _Box:
    """Something to draw, with what it holds."""

    name: str
    items: int
    bytes: int
    kind: str = ""
    """Set for those that hold nothing further."""
    below: list[_Box] = field(default_factory=list)


def svg(summary: Summary) -> str:
    """Return a picture that stands alone."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f"{head} {_body(summary, style=f'<style>{_STYLE}</style>')}\n"


def page(summary: Summary, title: str) -> str:
    """Return an HTML page: the picture, what its colours mean, and the numbers as tables."""
    picture = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" {_body(summary)}'
    css = _STYLE + _PAGE_STYLE
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy(css)}">',
            '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{markup(title)}</title><style>{css}</style></head><body><main>",
            f"<h1>{markup(title)}</h1><p>{markup(_sum(summary))}</p>",
            _wide("Treemap", picture),
            _legend(summary.kinds),
            *_tables(summary),
            "</main></body></html>\n",
        ]
    )


def _wide(name: str, inner: str) -> str:
    """Return what may be wider than a narrow screen: it scrolls by itself, by keyboard too. name: ours."""
    return f"{_WIDE.format(name)}{inner}</div>"


def _sum(summary: Summary) -> str:
    where = many(summary.containers, "container")
    return f"{many(summary.items, 'item')}, {size(summary.bytes)} in {where}"


# --- What is drawn -----------------------------------------------------------------------------------------


def _boxes(summary: Summary) -> list[_Box]:
    """Return a box for each container, with its folders, with their kinds."""
    folders: dict[tuple[str, str], list[_Box]] = {}
    for prefix in summary.prefixes:
        folders.setdefault((prefix.service, prefix.container), []).append(_folder(prefix))
    services = {place.service for place in summary.places}
    boxes = [_place(place, folders, several=len(services) > 1) for place in summary.places]
    rest = summary.other_places
    if rest.items:
        boxes.append(_Box(f"{rest.groups:,} other containers", rest.items, rest.bytes, "other"))
    return boxes


def _place(place: Place, folders: dict[tuple[str, str], list[_Box]], *, several: bool) -> _Box:
    below = folders.get((place.service, place.name), [])
    items = place.items - sum(box.items for box in below)
    if items > 0:
        left = place.bytes - sum(box.bytes for box in below)
        below = [*below, _Box("other folders", items, left, "other")]
    name = f"{place.name} ({place.service})" if several else place.name
    return _Box(name, place.items, place.bytes, below=below)


def _folder(prefix: Prefix) -> _Box:
    kinds = [_Box(kind.name, kind.items, kind.bytes, kind.name) for kind in prefix.kinds]
    return _Box(prefix.name or "(no folder)", prefix.items, prefix.bytes, below=kinds)


def _body(summary: Summary, style: str = "") -> str:
    boxes = _boxes(summary)
    by_items = not any(box.bytes for box in boxes)
    label = f"Treemap of {_sum(summary)}; the tables of the page and of the report hold the same numbers"
    parts = [f'role="img" aria-label="{markup(label)}"><title>{markup(_sum(summary))}</title>{style}']
    whole = Rect(0, 0, WIDTH, HEIGHT)
    parts += _draw(boxes, whole, (), by_items=by_items)
    if len(parts) == 1:
        parts.append(f'<text class="f" x="16" y="28">{markup("Nothing was listed.")}</text>')
    return "".join([*parts, "</svg>"])


def _draw(boxes: Sequence[_Box], place: Rect, path: tuple[str, ...], *, by_items: bool) -> Iterator[str]:
    shown = _folded(boxes, place, by_items=by_items)
    for box, rect in zip(shown, squarify([_weight(box, by_items) for box in shown], place), strict=True):
        names = (*path, box.name)
        title = f"{' › '.join(names)}: {many(box.items, 'item')}, {size(box.bytes)}"
        hint = f"<title>{markup(title)}</title>"
        if not box.below:
            yield f'<g>{hint}<rect class="c k-{_known(box.kind)}" {_at(rect)}/>'
            yield _label(box.name.replace("_", " "), rect, "n", 14) + "</g>"
            continue
        head = _HEAD_FOLDER if path else _HEAD_PLACE
        headed = rect.height > 2.2 * head and rect.width > 40
        yield f'<g>{hint}<rect class="b" {_at(rect)}/>'
        if headed:
            text = f"{box.name}  {size(box.bytes)}"
            yield _label(text, rect, "f" if path else "t", head)
        yield "</g>"
        yield from _draw(box.below, rect.inside(head if headed else 1.0, 1.0), names, by_items=by_items)


def _folded(boxes: Sequence[_Box], place: Rect, *, by_items: bool) -> list[_Box]:
    """Return boxes with something in them, largest first, those too small to be seen as one at the end."""
    full = sorted(
        (box for box in boxes if _weight(box, by_items) > 0), key=lambda box: -_weight(box, by_items)
    )
    total = sum(_weight(box, by_items) for box in full)
    least = MIN_AREA / place.area * total if place.area else total
    shown = [box for box in full if _weight(box, by_items) >= least]
    small = full[len(shown) :]
    if len(small) > 1 or (small and not shown):
        items, size_bytes = sum(box.items for box in small), sum(box.bytes for box in small)
        small = [_Box(f"{len(small):,} smaller ones", items, size_bytes, "other")]
    return shown + small


def _weight(box: _Box, by_items: bool) -> int:
    return box.items if by_items else box.bytes


def _known(kind: str) -> str:
    group = kind_row(kind).group
    return group if group in _COLOURS else "other"


def _at(rect: Rect) -> str:
    return f'x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.1f}" height="{rect.height:.1f}"'


def _label(text: str, rect: Rect, kind: str, height: float) -> str:
    """Return the text, cut to what the box can hold; nothing where that would say nothing."""
    letters = int((rect.width - 8) / _LETTER)
    clean = safe(text)
    if letters < 3 or rect.height < height or (len(clean) > letters and letters < 5):
        return ""
    shown = clean if len(clean) <= letters else clean[: letters - 1] + "…"
    return f'<text class="{kind}" x="{rect.x + 4:.1f}" y="{rect.y + height - 4:.1f}">{markup(shown)}</text>'


# --- What stands beside it ---------------------------------------------------------------------------------


def _legend(kinds: Sequence[Group]) -> str:
    entries = []
    for kind in kinds:
        words = f"{kind.name.replace('_', ' ')} {size(kind.bytes)}"
        entries.append(f'<li><i class="k-{_known(kind.name)}"></i>{markup(words)}</li>')
    return f"<ul>{''.join(entries)}</ul>"


def _tables(summary: Summary) -> Iterator[str]:
    rows = [
        [each.container, each.name or "(no folder)", f"{each.items:,}", size(each.bytes), _kinds(each.kinds)]
        for each in summary.prefixes[:TABLE_ROWS]
    ]
    hidden = len(summary.prefixes) - len(rows) + summary.other_prefixes.groups
    more = f" The {hidden:,} smaller ones are not shown." if hidden > 0 else ""
    heads = ["container", "folder", "items", "size", "kinds"]
    yield from _table("Folders", f"Most bytes first.{more}", heads, rows)
    kinds = [[each.name.replace("_", " "), f"{each.items:,}", size(each.bytes)] for each in summary.kinds]
    yield from _table("Kinds", "By the ends of the names.", ["kind", "items", "size"], kinds)
    largest = [
        [
            each.container,
            each.name,
            size(each.bytes),
            f"{each.modified_at:%Y-%m-%d}" if each.modified_at else "",
        ]
        for each in summary.largest
    ]
    yield from _table("Largest", "", ["container", "name", "size", "changed"], largest)


def _kinds(kinds: Sequence[Group]) -> str:
    return ", ".join(kind.name.replace("_", " ") for kind in kinds[:4]) + (", …" if len(kinds) > 4 else "")


def _table(title: str, words: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    right = {number for number, head in enumerate(heads) if head in ("items", "size")}
    yield (f"<h2>{markup(title)}</h2>" + (f"<p>{markup(words)}</p>" if words else ""))
    yield _WIDE.format(f"Table: {title}") + "<table><thead><tr>"
    yield "".join(
        f'<th scope="col"{_right(number in right)}>{markup(head)}</th>' for number, head in enumerate(heads)
    )
    yield "</tr></thead><tbody>"
    for row in rows:
        cells = (f"<td{_right(number in right)}>{markup(cell)}</td>" for number, cell in enumerate(row))
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _right(wanted: bool) -> str:
    return ' class="r"' if wanted else ""
