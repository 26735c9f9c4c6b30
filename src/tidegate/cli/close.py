"""`tidegate close FINDING_ID`: a plan that ends what leaked; with --apply carried out and proved."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli import _papers, _state, codes, online, options
from tidegate.cli.speak import tell
from tidegate.errors import RefusedError, TidegateError, UsageError

if TYPE_CHECKING:
    from datetime import timedelta

    from tidegate.api.closing import Closure
    from tidegate.close.plan import Plan, Study
    from tidegate.close.store import Proof, Store
    from tidegate.model.credential import Credential
    from tidegate.model.finding import Finding
    from tidegate.model.report import Report
    from tidegate.share.ledger import Ledger

HELP = "end a leaked link or key: the plan and its cost; with --apply carry it out and prove it"
DESCRIPTION = """\
Make a plan that ends one finding of a saved report: which key signed it, which
other links hang on that key or policy and break with it, the exact requests, how
each is taken back. Without --apply nothing is changed.

With --apply the plan is carried out step by step, each written down before and
after, so that a second run goes on where the first broke off. Then the proof: the
leaked credential is refused, a copy with one character changed is refused in the
same way, and its owner is served; again after 5 minutes, 30 minutes and a day
(tidegate close --prove FINDING_ID asks what is due). Only then it is CLOSED.

