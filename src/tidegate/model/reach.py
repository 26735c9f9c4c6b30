"""What was shown to work: never what a text claims, never taken from silence."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tidegate.model.grant import Permission
from tidegate.records import dataclass


class State(StrEnum):
    """Whether a credential, or an open container, lets anyone in."""

    OPEN = "open"
    """A request was answered with what it asked for."""
    CLOSED = "closed"
    """The service refused this very credential, in words that mean that it is dead."""
    UNKNOWN = "unknown"
    """Anything else: no answer, a redirect, a server error, a refusal that may have another cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One request of a probe and what came back."""

    asked: str
    """In plain words: `list one container`, `read one byte`."""
    permission: Permission | None
    """What an answer proves; `None` for a control request, which proves nothing of the credential."""
    state: State
    status: int | None
    """HTTP status; `None` when nothing came back."""
    code: str
    """The service's own code, e.g. `AuthenticationFailed`; empty where it gave none."""
    words: str
    """What that means, in plain words."""
    service: str = ""
    """Which of the grant's services was asked, as `Grant.matrix` names it; empty where it has but one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What the service answered to one grant (the output of *reach*)."""

    state: State
    proved: tuple[Permission, ...] = ()
    """What answered, in the order of `Permission`. Empty unless `state` is OPEN."""
    untried: tuple[Permission, ...] = ()
    """Granted on paper, not exercised: rights to change or destroy, and what was needless to try."""
    checked_at: datetime
    reason: str
    """One sentence: what decided, with the service's own code where there is one."""
    answers: tuple[Answer, ...] = ()
    """The requests of the probe, in order."""

    def __post_init__(self) -> None:
        if (self.state is State.OPEN) != bool(self.proved):
            raise ValueError(f"state {self.state} with {len(self.proved)} permissions proved")
