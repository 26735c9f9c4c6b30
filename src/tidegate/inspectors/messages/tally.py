"""What is counted of messages: numbers and times. Of a name only a hash is held, while counting."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

from tidegate.kinds.table import kind
from tidegate.model.observation import Observation, Step
from tidegate.records import dataclass, field

_MOST_KEPT: Final = 500_000
"""Of either kind of hash; beyond that it is "at least"."""
_MOMENT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?")
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def short(text: str | bytes) -> bytes:
    """Return eight bytes that stand for a name."""
    return blake2b(text.encode("utf-8", "replace") if isinstance(text, str) else text, digest_size=8).digest()


def moment(text: str) -> datetime | None:
    """Return the time that a text of ISO 8601 begins with, to the second, as UTC; `None` for none."""
    found = _MOMENT.match(text)
    if found is None:
        return None
    try:
        when = datetime(*(int(part or 0) for part in found.groups()), tzinfo=UTC)  # type: ignore[arg-type,misc]  # six
    except ValueError:
        return None
    return when if _EARLIEST <= when < _LATEST else None


def seconds(value: float) -> datetime | None:
    """Return the time so many seconds after 1970; `None` for none that a message can have."""
    if not _EARLIEST.timestamp() <= value < _LATEST.timestamp():
        return None
    return datetime.fromtimestamp(int(value), UTC)


@dataclass(slots=True)
class Tally:
    """Messages that were counted."""

    messages: int = 0
    events: int = 0
    """Somebody joined, a call ended: no message of a person."""
    conversations: set[bytes] = field(default_factory=set)
    people: set[bytes] = field(default_factory=set)
    first_at: datetime | None = None
    last_at: datetime | None = None
    partly: bool = False
    """There is more than was counted."""

    def at(self, when: datetime | None) -> None:
        """Take in when a message was sent."""
        if when is None:
            return
        if self.first_at is None or when < self.first_at:
            self.first_at = when
        if self.last_at is None or when > self.last_at:
            self.last_at = when

    def conversation(self, name: str | bytes) -> None:
        """Take in where a message stands."""
        self._keep(self.conversations, name)

    def person(self, name: str | bytes) -> None:
        """Take in who wrote a message."""
        self._keep(self.people, name)

    def _keep(self, known: set[bytes], name: str | bytes) -> None:
        if not name:
            return
        if len(known) < _MOST_KEPT:
            known.add(short(name))
        else:
            self.partly = True

    def numbers(self) -> dict[str, int]:
        """Return what is not zero."""
        made = {
            "messages": self.messages,
            "conversations": len(self.conversations),
            "people": len(self.people),
        }
        return {name: count for name, count in made.items() if count or name == "messages"}

    def sentence(self, what: str) -> str:
        """Return "Teams messages: 30,000 in 412 conversations of 359 people, 2019-03 to 2023-06"."""
        least = "at least " if self.partly else ""
        made = f"{what}: {least}{self.messages:,}"
        if self.conversations:
            made += f" in {plural(len(self.conversations), 'conversation')}"
        if self.people:
            made += f" of {plural(len(self.people), 'person', 'people')}"
        return made + span(self.first_at, self.last_at)

    def observation(self, kind_id: str, what: str, *, inspector: str, step: Step) -> Observation:
        """Return it as it is reported, with the kind's severity."""
        return Observation(
            inspector=inspector,
            kind=kind_id,
            severity=kind(kind_id).severity,
            summary=self.sentence(what),
            confidence="medium" if self.partly else "high",
            step=step,
            numbers=self.numbers(),
            first_at=self.first_at,
            last_at=self.last_at,
        )


def plural(count: int, one: str, many: str = "") -> str:
    """Return a number with its word: `1 day`, `12 days`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def rounded(count: int) -> int:
    """Return an estimate to two digits."""
    return round(count, -max(0, len(str(count)) - 2))


def span(first_at: datetime | None, last_at: datetime | None) -> str:
    """Return ", 2019-03 to 2023-06", or nothing."""
    if first_at is None or last_at is None:
        return ""
    first, last = f"{first_at:%Y-%m}", f"{last_at:%Y-%m}"
    return f", {first}" if first == last else f", {first} to {last}"
