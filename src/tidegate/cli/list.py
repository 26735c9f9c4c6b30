"""`tidegate list TARGET…`: what lies behind a link, key, container or bucket, in numbers."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tidegate.cli import codes, online, options
from tidegate.cli.speak import tell

if TYPE_CHECKING:
    from tidegate.cli.output import Output
    from tidegate.model.inventory import Summary
    from tidegate.model.report import Report

HELP = "list everything behind a link, key, container or bucket; read-only, in scope"
DESCRIPTION = """\
List everything that a link, token, key, container or bucket reaches: counts and
bytes, by kind, age, tier and folder, the largest, the newest. Only names and
sizes are read, and only where the scope file says so.

With -o FILE.parquet every item is kept, one row each. An interrupted listing
goes on where it was when the same command is given again."""

FORMATS = ("text", "json", "jsonl", "html", "svg")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument("target", metavar="TARGET", help="storage; - for standard input")
    what = parser.add_argument_group("what to list")
    what.add_argument("--past", action="store_true", help="also versions, snapshots and soft-deleted items")
    what.add_argument(
        "--max-items", type=options.count, metavar="N", help="stop after N items; the rest is a gap"
    )
    what.add_argument(
        "--max-pages", type=options.count, metavar="N", help="stop after N answers for one container"
    )
    online.add(parser)
    group = parser.add_argument_group("output")
    options.add_form(parser, group, FORMATS, " (html and svg are a treemap)")
    group.add_argument(
        "-o", "--output", metavar="FILE", help="write there; FILE.parquet: the inventory, one row an item"
    )
    options.add_colour(group)
    options.add_noise(parser)
    options.add_gate(parser, default=None)


def run(args: argparse.Namespace) -> int:
    """List, write the one document, and return the exit code."""
    from tidegate.api import asking  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.cli.output import Output  # noqa: PLC0415
    from tidegate.cli.progress import Listed  # noqa: PLC0415
    from tidegate.cli.stdin import credential  # noqa: PLC0415
    from tidegate.inventory.limits import Limits  # noqa: PLC0415
    from tidegate.model.severity import Severity  # noqa: PLC0415

    target = credential() if args.target == "-" else args.target
    keeps = args.output is not None and args.output.endswith(".parquet")
    given = {"max_items": args.max_items, "max_pages": args.max_pages}
    with Output(None if keeps else args.output, args.color) as out:
        with (
            Listed(wanted=not (args.quiet or args.no_progress)) as progress,
            online.net(args) as net,
        ):
            report, summaries = asking.inventory(
                target,
                net=net,
                file=Path(args.output) if keeps else None,
                past=args.past,
                limits=Limits(**{name: value for name, value in given.items() if value is not None}),
                cache_dir=options.cache_dir(),
                progress=progress,
            )
        _write(report, summaries, out, args.format)
    if keeps and not summaries:
        stays = "; the one that is there is of an earlier listing" if os.path.lexists(args.output) else ""
        tell(f"nothing was listed: {args.output} was not written{stays}")
    if args.fail_on is None:
        return codes.CLEAN if report.complete else codes.INCOMPLETE
    return codes.of(report, fail_on=Severity(args.fail_on), exit_zero=args.exit_zero)


def _write(report: Report, summaries: tuple[Summary, ...], out: Output, form: str) -> None:
    """Write the numbers in text, or as a picture; the report itself in a machine's form."""
    from tidegate.cli.render import render  # noqa: PLC0415

    if form in ("json", "jsonl"):
        render(report, out, form)
        return
    if form == "text":
        out.write(lambda stream: _text(report, summaries, stream, colour=out.colour), unicode=False)
        return
    from tidegate.report import _treemap  # noqa: PLC0415

    if not summaries:
        tell("nothing could be listed, so that there is no picture")
        for gap in report.gaps[:3]:
            tell(f"{gap.subject}: {gap.reason}", "gap")
        return
    (summary,) = summaries
    title = report.targets[0]
    picture = _treemap.svg(summary) if form == "svg" else _treemap.page(summary, title)
    out.write(lambda stream: stream.writelines([picture.rstrip("\n"), "\n"]), unicode=True)


def _text(report: Report, summaries: tuple[Summary, ...], stream: TextIO, *, colour: bool) -> None:
    from tidegate.report import _inventory, _reach, text  # noqa: PLC0415
    from tidegate.report._terminal import Paper  # noqa: PLC0415

    paper = Paper.of(stream.encoding, colour=colour, width=options.width())

    def lines() -> Iterator[str]:
        for finding in report.findings:
            yield from _reach.lines(paper, finding, contents=False)
        yield ""
        for summary in summaries:
            yield from _inventory.lines(paper, summary)
            yield ""
        yield from text.gaps(paper, report)

    stream.writelines(line.rstrip() + "\n" for line in lines())
