"""JSON that somebody else wrote: bounded, and with its oddities noted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tidegate.inspectors.models._notes import IncompleteError, MalformedError, Notes, quoted

MOST_BYTES = 32_000_000
"""Up to 8 bytes of memory for each while it is parsed; a header of 300,000 tensors has 30 MB."""
_MOST_VALUES = 4_000_000
"""Values of one document: each costs up to 64 bytes of memory, 256 MB in all."""


def parse(raw: bytes, notes: Notes) -> Any:
    """Return the document. A key that stands twice is noted: readers differ in which they take.

    Raises `MalformedError` when it is no JSON, or deeper than the parser goes; `IncompleteError` when it
    is larger than is looked at.
    """
    if len(raw) > MOST_BYTES or sum(map(raw.count, (b",", b":", b"[", b"{"))) > _MOST_VALUES:
        raise IncompleteError(f"{len(raw):,} bytes of JSON, with more values than are looked at")

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) != len(found):
            names = [name for name, _ in found]
            twice = next(name for name in names if names.count(name) > 1)
            notes.tampering("duplicate_key", f"the key {quoted(twice)} stands twice in one object")
        return made

    try:
        return json.loads(raw, object_pairs_hook=pairs)
    except RecursionError:
        raise MalformedError("JSON nested deeper than any program writes") from None
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError, integers of more than 4,300 digits
        raise MalformedError(f"no JSON: {type(error).__name__}", getattr(error, "pos", None)) from None


def objects(document: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a document. The walk is iterative: how deep it goes is the file's choice."""
    left: list[Any] = [document]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            left.extend(part.values())
            yield part
        elif isinstance(part, list):
            left.extend(part)
