"""What all uses say together: bounded tables, the most first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tidegate.kinds.names import kind_of
from tidegate.trace.use import Deed, Use

HELD: Final = 100_000
"""Different items, addresses or agents that are told apart; further ones are counted as others."""
SHOWN: Final = 20
_OTHERS: Final = "(others)"


@dataclass(slots=True)
class Trace:
    """The uses of one credential."""

    certain: bool
    """Logs name it by hash or id; else by the shape of its link, which another link may share."""
    uses: int = 0
    refused: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    bytes_out: int = 0
    bytes_in: int = 0
    deeds: Counter[str] = field(default_factory=Counter)
    days: Counter[str] = field(default_factory=Counter)
    addresses: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    changed: dict[str, tuple[datetime | None, str]] = field(default_factory=dict)
    """Item -> when it was last written or deleted, and how."""
    changed_more: int = 0
    """Changes of items beyond those held."""

    def add(self, use: Use) -> None:
        """Count one use."""
        self.uses += 1
        if use.at is not None:
            self.first_at = use.at if self.first_at is None else min(self.first_at, use.at)
            self.last_at = use.at if self.last_at is None else max(self.last_at, use.at)
            self.days[f"{use.at:%Y-%m-%d}"] += 1
        _count(self.addresses, use.address)
        _count(self.agents, use.agent)
        if not use.succeeded:
            self.refused += 1
            return
        self.deeds[use.deed] += 1
        self.bytes_out += use.bytes_out
        self.bytes_in += use.bytes_in
        _count(self.items, use.item)
        if use.deed in (Deed.WRITE, Deed.DELETE):
            self._changed(use)

    def _changed(self, use: Use) -> None:
        known = self.changed.get(use.item)
        if known is None and len(self.changed) >= HELD:
            self.changed_more += 1
        elif known is None or (use.at is not None and (known[0] is None or use.at >= known[0])):
            self.changed[use.item] = use.at, str(use.deed)

    def models(self, since: datetime | None) -> list[tuple[str, datetime | None, str]]:
        """Return the model files that were changed, from `since` on, the latest first."""
        found = [
            (item, at, deed)
            for item, (at, deed) in self.changed.items()
            if kind_of(item) == "model" and (since is None or at is None or at >= since)
        ]
        return sorted(found, key=lambda each: (each[1] is not None, each[1]), reverse=True)


def _count(table: Counter[str], name: str) -> None:
    table[name if name in table or len(table) < HELD else _OTHERS] += 1


def to_dict(trace: Trace, since: datetime | None) -> dict[str, Any]:
    """Return plain data for JSON."""
    return {
        "certain": trace.certain,
        "uses": trace.uses,
        "refused": trace.refused,
        "first_at": _iso(trace.first_at),
        "last_at": _iso(trace.last_at),
        "bytes_out": trace.bytes_out,
        "bytes_in": trace.bytes_in,
        "deeds": dict(trace.deeds),
        "days": dict(sorted(trace.days.items())),
        "addresses": dict(trace.addresses.most_common(SHOWN)),
        "agents": dict(trace.agents.most_common(SHOWN)),
        "items": dict(trace.items.most_common(SHOWN)),
        "changed": [
            {"item": item, "at": _iso(at), "deed": deed}
            for item, (at, deed) in sorted(trace.changed.items())[:1000]
        ],
        "changed_total": len(trace.changed) + trace.changed_more,
        "models_changed": [
            {"item": item, "at": _iso(at), "deed": deed} for item, at, deed in trace.models(since)
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at is not None else None
