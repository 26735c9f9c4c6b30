"""What a model format must offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable
from tidegate.model.observation import Evidence, Executes, Observation


@dataclass(slots=True)
class Judgement:
    """What a format's inspector says of one file, or of one member of it."""

    kind: str
    """What it is: `torch_zip`, `pickle`, …"""
    executes: Executes = Executes.NO
    """Whether this one can run code when loaded."""
    runs_code: bool = False
    """Its format can, as any pickle can, whatever this one does: it is clean at best, never inert."""
    evidence: Evidence = Evidence.NONE
    complete: bool = True
    broken: bool = False
    """It does not follow its own format, so that loaders may see another thing than we do."""
    unlisted: bool = False
    """It calls something that is not on the allow list, though nothing known to be bad."""
    model: bool = True
    """It is a model file or holds one; `False`: a container of other things, which gets no verdict."""
    observations: list[Observation] = field(default_factory=list)


class Inside(Protocol):
    """Judges what a container holds."""

    def __call__(
        self, data: Readable, name: str, siblings: Callable[[str], Readable | None] | None = None
    ) -> Judgement | None:
        """Judge a member. siblings: opens what lies beside it in the container."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What an inspector may ask beside the bytes."""

    depth: int
    """How many containers it stands in."""
    policy: frozenset[str] = frozenset()
    """Names that the user's policy adds to the allow list: `mypackage.models.Net`."""
    inside: Inside | None = None
    """Judges a member: (its bytes, its name) -> what it is; `None`: no model file. Bounded in depth."""
    siblings: Callable[[str], Readable | None] | None = None
    """Opens a file beside this one by its relative name; `None` if there is none."""
    meter: Meter = field(default_factory=Meter)
    """Counts what the item costs. Containers tell it of members and of inflated bytes."""


@runtime_checkable
class ModelFormat(Protocol):
    """One format. Stands as `PLUGIN` in a module of `tidegate.inspectors.models`.

    A format that is a special case of another may have `instead_of: frozenset[str]`, the ids of formats that
    are not asked where it claims: a legacy torch file begins with a pickle, and is not two things for that.
    """

    id: str
    """The kind it recognises, e.g. `safetensors`."""
    order: int
    """Formats are asked in this order, low first: the more certain their marks, the lower."""

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell whether it is this format, by content: the first and last 4,096 bytes.

        `name` decides only where the content allows several (text formats); never against the content.
        """
        ...

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge one file. Any bytes end in a judgement: nothing is raised but what `data.read` raises."""
        ...
