"""How bad, in one word."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How bad, in the words of the report. Ordered: `CRITICAL` is the greatest."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info to 4 for critical."""
        return _RANKS[self._value_]


_RANKS = {severity.value: rank for rank, severity in enumerate(Severity)}
