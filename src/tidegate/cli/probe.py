"""`tidegate probe TARGET…`: is it open? Read-only, and only what the scope names."""

from __future__ import annotations

import argparse

from tidegate.cli import codes, online, options

HELP = "ask whether a link, key, container or bucket is open; read-only, in scope"
DESCRIPTION = """\
Ask the storage service whether a link, token or key works, or whether a
container or bucket is open to anyone: with as few and as small requests as
prove it, never one that writes, and only where the scope file says so.

A TARGET is a link or connection string (in quotes), az://account/container,
s3://bucket, gs://bucket, or - to read one from standard input, where no list
of processes and no shell history shows it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument(
        "targets", nargs="+", type=options.target, metavar="TARGET", help="storage; - for standard input"
    )
    parser.add_argument(
        "--anonymous", action="store_true", help="ask only for the address, without the credential in it"
    )
    online.add(parser)
    options.add_output(parser, options.formats())
    parser.add_argument("--quiet", action="store_true", help="nothing on stderr but errors")
    options.add_gate(parser, default="low")


def run(args: argparse.Namespace) -> int:
    """Ask, write the one document, and return the exit code."""
    from tidegate.api import asking  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.cli.output import Output  # noqa: PLC0415
    from tidegate.cli.render import render  # noqa: PLC0415
    from tidegate.cli.stdin import credential  # noqa: PLC0415
    from tidegate.model.severity import Severity  # noqa: PLC0415

    targets = [credential() if target == "-" else target for target in args.targets]
    with Output(args.output, args.color) as out:
        with online.refusing(lambda done: render(done, out, args.format)), online.net(args) as net:
            report = asking.probe(targets, net=net, anonymous=args.anonymous, cache_dir=options.cache_dir())
        render(report, out, args.format)
    return codes.of(report, fail_on=Severity(args.fail_on), exit_zero=args.exit_zero)
