"""Looking into one item: what it is, and what would run if somebody loaded it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from tidegate import plugins
from tidegate.inspectors.merge import MOST_OBSERVATIONS, absorb, worst_first
from tidegate.inspectors.meter import Budget, Meter, Timed
from tidegate.inspectors.mismatch import by_name, mismatch
from tidegate.inspectors.models.pickle import PLUGIN as PICKLE
from tidegate.inspectors.pickles.forms import forms
from tidegate.inspectors.pickles.whole import at_a_glance, is_pickle_alone
from tidegate.inspectors.readable import Counted, Ends, Memory, OverBudgetError, Readable
from tidegate.inspectors.seam import Context, DataKind, Judgement, ModelFormat
from tidegate.inspectors.texts import Sampling, Texts
from tidegate.inspectors.verdict import SEVERITIES, verdict
from tidegate.kinds.table import OTHER
from tidegate.model.observation import Inspection, Observation, Verdict
from tidegate.model.severity import Severity
from tidegate.records import dataclass, replace

SNIFFED_BYTES: Final = 4096
"""Of either end, to tell what it is."""
_TAIL_INFLATED_BYTES: Final = 8 << 20
"""To see the end of a longer packed member all of it would have to be unpacked."""
SMALL_BYTES: Final = 1 << 16
"""Of a file that is read whole, at once."""
PROTO: Final = b"\x80"
"""What a pickle of protocol 2 to 5 begins with."""
_OF_PICKLES: Final = (".pkl", ".pickle")
_CLEAN: Final = SEVERITIES[Verdict.CLEAN]
_ID: Final = "look"
_AROUND_A_ZIP: Final = frozenset(("prefix", "trailing_bytes"))
_OF_PEOPLE: Final = frozenset(("health_data", "payment_data", "personal_data"))
_PASSING: Final = frozenset(("memory_dump", "network_capture"))
"""Hold what passed by, whole files among it."""
_MAY_BE_OF_PEOPLE: Final = frozenset(("dataset", "spreadsheet", "document"))


def look(
    data: Readable,
    name: str,
    *,
    policy: frozenset[str] = frozenset(),
    siblings: Callable[[str], Readable | None] | None = None,
    budget: Budget | None = None,
    texts: Texts | None = None,
) -> Inspection:
    """Judge one item. Any bytes end in an inspection.

    name: as the user or the service names it; content decides, the name only where content allows several.
    policy: names that the user adds to the allow list. siblings: opens a file beside this one.
    texts: looks for secrets and personal data in what is text; without it nothing does.
    Raises what `data.read` raises when bytes cannot be had, but no `OverBudgetError`.
    """
    counted = data if isinstance(data, Counted) else Counted(data, block_bytes=_block_bytes(data.size_bytes))
    before = counted.bytes_read
    whole = counted.read(0, data.size_bytes) if data.size_bytes <= SMALL_BYTES else b""
    if whole[:1] == PROTO:
        glanced = glance(whole, name, policy=policy)
        if glanced is not None:
            return glanced
    alone = whole[:1] == PROTO and is_pickle_alone(whole)
    if not alone:
        formats()  # loaded once, and not at the expense of the first item
    meter = Meter(budget)
    beside = None if siblings is None else _Beside(siblings)
    context = Context(depth=0, policy=policy, siblings=beside, meter=meter)
    if texts is not None:
        context = replace(context, sample=Sampling(texts, meter))
    if alone:  # all of it is at hand, and its opcodes are counted
        judged = _as_model(Memory(whole), name, context, [PICKLE])
    else:
        judged = _judge(Timed(counted, meter), name, context)
    if judged is not None:
        if whole[:1] == PROTO:
            forms(policy).learn(whole, judged)
        judged.observations += mismatch(judged, name)
    if judged is None or not judged.model:
        judged = by_name(judged, name, data.size_bytes)
        if meter.unsampled:
            judged.observations.append(_unsampled(meter.unsampled))
    took = counted.bytes_read - before + (0 if beside is None else beside.bytes_read)
    return _inspection(judged, name, data.size_bytes, took)


def glance(whole: bytes, name: str, *, policy: frozenset[str] = frozenset()) -> Inspection | None:
    """Judge a small file as `look` does, in a twentieth of the time; `None`: it takes a closer look.

    whole: all of it, up to `SMALL_BYTES`.
    """
    executes = at_a_glance(whole, policy)
    if executes is None:
        return None
    size = len(whole)
    if not name.endswith(_OF_PICKLES) and not name[-12:].lower().endswith(_OF_PICKLES):
        judged = Judgement("pickle", executes=executes, runs_code=True)
        judged.observations += mismatch(judged, name)
        return _inspection(judged, name, size, size)
    return Inspection(
        path=name,
        kind="pickle",
        verdict=Verdict.CLEAN,
        executes=executes,
        severity=_CLEAN,
        size_bytes=size,
        bytes_read=size,
    )


class _Beside:
    """Opens what lies beside an item; what is read of it is read for the item."""

    def __init__(self, siblings: Callable[[str], Readable | None]) -> None:
        self._siblings = siblings
        self._opened: list[Counted] = []

    def __call__(self, name: str) -> Readable | None:
        found = self._siblings(name)
        if found is None:
            return None
        self._opened.append(Counted(found, block_bytes=_block_bytes(found.size_bytes)))
        return self._opened[-1]

    @property
    def bytes_read(self) -> int:
        return sum(each.bytes_read for each in self._opened)


def _block_bytes(size_bytes: int) -> int:
    """Have a small file read once and kept; of a large one only what is asked for."""
    return SMALL_BYTES if size_bytes <= SMALL_BYTES else 0


@cache
def formats() -> tuple[ModelFormat, ...]:
    """Return the formats, the most certain first."""
    found = plugins.load(ModelFormat, "tidegate.inspectors.models")
    return tuple(sorted(found.values(), key=lambda each: (each.order, each.id)))


@cache
def data_kinds() -> tuple[DataKind, ...]:
    """Return the kinds of things that are no models, the most certain first."""
    found = plugins.load(DataKind, "tidegate.inspectors.data")
    return tuple(sorted(found.values(), key=lambda each: (each.order, each.id)))


@dataclass(frozen=True, slots=True)
class _Inside:
    """Judges what is packed in a container: `Context.inside`."""

    context: Context
    """Of the container."""
    data: bool
    """Not only model files are of interest: it is a container of items, not a model in parts."""

    def __call__(
        self, data: Readable, name: str, siblings: Callable[[str], Readable | None] | None = None
    ) -> Judgement | None:
        """Return what a member is, or `None` when nothing tells."""
        if not data.size_bytes:
            return None
        deeper = replace(self.context, depth=self.context.depth + 1, siblings=siblings)
        try:
            return _judge(Timed(data, deeper.meter), name, deeper, data_too=self.data)
        except OverBudgetError as error:
            return _unfinished(str(error))

    def models(self) -> _Inside:
        """Return one that judges model files alone."""
        return replace(self, data=False)


def _judge(data: Timed, name: str, context: Context, *, data_too: bool = True) -> Judgement | None:
    """Ask the model formats, then the kinds of data, by the same two ends."""
    try:
        head, tail = _ends(data)
        claims = _claims(head, tail, data.size_bytes, name)
        if claims and context.depth > context.meter.budget.depth:
            return _unfinished(f"it is packed more than {context.meter.budget.depth} times")
    except OverBudgetError as error:
        return _unfinished(str(error))
    whole = _as_model(data, name, context, claims) if claims else None
    if (whole is not None and whole.model) or not data_too:
        return whole
    if whole is not None and not head.startswith(b"PK"):
        whole = _passed_along(whole, head, tail, data.size_bytes)
    return _as_data(data, name, context, whole, head, tail)


def _passed_along(archive: Judgement, head: bytes, tail: bytes, size_bytes: int) -> Judgement:
    """Return what a zip at the end of other things is: a capture of a download holds it, and is none."""
    from tidegate.kinds.signatures import signature  # noqa: PLC0415 - few things have one at their end

    row = signature(head, tail, size_bytes)
    if row is not None and row.kind in _PASSING:
        archive.kind = row.kind
    return archive


def _as_data(
    data: Timed, name: str, context: Context, archive: Judgement | None, head: bytes, tail: bytes
) -> Judgement | None:
    """Ask the kinds of data. archive: what was judged as one before, and is now named more exactly."""
    context = replace(context, inside=_Inside(context, data=True))
    kept = Ends(data, head, tail)
    dull: Judgement | None = None
    for each in data_kinds():
        if archive is not None and not getattr(each, "of_archives", False):
            continue
        if not each.claims(head, tail, data.size_bytes, name):
            continue
        try:
            part = each.judge(kept, name, context)
        except OverBudgetError as error:
            part = _unfinished(str(error), each.id)
            part.model = False
        if part.kind == OTHER:
            # Not its kind after all; or known and dull: the last one asked knows best.
            dull = part if part.observations else dull
            continue
        _named_more_exactly(part)
        if archive is None:
            return part
        if not head.startswith((b"PK", b"7z")):
            # A document with a zip in it: that bytes stand around the zip is how it is made.
            archive.observations = [each for each in archive.observations if each.kind not in _AROUND_A_ZIP]
        absorb(archive, part)
        archive.kind = part.kind
        return archive
    return archive or dull


def _named_more_exactly(judged: Judgement) -> None:
    """Have a table or text that holds data of people be of that kind."""
    people = [each for each in judged.observations if each.kind in _OF_PEOPLE]
    if people and judged.kind in _MAY_BE_OF_PEOPLE:
        judged.kind = max(people, key=lambda each: each.severity.rank).kind


def _as_model(data: Readable, name: str, context: Context, claims: list[ModelFormat]) -> Judgement | None:
    """Judge it as each format. Several may claim the same bytes; all are judged, for loaders differ."""
    whole: Judgement | None = None
    taken: list[ModelFormat] = []
    for each in claims:
        inside = _Inside(context, data=getattr(each, "holds_items", False))
        try:
            part = each.judge(data, name, replace(context, inside=inside))
        except OverBudgetError as error:
            part = _unfinished(str(error), each.id)
        if part.kind == OTHER and not part.model:
            continue  # not its format after all: its head alone could not tell
        taken.append(each)
        if whole is None:
            whole = part
        else:
            absorb(whole, part)
    if whole is not None and len(taken) > 1:
        whole.observations.append(_ambiguous(taken))
    return whole


def _claims(head: bytes, tail: bytes, size_bytes: int, name: str) -> list[ModelFormat]:
    """Return the formats that take it for theirs, without those that stand for the same in general."""
    claims = [each for each in formats() if each.claims(head, tail, size_bytes, name)]
    if len(claims) > 1:
        general = {other for each in claims for other in getattr(each, "instead_of", ())}
        claims = [each for each in claims if each.id not in general]
    return claims


def _ends(data: Timed) -> tuple[bytes, bytes]:
    """Return the first and the last bytes, which may be the same."""
    size = data.size_bytes
    if size <= 2 * SNIFFED_BYTES:
        both = data.read(0, size)
        return both[:SNIFFED_BYTES], both[-SNIFFED_BYTES:]
    head = data.read(0, SNIFFED_BYTES)
    if size > _TAIL_INFLATED_BYTES and data.forward:
        return head, b""
    return head, data.read(size - SNIFFED_BYTES, SNIFFED_BYTES)


def _unfinished(why: str, kind: str = "unknown") -> Judgement:
    note = Observation(
        inspector=_ID, kind="not_complete", severity=Severity.MEDIUM, summary=f"not judged whole: {why}"
    )
    return Judgement(kind, complete=False, observations=[note])


def _unsampled(count: int) -> Observation:
    return Observation(
        inspector=_ID,
        kind="not_sampled",
        severity=Severity.INFO,
        summary=f"{count:,} more pieces of text in it were not searched for secrets and personal data",
    )


def _ambiguous(claims: list[ModelFormat]) -> Observation:
    names = ", ".join(each.id for each in claims)
    return Observation(
        inspector=_ID,
        kind="several_formats",
        severity=Severity.MEDIUM,
        summary=f"can be read as {names}: which one it is depends on the loader, all were judged",
    )


def _inspection(judged: Judgement | None, name: str, size_bytes: int, bytes_read: int) -> Inspection:
    if judged is None:
        return Inspection(
            path=name, kind="unknown", severity=Severity.INFO, size_bytes=size_bytes, bytes_read=bytes_read
        )
    observations = worst_first(judged.observations)[:MOST_OBSERVATIONS]
    kind_id = "unknown" if judged.kind == OTHER else judged.kind
    word = verdict(judged) if judged.model else None
    severity = SEVERITIES[word] if word else Severity.INFO
    if observations and observations[0].severity.rank > severity.rank:
        severity = observations[0].severity
    return Inspection(
        path=name,
        kind=kind_id,
        verdict=word,
        executes=judged.executes if judged.model else None,
        evidence=judged.evidence,
        complete=judged.complete,
        severity=severity,
        observations=tuple(observations),
        size_bytes=size_bytes,
        bytes_read=bytes_read,
    )
