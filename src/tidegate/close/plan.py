"""What would end a leak: steps, each with its reason, exact call and cost. Pure: nothing is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Way(StrEnum):
    """How to go about it; a plan is always of one way."""

    FAST = "fast"
    """Contain at once, in a manner that can be undone; others may break."""
    ROTATE = "rotate"
    """Without downtime: move everyone to a second key, then replace the leaked one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One write request, as it will stand in the audit log."""

    method: str
    url: str
    """Without query parameters that sign; holds no secret."""
    body: str = ""
    """What is sent, without secrets, `""` for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of one thing."""

    id: str
    """Stands in the journal; its own within the plan."""
    does: str
    why: str
    call: Call
    permission: str
    """The right that the owner needs for it, in the provider's words."""
    breaks: tuple[str, ...] = ()
    """Who else is hit, one line each."""
    undo: str | None = None
    """How to take it back; `None` when it cannot be."""
    before: str
    """State of the thing when the plan was made, as `Closer.state` words it. A key is told by its hash."""
    after: str | None = None
    """State once done; `None` when it cannot be known ahead (a new key): then any state but `before`."""
    repeatable: bool
    """A second request does no more than the first. Regenerating a key is not."""

    def __post_init__(self) -> None:
        if self.before == self.after:
            raise ValueError(f"step {self.id} changes nothing")

    def shows_done(self, state: str) -> bool:
        """Say whether `state` is what this step brings about."""
        return state != self.before if self.after is None else state == self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of one way to end one finding, in order."""

    finding: str
    provider: str
    account: str
    way: Way
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        ids = [step.id for step in self.steps]
        if len(set(ids)) != len(ids):
            raise ValueError("two steps of a plan share an id")

    @property
    def hash(self) -> str:
        """16 hexadecimal digits over every word of the plan: what `--yes` takes."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def unannounced(self, sent: Iterable[Call]) -> list[Call]:
        """Return the write requests of an audit log that no step of this plan names."""
        announced = {step.call for step in self.steps}
        return [call for call in sent if call not in announced]
