"""What a person decides on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tidegate.model.grant import Grant
from tidegate.model.place import Place


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
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A judgement with its reasons (the output of *assess*)."""

    severity: Severity
    score: int
    """0 to 100: a rank, not a probability."""
    reasons: tuple[str, ...]
    """Plain sentences, most important first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One credential, or one open container, with all its places."""

    id: str
    """`tg-…`: depends on the credential and what it opens, not on where it was seen."""
    rule: str
    title: str
    severity: Severity
    score: int
    confidence: str
    """`high`, `medium` or `low`."""
    reasons: tuple[str, ...]
    grant: Grant
    redacted: str
    """The link or token with every secret part replaced."""
    fingerprint: str
    occurrences: tuple[Place, ...]
    """In HEAD first, then oldest first."""
    occurrences_total: int
    """May be more than `occurrences` holds: the list is capped, the count is not."""
    fix: tuple[str, ...]
    """What to do, in order."""
