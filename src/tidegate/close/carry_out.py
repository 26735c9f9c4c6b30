"""Carries out a plan, one step at a time, and stops at the first surprise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tidegate.close.journal import Journal, Mark
from tidegate.close.plan import Plan, Step
from tidegate.errors import NotDoneError, TidegateError
from tidegate.plugins import Closer

__all__ = ["Closer", "NotDoneError", "StoppedError", "carry_out"]


class StoppedError(TidegateError):
    """A step was not carried out, or is not known to be; what follows it was not begun."""


def carry_out(plan: Plan, closer: Closer, journal: Journal, clock: Callable[[], datetime]) -> None:
    """Do the steps that the journal does not show as done. Raises `StoppedError`.

    A step that was begun in an earlier run is looked at first: done is noted; not done is repeated only
    where repeating does no harm.
    """
    for step in plan.steps:
        if journal.mark(step.id) is not Mark.DONE:
            _one(step, closer, journal, clock)


def _one(step: Step, closer: Closer, journal: Journal, clock: Callable[[], datetime]) -> None:
    state = closer.state(step)
    if journal.mark(step.id) is Mark.BEGUN:
        if step.shows_done(state):
            journal.note(step.id, Mark.DONE, clock(), "found done after a run that broke off")
            return
        if not step.repeatable:
            raise StoppedError(
                f"{step.does}: an earlier run may have sent this, and it does not show; "
                "it is not sent twice: look at the account, then make a new plan"
            )
    if state != step.before:
        raise StoppedError(f"{step.does}: the account is no longer as the plan saw it; make a new plan")
    journal.note(step.id, Mark.BEGUN, clock())
    try:
        closer.do(step)
    except NotDoneError as error:
        journal.note(step.id, Mark.REFUSED, clock(), str(error))
        raise StoppedError(
            f"{step.does}: refused, nothing changed ({error}); it needs {step.permission}"
        ) from error
    if not step.shows_done(closer.state(step)):
        raise StoppedError(f"{step.does}: accepted, and does not show yet; run again in a minute")
    journal.note(step.id, Mark.DONE, clock())
