"""Asks one thing after the other, and keeps what came back in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from tidegate.errors import NoAnswerError
from tidegate.model.grant import Permission
from tidegate.model.reach import Answer, Reach, State
from tidegate.net.message import Request, Response, Sends
from tidegate.providers._seal import in_order
from tidegate.providers.gcs.codes import Sense, meaning
from tidegate.providers.gcs.faults import fault

LARGEST_SKEW: Final = timedelta(minutes=5)
"""Between this clock and the service's: beyond it, tokens that the key signs itself are refused."""

_STATES: Final = {Sense.ENDED: State.CLOSED, Sense.DEAD: State.CLOSED, Sense.NOBODY: State.CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One answer of the trial."""

    answer: Answer
    sense: Sense | None
    """`None`: it is what was asked for."""
    response: Response | None

    @property
    def open(self) -> bool:
        """It is what was asked for."""
        return self.sense is None

    @property
    def told(self) -> str:
        """The code, or the status, for a sentence; empty when nothing came back."""
        if self.answer.code:
            return f" ({self.answer.code})"
        return "" if self.answer.status is None else f" (HTTP {self.answer.status})"


@dataclass(slots=True)
class Trial:
    """The requests of one probe."""

    net: Sends
    now: datetime
    firebase: bool = False
    answers: list[Answer] = field(default_factory=list)

    def ask(
        self,
        request: Request,
        wanted: Callable[[Response], bool],
        *,
        asked: str,
        permission: Permission | None,
        anonymous: bool = False,
        so: str = "it answers",
    ) -> Got:
        """Send, and judge the answer. Raises `OutOfScopeError`, `BudgetError`.

        permission: what is proved if it is open. so: what it means then.
        """
        try:
            response = self.net.send(request)
        except NoAnswerError as why:
            return self._keep(asked, permission, Sense.UNCLEAR, None, "", str(why))
        if wanted(response):
            return self._keep(asked, permission, None, response, "", so)
        said = fault(response)
        judged = meaning(response, said, anonymous=anonymous, firebase=self.firebase)
        return self._keep(asked, permission, judged.sense, response, said.code, f"the service {judged.words}")

    def _keep(
        self,
        asked: str,
        permission: Permission | None,
        sense: Sense | None,
        response: Response | None,
        code: str,
        words: str,
    ) -> Got:
        state = State.OPEN if sense is None else _STATES.get(sense, State.UNKNOWN)
        status = None if response is None else response.status
        answer = Answer(
            asked=asked, permission=permission, state=state, status=status, code=code, words=words
        )
        self.answers.append(answer)
        return Got(answer=answer, sense=sense, response=response)

    def note(self, asked: str, words: str) -> None:
        """Keep that something was not asked, and why."""
        self._keep(asked, None, Sense.UNCLEAR, None, "", words)

    def reach(
        self,
        state: State,
        reason: str,
        *,
        proved: tuple[Permission, ...] = (),
        untried: tuple[Permission, ...] = (),
    ) -> Reach:
        """Return the result."""
        return Reach(
            state=state,
            proved=in_order(proved),
            untried=tuple(right for right in in_order(untried) if right not in proved),
            checked_at=self.now,
            reason=reason,
            answers=tuple(self.answers),
        )


def alike(one: Got, other: Got) -> bool:
    """Tell whether a changed copy was refused in the same words: then the service is up, and means both."""
    return other.sense is one.sense and (other.answer.status, other.answer.code) == (
        one.answer.status,
        one.answer.code,
    )


def is_skewed(got: Got, now: datetime) -> bool:
    """Tell whether the service's clock is far from ours, by its own `Date`."""
    text = "" if got.response is None else got.response.header("date")
    try:
        theirs = parsedate_to_datetime(text)
    except ValueError:
        return False
    theirs = theirs.replace(tzinfo=UTC) if theirs.tzinfo is None else theirs
    return abs(theirs - now) > LARGEST_SKEW
