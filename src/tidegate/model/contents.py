"""How much lies behind a grant, and of what kinds."""

from __future__ import annotations

from tidegate.model.observation import Step
from tidegate.model.severity import Severity
from tidegate.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Items of one kind."""

    kind: str
    """`disk_image`, `model`, `archive`, …"""
    items: int
    bytes: int
    severity: Severity = Severity.INFO
    """How bad it is that this kind is exposed; where items were read, as bad as the worst that they hold."""
    estimated: bool = False
    """Counted in a sample and scaled up: `items` is then the middle of the interval."""
    step: Step = Step.NAME
    """What the count rests on: names alone, or what was read."""
    proved: int = 0
    """Of `items`, so many were read, and are what they seem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something of what lies behind that a person should hear: a plain sentence, and where."""

    kind: str
    severity: Severity
    summary: str
    path: str = ""
    """The item, as the service names it; empty when it is said of many."""
    step: Step = Step.NAME
    phrase: str = ""
    """The same in few words, for a list: "4 private keys"; empty where it does not belong into one."""
    within: str = ""
    """It lies inside of items of this kind (disk images, archives); empty when it is items themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A share of all items, from a sample."""

    kind: str
    """What they hold: `credentials`, `personal_data`, `code_on_load`, …"""
    items: int
    """Of so many."""
    read: int
    """So many were read, of these `hits` hold it."""
    hits: int
    bytes_read: int
    least: float
    most: float
    """Share between 0 and 1: the interval holds the truth in 95 of 100 cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What was listed behind one credential, or in one open container (the output of *inventory*)."""

    containers: int
    items: int
    """Objects, versions, snapshots and soft-deleted ones; directories do not count."""
    bytes: int
    complete: bool
    """Everything that could be listed was."""
    kinds: tuple[Kind, ...] = ()
    """Most bytes first."""
    items_read: int = 0
    """Looked into, not just listed; those that hold no byte are among them."""
    bytes_read: int = 0
    noted: tuple[Noted, ...] = ()
    """Worst first."""
    estimates: tuple[Estimate, ...] = ()
