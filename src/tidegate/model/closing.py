"""What would end a leak: what is known, and steps, each with its reason, exact call and cost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from tidegate.model.credential import Credential


class Way(StrEnum):
    """How to go about it; a plan is always of one way."""

    FAST = "fast"
    """Contain at once, in a manner that can be undone; others may break."""
    NO_DOWNTIME = "no-downtime"
    """Move everyone away first, then end the leaked one for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One write request, as it will stand in the audit log."""

    method: str
    url: str
    """Without query parameters that sign; holds no secret."""
    body: str = ""
    """What is sent, without secrets, `""` for nothing."""
    headers: tuple[tuple[str, str], ...] = ()
    """Those that decide what is done, e.g. who may read: name and value."""


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
    """Account, bucket or key id, whatever the provider puts in charge."""
    way: Way
    steps: tuple[Step, ...]
    first: tuple[str, ...] = ()
    """What people do before it is carried out, in order: nothing of it is sent by us."""
    then: tuple[str, ...] = ()
    """What is left to people afterwards."""
    spares: tuple[str, ...] = ()
    """What lives on, one line each."""
    reads: tuple[Call, ...] = ()
    """Requests with the verb of a write that only read (Azure's listKeys): sent to make this plan, too."""

    def __post_init__(self) -> None:
        ids = [step.id for step in self.steps]
        if not ids:
            raise ValueError("a plan without a step")
        if len(set(ids)) != len(ids):
            raise ValueError("two steps of a plan share an id")

    @property
    def hash(self) -> str:
        """16 hexadecimal digits over every word of the plan: what `--yes` takes."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def names(self, method: str, url: str) -> bool:
        """Tell whether a step of this plan sends such a request, or it was sent to make the plan."""
        calls = (*(step.call for step in self.steps), *self.reads)
        return any((method, url) == (call.method, call.url) for call in calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Another credential that the ledger or a report knows: it may hang on the same key or policy."""

    id: str
    """`sh-…` of the ledger, `tg-…` of a report."""
    words: str
    """What it opens, for whom, until when: one line for people."""
    kind: str = ""
    """As `Grant.kind`."""
    account: str = ""
    container: str = ""
    path: str = ""
    policy: str = ""
    signer: str = ""
    """Id of the key or of who signed, where the text says it."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of the link, without the signature: with a key they tell whether that key signed it."""
    fingerprint: str = ""
    """Of its signature or key, as `Secret.fingerprint`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be closed, and what is known around it. Lives in memory only: it holds a secret."""

    finding: str
    """Its id, `tg-…`."""
    credential: Credential
    """The live one, read again from where it stands; for an open container its address."""
    known: tuple[Known, ...] = ()
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What was learnt of a case, and the plans there are."""

    facts: tuple[tuple[str, str], ...]
    """Label and sentence, for people: `("signed by", "key1 of contoso")`. No secret."""
    plans: tuple[Plan, ...]
    """At most one a way; none when nothing can be done from here."""
    missing: tuple[str, ...] = ()
    """What could not be learnt or planned, why, and what is needed for it."""
