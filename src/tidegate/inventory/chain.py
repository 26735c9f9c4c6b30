"""The unit of listing: one row of pages, each going on where the one before ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tidegate.inventory.order import ALL, Order

Id = tuple[int, ...]
"""Number of the container, then which child at each split: unique, and the same in every run."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of a chain on disk: `rows` rows from row `start` of part `part` on."""

    part: int
    start: int
    rows: int


@dataclass(slots=True)
class Folder:
    """A folder of a service that lists folder by folder."""

    prefix: str
    after: str | None = None
    """Mark of its next page; `None` when it has none, or has not been asked for yet."""
    inside: list[str] = field(default_factory=list)
    """Folders that its last page named and that are still to be entered, the next one last."""
    begun: bool = False
    """Its first page has come."""


@dataclass(slots=True, kw_only=True)
class Chain:
    """Where one chain stands."""

    id: Id
    ask: str
    """The prefix that requests name."""
    bound: str
    """What belongs to the chain begins so. Longer than `ask` after a split: the marks go on to be valid."""
    past: bool
    """Versions, snapshots and deleted items are asked for."""
    bare: bool = False
    """An item named exactly like `ask` has been listed elsewhere."""
    after: str | None = None
    last: str | None = None
    """Name of the last item so far."""
    orders: frozenset[Order] = ALL
    """Orders that all names so far keep."""
    folders: list[Folder] | None = None
    """Folder by folder: the way from `ask` down to where the chain stands."""
    whole: bool = False
    """The service would not show it by folders: it is not split."""
    pages: int = 0
    items: int = 0
    """Without directories."""
    bytes: int = 0
    odd: dict[str, int] = field(default_factory=dict)
    """What was wrong with its pages -> how often; the words are in `odd.py`."""
    note: str = ""
    """Why it does not hold all that was asked for; ends as a gap."""
    done: bool = False

    pieces: list[Piece] = field(default_factory=list)
    """Its own rows on disk, in order; those of its children come after."""
    children: tuple[Id, ...] = ()
    """Who goes on from here, in order; the chain itself is done then."""
    between: Piece | None = None
    """Rows that belong between the children, by name."""

    def state(self) -> dict[str, Any]:
        """Return what a later run needs to go on from here, as JSON."""
        state: dict[str, Any] = {"id": list(self.id), "ask": self.ask, "past": self.past}
        for name, usual in _USUAL.items():
            value = getattr(self, name)
            if value != usual:
                state[name] = value
        if self.bound != self.ask:
            state["bound"] = self.bound
        if self.orders != ALL:
            state["orders"] = sorted(self.orders)
        if self.folders is not None:
            state["folders"] = [[each.prefix, each.after, each.inside, each.begun] for each in self.folders]
        return state

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Chain:
        """Return what `state` was made from, without what is on disk.

        Raises `KeyError`, `TypeError`, `ValueError`.
        """
        values = {"bound": state["ask"], **state, "id": tuple(state["id"])}
        if "orders" in values:
            values["orders"] = frozenset(Order(each) for each in values["orders"])
        if "folders" in values:
            values["folders"] = [Folder(*each) for each in values["folders"]]
        return cls(**values)


_USUAL: Final[Mapping[str, Any]] = {
    "bare": False,
    "after": None,
    "last": None,
    "whole": False,
    "pages": 0,
    "items": 0,
    "bytes": 0,
    "odd": {},
    "note": "",
    "done": False,
}
"""Fields that are left out of a state where they say nothing: a journal has a line for every chain."""
