"""Is it open? One credential, one judgement."""

from __future__ import annotations

from datetime import datetime

from tidegate.model.credential import Credential
from tidegate.model.grant import Grant, Permission
from tidegate.model.reach import Reach, State
from tidegate.net.message import Sends
from tidegate.providers._seal import in_order
from tidegate.providers._sentence import sentence
from tidegate.providers.azure.access import STORAGE_KINDS, access_of
from tidegate.providers.azure.ask import Client, Clock
from tidegate.providers.azure.trial import Trial, with_code


def probe(credential: Credential, net: Sends, now: datetime, clock: Clock) -> Reach:
    """See `Storage.probe`."""
    grant = credential.grant
    access = access_of(credential)
    if access is None:
        return Reach(
            state=State.UNKNOWN, untried=grant.permissions, checked_at=now, reason=sentence(_not_asked(grant))
        )
    trial = Trial(grant, Client(access=access, net=net, clock=clock))
    trial.run()
    return _reach(trial, now)


def _not_asked(grant: Grant) -> str:
    if grant.kind in STORAGE_KINDS:
        return "not asked: the account it belongs to is not known"
    return "not asked: it opens no storage by itself"


def _reach(trial: Trial, now: datetime) -> Reach:
    proved = in_order(trial.proved)
    if proved:
        state, reason = State.OPEN, _what_answered(trial)
    elif trial.closed:
        state, reason = State.CLOSED, trial.closed
    else:
        state, reason = State.UNKNOWN, _why_unknown(trial)
    return Reach(
        state=state,
        proved=proved,
        # Nothing is left to try of what is dead.
        untried=() if state is State.CLOSED else _untried(trial),
        checked_at=now,
        reason=sentence(f"{reason}; {trial.note}" if trial.note else reason),
        answers=tuple(trial.answers),
    )


def _untried(trial: Trial) -> tuple[Permission, ...]:
    return tuple(right for right in trial.grant.permissions if right not in trial.tried)


def _what_answered(trial: Trial) -> str:
    done = [each.asked for each in trial.answers if each.state is State.OPEN and each.permission is not None]
    who = "anyone may" if trial.client.access.anonymous else "the service did what was asked:"
    *most, last = dict.fromkeys(done)
    return f"{who} {', '.join(most)} and {last}" if most else f"{who} {last}"


def _why_unknown(trial: Trial) -> str:
    alive = next((each for each in trial.judged if each[0].alive), None)
    found = alive or next(iter(trial.judged), None)
    if found is None:
        reason, accepted = trial.alive or _silence(trial), bool(trial.alive)
    else:
        reason, accepted = with_code(found[0].words, found[1]), found[0].alive
    if accepted and _untried(trial):
        reason += "; its other rights were not tried"
    return reason


def _silence(trial: Trial) -> str:
    if not trial.silence:
        return "nothing was asked: it names no container, queue or table, and may list none"
    words = f"no answer: {trial.silence}"
    if "there is no host" in trial.silence:
        words += "; an account of that name does not exist now, and anyone could register it"
    return words
