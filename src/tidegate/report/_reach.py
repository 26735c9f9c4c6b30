"""What a service answered, and how much lies behind a grant, laid out for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidegate.assess import words
from tidegate.model.contents import Contents, Estimate, Noted
from tidegate.model.finding import Finding, Severity
from tidegate.model.grant import Permission
from tidegate.model.reach import Reach, State
from tidegate.records import dataclass
from tidegate.report import _lies
from tidegate.report._grant import LABEL, block
from tidegate.report._terminal import Paper, columns, table

KINDS = 8
"""Kinds that get a line; the rest are counted."""
NOTES = 12
"""Sentences on what was seen inside."""

_STYLES = {State.OPEN: "critical", State.CLOSED: "good", State.UNKNOWN: "medium"}


def lines(paper: Paper, finding: Finding, *, contents: bool = True) -> Iterator[str]:
    """Write what was asked of the service, if anything was; with `contents` how much lies behind."""
    if finding.reach is not None:
        yield from block(
            paper, "asked", paper.clean(reach(finding.reach)), style=_STYLES[finding.reach.state]
        )
        rest = untried(finding.reach)
        if rest and finding.reach.state is not State.CLOSED:
            yield from block(paper, "untried", paper.clean(rest))
    if contents and finding.contents is not None:
        yield from block(paper, "behind", paper.clean(behind(finding.contents)))
        yield from _kinds(paper, finding.contents)
        yield from inside(paper, finding.contents)


def reach(answer: Reach) -> str:
    """Say the state, what was shown, and when (raw)."""
    shown = ", ".join(each.replace("_", " ") for each in answer.proved)
    proof = f", shown: {shown}" if shown else ""
    return f"{answer.state.upper()}{proof}. {answer.reason} ({answer.checked_at:%Y-%m-%d %H:%M} UTC)"


def untried(answer: Reach) -> str:
    """Name the rights that were not exercised (raw); empty where there are none.

    One that was asked for and refused is none of them.
    """
    asked = {each.permission for each in answer.answers}
    rights = [each for each in answer.untried if each not in asked]
    named = ", ".join(each.replace("_", " ") for each in rights if each is not Permission.UNKNOWN)
    if named:
        return f"{named}: granted on paper, never exercised"
    return "what else it may permit, which its text does not tell" if rights else ""


def amount(found: Contents) -> str:
    """Say how much lies behind (raw)."""
    least = "" if found.complete else "at least "
    where = words.many(found.containers, "container")
    return f"{least}{words.many(found.items, 'item')}, {words.size(found.bytes)} in {where}"


def behind(found: Contents) -> str:
    """Say how much lies behind, and what, in one sentence (raw)."""
    what = _lies.sentence(found, loaded=True) if found.noted else ""
    return f"{amount(found)}{_lies.after(found) if what else ''}{what}"


def inside(paper: Paper, found: Contents) -> Iterator[str]:
    """Write what was seen inside, how much was read for it, and what that says of all."""
    notes = alike([note for note in found.noted if note.severity.rank >= Severity.MEDIUM.rank])
    for number, note in enumerate(notes[:NOTES]):
        # Both ends of a name of thousands of letters are enough.
        paths = [paper.shorten(paper.clean(path), 2 * paper.width) for path in note.paths[:3]]
        where = f" ({', '.join(paths)})" if paths else ""
        label, sign = "" if number else "inside", f"{paper.signs.bullet} "
        yield from block(paper, label, paper.clean(note.summary) + where, sign=sign)
    if len(notes) > NOTES:
        yield from block(paper, "", f"and {words.many(len(notes) - NOTES, 'more thing')}")
    if found.items_read:
        yield from block(paper, "looked", paper.clean(looked(found)))
    for each in found.estimates:
        label = "counted" if each.least == each.most else "estimate"
        yield from block(paper, label, paper.clean(estimate(each, whole=is_whole(found))))


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence on what was seen inside, with all the items of which it was said."""

    summary: str
    severity: Severity
    paths: tuple[str, ...]


def alike(noted: Sequence[Noted]) -> list[Note]:
    """Return the sentences, each once: `(2 times)` where it was said of two items."""
    found: dict[tuple[str, Severity], list[str]] = {}
    for each in noted:
        found.setdefault((each.summary, each.severity), []).append(each.path)
    return [
        Note(
            f"{summary} ({len(paths)} times)" if len(paths) > 1 else summary,
            severity,
            tuple(dict.fromkeys(path for path in paths if path)),
        )
        for (summary, severity), paths in found.items()
    ]


def looked(found: Contents) -> str:
    """Say how much was looked into (raw)."""
    part = found.bytes_read / found.bytes if found.bytes else 0.0
    # Of what belongs together some is read twice, once for itself.
    of_all = f"{_percent(part)} of the bytes" if part <= 1 else "some of it twice"
    read = f"{words.size(found.bytes_read)}, {of_all}"
    if found.items_read == found.items:
        return f"into {'the 1 item' if found.items == 1 else f'all {found.items:,} items'} ({read})"
    return f"into {found.items_read:,} of {words.many(found.items, 'item')} ({read})"


def is_whole(found: Contents) -> bool:
    """Tell whether every byte of it was read: else what was not seen may still be there."""
    return found.bytes_read >= found.bytes


def estimate(told: Estimate, *, whole: bool) -> str:
    """Say what a sample says of all (raw). whole: every byte of what was looked into was read."""
    what = {"credentials": "hold credentials", "personal_data": "hold personal data"}.get(
        told.kind, "run code when loaded" if told.kind == "code_on_load" else f"hold {told.kind}"
    )
    if told.least == told.most:
        verb, _, rest = what.partition(" ")
        what = f"{verb}s {rest}" if told.hits == 1 else what
        counted = f"{told.hits:,} of {words.many(told.items, 'item')} {what}: all were looked into"
        return counted if whole else f"at least {counted}, not every byte"
    if not told.hits:
        return (
            f"at most {_percent(told.most)} of {words.many(told.items, 'item')} {what}: none was seen (95 %)"
        )
    share = f"between {_percent(told.least)} and {_percent(told.most)}"
    were = "was" if told.hits == 1 else "were"
    return f"{share} of {words.many(told.items, 'item')} {what} (95 %); {told.hits:,} {were} seen"


def _percent(share: float) -> str:
    """Write a share with two digits that count: `0.0007 %`."""
    value = share * 100
    if value <= 0:
        return "0 %"
    return f"{value:.1f} %" if value >= 1 else f"{value:.2g} %" if value >= 0.0001 else "less than 0.0001 %"


def _kinds(paper: Paper, found: Contents) -> Iterator[str]:
    rows = [
        [kind.kind.replace("_", " "), f"{kind.items:,}", words.size(kind.bytes), _severity(kind.severity)]
        for kind in found.kinds[:KINDS]
    ]
    lines = [
        "".join(cells).rstrip() for cells in table([[paper.clean(cell) for cell in row] for row in rows])
    ]
    wide = LABEL + max(map(columns, lines), default=0) > paper.width
    yield from (paper.shorten(line, paper.width) if wide else " " * LABEL + line for line in lines)
    if len(found.kinds) > KINDS:
        yield f"{' ' * LABEL}and {words.many(len(found.kinds) - KINDS, 'more kind')}"


def _severity(severity: Severity) -> str:
    return "" if severity is Severity.INFO else severity.value
