"""`tidegate report REPORT.json`: a saved report in another form."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tidegate.cli import codes, options
from tidegate.errors import UsageError

HELP = "render a saved report again, in another form"
DESCRIPTION = """\
Render a report saved with `tidegate scan --format json -o REPORT.json` in any
of the forms.

With --fail-on the exit code is that of a scan; without it, 0. With --compare it
is 1 when something is new or worse, and --fail-on says from which severity on;
3 when nothing is, but the newer report has gaps."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument("report", nargs="?", metavar="REPORT.json", help="- for standard input")
    parser.add_argument(
        "--compare",
        nargs=2,
        metavar=("OLD.json", "NEW.json"),
        help="say what changed between two reports (text, json, markdown)",
    )
    options.add_output(parser, options.formats())
    options.add_gate(parser, default=None)


def run(args: argparse.Namespace) -> int:
    """Read, write the one document, and return the exit code."""
    from tidegate.cli.output import Output  # noqa: PLC0415 - not needed for --help
    from tidegate.cli.render import render  # noqa: PLC0415
    from tidegate.model import codec  # noqa: PLC0415
    from tidegate.model.finding import Severity  # noqa: PLC0415

    if args.compare:
        if args.report is not None:
            raise UsageError("--compare takes the two reports that it names, and no other")
        old, new = args.compare
        return _compare(old, new, args)
    if args.report is None:
        raise UsageError(
            "the following arguments are required: REPORT.json", hint="see tidegate report --help"
        )
    report = codec.loads(_read(args.report))
    with Output(args.output, args.color) as out:
        render(report, out, args.format)
    if args.fail_on is None:
        return codes.CLEAN
    return codes.of(report, fail_on=Severity(args.fail_on), exit_zero=args.exit_zero)


def _compare(old: str, new: str, args: argparse.Namespace) -> int:
    """Write what changed; 1 when something is new or worse, with `--fail-on` of that severity at least."""
    from tidegate.cli.output import Output  # noqa: PLC0415
    from tidegate.model import codec  # noqa: PLC0415
    from tidegate.model.finding import Severity  # noqa: PLC0415
    from tidegate.watch import changes  # noqa: PLC0415
    from tidegate.watch.diff import Change, diff  # noqa: PLC0415

    if args.format not in ("text", "json", "markdown"):
        raise UsageError("changes are told as text, json or markdown")
    after = codec.loads(_read(new))
    events = diff(codec.loads(_read(old)), after)
    with Output(args.output, args.color) as out:
        out.write(lambda stream: changes.write(events, args.format, stream), unicode=args.format != "text")
    least = Severity(args.fail_on).rank if args.fail_on else 0
    bad = any(
        each.change in (Change.NEW, Change.WORSE) and each.finding.severity.rank >= least for each in events
    )
    if bad and not args.exit_zero:
        return codes.FOUND
    return codes.CLEAN if after.complete else codes.INCOMPLETE


def _read(file: str) -> bytes:
    if file == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed")
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror or error}") from error
