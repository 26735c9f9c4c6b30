"""The proof that a credential is dead: three probes, four times in a day. Pure: judges what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

AFTER = (timedelta(0), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=24))
"""When to ask, counted from the last step: caches forget within minutes, undone work shows in a day."""


class Verdict(StrEnum):
    """What one round of probes shows; only DEAD closes."""

    DEAD = "dead"
    ALIVE = "still alive"
    NOT_PROVEN = "denied but not proven"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service said to one probe."""

    status: int | None
    """`None` when no answer came."""
    code: str = ""
    """The provider's own word, e.g. `AuthenticationFailed`."""

    @property
    def open(self) -> bool:
        """The service gave what was asked for."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Three probes of the same minute, from the same place."""

    at: datetime
    leaked: Answer
    flipped: Answer
    """The leaked credential with one character of its signature changed."""
    owner: Answer
    """The owner's own request for the same thing: service, network and clock are fine."""
    verdict: Verdict


def judge(
    leaked: Answer,
    flipped: Answer,
    owner: Answer,
    *,
    refusals: frozenset[str],
    expired: bool = False,
    anyone: bool = False,
) -> Verdict:
    """Say what three answers show together.

    refusals: the provider's codes that speak of the signature, not of rights, networks or absence.
    expired: the credential ended by its own date, so a refusal says nothing about its key.
    anyone: nothing secret was sent, and services answer that with 404 and 409 too.
    """
    if leaked.open:
        return Verdict.ALIVE
    if flipped.open or not owner.open:
        return Verdict.INCONCLUSIVE
    refused = {401, 403, 404, 409} if anyone else {401, 403}
    if expired or leaked.status not in refused or leaked.code not in refusals or leaked != flipped:
        return Verdict.NOT_PROVEN
    return Verdict.DEAD


def next_due(
    closed_at: datetime, rounds: Sequence[Round], after: Sequence[timedelta] = AFTER
) -> datetime | None:
    """Return when to ask again, `None` when the credential is proved dead and may be called CLOSED.

    A time is served by a dead round at or after it; a round that is not dead undoes all before it.
    rounds: in order of time. Past when a round was missed: ask now.
    """
    dead: list[datetime] = []
    for one in rounds:
        dead = [*dead, one.at] if one.verdict is Verdict.DEAD else []
    for each in after:
        if not any(at >= closed_at + each for at in dead):
            return closed_at + each
    return None
