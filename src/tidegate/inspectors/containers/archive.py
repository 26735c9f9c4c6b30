"""What archives have in common, whatever packs them; and what a kind of model file that is one must offer."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive, as its loader sees it."""

    name: str
    """With `/` between its parts; a label, never a path that is opened."""
    size_bytes: int
    """As stated."""
    offset: int
    """Of its header."""
    source: Any = field(default=None, repr=False, compare=False)
    """What its own archive knows of it."""

    @property
    def base(self) -> str:
        """The last part of its name."""
        return self.name.rsplit("/", 1)[-1]


class Archive(Protocol):
    """An open archive."""

    kind: str
    """`zip`, `tar`, `7z`."""
    members: list[Member]
    """In the order in which its loader takes them: of two with one name the last counts."""
    judgement: Judgement
    """What is odd about the archive itself. Grows while members are opened."""

    def open(self, member: Member) -> AbstractContextManager[Readable]:
        """Open a member. What its headers say falsely becomes an observation."""
        ...

    def settle(self, member: Member, *, model: bool) -> None:
        """Compare what was read of a member with what the archive says of it.

        model: it is a model file; else little is worth reading for it.
        """
        ...


@dataclass(slots=True)
class Laid:
    """What a layout says of an archive."""

    judgement: Judgement
    taken: set[Member] = field(default_factory=set)
    """Members it has judged."""
    passive: set[Member] = field(default_factory=set)
    """Members that its loader takes as mere numbers: not looked at, unless another layout fits too."""


@runtime_checkable
class Layout(Protocol):
    """A model file that is an archive. Stands as `PLUGIN` in a module of `tidegate.inspectors.layouts`."""

    id: str
    """The kind it recognises, e.g. `torch_zip`."""
    order: int
    """Layouts are asked in this order, the most certain first."""

    def fits(self, archive: Archive) -> bool:
        """Tell whether it is this kind, by the names in it."""
        ...

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Judge it. Raises what reading raises."""
        ...
