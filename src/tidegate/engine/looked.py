"""One item that was looked into, and what its content says it is."""

from __future__ import annotations

from typing import Final, NamedTuple

from tidegate.kinds.table import OTHER, kinds
from tidegate.model.observation import Inspection, Step, Verdict
from tidegate.model.severity import Severity

_PACKED: Final = frozenset(("zip", "tar", "sevenzip", "compressed", "archive"))
_STEPS: Final = {step: number for number, step in enumerate(Step)}


class Looked(NamedTuple):
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


def kind_named(item: Inspection) -> str:
    """Return the kind, be it by name alone: an id of `kinds.toml`."""
    return kind_inside(item) or (item.kind if item.kind in kinds() else OTHER)


def _by_name(item: Inspection) -> bool:
    """Tell whether what it is was concluded from its name, though bytes of it were read."""
    own = [seen.step for seen in item.observations if seen.kind == item.kind]
    return bool(own) and all(step is Step.NAME for step in own)


def holds(item: Inspection) -> frozenset[str]:
    """Return what an item holds of what is estimated: `credentials`, `personal_data`, `code_on_load`."""
    found = set()
    told = [seen for seen in item.observations if seen.step is not Step.NAME]
    # A keystore of certificates, a state without resources, what a test suite brings: of the kind, and dull
    shown = [seen.kind for seen in told if seen.severity.rank >= Severity.MEDIUM.rank]
    empty = any(seen.kind == item.kind for seen in told) and item.kind not in shown
    for name in shown if empty or _by_name(item) else (item.kind, *shown):
        row = kinds().get(name)
        if row is not None and name != "test_key":
            found.add({"key": "credentials", "personal": "personal_data"}.get(row.group, ""))
    # What is public by intent is told, and is none.
    if any(seen.fingerprint and seen.severity is not Severity.INFO for seen in item.observations):
        found.add("credentials")
    if item.verdict is Verdict.DANGEROUS:
        found.add("code_on_load")
    return frozenset(found - {""})


def step_of(item: Inspection) -> Step:
    """Return how far an item was read."""
    return max((seen.step for seen in item.observations), key=_STEPS.__getitem__, default=Step.ENDS)
