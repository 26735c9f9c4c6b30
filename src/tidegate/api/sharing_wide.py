"""Ending a link that cannot be ended alone: by what signed it, with all that hangs on that."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tidegate.api import closing
from tidegate.api.closing import Closure
from tidegate.api.scanning import scan
from tidegate.api.sharing import Ended, made_again, tied, wish_of
from tidegate.api.ways import Ways
from tidegate.close.plan import Known, Plan
from tidegate.close.prove import Round, Verdict
from tidegate.close.store import Store
from tidegate.errors import UsageError
from tidegate.model.secret import Secret
from tidegate.model.share import Tried
from tidegate.share import seam
from tidegate.share.ledger import Ledger, Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Wide:
    """What would be done, and to whom."""

    case: Closure
    """Of the link that is to be ended; its study holds the plans."""
    others: tuple[tuple[Share, Closure], ...]
    """Links of the ledger that end with it and can be made again, so that their end can be proved too."""
    unproved: tuple[str, ...]
    """Ids of those that cannot."""


def consider(
    share: Share,
    *,
    environment: Mapping[str, str],
    ways: Ways,
    ledger: Ledger,
    store: Store,
    link: Secret | None = None,
) -> Wide:
    """Learn what signed it and what else hangs on that. Changes nothing.

    Raises `UsageError`, `RequestError`.
    """
    text = link if link is not None else _link(share, environment, ways)
    if text is None:
        raise UsageError(
            "the link cannot be made again with the credentials at hand",
            hint="Give it with --link: what is ended is what signed it.",
        )
    known = closing.known((), ledger)
    case = _case(share, text, ways, environment, store, known=known)
    others, unproved = [], []
    for name in tied(share, ledger):
        other = ledger.one(name)
        again = _link(other, environment, ways)
        if again is None:
            unproved.append(name)
        else:
            others.append((other, _case(other, again, ways, environment, store)))
    return Wide(case=case, others=tuple(others), unproved=tuple(unproved))


def end(
    wide: Wide,
    share: Share,
    plan: Plan,
    ledger: Ledger,
    *,
    tell: Callable[[str], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
) -> Ended:
    """Carry the plan out, and prove this link dead and those that hung on the same. Can be run again.

    Raises `StoppedError` when a step was not done, or is not known to be.
    """
    ledger.change(share.id, f"revoking by plan {plan.hash}", state="revoking")
    closing.apply(wide.case, plan, tell=tell, wait=wait)
    ended = _proved(wide.case, share, plan, ledger, wait)
    dead: list[str] = []
    alive = [*wide.unproved]
    for other, case in wide.others:
        (dead if _proved(case, other, plan, ledger, wait).closed else alive).append(other.id)
    words = (
        f"plan {plan.hash} was carried out: {'; '.join(step.does for step in plan.steps)}",
        *((f"proved dead with it: {', '.join(dead)}",) if dead else ()),
        *((f"not proved: {', '.join(alive)}",) if alive else ()),
    )
    return replace(ended, words=words, others=tuple(alive))


def _link(share: Share, environment: Mapping[str, str], ways: Ways) -> Secret | None:
    if not share.kind:
        return None
    try:
        hands = seam.sharing(share.provider).hands(
            wish_of(share), environment, ways.net, ways.writer, kind=share.kind
        )
    except UsageError:
        return None
    return made_again(hands, share)


def _case(
    share: Share,
    link: Secret,
    ways: Ways,
    environment: Mapping[str, str],
    store: Store,
    *,
    known: tuple[Known, ...] | None = None,
) -> Closure:
    link = seam.sharing(share.provider).at_home(wish_of(share), link)
    report = scan("-", stdin=io.BytesIO(link.reveal().encode()), jobs=1)
    if not report.findings:
        raise UsageError("the link is not recognised by the scan")
    finding = report.findings[0]
    credential = closing.read_again(finding, text=link.reveal())
    # A link to an endpoint of the scope need not say which bucket it means; the ledger does.
    grant = replace(credential.grant, container=share.container, key=share.path or None)
    return closing.open_case(
        finding,
        replace(credential, grant=grant),
        others=known or (),
        ways=ways,
        environment=environment,
        store=store,
        study=known is not None,
    )


def _proved(case: Closure, share: Share, plan: Plan, ledger: Ledger, wait: Callable[[float], None]) -> Ended:
    one, waited_s = closing.ask(case), 0.0
    while one.verdict is Verdict.ALIVE and waited_s < closing.ENDS_WITHIN_S:
        wait(2.0)
        waited_s += 2.0
        one = closing.ask(case)
    dead = one.verdict is Verdict.DEAD
    ledger.change(share.id, f"plan {plan.hash}; {one.verdict}", **({"state": "revoked"} if dead else {}))
    return Ended(verdict=str(one.verdict), closed=dead, words=(), probes=_tried(one))


def _tried(one: Round) -> tuple[Tried, Tried, Tried]:
    first, second, third = (
        Tried(status=each.status, code=each.code) for each in (one.leaked, one.flipped, one.owner)
    )
    return first, second, third
