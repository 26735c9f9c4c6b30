"""`tidegate inspect PATH_OR_TARGET…`: what the contents are, and what model files would do."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TextIO

from tidegate.cli import codes, online, options
from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.model.inspected import Inspected

HELP = "say what lies in files or behind a link, and what would run if someone loaded a model"
DESCRIPTION = """\
Say what lies in files and folders, or behind a link: disk images, backups, keys,
messages, databases, people, secrets in texts; by names, then first and last bytes,
then samples. Model files are judged without loading them: what would run if someone
did? Few bytes are read, none is executed. The verdict of a model is one of

  inert      the format cannot run code
  clean      it can, and everything it calls is on the list of what is harmless
  unknown    it calls something that is on no list
  damaged    it cannot be judged whole
  dangerous  it calls what can run code, read, write or reach out"""

FORMATS = ("text", "json", "jsonl", "sarif", "cyclonedx")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument(
        "targets",
        nargs="+",
        type=options.target,
        metavar="PATH_OR_TARGET",
        help="files and folders; a link in quotes (- for standard input), az://account/container, "
        "s3://bucket, gs://bucket",
    )
    what = parser.add_argument_group("what to look into")
    what.add_argument(
        "--exclude", action="append", default=[], metavar="GLOB", help="leave out these paths (repeatable)"
    )
    what.add_argument(
        "--policy",
        metavar="FILE",
        help="TOML with more names that are allowed: allow = ['mypackage.models.Net']",
    )
    what.add_argument("--jobs", type=options.positive, metavar="N", help="processes that work at once")
    what.add_argument(
        "--max-read",
        type=options.size,
        metavar="SIZE",
        help="bytes read below a folder or behind a link, at most (behind a link 256MiB unless said)",
    )
    what.add_argument(
        "--all",
        action="store_true",
        dest="every",
        help="look into every file of a folder, however many there are; without it of a very large one into "
        "models, risky names and a sample",
    )
    what.add_argument(
        "--seed", type=options.count, default=1, metavar="N", help="draw another sample (1 unless said)"
    )
    online.add(parser)
    options.add_output(parser, list(FORMATS))
    parser.add_argument(
        "--each", action="store_true", help="as text: a card for each item that is worth a look, not for 20"
    )
    options.add_noise(parser)
    options.add_gate(parser, default="low")


def run(args: argparse.Namespace) -> int:
    """Inspect, write the one document, and return the exit code."""
    from contextlib import nullcontext  # noqa: PLC0415

    from tidegate.api import inspecting  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.cli.output import Output  # noqa: PLC0415
    from tidegate.cli.progress import Inspecting  # noqa: PLC0415
    from tidegate.model.severity import Severity  # noqa: PLC0415
    from tidegate.sources.targets import is_storage  # noqa: PLC0415

    targets = [_given() if target == "-" else target for target in args.targets]
    asks = any(map(is_storage, targets))
    if not asks:
        online.idle(args, "nothing is asked: no target is storage")
    policy = options.policy(args.policy)
    with Output(args.output, args.color) as out:

        def write(result: Inspected) -> None:
            out.write(
                lambda stream: _write(result, stream, args.format, colour=out.colour, each=args.each),
                unicode=args.format != "text",
            )

        with (
            online.refusing(write),
            Inspecting(wanted=not (args.quiet or args.no_progress)) as progress,
            online.net(args) if asks else nullcontext() as net,
        ):
            result = inspecting.inspect(
                targets,
                jobs=args.jobs,
                policy=policy,
                exclude=tuple(args.exclude),
                net=net,
                cache_dir=options.cache_dir(),
                progress=progress,
                max_read=args.max_read,
                every=args.every,
                seed=args.seed,
            )
        write(result)
    worst = max((item.severity for item in result.items), key=lambda each: each.rank, default=Severity.INFO)
    if not args.exit_zero and worst.rank >= Severity(args.fail_on).rank:
        return codes.FOUND
    return codes.CLEAN if result.complete else codes.INCOMPLETE


def _given() -> str:
    """Return the link on standard input. Raises `UsageError` for anything else, such as a file's bytes."""
    from tidegate.cli.stdin import credential  # noqa: PLC0415
    from tidegate.sources.targets import is_storage  # noqa: PLC0415

    text = credential()
    if not is_storage(text):
        raise UsageError(
            "what stands on standard input is neither a link nor an address of storage",
            hint="name a file that is to be looked into: its ends are read where they lie",
        )
    return text


def _write(result: Inspected, stream: TextIO, form: str, *, colour: bool, each: bool) -> None:
    """Write one form; the others are not even imported."""
    if form == "sarif":
        from tidegate.report import _items_sarif  # noqa: PLC0415

        return _items_sarif.write(result, stream)
    if form == "cyclonedx":
        from tidegate.report import _items_cyclonedx  # noqa: PLC0415

        return _items_cyclonedx.write(result, stream)
    from tidegate.report import _items  # noqa: PLC0415

    if form == "text":
        from tidegate.report._terminal import Paper  # noqa: PLC0415

        paper = Paper.of(stream.encoding, colour=colour, width=options.width())
        stream.writelines(line.rstrip() + "\n" for line in _items.lines(paper, result, each=each))
        return None
    return (_items.write_json if form == "json" else _items.write_jsonl)(result, stream)
