"""From items that were looked into to sentences: what there is, how much of it, and inside of what."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from tidegate.engine.looked import Looked, kind_inside, step_of
from tidegate.kinds.table import KindOfThing, kind, kinds
from tidegate.model.contents import Noted
from tidegate.model.observation import Inspection, Observation, Step, Verdict
from tidegate.model.severity import Severity
from tidegate.records import dataclass, field

NOTED: Final = 40
_ONE_BY_ONE: Final = 5
"""Sorts of disk images and backups that get a sentence each."""
_TYPES: Final = 4
"""Of secrets that are named."""
_GROUPS: Final = ("machine", "key", "messages", "database", "personal")
"""In this order, where the severity is the same."""
_UNITS: Final[Mapping[str, tuple[str, str, str]]] = {
    "private_key": ("keys", "private key", "private keys"),
    "browser_profile": ("logins", "login saved in a browser", "logins saved in browsers"),
    "teams_messages": ("messages", "Teams message", "Teams messages"),
    "slack_export": ("messages", "Slack message", "Slack messages"),
    "chat_store": ("messages", "chat message", "chat messages"),
    "mail_archive": ("messages", "e-mail", "e-mails"),
}
"""Kind -> what is counted in one of it, where that tells more than how many there are."""
_READ_AS: Final = {"cloud_credentials": "env_file", "chat_store": "teams_messages"}
"""Kind of a well-known place on a disk -> what is read there, where that is another kind."""
_GIT: Final = "git_repository"
_GIT_PART: Final = re.compile(
    r"(?:/objects/(?:pack|info|[0-9a-f]{2})/[^/]+|/(?:refs|logs|info|hooks)/.+|/[^/]*)\Z"
)
"""Of a path in a git repository what stands behind its root."""


@dataclass(slots=True)
class _Sum:
    """What was counted of one kind."""

    items: dict[str, None] = field(default_factory=dict)
    """Paths, in order."""
    things: int = 0
    units: int = 0
    about: bool = False
    least: bool = False
    people: int = 0
    dates: list[datetime] = field(default_factory=list)
    severity: Severity = Severity.INFO
    step: Step = Step.NAME
    path: str = ""
    prints: set[str] = field(default_factory=set)
    """Fingerprints of what was counted."""
    again: int = 0
    """Things that were counted before, in another place."""

    def add(self, item: Inspection, seen: Observation | None, path: str, things: int) -> None:
        """Count one more. seen: what says numbers."""
        self.items[item.path] = None
        self.path = self.path or path
        if seen is not None and seen.fingerprint:
            if seen.fingerprint in self.prints:
                self.again += 1
                return
            self.prints.add(seen.fingerprint)
        self.things += things
        if seen is None:
            return
        key = _UNITS.get(seen.kind, ("", "", ""))[0]
        self.units += seen.numbers.get(key, 0) + seen.numbers.get(f"{key}_estimated", 0)
        self.about = self.about or f"{key}_estimated" in seen.numbers
        self.least = self.least or (bool(key) and key in seen.numbers and seen.confidence != "high")
        self.people += seen.numbers.get("people", 0)
        self.dates += [moment for moment in (seen.first_at, seen.last_at) if moment is not None]
        self.severity = max(self.severity, seen.severity, key=lambda each: each.rank)

    def units_said(self, name: str) -> str:
        """Return "at least 12,000 Teams messages", or nothing where nothing is counted inside."""
        if name not in _UNITS or not self.units:
            return ""
        _, one, many = _UNITS[name]
        more = "at least " if self.least else "about " if self.about else ""
        return f"{more}{self.units:,} {one if self.units == 1 else many}"

    def details(self) -> str:
        """Return " of 359 people, 2019-03-01 to 2023-06-22", as far as that is known."""
        # People of several items may be the same: only of one item is their number known.
        who = f" of {_many(self.people, 'person', 'people')}" if self.people and len(self.items) == 1 else ""
        when = f", {min(self.dates):%Y-%m-%d} to {max(self.dates):%Y-%m-%d}" if self.dates else ""
        return who + when


def noted(looked: Sequence[Looked]) -> list[Noted]:
    """Return what a person should hear, worst first."""
    order = {name: number for number, name in enumerate(kinds())}

    def place(note: Noted) -> tuple[int, bool, int, int]:
        group = kind(note.kind).group
        at = _GROUPS.index(group) if group in _GROUPS else len(_GROUPS)
        return -note.severity.rank, bool(note.within), at, order.get(note.kind, len(order))

    # A model of which nothing is to be said is counted among its kind, and needs no sentence.
    items = [each.item for each in looked if _may_tell(each.item)]
    found = [*_of_kinds(items), *_nested(items), *_secrets(items), *_others(items), *_models(items)]
    return sorted(found, key=place)[:NOTED]


def _may_tell(item: Inspection) -> bool:
    return bool(item.observations) or item.verdict is None or item.verdict is Verdict.DANGEROUS


# --- What items are ---------------------------------------------------------------------------------------


def _of_kinds(items: Sequence[Inspection]) -> Iterator[Noted]:
    by_kind: defaultdict[str, list[Inspection]] = defaultdict(list)
    for item in items:
        inside = kind_inside(item)
        # By its own severity, too: a dull database is none that a person should hear of.
        if (
            inside is not None
            and item.verdict is None
            and _tells(kind(inside).severity)
            and _tells(item.severity)
        ):
            by_kind[inside].append(item)
    for name, own in by_kind.items():
        if name == _GIT:
            yield _repositories(own, items)
        else:
            yield from _machines(name, own) if kind(name).group == "machine" else [_one_kind(name, own)]


def _repositories(telling: Sequence[Inspection], items: Iterable[Inspection]) -> Noted:
    """Tell of repositories, each of which is many files. telling: those that say something of one."""
    roots = {_GIT_PART.sub("", f"/{item.path}") for item in telling}
    files = [
        item for item in items if kind_inside(item) == _GIT and _GIT_PART.sub("", f"/{item.path}") in roots
    ]
    row = kind(_GIT)
    count = _many(len(roots), row.one, row.many)
    return Noted(
        kind=_GIT,
        severity=_as_bad(row, telling),
        summary=count if len(files) == len(roots) else f"{count} ({len(files):,} files)",
        path=telling[0].path,
        step=_furthest(telling),
        phrase=count,
    )


def _machines(name: str, items: Sequence[Inspection]) -> Iterator[Noted]:
    """Tell of copies of disks and of backups what is on them, those that are alike together."""
    row = kind(name)
    alike: defaultdict[str, list[Inspection]] = defaultdict(list)
    for item in items:
        alike[next((seen.summary for seen in item.observations if seen.kind == name), "")].append(item)
    if len(alike) > _ONE_BY_ONE:
        alike = defaultdict(list, {"": list(items)})
    for told, own in alike.items():
        count = _many(len(own), row.one, row.many)
        summary = count
        if told:
            summary += f": {told}" if len(own) == 1 else f", each of them {told}"
        yield Noted(
            kind=name,
            severity=_as_bad(row, own),
            summary=summary,
            path=own[0].path,
            step=_furthest(own),
            phrase=count,
        )


def _one_kind(name: str, items: Sequence[Inspection]) -> Noted:
    row = kind(name)
    counted = _Sum()
    for item in items:
        own = [seen for seen in item.observations if seen.kind == name and seen.numbers]
        counted.add(item, own[0] if own else None, item.path, 1)
        for seen in own[1:]:
            counted.add(item, seen, item.path, 0)
    count = _many(len(items), row.one, row.many)
    units = counted.units_said(name)
    if name == "private_key":
        summary = count if counted.units <= len(items) else f"{units} in {_many(len(items), 'file')}"
        if counted.again:
            units = _many(counted.units, "different private key") if counted.units > 1 else units
            summary = f"{units} in {_many(len(items), 'file')}"
    else:
        summary = f"{units}{counted.details()}, in {count}" if units else count
    return Noted(
        kind=name,
        severity=_as_bad(row, items),
        summary=summary,
        path=items[0].path,
        step=_furthest(items),
        phrase=units or count,
    )


# --- What lies inside of items ----------------------------------------------------------------------------


def _nested(items: Iterable[Inspection]) -> Iterator[Noted]:
    """Count what was read inside of disk images and archives, kind by kind."""
    sums: defaultdict[tuple[str, str], _Sum] = defaultdict(_Sum)
    for item, outer, seen in _inner(items):
        if seen.inspector == "disk_image":
            continue
        counted = sums[outer, seen.kind]
        counted.add(item, seen, f"{item.path}!/{seen.member}" if seen.member else item.path, seen.count)
        counted.step = max(counted.step, seen.step, key=list(Step).index)
    for (outer, name), counted in sums.items():
        row, holder = kind(name), kind(outer)
        count = _many(counted.things, row.one, row.many)
        units = counted.units_said(name)
        phrase = units or count
        # "in 2 browser profiles" adds nothing to logins saved in browsers.
        what = f"{units}{counted.details()}" if units else count
        yield Noted(
            kind=name,
            severity=counted.severity,
            summary=f"inside {_many(len(counted.items), holder.one, holder.many)}: {what}",
            path=counted.path,
            step=counted.step,
            phrase=phrase,
            within=outer,
        )


def _inner(items: Iterable[Inspection]) -> Iterator[tuple[Inspection, str, Observation]]:
    """Yield what was seen of other kinds inside of items that hold others: item, its kind, observation."""
    for item in items:
        outer = kind_inside(item)
        if outer is None or item.verdict is not None or kind(outer).group not in ("machine", "archive"):
            continue
        for seen in item.observations:
            told = seen.kind in kinds() and seen.kind != outer and seen.step is not Step.NAME
            if told and not _in_text(seen) and _tells(seen.severity):
                yield item, outer, seen


def _in_text(seen: Observation) -> bool:
    """Tell a secret that stands in a text from a file that is a key: both have a fingerprint."""
    return bool(seen.fingerprint) and seen.inspector != "private_key"


def _others(items: Sequence[Inspection]) -> Iterator[Noted]:
    """Tell what else was seen in items, and is worth a sentence."""
    read = {(item.path, seen.kind) for item, _, seen in _inner(items) if seen.inspector != "disk_image"}
    nested = {id(seen) for _, _, seen in _inner(items) if seen.inspector != "disk_image"}
    others: defaultdict[tuple[str, Severity], list[tuple[str, Observation]]] = defaultdict(list)
    for item in items:
        inside = kind_inside(item)
        for seen in item.observations:
            if _in_text(seen) or seen.kind == inside or item.verdict is not None:
                continue
            # That a place for keys exists says nothing more where a key was read.
            known = {(item.path, seen.kind), (item.path, _READ_AS.get(seen.kind, ""))}
            if id(seen) in nested or (seen.inspector == "disk_image" and known & read):
                continue
            if _tells(seen.severity):
                others[seen.kind, seen.severity].append((item.path, seen))
    for (name, severity), places in others.items():
        path, seen = places[0]
        more = f", and the like in {len(places) - 1:,} more" if len(places) > 1 else ""
        yield Noted(kind=name, severity=severity, summary=seen.summary + more, path=path, step=seen.step)


def _secrets(items: Iterable[Inspection]) -> Iterator[Noted]:
    """Count different secrets in texts: the same one in two places is one."""
    found: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    texts: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        for seen in item.observations:
            if _in_text(seen) and _tells(seen.severity):
                kind_of_it = seen.summary.partition(", line ")[0]
                path = f"{item.path}!/{seen.member}" if seen.member else item.path
                texts[seen.kind].add(path)
                found[seen.kind].setdefault(seen.fingerprint, (_within_a_sentence(kind_of_it), path))
    for name, own in found.items():
        types = Counter(said for said, _ in own.values())
        passwords = all(said.startswith("password") for said in types)
        word = "private key" if name == "private_key" else "password" if passwords else "secret"
        where = "texts" if len(own) > 1 else _many(len(texts[name]), "text")
        phrase = f"{_many(len(own), word)} in {'a text' if where == '1 text' else where}"
        only = len(types) == 1 and passwords
        named = (
            []
            if only
            else [said if count == 1 else f"{said} ({count:,})" for said, count in types.most_common(_TYPES)]
        )
        if len(types) > _TYPES:
            named.append(f"{len(types) - _TYPES} more types")
        different = phrase.replace(" ", " different ", 1) if len(own) > 1 else phrase
        yield Noted(
            kind=name,
            severity=Severity.CRITICAL if kind(name).severity is Severity.CRITICAL else Severity.HIGH,
            summary=different + (f": {', '.join(named)}" if named else ""),
            path=next(iter(own.values()))[1],
            step=Step.SAMPLE,
            phrase=phrase,
        )


def _within_a_sentence(said: str) -> str:
    """Begin small what is no name: "Password in a setting", but "GitHub token"."""
    return said[:1].lower() + said[1:] if said.partition(" ")[0] in {"Password", "Private"} else said


def _models(items: Iterable[Inspection]) -> Iterator[Noted]:
    runs = [item for item in items if item.verdict is Verdict.DANGEROUS]
    if runs:
        text = "1 model file runs" if len(runs) == 1 else f"{len(runs):,} model files run"
        yield Noted(
            kind="code_on_load",
            severity=Severity.CRITICAL,
            summary=f"{text} code when loaded",
            path=runs[0].path,
            step=Step.WHOLE,
            phrase=f"{len(runs):,} with code that runs when loaded",
        )


def _as_bad(row: KindOfThing, items: Iterable[Inspection]) -> Severity:
    """Return how bad a kind is, as far as the worst of its items goes."""
    return min(row.severity, max((item.severity for item in items), key=_rank), key=_rank)


def _rank(severity: Severity) -> int:
    return severity.rank


def _furthest(items: Iterable[Inspection]) -> Step:
    return max(map(step_of, items), key=list(Step).index)


def _tells(severity: Severity) -> bool:
    return severity.rank >= Severity.MEDIUM.rank


def _many(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
