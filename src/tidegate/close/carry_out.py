"""Carries out a plan, one step at a time, and stops at the first surprise."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from tidegate.close.journal import Journal, Mark
from tidegate.close.plan import Plan, Step
from tidegate.errors import NotDoneError, RequestError, TidegateError
from tidegate.plugins import Closer

__all__ = ["Closer", "NotDoneError", "StoppedError", "carry_out"]

LOOKS_AFTER_S = (0.0, 1.0, 2.0, 4.0)
"""A change is looked for this long: control planes answer before what they show has changed."""


class StoppedError(TidegateError):
    """A step was not carried out, or is not known to be; what follows it was not begun."""


def carry_out(
    plan: Plan,
    closer: Closer,
    journal: Journal,
    clock: Callable[[], datetime],
    *,
    again: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Do the steps that the journal does not show as done. Raises `StoppedError`.

    A step that was begun in an earlier run is looked at first: done is noted; not done is repeated only
    where repeating does no harm, or where the user says so (`again`). tell: one line a step, for people.
    """
    for number, step in enumerate(plan.steps, 1):
        title = f"step {number} of {len(plan.steps)}, {step.does}"
        if journal.mark(step.id) is Mark.DONE:
            tell(f"{title}: done before")
            continue
        tell(f"{title} …")
        _one(step, closer, journal, clock, again=again, wait=wait)
        tell(f"{title}: done")


def _one(
    step: Step,
    closer: Closer,
    journal: Journal,
    clock: Callable[[], datetime],
    *,
    again: bool,
    wait: Callable[[float], None],
) -> None:
    try:
        state = closer.state(step)
    except RequestError as error:
        raise StoppedError(
            f"{step.does}: how it stands now cannot be read, so nothing was sent ({error})", hint=error.hint
        ) from error
    if journal.mark(step.id) is Mark.BEGUN:
        if step.shows_done(state):
            journal.note(step.id, Mark.DONE, clock(), "found done after a run that broke off")
            return
        if not step.repeatable and not again:
            raise StoppedError(
                f"{step.does}: an earlier run may have sent this, and it does not show; it is not sent twice",
                hint="Look at the account. If it was not done, say --again with the same --yes.",
            )
    if state != step.before:
        raise StoppedError(
            f"{step.does}: the account is no longer as the plan saw it; nothing was sent",
            hint="Make a new plan: the same command without --apply.",
        )
    journal.note(step.id, Mark.BEGUN, clock())
    try:
        closer.do(step)
    except NotDoneError as error:
        journal.note(step.id, Mark.REFUSED, clock(), str(error))
        raise StoppedError(
            f"{step.does}: refused, nothing changed ({error}); it needs {step.permission}", hint=error.hint
        ) from error
    except RequestError as error:
        if _shows(step, closer, wait):
            journal.note(step.id, Mark.DONE, clock(), "no answer came, and it shows")
            return
        raise StoppedError(
            f"{step.does}: sent, no answer, and it does not show ({error})",
            hint="It may still come about. Run the same again: it looks first, and sends nothing blindly.",
        ) from error
    if not _shows(step, closer, wait):
        raise StoppedError(
            f"{step.does}: accepted, and does not show yet",
            hint="Run the same again in a minute: it looks first.",
        )
    journal.note(step.id, Mark.DONE, clock())


def _shows(step: Step, closer: Closer, wait: Callable[[float], None]) -> bool:
    for seconds in LOOKS_AFTER_S:
        if seconds:
            wait(seconds)
        try:
            if step.shows_done(closer.state(step)):
                return True
        except RequestError:
            continue
    return False