The owner's credentials come from the cloud's own default chain; the scope file
must name the account. The report holds no secret: the credential is read again
where it stands, or given with --credential-from."""

EPILOG = """\
exit codes:
  0    closed: every proof that was asked for holds
  1    still there: a plan was shown, or it still works
  2    the command, a file or a setting is wrong, or a step was not carried out
  3    refused so far, with further proofs due; or the answers prove nothing
  4    refused: out of scope or not authorised
  130  interrupted
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument("finding", metavar="FINDING_ID", help="tg-… of a report")
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="REPORT.json",
        help="the saved report; more of them tell which other links break (repeatable)",
    )
    parser.add_argument(
        "--credential-from",
        metavar="FILE",
        help="where the leaked credential stands, - for standard input, if not where the report saw it",
    )
    what = parser.add_argument_group("what is done")
    what.add_argument("--way", choices=("fast", "no-downtime"), help="one of the two ways alone")
    what.add_argument("--apply", action="store_true", help="carry the plan out; asks first, on a terminal")
    what.add_argument("--yes", metavar="HASH", help="the plan that was looked at: --apply does not ask then")
    what.add_argument(
        "--again",
        action="store_true",
        help="send a step once more that an earlier run may have sent: only after looking at the account",
    )
    what.add_argument("--prove", action="store_true", help="ask the proofs that are due; nothing is changed")
    what.add_argument(
        "--prove-at",
        metavar="TIMES",
        help="when to ask, counted from the last step (0,5m,30m,24h)",
    )
    parser.add_argument(
        "--ledger", metavar="FILE", help="the ledger (TIDEGATE_LEDGER; ledger.sqlite of the state folder)"
    )
    parser.add_argument(
        "--state", metavar="DIR", help="where plans and journals are kept (closings of the state folder)"
    )
    online.add(parser)
    options.add_output(parser, ["json", "text"])
    parser.add_argument("--quiet", action="store_true", help="nothing on stderr but errors")
    _papers.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, or carry out, or prove; write the one document, and return the exit code."""
    from tidegate.close.carry_out import StoppedError  # noqa: PLC0415

    started_at = datetime.now(UTC)
    if args.apply and args.prove:
        raise UsageError("--apply proves what it did; --prove changes nothing", hint="Give one of them.")
    if args.yes and not args.apply:
        raise UsageError("--yes belongs to --apply")
    try:
        return _run(args, started_at)
    except RefusedError as why:
        if why.status in (401, 403):
            _complain(why)
            return codes.REFUSED
        raise
    except StoppedError as why:
        _complain(why)
        denied = re.search(r"refused, nothing changed \((?:could not [^:]{1,200}: )?40[13]\b", str(why))
        return codes.REFUSED if denied else codes.USAGE


def _run(args: argparse.Namespace, started_at: datetime) -> int:
    from tidegate.api import closing as api  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.cli.output import Output  # noqa: PLC0415
    from tidegate.close.reported import report_of  # noqa: PLC0415

    reports = _reports(args)
    report, finding = api.find(args.finding, reports)
    store = _store(args)
    if _papers.offline(args):
        return _papers.run(args, report, finding, store)
    reported, use = _papers.reported(args), _papers.use(args)
    with ExitStack() as stack:
        out = stack.enter_context(Output(args.output, args.color))
        credential = _credential(args, finding)
        ways = stack.enter_context(online.ways(args))
        ledger = _ledger(args, stack)
        others = api.known(reports, ledger)
        closure = api.open_case(
            finding,
            credential,
            others=others,
            ways=ways,
            environment=dict(os.environ),
            store=store,
            study=not args.prove and not (args.apply and args.yes and store.plan(finding.id, args.yes)),
        )
        plan: Plan | None = None
        proof: Proof | None = None
        after = _moments(args.prove_at)
        if args.apply:
            plan = _agreed(args, closure)
            api.apply(closure, plan, again=args.again, tell=_teller(args))
            proof = api.prove(closure, plan, after=after, tell=_teller(args))
        elif args.prove:
            plan = store.carried_out(finding.id)
            if plan is None and store.plans(finding.id):
                raise UsageError(
                    "no plan was carried out to its end, so that there is nothing to prove yet",
                    hint="Without --prove it says how to go on.",
                )
            proof = api.prove(closure, plan, after=after, tell=_teller(args))
        elif closure.study is not None and not closure.study.plans:
            proof = api.proof_of(closure)
        if ledger is not None and proof is not None and (args.apply or args.prove):
            api.settle(ledger, finding, plan if args.apply else None, proof)
        record: Path | None = None
        if proof is not None and (args.apply or args.prove):
            from tidegate.api import papers  # noqa: PLC0415

            _, record = papers.write_record(
                finding, plan, proof, store, found_at=report.started_at, reported_at=reported, use=use
            )
        document = report_of(report, finding, proof, started_at=started_at, now=datetime.now(UTC))
        text = _written(args, document, closure, plan, proof, record)
        out.write(lambda stream: print(text, end="", file=stream), unicode=args.format == "json")
    return _code(proof)


def _code(proof: Proof | None) -> int:
    from tidegate.close.prove import Verdict, next_due  # noqa: PLC0415

    if proof is None or not proof.rounds or proof.rounds[-1].verdict is Verdict.ALIVE:
        return codes.FOUND
    proved = next_due(proof.closed_at, proof.rounds, proof.after) is None
    return codes.CLEAN if proved else codes.INCOMPLETE


def _agreed(args: argparse.Namespace, closure: Closure) -> Plan:
    """Return the plan that the user agrees to: by its hash, or asked on a terminal."""
    from tidegate.api import closing as api  # noqa: PLC0415
    from tidegate.close import words  # noqa: PLC0415

    if args.yes:
        return api.agreed(closure, args.yes)
    made = _wanted(args, closure.study)
    if len(made) != 1:
        hint = (
            "Choose with --way fast or --way no-downtime."
            if made
            else "See what is missing, without --apply."
        )
        raise UsageError("there is no one plan to carry out" if made else "there is no plan", hint=hint)
    if sys.stdin is None or not sys.stdin.isatty() or args.credential_from == "-":
        raise UsageError(
            "nobody is there to be asked",
            hint=f"Look at the plan without --apply, then add --yes {made[0].hash}.",
        )
    _show(words.plan_lines(made[0], width=options.width()))
    tell(f"Carry out the plan {made[0].hash} on {made[0].account}? Type the account's name: ", "", end="")
    if sys.stdin.readline().strip() != made[0].account:
        raise UsageError("not carried out", hint="Nothing was changed.")
    return made[0]


def _wanted(args: argparse.Namespace, study: Study | None) -> list[Plan]:
    made = study.plans if study is not None else ()
    return [plan for plan in made if args.way in (None, plan.way.value)]


def _written(
    args: argparse.Namespace,
    report: Report,
    closure: Closure,
    plan: Plan | None,
    proof: Proof | None,
    record: Path | None,
) -> str:
    if args.format == "json":
        from tidegate.close import words  # noqa: PLC0415
        from tidegate.model import codec  # noqa: PLC0415
        from tidegate.report._json import dumps  # noqa: PLC0415

        plans = [plan] if plan is not None else _wanted(args, closure.study)
        closing_ = words.to_dict(closure.study, plans, _notes(closure.store, plan), proof)
        if record is not None:
            closing_["record"] = str(record)
        return dumps({**codec.to_dict(report), "closing": closing_}, indent=2) + "\n"
    lines = [*_plain(args, report.findings[0], closure, plan, proof)]
    if record is not None:
        lines.append(f"Record: {record}")
    return "".join(f"{line}\n" for line in lines)


def _notes(store: Store, plan: Plan | None) -> list[tuple[str, str, datetime, str]]:
    if plan is None:
        return []
    with store.journal(plan) as journal:
        return [(each.step, each.mark.value, each.at, each.reason) for each in journal.notes]


def _plain(
    args: argparse.Namespace, finding: Finding, closure: Closure, plan: Plan | None, proof: Proof | None
) -> Iterator[str]:
    """Yield the document for people."""
    from dataclasses import replace  # noqa: PLC0415

    from tidegate.assess import words as sentences  # noqa: PLC0415
    from tidegate.close import words  # noqa: PLC0415
    from tidegate.report._escape import safe  # noqa: PLC0415

    yield safe(f"{finding.id}  {sentences.sentence(finding.grant, datetime.now(UTC), finding.reach)}")
    again, study = f"tidegate close {finding.id}{_same(args)}", closure.study
    if study is not None and not args.apply:
        shown = replace(study, plans=tuple(_wanted(args, study)))
        width = options.width() if args.output is None else 100
        yield from map(safe, words.study_lines(shown, width=width))
        yield ""
        yield from map(safe, _begun(closure, again))
        yield "Nothing was changed."
        yield from (safe(f"{each.way:<12} {again} --apply --yes {each.hash}") for each in shown.plans)
    if proof is not None:
        for one in proof.rounds[-4:]:
            yield from map(safe, words.round_lines(one))
        yield safe(words.state_line(proof, f"{again} --prove"))
        yield from map(safe, words.left_lines(plan))
    elif study is not None and not study.plans:
        yield safe(f"Whether it is dead: {again} --prove")


def _begun(closure: Closure, again: str) -> Iterator[str]:
    """Yield a line for each plan that an earlier run began."""
    from tidegate.close import words  # noqa: PLC0415

    for plan in closure.store.plans(closure.finding.id):
        with closure.store.journal(plan) as journal:
            done_at = journal.done_at
        if done_at is None:
            yield f"Plan {plan.hash} ({plan.way}) was begun and broke off. To go on:"
            yield f"  {again} --apply --yes {plan.hash}"
        else:
            yield f"Plan {plan.hash} ({plan.way}) was carried out at {done_at:%Y-%m-%d %H:%M} UTC."
            proof = closure.store.proof(closure.finding.id, plan.hash)
            if proof is not None and closure.study is not None and closure.study.plans:
                yield f"  {words.state_line(proof, f'{again} --prove')}"


def _same(args: argparse.Namespace) -> str:
    """Return the options that a next command needs too."""
    given = [("--report", each) for each in args.report]
    given += [
        (f"--{name.replace('_', '-')}", getattr(args, name))
        for name in ("scope", "credential_from", "state", "ledger")
    ]
    given += [("--scope-account", each) for each in args.scope_account]
    import shlex  # noqa: PLC0415

    return "".join(f" {name} {shlex.quote(value)}" for name, value in given if value)


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        tell(line, "")


def _teller(args: argparse.Namespace) -> Callable[[str], None]:
    def said(line: str) -> None:
        if not args.quiet:
            tell(line)

    return said


def _complain(error: TidegateError) -> None:
    from tidegate.cli.entry import complain  # noqa: PLC0415 - it imports this module

    complain(error)


def _reports(args: argparse.Namespace) -> list[Report]:
    from tidegate.model import codec  # noqa: PLC0415

    if not args.report:
        raise UsageError(
            "no report was named: a finding's id alone does not say what it is",
            hint="tidegate scan TARGET --format json -o REPORT.json, then --report REPORT.json.",
        )
    found = []
    for name in args.report:
        try:
            found.append(codec.loads(Path(name).read_bytes()))
        except OSError as error:
            raise UsageError(f"cannot read {name}: {error.strerror or error}") from error
    return found


def _credential(args: argparse.Namespace, finding: Finding) -> Credential:
    from tidegate.api import closing as api  # noqa: PLC0415
    from tidegate.cli.stdin import MAX_INPUT_BYTES, credential  # noqa: PLC0415

    text = None
    if args.credential_from == "-":
        text = credential()
    elif args.credential_from is not None:
        try:
            with Path(args.credential_from).open("rb") as file:
                text = file.read(MAX_INPUT_BYTES).decode("utf-8", "replace")
        except OSError as error:
            raise UsageError(f"cannot read {args.credential_from}: {error.strerror or error}") from error
    elif finding.occurrences:
        _teller(args)(f"reading the credential again from {finding.occurrences[0].target}")
    jobs = len(os.sched_getaffinity(0))
    return api.read_again(finding, text=text, jobs=jobs, cache_dir=options.cache_dir())


def _moments(text: str | None) -> Sequence[timedelta] | None:
    """Read `0,5m,30m,24h`. Raises `UsageError`."""
    from datetime import timedelta  # noqa: PLC0415

    if text is None:
        return None
    units = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"\+?(\d{1,6})(s|m|min|h|d)?", part.strip(), re.ASCII)
        if match is None:
            raise UsageError("--prove-at is no list of times", hint="For instance 0,5m,30m,24h.")
        found.append(timedelta(seconds=int(match[1]) * units[(match[2] or "").removesuffix("in")]))
    if found[0] or found != sorted(set(found)):
        raise UsageError("--prove-at begins with 0, and goes up", hint="For instance 0,5m,30m,24h.")
    return tuple(found)


def _store(args: argparse.Namespace) -> Store:
    from tidegate.close.store import Store  # noqa: PLC0415

    return Store(Path(args.state) if args.state else _state.folder() / "closings")


def _ledger(args: argparse.Namespace, stack: ExitStack) -> Ledger | None:
    """Open the ledger, if there is one: `close` makes none."""
    return stack.enter_context(_state.ledger(args.ledger)) if _state.has_ledger(args.ledger) else None
