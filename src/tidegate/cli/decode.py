"""`tidegate decode LINK_OR_TOKEN`: what one credential permits, offline."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from tidegate.cli import codes, options
from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.model.grant import Grant
    from tidegate.report._terminal import Paper

HELP = "say what a link, token or key permits, offline"
DESCRIPTION = """\
Say what a link, token or key permits, until when, and how it is revoked.
Nothing is sent anywhere.

Give it in quotes, because the shell cuts a link at each &. Better, give - and
let it be read from standard input: an argument can be seen by others in the
list of processes, and stays in the history of the shell."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument("text", metavar="LINK_OR_TOKEN", help="in quotes; - for standard input")
    options.add_output(parser, ["text", "json"])


def run(args: argparse.Namespace) -> int:
    """Decode, write the one document, and return the exit code."""
    from tidegate.api import scanning  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.cli.output import Output  # noqa: PLC0415
    from tidegate.cli.stdin import credential  # noqa: PLC0415

    text = credential() if args.text == "-" else args.text
    now = datetime.now(UTC)
    with Output(args.output, args.color) as out:
        grant = scanning.decode(text, now=now, cache_dir=options.cache_dir())
        if grant is None:
            raise UsageError(
                "this is no link, token or key that Tidegate knows",
                hint="give it whole and in quotes (the shell cuts a link at each &), or on stdin with -",
            )
        found = grant
        if args.format == "json":
            out.write(lambda stream: _json(found, stream), unicode=True)
        else:
            out.write(lambda stream: _text(found, now, stream, colour=out.colour), unicode=False)
    return codes.CLEAN


def _json(grant: Grant, stream: TextIO) -> None:
    from tidegate.model.codec import grant_to_dict  # noqa: PLC0415
    from tidegate.report._json import dumps  # noqa: PLC0415

    stream.write(dumps(grant_to_dict(grant), indent=2) + "\n")


def _text(grant: Grant, now: datetime, stream: TextIO, *, colour: bool) -> None:
    from tidegate.report._terminal import Paper  # noqa: PLC0415

    paper = Paper.of(stream.encoding, colour=colour, width=options.width())
    stream.writelines(line.rstrip() + "\n" for line in _lines(paper, grant, now))


def _lines(paper: Paper, grant: Grant, now: datetime) -> Iterator[str]:
    from tidegate.assess import words  # noqa: PLC0415
    from tidegate.report import _grant  # noqa: PLC0415

    yield paper.rule(paper.clean(_grant.name(grant)), style="bold")
    yield from paper.wrap(paper.clean(words.sentence(grant, now)), first=" ", style="bold")
    yield from _grant.entries(paper, "mind", grant.warnings)
    yield ""
    yield from _grant.facts(paper, grant, now, always_matrix=True)
    own = "  ".join(f"{key}={value}" for key, value in grant.facts.items())
    yield from _grant.block(paper, "as said", paper.clean(own)) if own else ()
