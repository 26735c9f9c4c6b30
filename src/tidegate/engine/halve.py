"""Cutting a task in two, to come closer to what a worker died of."""

from __future__ import annotations

from typing import Any


def halves(task: Any) -> tuple[Any, Any] | None:
    """Return two tasks that together are this one; `None` when it cannot be cut.

    A list or tuple is cut in the middle, one of a single thing where that can be cut. What is neither offers
    `halves()` itself; so may a list whose members belong together.
    """
    own = getattr(task, "halves", None)
    if own is not None:
        found: tuple[Any, Any] | None = own()
        return found
    if not isinstance(task, list | tuple) or not task:
        return None
    if len(task) == 1:
        inner = halves(task[0])
        made: type[Any] = type(task)
        return None if inner is None else (made(inner[:1]), made(inner[1:]))
    middle = len(task) // 2
    return task[:middle], task[middle:]
