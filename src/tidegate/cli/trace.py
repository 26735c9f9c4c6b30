"""`tidegate trace --log PATH…`: who used a leaked credential, by the service's logs."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tidegate.cli import codes, options
from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.report._terminal import Paper
    from tidegate.trace.read import Read
    from tidegate.trace.summary import Trace
    from tidegate.trace.wanted import Wanted

HELP = "say who used a leaked credential, from the logs of the service"
DESCRIPTION = """\
Read logs of the storage service and say of one credential: when it was used, from
which addresses, on which items, how many bytes went out, what was changed.

Logs: Azure Storage Analytics ($logs, 1.0 and 2.0), StorageBlobLogs (JSON), S3
server access logs, CloudTrail, Google Cloud audit logs; files or folders, .gz
too. The credential is named by its link on standard input (--link -), by a
finding of a saved report, or by the id of its key."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument("--log", nargs="+", required=True, metavar="PATH", help="files or folders")
    what = parser.add_argument_group("which credential")
    what.add_argument("--link", choices=["-"], metavar="-", help="read the link from standard input")
    what.add_argument("--report", metavar="REPORT.json", help="a saved report")
    what.add_argument("--finding", metavar="ID", help="the finding in it")
    what.add_argument("--key-id", metavar="ID", help="an access key id, or a service account")
    parser.add_argument("--since", metavar="DATE", help="when it leaked: which models changed from then on")
    options.add_output(parser, ["text", "json"])


def run(args: argparse.Namespace) -> int:
    """Read the logs, write the one document; 1 when it was used, 3 when logs could not be read."""
    from tidegate.cli.output import Output  # noqa: PLC0415 - not needed for --help
    from tidegate.engine.mask import Mask  # noqa: PLC0415
    from tidegate.sources.targets import is_storage  # noqa: PLC0415
    from tidegate.trace import read, summary  # noqa: PLC0415

    wanted = _wanted(args)
    since = _since(args.since)
    if any(map(is_storage, args.log)):
        raise UsageError(
            "--log takes files and folders", hint="download the logs first, then name their folder"
        )
    paths = [Path(each) for each in args.log]
    done, trace = read.Read(), summary.Trace(certain=wanted.certain)
    for use in read.uses(paths, wanted, done):
        trace.add(use)
    done.gaps = list(map(Mask().gap, done.gaps))
    with Output(args.output, args.color) as out:
        if args.format == "json":
            out.write(lambda stream: _json(stream, trace, done, since), unicode=True)
        else:
            out.write(lambda stream: _text(stream, trace, done, since, colour=out.colour), unicode=False)
    if trace.uses:
        return codes.FOUND
    return codes.INCOMPLETE if done.gaps or not done.bytes else codes.CLEAN


def _wanted(args: argparse.Namespace) -> Wanted:
    from tidegate.trace import wanted  # noqa: PLC0415

    found = None
    if bool(args.report) != bool(args.finding):
        raise UsageError(
            "--report and --finding go together: the report, and the id of the finding in it",
            hint="tidegate report REPORT.json shows the ids",
        )
    if args.key_id:
        found = wanted.Wanted(key_id=args.key_id)
    elif args.link:
        from tidegate.cli.stdin import credential  # noqa: PLC0415

        text = credential()
        found = wanted.of_sas(text) or _of_presigned(text)
    elif args.report and args.finding:
        from tidegate.model import codec  # noqa: PLC0415

        try:
            report = codec.loads(Path(args.report).read_bytes())
        except OSError as why:
            raise UsageError(f"cannot read {args.report}: {why.strerror}") from why
        finding = next((each for each in report.findings if each.id == args.finding), None)
        if finding is None:
            raise UsageError(f"{args.report} has no finding {args.finding}")
        facts = finding.grant.facts
        key = facts.get("key_id") or facts.get("access_key_id") or facts.get("client_email") or ""
        found = wanted.Wanted(key_id=key) if key else wanted.of_facts(facts, finding.grant.account or "")
    if found is None:
        raise UsageError(
            "which credential? nothing in what was given shows in a log",
            hint="give --link - with the link on standard input, --report with --finding, or --key-id",
        )
    return found


