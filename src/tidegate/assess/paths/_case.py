"""What an attack path is worked out from, and what paths have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from tidegate.assess.words import many, size
from tidegate.kinds.table import kind as kind_of_thing
from tidegate.model.attack import AttackPath, AttackStep
from tidegate.model.contents import Contents, Kind
from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.model.place import Place
from tidegate.model.reach import Reach, State
from tidegate.records import dataclass

P = Permission

KEYS = frozenset({P.MINT, P.ADMIN})
"""Whoever has these has all the others."""
OVERWRITES = frozenset({P.WRITE, P.UPDATE, P.MOVE, P.UNKNOWN}) | KEYS
DELETES = (
    frozenset({P.DELETE, P.DELETE_VERSION, P.PERMANENT_DELETE, P.DELETE_CONTAINERS, P.WRITE, P.UNKNOWN})
    | KEYS
)
READS = frozenset({P.READ, P.PROCESS}) | KEYS
LISTS = frozenset({P.LIST}) | KEYS
_PLACES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One credential or open container, with all that is known of it."""

    grant: Grant
    reach: Reach | None = None
    contents: Contents | None = None
    places: Sequence[Place] = ()

    @property
    def dead(self) -> bool:
        """Nobody can do anything with it."""
        refused = self.reach is not None and self.reach.state is State.CLOSED
        return refused or (self.grant.validity is Validity.EXPIRED and not self.open)

    @property
    def open(self) -> bool:
        """The service has shown it to work."""
        return self.reach is not None and self.reach.state is State.OPEN

    @property
    def anyone(self) -> bool:
        """No credential is needed."""
        return self.grant.kind == "anonymous"

    def may(self, rights: frozenset[Permission]) -> bool:
        """Whether one of these rights is permitted, or was shown."""
        shown = self.reach.proved if self.reach is not None else ()
        return not (rights.isdisjoint(self.grant.permissions) and rights.isdisjoint(shown))

    def certainty(self, rights: frozenset[Permission]) -> str:
        """Say how sure it is that one of them works."""
        shown = self.reach.proved if self.reach is not None else ()
        return "granted" if rights.isdisjoint(shown) else "proved"

    def kinds(self, *groups: str) -> list[Kind]:
        """Return the kinds of some groups that lie behind it, the worst first."""
        if self.contents is None:
            return []
        mine = [
            each for each in self.contents.kinds if each.items and kind_of_thing(each.kind).group in groups
        ]
        return sorted(mine, key=lambda each: (-each.severity.rank, -each.items))

    def entry(self) -> AttackStep:
        """Return the first step of every path: how somebody comes by it."""
        facts = tuple(f"{each.path}, line {each.line}" for each in self.places[:_PLACES])
        if len(self.places) > _PLACES:
            facts = (*facts, f"and {many(len(self.places) - _PLACES, 'more place')}")
        if self.anyone:
            text = "somebody opens the address: no credential is needed"
            return AttackStep(text=text, facts=facts, certainty="proved" if self.open else "possible")
        text = f"somebody takes the {'key' if self.may(KEYS) else 'link'} from where it stands"
        return AttackStep(text=text, facts=facts, certainty="proved" if facts else "possible")

    @property
    def wide(self) -> bool:
        """It opens more than one object or folder."""
        return self.grant.scope in (Scope.ACCOUNT, Scope.CONTAINER, Scope.UNKNOWN)


def counted(kinds: Iterable[Kind]) -> tuple[str, ...]:
    """Say how many there are of each kind, and how many of them were read."""
    said = []
    for each in kinds:
        known = kind_of_thing(each.kind)
        about = "about " if each.estimated else ""
        read = f", {each.proved:,} of them read" if each.proved else ", by their names"
        if each.proved >= each.items:
            read = ", read" if each.items == 1 else ", all read"
        said.append(f"{about}{each.items:,} {known.one if each.items == 1 else known.many}{read}")
    return tuple(said)


def named(kinds: Sequence[Kind], most: int = 2) -> str:
    """Name kinds in one phrase."""
    said = []
    for each in kinds[:most]:
        known = kind_of_thing(each.kind)
        said.append(f"{each.items:,} {known.one if each.items == 1 else known.many}")
    return " and ".join(said)


def basis(kinds: Iterable[Kind], certainty: str) -> str:
    """Return the certainty of a step that needs a right and something behind it: the weaker of both."""
    return certainty if any(each.proved for each in kinds) else "possible"


def amount(contents: Contents) -> str:
    """Say how much lies there."""
    return f"{many(contents.items, 'item')}, {size(contents.bytes)}"


@runtime_checkable
class Maker(Protocol):
    """One attack path. Stands as `PLUGIN` in a module of `tidegate.assess.paths`."""

    id: str
    order: int
    """Paths are listed in this order: the worst for others first."""

    def path(self, case: Case) -> AttackPath | None:
        """Return the path, or `None` when this case does not have it. Never of a dead credential."""
        ...
