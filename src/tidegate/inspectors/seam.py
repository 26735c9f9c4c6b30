"""What a model format must offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol, runtime_checkable

from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable
from tidegate.model.observation import Evidence, Executes, Observation
from tidegate.records import dataclass, field

_EVIDENCE: Final = {each: rank for rank, each in enumerate(Evidence)}
_EXECUTES: Final = {each: rank for rank, each in enumerate(Executes)}


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

    def raise_to(self, executes: Executes = Executes.NO, evidence: Evidence = Evidence.NONE) -> None:
        """Keep the widest answer and the strongest evidence."""
        if _EXECUTES[executes] > _EXECUTES[self.executes]:
            self.executes = executes
        if _EVIDENCE[evidence] > _EVIDENCE[self.evidence]:
            self.evidence = evidence

    def take_answers(self, part: Judgement) -> None:
        """Let the worst of each answer count, this one's or that of a part."""
        self.raise_to(part.executes, part.evidence)
        self.runs_code |= part.runs_code
        self.complete &= part.complete
        self.broken |= part.broken
        self.unlisted |= part.unlisted
        self.model |= part.model


class Inside(Protocol):
    """Judges what a container holds: a model file, or any other kind of thing."""

    def __call__(
        self, data: Readable, name: str, siblings: Callable[[str], Readable | None] | None = None
    ) -> Judgement | None:
        """Judge a member; `None` when nothing tells what it is. siblings: opens what lies beside it."""
        ...

    def models(self) -> Inside:
        """Return one that judges model files alone: for the parts of a model."""
        ...


class Sample(Protocol):
    """Looks for secrets and personal data in a piece of text."""

    def __call__(
        self, text: bytes, name: str, columns: Sequence[str] | None = None, *, start: int = 0
    ) -> list[Observation]:
        """Return what was noticed, never a value. start: where in the item the text begins.

        columns: names of the columns, where it is a table. Bounded by the item's budget: empty beyond it.
        """
        ...


def _no_sample(
    text: bytes,  # noqa: ARG001
    name: str,  # noqa: ARG001
    columns: Sequence[str] | None = None,  # noqa: ARG001
    *,
    start: int = 0,  # noqa: ARG001
) -> list[Observation]:
    return []


@dataclass(frozen=True, slots=True)
class Context:
    """What an inspector may ask beside the bytes."""

    depth: int
    """How many containers it stands in."""
    policy: frozenset[str] = frozenset()
    """Names that the user's policy adds to the allow list: `mypackage.models.Net`."""
    inside: Inside | None = None
    """Judges a member: (its bytes, its name) -> what it is; `None`: nothing we know. Bounded in depth."""
    siblings: Callable[[str], Readable | None] | None = None
    """Opens a file beside this one by its relative name; `None` if there is none."""
    sample: Sample = _no_sample
    """Looks for secrets and personal data in text that an inspector has recognised as such."""
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
        """Judge one file. Any bytes end in a judgement: nothing is raised but what `data.read` raises.

        One that has claimed and finds that it is not its format after all returns `Judgement("other",
        model=False)`: the others decide.
        """
        ...


@runtime_checkable
class DataKind(Protocol):
    """A kind of thing that is no model. Stands as `PLUGIN` in a module of `tidegate.inspectors.data`.

    Asked only where no model format claims the bytes, in the order of `order`; the first that judges them
    decides. One that has claimed and finds that it is not its kind after all returns a judgement of kind
    `other`: the next is asked. A kind that is a zip, tar or compressed file has `of_archives = True`: it is
    asked too where an archive was judged, and names it more exactly.
    """

    id: str
    """The module's name, e.g. `private_key`. What it judges has the id of a row of `kinds.toml`."""
    order: int
    """Low first: the more certain the mark, the lower. 10 marks at fixed places, 50 texts, 90 the table."""

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell whether it may be this kind: by the first and last 4,096 bytes, and by the name."""
        ...

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge one item, with `model=False`. Any bytes end in a judgement, as with a `ModelFormat`."""
        ...
