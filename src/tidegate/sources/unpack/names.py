"""Names of members are labels: shown, never opened."""

from __future__ import annotations

_NAME_CHARACTERS = 1024
UNNAMED = "<unnamed>"


def readable(name: bytes) -> str:
    """Return the name as text; bytes that are no UTF-8 are shown in hex, an endless one is cut."""
    text = name[: 4 * _NAME_CHARACTERS].decode("utf-8", "backslashreplace")
    text = text.removeprefix("./").lstrip("/") or UNNAMED
    return text if len(text) <= _NAME_CHARACTERS else text[:_NAME_CHARACTERS] + "…"
