"""The offline parts of `tidegate close`: what cleans a repository, and a letter to somebody else."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli import codes, options
from tidegate.cli.speak import tell
from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.api.papers import Cleaning, Dead
    from tidegate.close.store import Store
    from tidegate.model.finding import Finding
    from tidegate.model.report import Report

MOST_TRACE_BYTES = 64 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Add their arguments."""
    group = parser.add_argument_group("the record, the repository, somebody else's")
    group.add_argument("--reported", metavar="DATE", help="when somebody told you, for the record")
    group.add_argument("--use", metavar="TRACE.json", help="what tidegate trace said, for the record")
    group.add_argument(
        "--repository",
        nargs="?",
        const="",
        metavar="DIR",
        help="write what takes it out of a repository (the one of the report): patch, pull request, history",
    )
    group.add_argument("--to", metavar="DIR", help="where that is written (a folder named like the finding)")
    group.add_argument(
        "--even-open", action="store_true", help="how history is rewritten, although it may still work"
    )
    group.add_argument(
        "--disclose", action="store_true", help="print whom to write to, and the letter; asks nobody"
    )


def offline(args: argparse.Namespace) -> bool:
    """Say whether one of them is wanted. Raises `UsageError` for options that exclude each other."""
    wanted = [args.repository is not None, bool(args.disclose)]
    if any(wanted) and (args.apply or args.prove or all(wanted)):
        raise UsageError(
            "--repository, --disclose, --apply and --prove are four things", hint="Give one of them."
        )
    if args.even_open and args.repository is None:
        raise UsageError("--even-open belongs to --repository")
    return any(wanted)


def run(args: argparse.Namespace, report: Report, finding: Finding, store: Store) -> int:
    """Write the one document; 0 when nothing stands in the repository, 1 when it does, 3 when not known."""
    from tidegate.api import papers  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.cli.output import Output  # noqa: PLC0415

    if args.disclose:
        from tidegate.close.disclosure import disclosure  # noqa: PLC0415

        if args.format == "json":
            raise UsageError("--disclose writes a letter, which is text")
        letter = disclosure(finding, datetime.now(UTC))
        with Output(args.output, args.color) as out:
            out.write(lambda stream: print(letter, end="", file=stream), unicode=False)
        return codes.CLEAN
    state = papers.dead(finding, store)
    if not args.quiet:
        tell("reading every object of the repository …")
    found = papers.clean(
        finding,
        Path(args.repository) if args.repository else _repository(finding),
        Path(args.to) if args.to else Path(finding.id),
        state=state,
        early=args.even_open,
        cache_dir=options.cache_dir(),
    )
    text = (
        _json(report, finding, found, state)
        if args.format == "json"
        else "".join(f"{line}\n" for line in _lines(args, finding, found, state))
    )
    with Output(args.output, args.color) as out:
        out.write(lambda stream: print(text, end="", file=stream), unicode=args.format == "json")
    if found.held.objects or found.held.others:
        return codes.FOUND
    return codes.INCOMPLETE if found.held.gaps else codes.CLEAN


def _repository(finding: Finding) -> Path:
    """Return the one repository in which the report saw it. Raises `UsageError`."""
    from tidegate.api import papers  # noqa: PLC0415

    found = papers.repositories(finding)
    if len(found) == 1:
        return found[0]
    raise UsageError(
        "the report saw it in several repositories"
        if found
        else "the report names no repository that is here",
        hint="Name one: --repository DIR. First clone one that is elsewhere: git clone --mirror ADDRESS DIR.",
    )


def _json(report: Report, finding: Finding, found: Cleaning, state: Dead) -> str:
    from dataclasses import replace  # noqa: PLC0415

    from tidegate.model import codec  # noqa: PLC0415
    from tidegate.report._json import dumps  # noqa: PLC0415

    told = codec.to_dict(replace(report, findings=(finding,), gaps=found.held.gaps))
    told["repository"] = {
        "dead_since": None if state.since is None else codec.instant(state.since),
        "proved": state.proved,
        "versions": len(found.held.objects),
        "by_hand": sum(1 for each in found.held.objects if each.by_hand) + len(found.held.others),
        "refs": list(found.held.refs),
        "first_commits": list(found.held.first_commits),
        "files": [{"path": str(path), "says": says} for path, says in found.files],
    }
    return dumps(told, indent=2) + "\n"


def _lines(args: argparse.Namespace, finding: Finding, found: Cleaning, state: Dead) -> Iterator[str]:
    from tidegate.assess.words import day, many  # noqa: PLC0415
    from tidegate.report._escape import safe  # noqa: PLC0415

    held = found.held
    if not held.objects and not held.others:
        yield safe(f"{finding.id} does not stand in {args.repository or 'the repository'}.")
        yield from (safe(f"not looked at: {gap.subject}: {gap.reason}") for gap in held.gaps[:10])
        return
    hand = sum(1 for each in held.objects if each.by_hand) + len(held.others)
    names = ", ".join(held.refs[:5]) + (f" and {len(held.refs) - 5:,} more" if len(held.refs) > 5 else "")
    yield safe(
        f"{finding.id} stands in {many(len(held.objects), 'version')}, reached by {names or 'no name'}."
    )
    if hand:
        yield f"{many(hand, 'place')} of it can only be cleaned by hand: the files say where and why."
    yield ""
    if found.preview:
        yield f"In HEAD ({(held.head or '')[:12]}):"
        yield from (safe(f"  {line}") for line in found.preview)
    else:
        yield "HEAD does not hold it."
    yield ""
    if state.since is None:
        yield "It may still work. End it first: a commit that removes a live link shows where it is."
        if not args.even_open:
            yield "How history is rewritten is told once it is dead (--even-open tells it now)."
    else:
        so_far = "" if state.proved else ", and not all proofs are in yet"
        yield f"It was ended on {day(state.since)}{so_far}."
    yield ""
    for path, says in found.files:
        yield safe(f"{path}  {says}")
    yield from (safe(f"not looked at: {gap.subject}: {gap.reason}") for gap in held.gaps[:10])


def reported(args: argparse.Namespace) -> datetime | None:
    """Read `--reported`. Raises `UsageError`."""
    if args.reported is None:
        return None
    try:
        found = datetime.fromisoformat(args.reported)
    except ValueError:
        raise UsageError("--reported is no date", hint="Write it as 2023-06-22.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def use(args: argparse.Namespace) -> Mapping[str, Any] | None:
    """Read `--use`. Raises `UsageError`."""
    import json  # noqa: PLC0415

    if args.use is None:
        return None
    try:
        with Path(args.use).open("rb") as file:
            found = json.loads(file.read(MOST_TRACE_BYTES))
    except OSError as error:
        raise UsageError(f"cannot read {args.use}: {error.strerror or error}") from error
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not str(found.get("schema", "")).startswith("tidegate-trace/"):
        raise UsageError(
            f"{args.use} is nothing that tidegate trace wrote",
            hint="tidegate trace --format json -o TRACE.json",
        )
    return found
