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

With --fail-on the exit code is that of a scan; without it, 0."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument("report", metavar="REPORT.json", help="- for standard input")
    options.add_output(parser, options.formats())
    options.add_gate(parser, default=None)


def run(args: argparse.Namespace) -> int:
    """Read, write the one document, and return the exit code."""
    from tidegate.cli.output import Output  # noqa: PLC0415 - not needed for --help
    from tidegate.cli.render import render  # noqa: PLC0415
    from tidegate.model import codec  # noqa: PLC0415
    from tidegate.model.finding import Severity  # noqa: PLC0415

    report = codec.loads(_read(args.report))
    with Output(args.output, args.color) as out:
        render(report, out, args.format)
    if args.fail_on is None:
        return codes.CLEAN
    return codes.of(report, fail_on=Severity(args.fail_on), exit_zero=args.exit_zero)


def _read(file: str) -> bytes:
    if file == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed")
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror or error}") from error
