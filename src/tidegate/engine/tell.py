"""From items that were looked into to what is said of all of them: counts, sentences, shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from tidegate.engine.looked import Looked, holds, kind_inside, kind_named, step_of
from tidegate.engine.notes import noted
from tidegate.inspectors.verdict import SEVERITIES
from tidegate.kinds.table import OTHER, kind
from tidegate.model.contents import Contents, Estimate, Kind
from tidegate.model.observation import Inspection, Step
from tidegate.model.severity import Severity
from tidegate.records import dataclass, replace

ESTIMATED: Final = ("credentials", "personal_data", "code_on_load")
_UNSEEN: Final = frozenset(("not_complete", "not_sampled"))
_STEPS: Final = {step: number for number, step in enumerate(Step)}


def contents_of(
    names: Contents,
    looked: Sequence[Looked],
    estimates: tuple[Estimate, ...],
    bytes_read: int,
    *,
    empty: int = 0,
) -> Contents:
    """Return what names alone tell, corrected and proved by what was read.

    empty: items that hold no byte and are not among `looked`: nothing is left to look into.
    """
    return replace(
        names,
        kinds=_kinds(names, looked),
        items_read=len(looked) + empty,
        bytes_read=bytes_read,
        noted=tuple(noted(looked)),
        estimates=estimates,
    )


def contents_of_all(items: Sequence[Inspection], *, complete: bool) -> Contents:
    """Return what lies in one place of which every item was looked into. complete: nothing was left out."""
    items = sorted(items, key=lambda item: item.path)  # workers bring them in any order
    looked = [Looked(item, kind_named(item), item.size_bytes) for item in items]
    found: dict[str, Kind] = {}
    for each in _alike(looked):
        name = each.first.named
        before = found.get(name) or Kind(kind=name, items=0, bytes=0, severity=kind(name).severity)
        found[name] = replace(before, items=before.items + each.items, bytes=before.bytes + each.bytes)
    read = sum(item.bytes_read for item in items)
    names = Contents(
        containers=1,
        items=len(items),
        bytes=sum(item.size_bytes for item in items),
        complete=complete,
        kinds=tuple(found.values()),
    )
    return contents_of(names, looked, tuple(_shares(looked, read)), read)


@dataclass(slots=True)
class _Alike:
    """Items of one kind in which nothing was noticed; or one in which something was."""

    first: Looked
    items: int = 0
    bytes: int = 0


def _alike(looked: Sequence[Looked]) -> Iterable[_Alike]:
    """Yield what is to be counted: a folder of models has a hundred thousand of the same."""
    found: dict[tuple[str, str, str], _Alike] = {}
    for each in looked:
        item, named, size = each
        if item.observations:
            yield _Alike(each, 1, size)
            continue
        key = item.kind, item.verdict or "", named
        own = found.get(key)
        if own is None:
            own = found[key] = _Alike(each)
        own.items += 1
        own.bytes += size
    yield from found.values()


def _shares(items: Sequence[Looked], bytes_read: int) -> Iterable[Estimate]:
    """Yield what shares of all hold something: counted, not estimated."""
    hits: Counter[str] = Counter()
    for each in _alike(items):
        hits.update(dict.fromkeys(holds(each.first.item), each.items))
    for name in ESTIMATED:
        if hits[name]:
            share = hits[name] / len(items)
            yield Estimate(
                kind=name,
                items=len(items),
                read=len(items),
                hits=hits[name],
                bytes_read=bytes_read,
                least=share,
                most=share,
            )


def _kinds(names: Contents, looked: Sequence[Looked]) -> tuple[Kind, ...]:
    found = {each.kind: each for each in names.kinds}
    worst: dict[str, Severity] = {}
    for each in _alike(looked):
        item, named, _ = each.first
        inside = kind_inside(item)
        if inside is None or (inside == "archive" and named not in ("archive", OTHER)):
            continue
        if inside != named and named in found:
            before = found[named]
            items, size = max(0, before.items - each.items), max(0, before.bytes - each.bytes)
            found[named] = replace(before, items=items, bytes=size)
        own = found.get(inside, Kind(kind=inside, items=0, bytes=0))
        if inside != named:
            own = replace(own, items=own.items + each.items, bytes=own.bytes + each.bytes)
        step = max((own.step, step_of(item)), key=_STEPS.__getitem__)
        proved = own.proved + each.items
        found[inside] = replace(own, proved=proved, step=step, severity=kind(inside).severity)
        worst[inside] = max(worst.get(inside, Severity.INFO), _proved(item), key=_rank)
    kept = [_judged(each, worst.get(each.kind)) for each in found.values() if each.items]
    return tuple(sorted(kept, key=lambda each: (-each.bytes, -each.items, each.kind)))


def _judged(found: Kind, worst: Severity | None) -> Kind:
    """Return a kind as bad as what was proved in its items.

    Where all were read it is that, neither more nor less: ten dull databases are dull, and a model that runs
    code is critical. Where some were not, the kind's own severity stands for them.
    """
    if worst is None:
        return found
    if found.proved < found.items or found.kind == "model":
        worst = max(found.severity, worst, key=_rank)
    return replace(found, severity=worst)


def _proved(item: Inspection) -> Severity:
    """Return the worst that was seen in an item: that it could not be read whole is nothing that was seen."""
    seen = [each.severity for each in item.observations if each.kind not in _UNSEEN]
    own = Severity.INFO if item.verdict is None else SEVERITIES[item.verdict]
    return max((own, *seen), key=_rank)


def _rank(severity: Severity) -> int:
    return severity.rank
