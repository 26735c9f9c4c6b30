"""The quick way through a page of blobs: one regular expression whose matches tile the page exactly.

A page says the same forty elements five thousand times. The expression is learned from the page's own
blobs, and taken only if its matches cover every byte between the first blob and the last, so that nothing
can hide between them; any other page goes through the XML parser. Measured on pages of 5,000 blobs
(3.5 MB), CPU time: 9 ms this way, 18 to 23 ms with one expression for all services and versions, 47 ms with
the same expression in Polars, 230 ms through expat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Final

import numpy as np

MOST_LEARNED: Final = 8
"""Rounds of learning on one page, and blobs that teach in a round; more variety is left to the parser."""

MOST_ELEMENTS: Final = 64

WANTED: Final = (
    "Name",
    "Snapshot",
    "VersionId",
    "IsCurrentVersion",
    "Deleted",
    "Properties/Creation-Time",
    "Properties/Last-Modified",
    "Properties/Etag",
    "Properties/ResourceType",
    "Properties/Content-Length",
    "Properties/Content-Type",
    "Properties/Content-MD5",
    "Properties/AccessTier",
)
"""Leaves of a blob that an inventory keeps."""

_LEAF = re.compile(r"<(?P<tag>[A-Za-z][A-Za-z0-9_-]{0,63})(?:>[^<]*</(?P=tag)>|(?P<empty> ?/>))")
_SECTION: Final = "Properties"
_OPEN, _CLOSE = "<Blob>", "</Blob>"
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos);")

Columns = Mapping[str, Sequence[str | None]]
"""Leaf -> its text in every blob; `None` or empty where there is none. A leaf no blob has may be left out."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One element of a blob: where it stands, and in which forms it was seen."""

    key: str
    """`Name`, `Properties/Etag`."""
    filled: bool = False
    """`<Etag>…</Etag>` was seen."""
    empty: str = ""
    """How it ends where it has no content: ` />`, or empty when that was not seen."""
    optional: bool = False


Shape = tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Tiles:
    """A page that was tiled."""

    rows: int
    columns: dict[str, list[str]]
    rest: str
    """The page without its blobs: still to be read as XML, and to be free of blobs."""
    shape: Shape
    """What was learned, to begin the next page with."""


