"""From what was heard to a reach: one place that says OPEN, CLOSED or UNKNOWN."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tidegate.model.grant import Grant, Permission
from tidegate.model.reach import Reach, State
from tidegate.providers._seal import in_order
from tidegate.providers._sentence import sentence
from tidegate.providers.s3.ask import Heard


def reach(
    state: State,
    reason: str,
    heard: Sequence[Heard],
    grant: Grant,
    now: datetime,
    *,
    also_untried: Iterable[Permission] = (),
    one_method: bool = False,
) -> Reach:
    """Put a reach together. What is proved comes from the answers alone, and only when something is open.

    one_method: the signature is for one method, so that nothing is left to try of what has answered.
    """
    given = (each.answer.permission for each in heard if each.given and each.answer.permission is not None)
    proved = in_order(given) if state is State.OPEN else ()
    # Nothing is left to try of what is dead.
    done = state is State.CLOSED or (one_method and proved)
    untried = () if done else in_order({*grant.permissions, *also_untried} - set(proved))
    return Reach(
        state=state,
        proved=proved,
        untried=untried,
        checked_at=now,
        reason=sentence(reason),
        answers=tuple(each.answer for each in heard),
    )


def unasked(reason: str, grant: Grant, now: datetime) -> Reach:
    """Return the reach of what was not asked: unknown, with the reason why."""
    return reach(State.UNKNOWN, reason, (), grant, now)


def told(heard: Heard) -> str:
    """Say what came back, with the service's own code."""
    answer = heard.answer
    if heard.given or heard.fault is None:
        return answer.words
    return heard.fault.words if answer.status is None or answer.status >= 300 else answer.words
