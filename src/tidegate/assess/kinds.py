"""How bad it is that something of a kind is exposed, judged by its name alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tidegate.kinds.table import kind as row
from tidegate.model.severity import Severity

_LOWER: Final[Mapping[Severity, Severity]] = {
    Severity.CRITICAL: Severity.HIGH,
    Severity.HIGH: Severity.MEDIUM,
    Severity.MEDIUM: Severity.LOW,
    Severity.LOW: Severity.INFO,
    Severity.INFO: Severity.INFO,
}


def severity_of(kind: str) -> Severity:
    """Return the severity of a kind of item: one lower than where it was read, since a name proves nothing.

    A model stays low: who can overwrite it needs no look inside.
    """
    return Severity.LOW if kind == "model" else _LOWER[row(kind).severity]
