"""Numbers with their words."""

from __future__ import annotations


def many(count: int, one: str, more: str | None = None) -> str:
    """Count things: `1 gap`, `4,950 gaps`. more: the plural where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
