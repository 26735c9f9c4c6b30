"""What lies somewhere, in one sentence that a person can repeat: worst first, counted, models at the end."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.assess import words
from tidegate.kinds.table import kind, kinds
from tidegate.model.contents import Contents, Kind, Noted
from tidegate.model.severity import Severity

_RUNS = "code_on_load"
"""Kind of the note on models that run code: it is said of the models."""
PHRASES = 8
"""Things that the sentence names; of more it says how many."""
_GROUPS = ("machine", "key", "messages", "database", "personal")
"""In this order: whose machine, what opens more, who wrote what. The kinds of other groups come last."""


def sentence(found: Contents, *, loaded: bool) -> str:
    """Say what lies there (raw): "2 copies of workstations' disks, …, and 5 models (1 with …)".

    loaded: others load the models from there. Empty where nothing tells.
    """
    noted = [note for note in found.noted if note.phrase and not note.within]
    own = sorted((note for note in noted if note.kind != _RUNS), key=_place)
    parts = _once([_with_inside(note, found) for note in own])
    told = {note.kind for note in own}
    parts += [
        f"{_count(each)} by name"
        for each in sorted(found.kinds, key=lambda each: -each.severity.rank)
        if each.severity.rank >= Severity.MEDIUM.rank and not each.proved and each.kind not in told
    ]
    if not parts:
        parts = [_count(each) for each in _dull(found)]
    if len(parts) > PHRASES:
        more = len(parts) - PHRASES + 1
        parts = [*parts[: PHRASES - 1], f"{more} more kinds of such things"]
    models = sum(each.items for each in found.kinds if each.kind == "model")
    if models:
        runs = next((f" ({note.phrase})" for note in noted if note.kind == _RUNS), "")
        parts.append(f"{words.many(models, 'model')}{' that everyone would load' if loaded else ''}{runs}")
    return joined(parts)


def after(found: Contents) -> str:
    """Return what stands between the amount and the sentence: of how much it is known (raw)."""
    if found.items_read >= found.items:
        return ": "
    return f"; by names, and by what the {found.items_read:,} hold that were looked into: "


def joined(parts: Sequence[str]) -> str:
    """Join for a sentence: "a, b, and c"."""
    if len(parts) < 3:
        return " and ".join(parts)
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"


def by_severity(found: Contents) -> list[Kind]:
    """Return the kinds, the worst first, then most bytes first."""
    return sorted(found.kinds, key=lambda each: (-each.severity.rank, -each.bytes, -each.items, each.kind))


def _place(note: Noted) -> tuple[int, int]:
    group = kind(note.kind).group
    order = _GROUPS.index(group) if group in _GROUPS else len(_GROUPS)
    return order, -note.severity.rank


def _with_inside(note: Noted, found: Contents) -> str:
    own = [each for each in found.noted if each.kind == note.kind and each.phrase and not each.within]
    inside = [
        each.phrase for each in sorted(found.noted, key=_place) if each.within == note.kind and each.phrase
    ]
    with_it = f" (with {joined(inside)})" if inside else ""
    if len(own) > 1 and kind(note.kind).group == "machine":
        # Disks that differ have a sentence each; here they are counted together.
        proved = next((each.proved for each in found.kinds if each.kind == note.kind), 0)
        row = kind(note.kind)
        return words.many(max(proved, len(own)), row.one, row.many) + with_it
    # Of kinds that are told in several sentences the first one says what lies inside.
    return note.phrase + with_it if own[0] is note else note.phrase


def _once(parts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(parts))


def _dull(found: Contents) -> list[Kind]:
    """Return what there is most of, where nothing was worth a sentence."""
    return [each for each in found.kinds if each.kind in kinds() and each.kind != "model"][:3]


def _count(each: Kind) -> str:
    row = kind(each.kind)
    return words.many(each.items, row.one, row.many)
