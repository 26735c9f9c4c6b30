"""Inspected items for a terminal and as JSON: the contract's item lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TextIO

from tidegate.assess import words
from tidegate.model import codec
from tidegate.model.contents import Contents, Kind
from tidegate.model.inspected import Inspected
from tidegate.model.observation import Inspection, Observation, Verdict
from tidegate.model.report import SCHEMA
from tidegate.model.severity import Severity
from tidegate.report import _lies, _reach, _words, text
from tidegate.report._grant import LABEL, block
from tidegate.report._json import dumps, quoted
from tidegate.report._terminal import Paper, table

CARDS = 20
"""Items that get a card; of the rest the terminal says how many."""
ALIKE = 4
"""Cards for items of one folder that are of one kind and equally bad."""
KINDS = 12
"""Kinds that get a line."""
NOTES = 6
"""Observations on a card."""

_STYLES = {
    Verdict.DANGEROUS: "critical",
    Verdict.DAMAGED: "high",
    Verdict.UNKNOWN: "medium",
    Verdict.CLEAN: "good",
    Verdict.INERT: "good",
}
_MEANS = {
    Verdict.DANGEROUS: "loading it can run code, read, write or reach out",
    Verdict.DAMAGED: "it cannot be judged whole: treat it as one that runs code",
    Verdict.UNKNOWN: "loading it calls something that is on no list of ours",
    Verdict.CLEAN: "it can run code when loaded, and all that it calls is known to be harmless",
    Verdict.INERT: "its format cannot run code",
}


def item_to_dict(item: Inspection) -> dict[str, Any]:
    """Return one item as the contract has it."""
    return {
        "path": item.path,
        "kind": item.kind,
        "severity": item.severity.value,
        "verdict": None if item.verdict is None else item.verdict.value,
        "executes": None if item.executes is None else item.executes.value,
        "evidence": item.evidence.value,
        "complete": item.complete,
        "observations": [_observation_to_dict(each) for each in item.observations],
        "size": item.size_bytes,
        "bytes_read": item.bytes_read,
    }


def _observation_to_dict(seen: Observation) -> dict[str, Any]:
    return {
        "inspector": seen.inspector,
        "kind": seen.kind,
        "severity": seen.severity.value,
        "confidence": seen.confidence,
        "offset": seen.offset,
        "member": seen.member,
        "loader": seen.loader,
        "summary": seen.summary,
        "step": seen.step.value,
        "count": seen.count,
        "fingerprint": seen.fingerprint,
        "numbers": dict(seen.numbers),
        "first_at": None if seen.first_at is None else codec.instant(seen.first_at),
        "last_at": None if seen.last_at is None else codec.instant(seen.last_at),
    }


def _end(result: Inspected) -> dict[str, Any]:
    return {
        "complete": result.complete,
        "items": len(result.items),
        **codec.coverage_to_dict(result.coverage),
        "verdicts": {
            verdict.value: count for verdict, count in sorted(_verdicts(result).items(), reverse=True)
        },
        "gaps": len(result.gaps),
        "schema": SCHEMA,
        "version": result.version,
        "targets": list(result.targets),
        "started_at": codec.instant(result.started_at),
        "ended_at": codec.instant(result.ended_at),
        "contents": [codec.contents_to_dict(each) for each in result.contents],
        "places": list(result.places),
    }


def _verdicts(result: Inspected) -> Counter[Verdict]:
    return Counter(item.verdict for item in result.items if item.verdict is not None)


def write_jsonl(result: Inspected, out: TextIO) -> None:
    """Write an item a line, gaps, and an `end` line: a file without one was cut off."""
    out.writelines(_lines(result.items))
    out.writelines(dumps({"type": "gap", **codec.gap_to_dict(gap)}) + "\n" for gap in result.gaps)
    out.write(dumps({"type": "end", **_end(result)}) + "\n")


def _lines(items: Iterable[Inspection]) -> Iterator[str]:
    """Yield a line for each item: what neighbours have in common is put into words once."""
    like: Inspection | None = None
    middle = ""
    for item in items:
        if item.observations:
            yield dumps({"type": "item", **item_to_dict(item)}) + "\n"
            continue
        if (
            like is None
            or item.kind != like.kind
            or item.severity is not like.severity
            or item.verdict is not like.verdict
            or item.executes is not like.executes
            or item.evidence is not like.evidence
            or item.complete is not like.complete
        ):
            like = item
            told = item_to_dict(item)
            del told["path"], told["size"], told["bytes_read"]
            middle = dumps(told)[1:-1]
        yield (
            f'{{"type": "item", "path": {quoted(item.path)}, {middle},'
            f' "size": {item.size_bytes}, "bytes_read": {item.bytes_read}}}\n'
        )


def write_json(result: Inspected, out: TextIO) -> None:
    """Write one object: what the `end` line says, the gaps, the items."""
    end = _end(result)
    end["gaps"] = [codec.gap_to_dict(gap) for gap in result.gaps]
    end["items"] = [item_to_dict(item) for item in result.items]
    out.write(dumps(end, indent=1) + "\n")


def lines(paper: Paper, result: Inspected, *, each: bool = False) -> Iterator[str]:
    """Return the terminal's document line by line: what lies there, what is worth a look, all in numbers.

    each: a card for every item above `info`, not only for the worst.
    """
    for place, found in zip(result.places, result.contents, strict=True):
        yield from _head(paper, found, place)
    loud = [item for item in result.items if _loud(item)]
    shown = loud if each else list(islice(_unlike(filter(_matters, loud)), CARDS))
    shown += _named(result, shown)
    for item in shown:
        yield from _card(paper, item)
    yield from _left_out(paper, loud, shown)
    yield from text.gaps(paper, result)
    yield paper.rule()
    counted = _verdicts(result)
    told = [f"{counted[verdict]:,} {verdict}" for verdict in reversed(Verdict) if counted[verdict]]
    if not result.items:
        yield from paper.wrap("Nothing was looked into, so this says nothing about the target.", first=" ")
        return
    among = "It is" if len(result.items) == 1 else "Among them is"
    yield from paper.wrap(paper.signs.dot.join(told) or f"{among} no model.", first=" ")
    if result.gaps:
        gaps = words.many(len(result.gaps), "thing was", "things were")
        yield from paper.wrap(f"{gaps} not looked at: this is not all.", first=" ", style="medium")
    others = len(result.items) - sum(counted.values())
    read = [
        words.many(len(result.items), "item"),
        *([f"{others:,} of them no model"] if counted and others else []),
        f"{words.size(result.coverage.bytes_read)} of "
        f"{words.size(sum(item.size_bytes for item in result.items))} read",
    ]
    took = _words.duration((result.ended_at - result.started_at).total_seconds())
    yield from block(paper, "read", f"{', '.join(read)} in {took}")


def _head(paper: Paper, found: Contents, target: str) -> Iterator[str]:
    """Write what lies in one place: in a sentence, by kind, what was seen inside, and how that is known."""
    linked = "://" in target
    yield paper.rule(paper.shorten(paper.clean(target), paper.width - 8), style="bold")
    least = "" if found.complete else "at least "
    lie = "lies" if found.items == 1 else "lie"
    amount = f"{least}{words.many(found.items, 'item')}, {words.size(found.bytes)}"
    what = _lies.sentence(found, loaded=linked)
    said = f"{'Behind' if linked else 'In'} it {lie} {amount}{_lies.after(found) if what else ''}{what}."
    yield from paper.wrap(paper.clean(said), first=" ", style="bold")
    yield ""
    yield from _kinds(paper, found)
    yield from _reach.inside(paper, found)
    yield ""


def _kinds(paper: Paper, found: Contents) -> Iterator[str]:
    kinds = _lies.by_severity(found)
    rows = [
        [kind.kind.replace("_", " "), f"{kind.items:,}", words.size(kind.bytes), _severity(kind)]
        for kind in kinds[:KINDS]
    ]
    for number, cells in enumerate(table([[paper.clean(cell) for cell in row] for row in rows])):
        label = "" if number else "kinds"
        yield paper.shorten(f" {label:{LABEL - 1}}{''.join(cells).rstrip()}", paper.width)
    if len(kinds) > KINDS:
        items = sum(kind.items for kind in kinds[KINDS:])
        rest = f"{words.many(len(kinds) - KINDS, 'more kind')}, {words.many(items, 'item')}"
        yield f"{' ' * LABEL}and {rest}"


def _severity(kind: Kind) -> str:
    return "" if kind.severity is Severity.INFO else kind.severity.value


def _named(result: Inspected, shown: Sequence[Inspection]) -> Iterator[Inspection]:
    """Yield the files that were named as targets: whoever names one wants to know what it is."""
    targets, known = set(result.targets), {id(item) for item in shown}
    named = (item for item in result.items if item.path in targets and id(item) not in known)
    return islice(named, max(0, CARDS - len(shown)))


def _left_out(paper: Paper, loud: Sequence[Inspection], shown: Sequence[Inspection]) -> Iterator[str]:
    """Count what got no card."""
    kept = {id(item) for item in shown}
    counted = Counter(item.severity for item in loud if id(item) not in kept)
    if not counted:
        return
    parts = [f"{counted[each]:,} {each}" for each in _words.WORST_FIRST if counted[each]]
    more = words.many(counted.total(), "more item")
    yield from paper.wrap(
        f"and {more} ({', '.join(parts)}): a card for each with --each, all as data with --format jsonl",
        first=" ",
    )
    yield ""


def _unlike(items: Iterable[Inspection]) -> Iterator[Inspection]:
    """Yield the items, but only the first few of those that are alike and lie in one folder."""
    seen: Counter[tuple[object, ...]] = Counter()
    for item in items:
        like = item.path.rpartition("/")[0], item.kind, item.verdict, item.severity
        seen[like] += 1
        if seen[like] <= ALIKE:
            yield item


def _matters(item: Inspection) -> bool:
    worst = item.severity.rank >= Severity.HIGH.rank
    return worst or item.verdict in (Verdict.UNKNOWN, Verdict.DAMAGED, Verdict.DANGEROUS)


def _loud(item: Inspection) -> bool:
    return item.severity.rank > Severity.INFO.rank or item.verdict in (Verdict.UNKNOWN, Verdict.DAMAGED)


def _card(paper: Paper, item: Inspection) -> Iterator[str]:
    word = item.verdict.value if item.verdict else item.severity.value
    style = _STYLES[item.verdict] if item.verdict else item.severity.value
    yield paper.rule(
        word.upper(), middle=paper.shorten(paper.clean(item.path), paper.width - 20), style=style
    )
    unknown = item.kind == "unknown" and item.verdict is None
    kind = "of no kind that Tidegate knows" if unknown else item.kind.replace("_", " ")
    means = f": {_MEANS[item.verdict]}" if item.verdict else ""
    yield from paper.wrap(paper.clean(f"{kind}{means}"), first=" ", style="bold")
    for seen in item.observations[:NOTES]:
        # A name may have 4,000 letters: both of its ends are enough.
        where = paper.shorten(paper.clean(_where(seen)), 2 * paper.width)
        told = paper.shorten(paper.clean(seen.summary), 8 * paper.width) + (f" ({where})" if where else "")
        yield from block(paper, seen.severity.value, told, sign=f"{paper.signs.bullet} ")
    if len(item.observations) > NOTES:
        yield from block(paper, "", f"and {words.many(len(item.observations) - NOTES, 'more observation')}")
    if not item.complete:
        yield from block(paper, "partial", "not all that decides could be read")
    read = words.size(item.bytes_read)
    beside = item.bytes_read > 2 * item.size_bytes + 65536
    whole = "it and of what lies beside it" if beside else words.size(item.size_bytes)
    yield from block(paper, "read", f"{read} of {whole}")
    yield ""


def _where(seen: Observation) -> str:
    parts = [seen.member, "" if seen.offset is None else f"at byte {seen.offset:,}", seen.loader]
    return ", ".join(part for part in parts if part)
