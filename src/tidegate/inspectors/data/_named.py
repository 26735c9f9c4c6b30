"""What a path alone says."""

from __future__ import annotations

from tidegate.kinds.table import OTHER


def named(path: str) -> str:
    """Return the kind that the rules of names give a path, `other` for none."""
    from tidegate.kinds.names import kind_of  # noqa: PLC0415 - a scan that inspects nothing needs no such rules

    return kind_of(path) or OTHER
