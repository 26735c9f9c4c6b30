"""From items that were looked into to what a finding says of its contents: counts, sentences, worst first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tidegate.kinds.table import OTHER, kind, kinds
from tidegate.model.contents import Contents, Estimate, Kind, Noted
from tidegate.model.observation import Inspection, Observation, Step, Verdict
from tidegate.model.severity import Severity

NOTED: Final = 40
_ONE_BY_ONE: Final = 5
"""Disk images and backups that get a sentence each."""
_PACKED: Final = frozenset(("zip", "tar", "sevenzip", "compressed", "archive"))
_MESSAGES: Final[Mapping[str, str]] = {
    "teams_messages": "Teams messages",
    "slack_export": "Slack messages",
    "chat_store": "chat messages",
    "mail_archive": "e-mails",
}
_STEPS: Final = {step: number for number, step in enumerate(Step)}


@dataclass(frozen=True, slots=True)
class Looked:
    """One item that was looked into, and what its name says it is."""

    item: Inspection
    named: str
    size_bytes: int


def kind_inside(item: Inspection) -> str | None:
    """Return the kind that the content shows, an id of `kinds.toml`; `None` when it tells nothing."""
    if item.verdict is not None:
        return "model"
    if item.kind in _PACKED:
        return "archive"
    return item.kind if item.kind in kinds() and item.kind != OTHER and not _by_name(item) else None


def _by_name(item: Inspection) -> bool:
    """Tell whether what it is was concluded from its name, though bytes of it were read."""
    own = [seen.step for seen in item.observations if seen.kind == item.kind]
    return bool(own) and all(step is Step.NAME for step in own)


def holds(item: Inspection) -> frozenset[str]:
    """Return what an item holds of what is estimated: `credentials`, `personal_data`, `code_on_load`."""
    found = set()
    shown = [seen.kind for seen in item.observations if seen.step is not Step.NAME]
    for name in shown if _by_name(item) else (item.kind, *shown):
        row = kinds().get(name)
        if row is not None and name != "test_key":
            found.add({"key": "credentials", "personal": "personal_data"}.get(row.group, ""))
    if any(seen.fingerprint for seen in item.observations):
        found.add("credentials")
    if item.verdict is Verdict.DANGEROUS:
        found.add("code_on_load")
    return frozenset(found - {""})


def contents_of(
    names: Contents, looked: Sequence[Looked], estimates: tuple[Estimate, ...], bytes_read: int
) -> Contents:
    """Return what names alone tell, corrected and proved by what was read."""
    return replace(
        names,
        kinds=_kinds(names, looked),
        items_read=len(looked),
        bytes_read=bytes_read,
        noted=tuple(sorted(_noted(looked), key=lambda note: -note.severity.rank)[:NOTED]),
        estimates=estimates,
    )


def _kinds(names: Contents, looked: Sequence[Looked]) -> tuple[Kind, ...]:
    found = {each.kind: each for each in names.kinds}
    for each in looked:
        inside = kind_inside(each.item)
        if inside is None or (inside == "archive" and each.named not in ("archive", OTHER)):
            continue
        if inside != each.named and each.named in found:
            before = found[each.named]
            items, size = max(0, before.items - 1), max(0, before.bytes - each.size_bytes)
            found[each.named] = replace(before, items=items, bytes=size)
        own = found.get(inside, Kind(kind=inside, items=0, bytes=0))
        if inside != each.named:
            own = replace(own, items=own.items + 1, bytes=own.bytes + each.size_bytes)
        step = max((own.step, _step(each.item)), key=_STEPS.__getitem__)
        found[inside] = replace(own, proved=own.proved + 1, step=step, severity=kind(inside).severity)
    kept = [each for each in found.values() if each.items]
    return tuple(sorted(kept, key=lambda each: (-each.bytes, -each.items, each.kind)))


def _step(item: Inspection) -> Step:
    return max((seen.step for seen in item.observations), key=_STEPS.__getitem__, default=Step.ENDS)


def _noted(looked: Sequence[Looked]) -> Iterator[Noted]:
    by_kind: defaultdict[str, list[Inspection]] = defaultdict(list)
    secrets: defaultdict[str, dict[str, str]] = defaultdict(dict)
    others: defaultdict[tuple[str, Severity], list[tuple[str, Observation]]] = defaultdict(list)
    runs: list[Inspection] = []
    for each in looked:
        item = each.item
        inside = kind_inside(item)
        if item.verdict is Verdict.DANGEROUS:
            runs.append(item)
        elif inside is not None and kind(inside).severity.rank >= Severity.MEDIUM.rank:
            by_kind[inside].append(item)
        for seen in item.observations:
            if seen.fingerprint:
                secrets[seen.kind].setdefault(seen.fingerprint, item.path)
            elif seen.kind != inside and item.verdict is None and seen.severity.rank >= Severity.MEDIUM.rank:
                others[seen.kind, seen.severity].append((item.path, seen))
    for name, items in by_kind.items():
        yield from _of_kind(name, items)
    for name, where in secrets.items():
        what = "" if name == "secret" else f": {name.replace('_', ' ')}"
        count = f"{len(where):,} different secrets inside items" if len(where) > 1 else "1 secret inside an item"
        path = next(iter(where.values()))
        yield Noted(
            kind=name,
            severity=Severity.CRITICAL if kind(name).severity is Severity.CRITICAL else Severity.HIGH,
            summary=f"{count}{what}",
            path=path,
            step=Step.SAMPLE,
        )
    for (name, severity), places in others.items():
        path, seen = places[0]
        more = f", and the like in {len(places) - 1:,} more" if len(places) > 1 else ""
        yield Noted(kind=name, severity=severity, summary=seen.summary + more, path=path, step=seen.step)
    if runs:
        text = "1 model file runs" if len(runs) == 1 else f"{len(runs):,} model files run"
        yield Noted(
            kind="code_on_load",
            severity=Severity.CRITICAL,
            summary=f"{text} code when loaded",
            path=runs[0].path,
            step=Step.WHOLE,
        )


def _of_kind(name: str, items: Sequence[Inspection]) -> Iterator[Noted]:
    row = kind(name)
    step = max(map(_step, items), key=_STEPS.__getitem__)
    if row.group == "machine" and len(items) <= _ONE_BY_ONE:
        for item in items:
            told = next((seen.summary for seen in item.observations if seen.kind == name), "")
            summary = f"1 {row.one}" + (f": {told}" if told else "")
            yield Noted(kind=name, severity=row.severity, summary=summary, path=item.path, step=_step(item))
        return
    count = f"1 {row.one}" if len(items) == 1 else f"{len(items):,} {row.many}"
    numbers: Counter[str] = Counter()
    dates = []
    for item in items:
        counted = [seen for seen in item.observations if seen.kind == name and seen.numbers]
        for seen in counted:
            numbers.update(seen.numbers)
            dates += [moment for moment in (seen.first_at, seen.last_at) if moment is not None]
    summary = count
    if numbers["messages"]:
        said = f"{numbers['messages']:,} {_MESSAGES.get(name, 'messages')}"
        # People of several items may be the same: only of one item is their number known.
        if len(items) == 1 and numbers["people"]:
            said += f" of {numbers['people']:,} people"
        if dates:
            said += f", {min(dates):%Y-%m-%d} to {max(dates):%Y-%m-%d}"
        summary = f"{said}, in {count}"
    yield Noted(kind=name, severity=row.severity, summary=summary, path=items[0].path, step=step)
