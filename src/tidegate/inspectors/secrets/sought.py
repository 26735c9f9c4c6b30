"""What each way of seeking hands to `observe`: one secret at one place, in memory only."""

from __future__ import annotations

from tidegate.model.severity import Severity
from tidegate.records import dataclass


@dataclass(slots=True, kw_only=True)
class Sought:
    """One secret in a text."""

    type: str
    """What it is, for a sentence: `GitHub personal access token`."""
    kind: str
    """`secret`, `private_key`, …"""
    severity: Severity
    confidence: str = "high"
    value: str
    """Never shown."""
    fingerprint: str
    line: int
    offset: int | None = None
    """Byte in the text; `None` where it was encoded in it."""
    lowered: str = ""
    """Why it is less bad than its type says."""

    def __repr__(self) -> str:
        return f"Sought({self.type}, line {self.line})"
