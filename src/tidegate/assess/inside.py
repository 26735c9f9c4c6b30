"""What lies behind a grant, as one factor: the worst of it, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.assess.tables import (
    INSIDE_MANY,
    INSIDE_NOT_READ,
    INSIDE_OF_SEVERITY,
    INSIDE_UNKNOWN,
    INSIDE_WORST,
    INSIDE_WRITABLE,
    MANY_ITEMS,
)
from tidegate.assess.words import many
from tidegate.kinds.table import kinds
from tidegate.model.contents import Contents
from tidegate.model.finding import Factor
from tidegate.model.grant import Scope
from tidegate.model.observation import Step
from tidegate.model.severity import Severity

_Seen = tuple[float, str, str, str]
"""Value, basis, word, sentence."""
_RANK = {"possible": 0, "estimated": 1, "proven": 2}


def inside(contents: Contents | None, *, scope: Scope, anyone: bool, lists: bool, writable: bool) -> Factor:
    """Return the factor. What was not read counts as what it could be, until all of it was looked into."""
    if anyone:
        word = "anyone lists" if lists else "anyone reads by name"
    else:
        word = "object" if scope is Scope.OBJECT else "wide"
    unread = INSIDE_UNKNOWN[word]
    least = INSIDE_WRITABLE if writable else 0.0
    why = "what lies behind it was not read"
    if writable and unread < least:
        why = "what can be overwritten may be loaded or run by others"
    best: _Seen = (max(unread, least), "possible", "unknown", why)
    seen = max(_seen(contents), key=lambda each: (each[0], _RANK[each[1]]), default=None)
    if seen is not None:
        if seen[0] >= best[0]:
            best = seen
        elif _all_read(contents):
            worst = max(seen[0], least)
            said = seen[3] if worst == seen[0] else "what can be overwritten may be loaded or run by others"
            best = (worst, seen[1] if worst == seen[0] else "possible", seen[2], said)
    return Factor(factor="inside", word=best[2], value=best[0], basis=best[1], sentence=best[3])


def _seen(contents: Contents | None) -> Iterator[_Seen]:
    if contents is None:
        return
    for each in contents.kinds:
        if not each.items:
            continue
        known = kinds().get(each.kind)
        value = known.inside if known else INSIDE_OF_SEVERITY[each.severity]
        of_keys = known is not None and known.group == "key"
        if of_keys and each.proved >= each.items and each.severity is Severity.INFO:
            value = INSIDE_OF_SEVERITY[each.severity]  # all of them were read, and hold no key
        value += INSIDE_MANY if each.items >= MANY_ITEMS and value else 0.0
        named = (known.one, known.many) if known else (each.kind.replace("_", " "),) * 2
        read = bool(each.proved) or (each.step is not Step.NAME and not each.estimated)
        basis = "proven" if read else "estimated"
        how = "read" if read else "scaled up from a sample" if each.estimated else "by name"
        value = min(INSIDE_WORST, value) if read else max(0.0, min(INSIDE_WORST, value) + INSIDE_NOT_READ)
        yield value, basis, each.kind, f"behind it: {many(each.items, *named)} ({how})"
    for noted in contents.noted:
        known = kinds().get(noted.kind)
        value = max(INSIDE_OF_SEVERITY[noted.severity], known.inside if known else 0.0)
        # A model file that runs code harms who loads it; it opens nothing.
        value = min(value, 3.0) if known is not None and known.group == "model" else value
        read = noted.step is not Step.NAME
        value = value if read else max(0.0, value + INSIDE_NOT_READ)
        yield value, "proven" if read else "estimated", noted.kind, noted.summary
    for sample in contents.estimates:
        known = kinds().get(sample.kind)
        if sample.hits and (known or sample.kind == "credentials"):
            value = known.inside if known else INSIDE_OF_SEVERITY[Severity.CRITICAL]
            held = sample.kind.replace("_", " ")
            said = f"{sample.hits:,} of {sample.read:,} items that were read hold {held}"
            yield value, "proven", sample.kind, said


def _all_read(contents: Contents | None) -> bool:
    """Tell whether nothing is left that could be worse: all was listed, and all of it looked into."""
    return (
        contents is not None
        and contents.complete
        and contents.items > 0
        and all(
            not each.estimated and (each.step is not Step.NAME or each.proved >= each.items)
            for each in contents.kinds
            if each.items
        )
        and sum(each.items for each in contents.kinds) >= contents.items
    )