def _of_presigned(text: str) -> Wanted | None:
    from urllib.parse import parse_qsl, urlsplit  # noqa: PLC0415

    from tidegate.trace.wanted import Wanted as Sought  # noqa: PLC0415

    query = dict(parse_qsl(urlsplit(text).query))
    scope = query.get("X-Amz-Credential") or query.get("X-Goog-Credential") or ""
    key = scope.partition("/")[0] or query.get("AWSAccessKeyId") or query.get("GoogleAccessId") or ""
    return Sought(key_id=key) if key else None


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as why:
        raise UsageError("--since is no date", hint="write it as 2020-07-20") from why
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _json(stream: TextIO, trace: Trace, done: Read, since: datetime | None) -> None:
    from tidegate.report._json import dumps  # noqa: PLC0415
    from tidegate.trace.summary import to_dict  # noqa: PLC0415

    gaps = [{"stage": each.stage, "subject": each.subject, "reason": each.reason} for each in done.gaps]
    logs = {"files": done.files, "bytes": done.bytes, "formats": done.formats}
    document = {"schema": "tidegate-trace/1", "logs": logs, "complete": not done.gaps, "gaps": gaps}
    stream.write(dumps({**document, **to_dict(trace, since)}, indent=2) + "\n")


def _text(stream: TextIO, trace: Trace, done: Read, since: datetime | None, *, colour: bool) -> None:
    from tidegate.report._terminal import Paper as Sheet  # noqa: PLC0415

    paper = Sheet.of(stream.encoding, colour=colour, width=options.width())
    stream.writelines(line.rstrip() + "\n" for line in _lines(paper, trace, done, since))


def _lines(paper: Paper, trace: Trace, done: Read, since: datetime | None) -> Iterator[str]:
    from tidegate.assess.words import many, size  # noqa: PLC0415
    from tidegate.report._grant import block  # noqa: PLC0415

    logs = f"{many(done.files, 'file')}, {size(done.bytes)}: {', '.join(sorted(done.formats)) or 'no log'}"
    if not trace.uses and not done.formats:
        yield from paper.wrap("No log was read, so this says nothing about its use.", first=" ", style="bold")
    elif not trace.uses:
        yield from paper.wrap("No use of it stands in these logs.", first=" ", style="bold")
        yield from paper.wrap("That says nothing of times and services that they do not cover.", first=" ")
    else:
        done_ = f"{trace.uses - trace.refused:,} requests went through, {trace.refused:,} were refused"
        when = (
            f"from {trace.first_at:%Y-%m-%d %H:%M} to {trace.last_at:%Y-%m-%d %H:%M} UTC"
            if (trace.first_at and trace.last_at)
            else "at times the logs do not tell"
        )
        yield from paper.wrap(f"It was used {when}: {done_}.", first=" ", style="bold")
        if not trace.certain:
            yield from paper.wrap(
                "These logs mask the signature: other links with the same dates and rights look the same.",
                first=" ",
            )
        deeds = ", ".join(f"{name} {count:,}" for name, count in trace.deeds.most_common())
        yield from block(paper, "did", paper.clean(deeds or "nothing that went through"))
        yield from block(paper, "bytes", f"{size(trace.bytes_out)} out, {size(trace.bytes_in)} in")
        yield from _top(paper, "from", trace.addresses)
        yield from _top(paper, "with", trace.agents)
        yield from _top(paper, "items", trace.items)
        if trace.changed:
            changed = len(trace.changed) + trace.changed_more
            yield from block(
                paper, "changed", f"{many(changed, 'item')} written or deleted", style="critical"
            )
        for number, (item, at, deed) in enumerate(trace.models(since)[:10]):
            when = f"{at:%Y-%m-%d %H:%M}" if at else "?"
            label = "" if number else "models"
            yield from block(paper, label, paper.clean(f"{when}  {deed}  {item}"), style="critical")
        yield from _days(paper, trace.days)
    yield from block(paper, "logs", paper.clean(logs))
    for number, gap in enumerate(done.gaps[:10]):
        yield from block(paper, "" if number else "gaps", paper.clean(f"{gap.subject}: {gap.reason}"))
    if len(done.gaps) > 10:
        yield from block(paper, "", f"and {len(done.gaps) - 10:,} more")


def _top(paper: Paper, label: str, table: Counter[str], shown: int = 5) -> Iterator[str]:
    from tidegate.report._grant import block  # noqa: PLC0415

    for number, (name, count) in enumerate(table.most_common(shown)):
        yield from block(paper, "" if number else label, paper.clean(f"{name or '(not told)'}  {count:,}"))
    if len(table) > shown:
        yield from block(paper, "", f"and {len(table) - shown:,} more")


def _days(paper: Paper, days: Counter[str]) -> Iterator[str]:
    from tidegate.report._grant import block  # noqa: PLC0415

    most = max(days.values(), default=1)
    busiest = sorted(day for day, _ in days.most_common(14))
    for number, day in enumerate(busiest):
        bar = "#" * max(1, days[day] * 30 // most)
        yield from block(paper, "" if number else "days", f"{day} {bar} {days[day]:,}")
    if len(days) > len(busiest):
        yield from block(paper, "", f"the busiest {len(busiest)} of {len(days):,} days")
