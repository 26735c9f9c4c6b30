"""Closing: end a leaked credential, step by step as announced, and prove that it is dead."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate import plugins
from tidegate.api.ways import Ways
from tidegate.assess.words import enumerate_words, sentence
from tidegate.close.carry_out import carry_out
from tidegate.close.only import Only
from tidegate.close.plan import Case, Known, Plan, Study, Way
from tidegate.close.prove import AFTER, Answer, Round, Verdict, judge, next_due
from tidegate.close.store import ELSEWHERE, Proof, Store
from tidegate.detect.rules import load_rules
from tidegate.engine import again
from tidegate.engine.plan import Plan as Scan
from tidegate.errors import UsageError
from tidegate.model.credential import Credential
from tidegate.model.finding import Finding
from tidegate.model.reach import State
from tidegate.model.report import Report
from tidegate.sources.targets import Wanted, is_address

if TYPE_CHECKING:
    from tidegate.share.ledger import Ledger  # SQLAlchemy, 0.3 s, and not everyone has a ledger

ENDS_WITHIN_S = 60.0
"""The first round is asked again for so long while the credential still works: caches take their time."""

MOST_FILES = 20
"""Looked into before all of what was scanned is read again."""

_OF_GRANT = {"azure": "azure", "aws": "s3", "gcp": "gcs"}
"""`Grant.provider` -> the provider's folder."""


def find(finding_id: str, reports: Sequence[Report]) -> tuple[Report, Finding]:
    """Return the finding, and the report it stands in. Raises `UsageError` when none has it."""
    for report in reports:
        for finding in report.findings:
            if finding.id == finding_id:
                return report, finding
    raise UsageError(
        f"the report has no finding {finding_id[:40]!r}",
        hint="tidegate report REPORT.json shows them, with their ids.",
    )


def read_again(
    finding: Finding, *, text: str | None = None, jobs: int = 1, cache_dir: Path | None = None
) -> Credential:
    """Return the live credential: from `text`, or read again where the report says it stands.

    Reports hold no secret. Raises `UsageError` when it stands there no more.
    """
    grant = finding.grant
    if grant.kind == "anonymous":
        provider = _OF_GRANT.get(grant.provider, grant.provider)
        return Credential(grant=grant, provider=provider, kind="public_url")
    targets = tuple(dict.fromkeys(place.target for place in finding.occurrences))
    plan = Scan(
        targets=targets,
        rules=load_rules((), cache_dir),
        wanted=Wanted(),
        jobs=jobs,
        now=datetime.now(UTC),
        cache_dir=cache_dir,
        include_suppressed=True,
    )
    if text is not None:
        found = again.credential_in(text, plan, finding.id)
        if found is None:
            raise UsageError(
                "what was given holds no credential of this finding",
                hint="Give the whole link, connection string or key file that the report means.",
            )
        return found
    # What still stands in a file needs no reading of a whole history.
    files = replace(plan, targets=tuple(dict.fromkeys(_files(finding))), wanted=Wanted(history=False), jobs=1)
    found = again.credential(files, finding.id) or again.credential(plan, finding.id)
    if found is None:
        absent = [each for each in targets if not (os.path.lexists(each) or is_address(each) or each == "-")]
        if absent and absent == list(targets):
            raise UsageError(
                f"where the report saw the credential of {finding.id} is not here: {', '.join(absent[:3])}",
                hint="Stand where the scan was run, or give the credential with --credential-from FILE (- is "
                "standard input): the proof needs it.",
            )
        raise UsageError(
            f"the credential of {finding.id} does not stand any more where the report saw it: "
            + (", ".join(targets[:3]) or "nowhere that can be read again"),
            hint="Give it with --credential-from FILE, or with - on standard input: the proof needs it.",
        )
    return found


def _files(finding: Finding) -> Iterator[str]:
    """Yield the files of the finding's places that are there now, none outside of what was scanned."""
    for place in finding.occurrences[:MOST_FILES]:
        target = Path(place.target)
        with suppress(OSError, ValueError):
            file = target if target.is_file() else target / place.path.partition("!/")[0]
            if file.is_file() and file.resolve().is_relative_to(target.resolve()):
                yield str(file)