def tile(page: bytes, shape: Shape = ()) -> Tiles | None:
    """Return the page's columns, or `None` when the parser must judge it.

    shape: of the page before; it changes the time this takes, never the result.
    """
    text = _plain_text(page)
    if text is None:
        return None
    start, stop = text.find("<Blobs><Blob>") + len("<Blobs>"), text.rfind("</Blob></Blobs>") + len(_CLOSE)
    if start < len("<Blobs>") or stop < start:
        return None
    body = text[start:stop]
    learned = _learn(body, shape)
    if learned is None:
        return None
    shape, parts = learned
    keys = _kept(shape)
    step = len(keys) + 1
    columns = {key: parts[place::step] for place, key in enumerate(keys, start=1)}
    if "&" in body and not _without_entities(columns, body):
        return None
    return Tiles(len(parts) // step, columns, text[:start] + text[stop:], shape)


def _plain_text(page: bytes) -> str | None:
    """Return the text of a page that holds nothing XML forbids or rewrites in plain text; else `None`."""
    if not page or np.frombuffer(page, np.uint8)[3:].min(initial=255) < 32:
        return None  # control characters and line ends
    if b"]" in page and b"]]>" in page:
        return None
    try:
        text = page.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    # Noncharacters, which XML forbids. The test for ASCII is a flag of the text, the others read it all.
    return None if not text.isascii() and ("\ufffe" in text or "\uffff" in text) else text


def _learn(body: str, shape: Shape) -> tuple[Shape, list[str]] | None:
    """Cut the body by the expression, learning from what it leaves over.

    `split` gives what stands between the matches, too: if that is nothing anywhere, they tile the body.
    """
    for _ in range(MOST_LEARNED):
        if shape:
            parts = _pattern(shape).split(body)
            gaps = [gap for gap in parts[:: len(_kept(shape)) + 1] if gap]
            if not gaps:
                return shape, parts
        else:
            gaps = [body]
        known = shape
        for gap in gaps[:MOST_LEARNED]:
            blob, closed, _ = gap.removeprefix(_OPEN).partition(_CLOSE)
            new = _shape_of(blob) if closed and gap.startswith(_OPEN) else None
            merged = _merge(shape, new) if new else None
            if merged is None:
                return None
            shape = merged
        if shape == known:
            return None
    return None


def _shape_of(blob: str) -> Shape | None:
    """Return the elements of one blob, or `None` when they nest in a way that is not ours."""
    before, opened, rest = blob.partition(f"<{_SECTION}>")
    inside, closed, after = rest.partition(f"</{_SECTION}>")
    head, body, tail = _leaves(before, ""), _leaves(inside, _SECTION + "/"), _leaves(after, "")
    if not opened or not closed or head is None or body is None or tail is None:
        return None
    slots = (*head, Slot(_SECTION), *body, Slot("/" + _SECTION), *tail)
    keys = [slot.key for slot in slots]
    if len(keys) > MOST_ELEMENTS or len(set(keys)) != len(keys) or keys[0] != "Name":
        return None
    return slots


def _leaves(part: str, prefix: str) -> list[Slot] | None:
    """Return the elements that make up the whole of `part`, or `None`."""
    slots: list[Slot] = []
    position = 0
    while len(slots) <= MOST_ELEMENTS and (match := _LEAF.match(part, position)):
        empty = match["empty"] or ""
        slots.append(Slot(prefix + match["tag"], filled=not empty, empty=empty))
        position = match.end()
    return slots if position == len(part) else None


def _merge(known: Shape, new: Shape) -> Shape | None:
    """Return a shape that both fit, or `None` when they disagree on the order."""
    if not known:
        return new
    merged = list(known)
    position = 0
    for slot in new:
        at = next((i for i, have in enumerate(merged) if have.key == slot.key), None)
        if at is None:
            merged.insert(position, Slot(slot.key, slot.filled, slot.empty, optional=True))
            position += 1
        elif at < position:
            return None
        else:
            have = merged[at]
            if have.empty and slot.empty and have.empty != slot.empty:
                return None
            merged[at] = Slot(
                slot.key, have.filled or slot.filled, have.empty or slot.empty, optional=have.optional
            )
            position = at + 1
    seen = {slot.key for slot in new}
    return tuple(
        slot if slot.key in seen else Slot(slot.key, slot.filled, slot.empty, optional=True)
        for slot in merged
    )


@lru_cache(maxsize=64)
def _pattern(shape: Shape) -> re.Pattern[str]:
    """Return the expression of one blob. Possessive throughout: it never goes back, and takes linear time."""
    return re.compile(_OPEN + "".join(map(_element, shape)) + _CLOSE)


def _kept(shape: Shape) -> list[str]:
    return [slot.key for slot in shape if slot.filled and slot.key in WANTED]


def _element(slot: Slot) -> str:
    if slot.key in (_SECTION, "/" + _SECTION):
        return f"<{slot.key}>"
    tag = slot.key.rpartition("/")[2]
    value = "([^<]*+)" if slot.key in WANTED else "[^<]*+"
    forms = [f"<{tag}>{value}</{tag}>"] if slot.filled else []
    if slot.empty:
        forms.append(f"<{tag}{slot.empty}")
    text = "|".join(forms)
    if slot.optional:
        return f"(?:{text})?+"
    return f"(?:{text})" if len(forms) > 1 else text


def _without_entities(columns: dict[str, list[str]], body: str) -> bool:
    """Undo the entities in names; tell whether that was all of them, and only the five usual ones."""
    names = columns.get("Name", [])
    if sum(name.count("&") for name in names) != body.count("&"):
        return False
    if any("&" in _ENTITY.sub("", name) for name in names if "&" in name):
        return False
    columns["Name"] = [unescape(name) if "&" in name else name for name in names]
    return True
