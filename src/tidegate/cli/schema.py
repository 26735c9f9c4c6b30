"""`tidegate schema [NAME]`: the JSON Schema of what the other commands print."""

from __future__ import annotations

import argparse

from tidegate.cli import codes
from tidegate.cli.speak import say
from tidegate.errors import UsageError

HELP = "print the JSON Schema of an output"
DESCRIPTION = """\
Print the JSON Schema (draft 2020-12) of what a command prints as JSON; without a
name, which there are. A name with -line is of one line of JSON lines."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="which one; without it their names are listed"
    )


def run(args: argparse.Namespace) -> int:
    """Print one schema, or the names."""
    from tidegate.report._json import dumps  # noqa: PLC0415 - not needed for --help
    from tidegate.schema.documents import DOCUMENTS, schema  # noqa: PLC0415

    if args.name is None:
        say("".join(f"{each.id:<13} {each.printed_by}\n" for each in DOCUMENTS.values()))
        return codes.CLEAN
    if args.name not in DOCUMENTS:
        raise UsageError("there is no schema of that name", hint=f"there are {', '.join(DOCUMENTS)}")
    say(dumps(schema(DOCUMENTS[args.name]), indent=1) + "\n", unicode=True)
    return codes.CLEAN
