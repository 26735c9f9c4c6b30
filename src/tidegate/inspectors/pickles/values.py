"""What the machine holds instead of objects: descriptions of what a loader would hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tidegate.inspectors.pickles.names import Listed, Sink
from tidegate.records import dataclass, field

Shape: TypeAlias = "tuple[tuple[Callable[[object], bool], str], ...]"
"""Arguments: what tells whether one is of a kind, and whether it may be missing or repeated."""
Value: TypeAlias = object
"""`None`, bool, int, float, str, bytes as themselves, the classes below for the rest."""

KEPT_BYTES = 4096
"""A longer literal is kept as a `Literal`: where it stands, and how it begins."""
KEPT_ITEMS = 1024
"""Items that a container remembers; more are counted. pickle writes batches of 1,000."""


@dataclass(slots=True, eq=False)
class Literal:
    """A long string or bytes constant, left where it is."""

    kind: str
    """`str`, `bytes` or `bytearray`."""
    start: int
    """Its first byte in what is read."""
    size_bytes: int
    head: bytes


@dataclass(slots=True, eq=False)
class Global:
    """A name that the loader imports: a module's attribute."""

    module: str
    name: str
    offset: int
    route: str = ""
    """How it is reached, where not by an opcode of its own: `getattr`, `operator.attrgetter`, …"""
    entry: Listed | Sink | None = None
    """What the lists say of it."""
    used: bool = False
    """Called, or handed to something that calls it: no sentence of its own is needed any more."""
    changed: bool = False
    """The stream has written into it: what it does is no longer known."""
    shape: Shape | None = None
    """Of the arguments with which a call of it is no more than known: nothing else is to be looked at."""

    @property
    def path(self) -> str:
        """Module and name, with a dot."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Module:
    """A module itself, as `__import__` returns it."""

    name: str


@dataclass(slots=True, eq=False)
class Call:
    """What a call returns, or an instance that was made."""

    callee: Value
    args: tuple[Value, ...]
    kwargs: Value = None
    known: bool = False
    """The callee is on the allow list and the arguments have its shape."""
    state: Value = None
    """What BUILD gave it last."""


@dataclass(slots=True, eq=False)
class Box:
    """A list, tuple, dict, set, frozenset. A dict's items are key, value, key, value."""

    kind: str
    items: list[Value] = field(default_factory=list)
    more: int = 0
    """Items that are counted and not kept."""

    def add(self, items: list[Value]) -> None:
        """Put items in, as many as are kept."""
        room = KEPT_ITEMS - len(self.items)
        if len(items) > room:
            self.more += len(items) - room
            items = items[:room]
        self.items.extend(items)


@dataclass(slots=True, eq=False)
class Persistent:
    """What the loader's own `persistent_load` returns for this id."""

    id: Value


@dataclass(slots=True, eq=False)
class Unknown:
    """A value of which nothing is known, and why."""

    why: str


def pairs(box: Box) -> list[tuple[Value, Value]]:
    """Return a dict's keys and values as far as they are kept."""
    return list(zip(box.items[::2], box.items[1::2], strict=False))


def get(box: Value, key: Value) -> Value:
    """Return what a kept dict holds under a plain key, the last one winning; `None` if there is none."""
    if not isinstance(box, Box) or box.kind != "dict" or not isinstance(key, (str, int)):
        return None
    found: Value = None
    for each, value in pairs(box):
        if type(each) is type(key) and each == key:
            found = value
    return found
