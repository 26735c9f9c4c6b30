"""`tidegate scan TARGET…`: the main job."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli import codes, online, options
from tidegate.cli.speak import tell

if TYPE_CHECKING:
    from tidegate.model.baseline import Baseline
    from tidegate.model.report import Report

HELP = "find links, tokens and keys in repositories, folders, archives, pages, or stdin"
DESCRIPTION = """\
Find links, tokens and keys to cloud storage, and say what they open. Nothing is
sent to the storage, unless --probe is given: then what is found is asked about,
read-only, as far as the scope file goes: is it open, and how much lies behind.

A TARGET is a git repository (all of its history), a folder, a file, an archive,
a git address to clone, or - for standard input. A link, az://account/container,
s3://bucket or gs://bucket is asked directly, as with --probe."""

_ASKING = ("--no-contents", "--no-inspect", "--max-read")
"""Options that say how to ask."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument(
        "targets",
        nargs="+",
        type=options.target,
        metavar="TARGET",
        help="repositories, folders, files, archives, addresses of git, - for standard input, or storage",
    )
    _add_reading(parser)
    _add_known(parser)
    _add_asking(parser)
    online.add(parser)
    options.add_output(parser, options.formats())
    options.add_noise(parser)
    options.add_gate(parser, default="low")


def _add_reading(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to read")
    what.add_argument(
        "--no-history", action="store_true", help="of a git repository only the files of the work tree"
    )
    what.add_argument("--gitignore", action="store_true", help="leave out what .gitignore names")
    what.add_argument(
        "--exclude", action="append", default=[], metavar="GLOB", help="leave out these paths (repeatable)"
    )
    what.add_argument(
        "--no-containers", action="store_true", help="do not open archives, documents and images"
    )
    what.add_argument(
        "--rules", action="append", default=[], metavar="PATH", help="more rules: a TOML file or a folder"
    )
    what.add_argument("--jobs", type=options.positive, metavar="N", help="processes that work at once")


def _add_known(parser: argparse.ArgumentParser) -> None:
    known = parser.add_argument_group("known findings")
    known.add_argument(
        "--baseline", metavar="FILE", help="do not alarm for the findings in FILE; they are counted"
    )
    known.add_argument(
        "--write-baseline", metavar="FILE", help="add what is found to FILE, to accept it for now"
    )
    known.add_argument(
        "--include-suppressed",
        action="store_true",
        help="also report what the baseline, a comment or a rule mutes",
    )


def _add_asking(parser: argparse.ArgumentParser) -> None:
    asks = parser.add_argument_group("asking the storage")
    asks.add_argument(
        "--probe", action="store_true", help="ask what is in scope whether it is open, and list it"
    )
    asks.add_argument("--no-contents", action="store_true", help="with --probe: do not list what is open")
    asks.add_argument(
        "--no-inspect", action="store_true", help="with --probe: list what is open, and read nothing of it"
    )
    asks.add_argument(
        "--max-read",
        type=options.size,
        metavar="SIZE",
        help="with --probe: bytes read of what lies behind each credential, at most (256MiB unless said)",
    )
    asks.add_argument(
        "--seed",
        type=options.count,
        default=1,
        metavar="N",
        help="with --probe: draw another sample of what lies behind (1 unless said)",
    )


def run(args: argparse.Namespace) -> int:
    """Scan, write the one document, and return the exit code."""
    from tidegate.api import scanning  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.cli.output import Output  # noqa: PLC0415
    from tidegate.cli.progress import Progress  # noqa: PLC0415
    from tidegate.cli.render import render  # noqa: PLC0415
    from tidegate.model.severity import Severity  # noqa: PLC0415
    from tidegate.sources.targets import is_storage  # noqa: PLC0415

    asks = args.probe or any(map(is_storage, args.targets))
    if not asks:
        online.idle(args, "nothing is asked without --probe", others=_ASKING)
    baseline = _baseline(args.baseline)
    accepted = _accepted(args.write_baseline)
    with Output(args.output, args.color) as out:
        with (
            online.refusing(lambda done: render(done, out, args.format)),
            Progress(wanted=not (args.quiet or args.no_progress)) as progress,
            online.net(args) if asks else nullcontext() as net,
        ):
            report = scanning.scan(
                args.targets,
                jobs=args.jobs,
                history=not args.no_history,
                gitignore=args.gitignore,
                exclude=tuple(args.exclude),
                containers=not args.no_containers,
                rules=[Path(path) for path in args.rules],
                baseline=baseline,
                include_suppressed=args.include_suppressed,
                cache_dir=options.cache_dir(),
                stdin=sys.stdin.buffer if "-" in args.targets and sys.stdin is not None else None,
                progress=progress,
                net=net,
                contents=not args.no_contents,
                inspect=not args.no_inspect,
                max_read=args.max_read,
                seed=args.seed,
                going=progress.going,
            )
        render(report, out, args.format)
    if accepted is not None:
        _write_baseline(Path(args.write_baseline), accepted, report)
    code = codes.of(report, fail_on=Severity(args.fail_on), exit_zero=args.exit_zero)
    if args.output is not None and not args.quiet:
        _summarise(report, args.output)
    return code


def _baseline(file: str | None) -> Baseline | None:
    from tidegate.model.baseline import Baseline  # noqa: PLC0415

    return None if file is None else Baseline.load(Path(file))


def _accepted(file: str | None) -> Baseline | None:
    """Return what a baseline that is to be written holds already: a wrong one is told before the work.

    So is a folder in which nothing can be written.
    """
    from tidegate.errors import UsageError  # noqa: PLC0415
    from tidegate.model.baseline import Baseline  # noqa: PLC0415

    if not file:
        return None
    folder = Path(file).parent
    if not os.access(folder, os.W_OK | os.X_OK):
        why = "its folder may not be written" if folder.is_dir() else "there is no such folder"
        raise UsageError(f"cannot write the baseline {file}: {why}")
    return Baseline.load(Path(file)) if os.path.lexists(file) else Baseline()


def _write_baseline(path: Path, known: Baseline, report: Report) -> None:
    from tidegate.errors import UsageError  # noqa: PLC0415

    try:
        known.with_findings((finding.id for finding in report.findings), report.started_at.date()).save(path)
    except OSError as error:
        raise UsageError(f"cannot write the baseline {path}: {error.strerror or error}") from error


def _summarise(report: Report, file: str) -> None:
    """Tell a person at the terminal what went into the file."""
    from tidegate.assess import words  # noqa: PLC0415
    from tidegate.report import _words  # noqa: PLC0415

    found = ", ".join(text for _, text in _words.counts(report.findings)) or _words.verdict(report)
    gaps = f"; {words.many(len(report.gaps), 'gap')}" if report.gaps and report.findings else ""
    tell(f"{found}{gaps} (written to {file})")
