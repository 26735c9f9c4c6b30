"""The numbers of the severity model, and nothing else. `docs/severity.md` is made from this file.

score = min(100, 25 x Inside x (Opens x Reach x Time)^(1/3) x Write), then what lowers it, factor by factor.
It is a rank, never a probability. The weights are ours; tests fix what they must give.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from tidegate.model.grant import Scope
from tidegate.model.severity import Severity

BANDS: Final[tuple[tuple[int, Severity], ...]] = (
    (75, Severity.CRITICAL),
    (45, Severity.HIGH),
    (20, Severity.MEDIUM),
    (5, Severity.LOW),
    (0, Severity.INFO),
)
"""Least score -> severity."""
FLOOR: Final = 5
"""A credential that may work is never less than low."""
INFO_SCORE: Final = 2
OPEN_TO_ANYONE_FLOOR: Final = 45
"""Open to anyone, and a proven Inside of 4: at least high."""

INSIDE_OF_SEVERITY: Final[Mapping[Severity, float]] = {
    Severity.INFO: 0.0,
    Severity.LOW: 1.0,
    Severity.MEDIUM: 2.0,
    Severity.HIGH: 3.0,
    Severity.CRITICAL: 4.0,
}
"""For what the table of kinds does not name."""
INSIDE_WORST: Final = 4.0
INSIDE_UNKNOWN: Final[Mapping[str, float]] = {
    "wide": 3.6,
    "object": 2.0,
    "anyone lists": 2.0,
    "anyone reads by name": 1.0,
}
"""Nobody looked. Wide: nine tenths of the worst. What is open to anyone is often meant to be."""
INSIDE_WRITABLE: Final = 3.0
"""Least value where contents can be overwritten: others may load or run them."""
MANY_ITEMS: Final = 1_000
INSIDE_MANY: Final = 0.5
INSIDE_NOT_READ: Final = -1.0
"""Known by name, or from a sample scaled up."""

OPENS: Final[Mapping[str, float]] = {
    Scope.OBJECT: 0.25,
    Scope.DIRECTORY: 0.5,
    Scope.CONTAINER: 0.5,
    Scope.ACCOUNT: 0.75,
    Scope.UNKNOWN: 0.75,
    "account and more": 1.0,
}
"""`account and more`: a key that mints, or an account with credentials in it that were read."""

REACH: Final[Mapping[str, float]] = {
    "anyone": 1.0,
    "published": 1.0,
    "a hundred places": 0.9,
    "ten places": 0.85,
    "unknown hands": 0.8,
}
"""Whether a repository is public cannot be told from its files: `published` needs an address of the web."""

TIMES: Final[tuple[tuple[timedelta, str, float], ...]] = (
    (timedelta(days=1), "a day", 0.25),
    (timedelta(days=7), "less than a week", 0.27),
    (timedelta(days=30), "a month", 0.5),
    (timedelta(days=366), "a year", 0.75),
)
"""Since it was first published, and until it ends, together: up to … (a week: below) -> value."""
TIME_BEYOND: Final = ("longer", 1.0)

WRITE: Final[Mapping[str, float]] = {
    "nothing": 0.4,
    "lists": 0.5,
    "reads by name": 0.9,
    "reads": 1.0,
    "adds": 1.25,
    "overwrites": 1.5,
}
"""What it lets one do. A right that we do not know counts as overwriting."""

LOWERS: Final[Mapping[str, tuple[float, str]]] = {
    "medium": (0.9, "what matched looks like a credential, but is not certain to be one"),
    "low": (0.4, "what matched may be no credential at all"),
    "checksum": (0.7, "the checksum that such keys carry does not fit: mistyped, cut, or made up"),
    "session": (0.7, "it belongs to a session, which ends within 36 hours of its making"),
    "no session token": (0.75, "its session token, without which it does not work, was not seen"),
    "addresses": (0.85, "it works only from {ip_range}"),
    "one user": (0.75, "it works only together with the sign-in of one user"),
    "half": (0.7, "{other_half} it belongs to was not seen, without which it opens nothing"),
    "not storage": (0.7, "it opens no storage by itself"),
    "revocable": (0.95, "it can be revoked without ending any other"),
    "encrypted": (0.5, "it is encrypted"),
}
"""What lowers a score: factor, and why; each is said in the report as `lowered: …`."""

FLAT: Final[Mapping[str, tuple[int, str]]] = {
    "anonymous": (
        INFO_SCORE,
        "a plain address without a credential: whether it is open is something to ask `probe`",
    ),
    "access_key_id": (
        INFO_SCORE,
        "a key id without its secret opens nothing, but names whose key is in use",
    ),
    "private_key": (35, "a private key opens no storage by itself, but whatever trusts it"),
    "share_link": (10, "a share link may let anyone in; its settings are held by the service"),
}
"""Kinds whose text says too little for the factors: their score and why."""
SHARED_FOLDER, SHARED_WRITE = 5, 10


def band(score: int) -> Severity:
    """Return the severity of a score."""
    return next(severity for least, severity in BANDS if score >= least)


def raw(inside: float, opens: float, reach: float, time: float, write: float) -> float:
    """Return the score before it is lowered: 0 to 100."""
    product: float = (opens * reach * time) ** (1 / 3)
    return min(100.0, 25 * inside * product * write)
