"""What a person decides on."""

from __future__ import annotations

from tidegate.model.attack import AttackPath
from tidegate.model.contents import Contents
from tidegate.model.grant import Grant
from tidegate.model.place import Place
from tidegate.model.reach import Reach
from tidegate.model.severity import Severity
from tidegate.records import dataclass

__all__ = ["Assessment", "Factor", "Finding", "Severity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One part of a score."""

    factor: str
    """`inside`, `opens`, `reach`, `time` or `write`."""
    word: str
    value: float
    basis: str
    """`proven`, `estimated` or `possible`."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A judgement with its reasons (the output of *assess*)."""

    severity: Severity
    score: int
    """0 to 100: a rank, not a probability."""
    reasons: tuple[str, ...]
    """Plain sentences, most important first."""
    factors: tuple[Factor, ...] = ()
    """What the score is made of; empty where it is not made of factors."""
    possible: int = 0
    """The score if the worst there is lay behind it."""
    unlowered: int = 0
    """The score before anything lowered it: whatever did is a reason that begins with `lowered: `."""


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
    reach: Reach | None = None
    """What the service answered; `None` when it was not asked."""
    contents: Contents | None = None
    """What was listed; `None` when nothing was."""
    paths: tuple[AttackPath, ...] = ()
    """What somebody could do with it, the worst first."""
    factors: tuple[Factor, ...] = ()
    """What the score is made of."""
    possible: int = 0
    """The score if the worst there is lay behind it; 0 where that was not judged."""