def known(reports: Sequence[Report], ledger: Ledger | None) -> tuple[Known, ...]:
    """Return every other credential that the reports and the ledger know and that may still live."""
    found: dict[str, Known] = {}
    if ledger is not None:
        now = datetime.now(UTC)
        for share in ledger.all():
            if share.status(now) not in ("live", "revoking", "making"):
                continue
            what = "/".join(part for part in (share.account, share.container, share.path) if part)
            to_whom = f", for {share.made_for}" if share.made_for else ""
            rights = share.rights.replace(",", ", ")
            words = f"shared by {share.made_by}{to_whom}: {rights} {what} until {share.ends_at[:10]}"
            found[share.id] = Known(
                id=share.id,
                words=words,
                kind=share.kind,
                account=share.account,
                container=share.container,
                path=share.path,
                policy=share.policy,
                signer=share.signer,
                parameters=share.parameters,
                fingerprint=share.fingerprint,
            )
    ours = {each.fingerprint for each in found.values() if each.fingerprint}
    for report in reports:
        for finding in report.findings:
            grant = finding.grant
            if finding.fingerprint in ours or (finding.reach and finding.reach.state is State.CLOSED):
                continue
            place = finding.occurrences[0] if finding.occurrences else None
            at = f"{place.path}:{place.line}: " if place is not None else ""
            found[finding.id] = Known(
                id=finding.id,
                words=at + sentence(grant, report.ended_at, finding.reach),
                kind=grant.kind,
                account=grant.account or "",
                container=grant.container or "",
                path=grant.key or "",
                policy=grant.policy or "",
                signer=grant.signer or "",
                parameters={k: v for k, v in grant.facts.items() if k != "cloud"},
                fingerprint=finding.fingerprint,
            )
    return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """One case under way: what asks, what is known, and where it is written down."""

    finding: Finding
    credential: Credential
    closer: plugins.Closer
    study: Study | None
    store: Store
    only: Only
    """What holds its writes to the plan."""


def open_case(
    finding: Finding,
    credential: Credential,
    *,
    others: Sequence[Known] = (),
    ways: Ways,
    environment: Mapping[str, str],
    store: Store,
    study: bool = True,
) -> Closure:
    """Take a case to the provider that can end it, and with `study` learn what hangs on it.

    Raises `UsageError` where nobody knows how it is ended, `OutOfScopeError`, `RequestError`.
    """
    ends = plugins.closing(credential.provider)
    if ends is None:
        raise UsageError(
            f"Tidegate cannot end a {finding.grant.kind.replace('_', ' ')}",
            hint=finding.grant.revocation.means,
        )
    case = Case(
        finding=finding.id,
        credential=credential,
        known=tuple(
            each for each in others if each.id != finding.id and each.fingerprint != finding.fingerprint
        ),
        now=datetime.now(UTC),
    )
    only = Only(ways.writer)
    closer = ends.open(case, ways.net, only, environment)
    return Closure(
        finding=finding,
        credential=credential,
        closer=closer,
        study=closer.study() if study else None,
        store=store,
        only=only,
    )


def agreed(closure: Closure, digest: str) -> Plan:
    """Return the plan of this hash: one that was begun, or one just made. Raises `UsageError` for neither."""
    kept = closure.store.plan(closure.finding.id, digest)
    if kept is not None:
        return kept
    made = closure.study.plans if closure.study is not None else ()
    for plan in made:
        if plan.hash == digest:
            return plan
    now = enumerate_words([f"{plan.hash} ({plan.way})" for plan in made]) or "none"
    raise UsageError(
        "no plan has this hash: the account, the ledger or the reports changed since",
        hint=f"Look at the plans again, without --apply. Their hashes are now: {now}.",
    )


