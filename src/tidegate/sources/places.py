"""From a label to the place a person can go to."""

from __future__ import annotations

from typing import Any

from tidegate.model.document import Spot
from tidegate.model.place import Place


def shown(path: str) -> str:
    r"""Return a file name fit to be read: bytes that are no UTF-8 as `\xNN`."""
    return (
        path
        if path.isascii()
        else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    )


def place_of(spot: Spot, source: str, target: str) -> Place:
    """Say where a spot of a document laid by `Layout` is.

    Its label is the path, or `(path, inner path)`, or for a window that starts inside of a line
    `(path, inner path, that line, columns before the window)`.
    """
    label: Any = spot.label
    path, inner = (label, None) if isinstance(label, str) else label[:2]
    column = spot.column
    if len(label) == 4 and not isinstance(label, str) and label[2] == spot.line:
        column += label[3]
    return Place(
        source=source,
        target=target,
        path=shown(path) if inner is None else f"{shown(path)}!/{inner}",
        line=spot.line,
        column=column,
        unwrapped=spot.unwrapped,
    )