def apply(
    closure: Closure,
    plan: Plan,
    *,
    again: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Carry a plan out, or go on with it. Raises `StoppedError`, and `JournalError` when it is under way."""
    closure.store.keep(plan)
    closure.only.hold_to(plan)
    with closure.store.journal(plan) as journal:
        carry_out(plan, closure.closer, journal, lambda: datetime.now(UTC), again=again, tell=tell, wait=wait)


def ask(closure: Closure, *, now: datetime | None = None) -> Round:
    """Ask the three probes, once, and judge them."""
    leaked, flipped, owner = closure.closer.probes()
    answers = [Answer(status=each.status, code=each.code) for each in (leaked, flipped, owner)]
    refusals = frozenset(each.code for each in (leaked, flipped) if each.authentication)
    at = now or datetime.now(UTC)
    ends = closure.finding.grant.expires_at
    verdict = judge(
        *answers,
        refusals=refusals,
        expired=ends is not None and ends <= at,
        anyone=closure.finding.grant.kind == "anonymous",
    )
    return Round(at=at, leaked=answers[0], flipped=answers[1], owner=answers[2], verdict=verdict)


def prove(
    closure: Closure,
    plan: Plan | None,
    *,
    after: Sequence[timedelta] | None = None,
    tell: Callable[[str], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
) -> Proof:
    """Ask what is due and write it down; what is not due yet is not asked.

    plan: the one that was carried out; `None` when somebody else ended it. after: when to ask, counted from
    the end of the plan; as said the first time, else at once, after 5 and 30 minutes, and after a day.
    """
    finding, digest = closure.finding.id, plan.hash if plan is not None else ELSEWHERE
    if plan is not None:
        closure.only.hold_to(plan)
    old = closure.store.proof(finding, digest)
    if old is not None:
        closed_at = old.closed_at
    elif plan is None:
        closed_at = datetime.now(UTC)
    else:
        with closure.store.journal(plan) as journal:
            done_at = journal.done_at
        if done_at is None:
            raise UsageError("the plan is not carried out, so that there is nothing to prove yet")
        closed_at = done_at
    schedule = tuple(after) if after is not None else old.after if old is not None else AFTER
    proof = closure.store.begin_proof(finding, digest, closed_at, schedule)
    while (due := next_due(proof.closed_at, proof.rounds, proof.after)) is not None and due <= datetime.now(
        UTC
    ):
        one = _round(closure, tell, wait, patient=not proof.rounds)
        proof.add(one)
        if one.verdict is not Verdict.DEAD:
            break
    return proof


def settle(ledger: Ledger, finding: Finding, plan: Plan | None, proof: Proof) -> None:
    """Write into the ledger what a closing did to its shares: the leaked one, and those that broke with it.

    One that broke is not called revoked: `tidegate share revoke` proves it. What was done fast can be taken
    back, so that others are only noted.
    """
    dead = bool(proof.rounds) and proof.rounds[-1].verdict is Verdict.DEAD
    lines = [line for step in (plan.steps if plan is not None else ()) for line in step.breaks]
    broke = {line.partition(":")[0] for line in lines}
    for share in ledger.all():
        if share.state not in ("live", "revoking"):
            continue
        if share.fingerprint == finding.fingerprint and dead:
            ledger.change(share.id, f"it leaked ({finding.id}): closed, and proved dead", state="revoked")
        elif share.id in broke and share.state == "live" and plan is not None:
            goes = {"state": "revoking"} if plan.way is Way.NO_DOWNTIME else {}
            ledger.change(share.id, f"broke with the closing of {finding.id}, plan {plan.hash}", **goes)


def proof_of(closure: Closure) -> Proof | None:
    """Return what was proved until now of the newest closing; nothing is asked."""
    finding = closure.finding.id
    done = closure.store.carried_out(finding)
    return closure.store.proof(finding, done.hash if done is not None else ELSEWHERE)


def _round(
    closure: Closure, tell: Callable[[str], None], wait: Callable[[float], None], *, patient: bool
) -> Round:
    """Ask once; the first time again while it still works, since services take their time."""
    waited_s = 0.0
    while True:
        one = ask(closure)
        if one.verdict is not Verdict.ALIVE or not patient or waited_s >= ENDS_WITHIN_S:
            return one
        if not waited_s:
            tell("it still works; services take up to a minute: asking again …")
        wait(2.0)
        waited_s += 2.0
