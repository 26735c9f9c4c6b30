"""`tidegate rules list|show|check`: what is looked for, why, and whether the rules hold what they promise."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tidegate.cli import codes, options
from tidegate.cli.speak import say
from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.detect.rules import Rule
    from tidegate.kinds.names import NameRule
    from tidegate.report._terminal import Paper

HELP = "list, explain and test the rules"
DESCRIPTION = "List the rules, explain one, or test them against their own examples."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list",
        help="one rule a line",
        description="List the rules that find links, tokens and keys, one a line. --names: those of names.",
        allow_abbrev=False,
    )
    listing.set_defaults(run=_list)
    listing.add_argument(
        "--names",
        action="store_true",
        help="the rules that tell what a file is by its name, the first to fit first",
    )
    show = actions.add_parser(
        "show",
        help="what a rule looks for, why, and what to do about a finding",
        description="Say of one rule what it looks for, why, and what to do about a finding.",
        allow_abbrev=False,
    )
    show.set_defaults(run=_show)
    show.add_argument("id", metavar="ID", help="as `rules list` and every finding say it")
    check = actions.add_parser(
        "check",
        help="test the built-in rules, and those of PATH, against their examples",
        description="Test the built-in rules, and those of PATH, against their own examples and "
        "counterexamples. Exits 2 when one does not hold.",
        allow_abbrev=False,
    )
    check.set_defaults(run=_check)
    check.add_argument("paths", nargs="*", metavar="PATH", help="a TOML file, or a folder of them")
    for each in (listing, show):
        options.add_output(each, ["text", "json"])


def _list(args: argparse.Namespace) -> int:
    if args.names:
        return _list_names(args)
    from tidegate.detect.rules import load_rules  # noqa: PLC0415 - compiles patterns, not needed for --help

    rules = load_rules()

    def lines(paper: Paper) -> Iterator[str]:
        from tidegate.report._terminal import table  # noqa: PLC0415

        texts = [[paper.clean(text) for text in (rule.id, rule.provider, rule.title)] for rule in rules]
        for cells in table(texts):
            yield "".join(cells)

    return _write(args, [_as_dict(rule) for rule in rules], lines)


def _list_names(args: argparse.Namespace) -> int:
    from tidegate.kinds.names import rules  # noqa: PLC0415

    def lines(paper: Paper) -> Iterator[str]:
        from tidegate.report._terminal import table  # noqa: PLC0415

        texts = [[paper.clean(text) for text in (each.id, each.kind, each.why)] for each in rules()]
        for cells in table(texts):
            yield "".join(cells)

    return _write(args, [_name_as_dict(each) for each in rules()], lines)


def _show(args: argparse.Namespace) -> int:
    from tidegate.detect.rules import load_rules  # noqa: PLC0415

    rule = next((each for each in load_rules() if each.id == args.id), None)
    if rule is None:
        raise UsageError("no rule has this id", hint="see: tidegate rules list")

    def lines(paper: Paper) -> Iterator[str]:
        from tidegate.report._grant import block  # noqa: PLC0415

        yield paper.rule(rule.id, style="bold")
        yield from paper.wrap(rule.title, first=" ", style="bold")
        yield ""
        for label, text in (("why", rule.why), ("fix", rule.fix)):
            yield from block(paper, label, paper.clean(" ".join(text.split())))
        for number, link in enumerate(rule.references):
            yield from block(paper, "" if number else "more", paper.clean(link))
        yield from block(paper, "decoder", f"{rule.provider}, as {rule.kind}")
        yield from block(
            paper, "examples", f"{len(rule.examples)}, and {len(rule.counterexamples)} that must stay silent"
        )

    return _write(args, _as_dict(rule), lines)


def _check(args: argparse.Namespace) -> int:
    from tidegate.assess.words import many  # noqa: PLC0415
    from tidegate.detect.check import check_rules  # noqa: PLC0415
    from tidegate.detect.engine import Detector  # noqa: PLC0415
    from tidegate.detect.rules import load_rules  # noqa: PLC0415
    from tidegate.engine.understood import check_understood  # noqa: PLC0415
    from tidegate.report._escape import safe  # noqa: PLC0415

    rules = load_rules([Path(path) for path in args.paths])
    problems = check_rules(rules)
    if problems:
        say("".join(f"{safe(problem)}\n" for problem in problems))
        raise UsageError(f"{many(len(problems), 'problem')} in {many(len(rules), 'rule')}")
    check_understood(rules, Detector(rules), datetime.now(UTC))
    examples = sum(len(rule.examples) + len(rule.counterexamples) for rule in rules)
    held = f"{many(len(rules), 'rule')} hold what they promise, by {many(examples, 'example')}\n"
    say(held + _check_names())
    return codes.CLEAN


def _check_names() -> str:
    """Return what is said of the rules of names. Raises `UsageError` when one does not hold."""
    from tidegate.assess.words import many  # noqa: PLC0415
    from tidegate.kinds import names  # noqa: PLC0415
    from tidegate.report._escape import safe  # noqa: PLC0415

    problems = names.problems()
    rules = names.rules()
    if problems:
        say("".join(f"{safe(problem)}\n" for problem in problems))
        raise UsageError(f"{many(len(problems), 'problem')} in {many(len(rules), 'rule')} of names")
    examples = sum(len(rule.examples) + len(rule.counterexamples) for rule in rules)
    return f"{many(len(rules), 'rule')} of names hold what they promise, by {many(examples, 'example')}\n"


def _as_dict(rule: Rule) -> dict[str, Any]:
    names = ("id", "title", "provider", "kind", "why", "fix")
    return {**{name: getattr(rule, name) for name in names}, "references": list(rule.references)}


def _name_as_dict(rule: NameRule) -> dict[str, Any]:
    names = ("id", "kind", "confidence", "why", "pattern")
    return {**{name: getattr(rule, name) for name in names}, "endings": list(rule.endings)}


def _write(args: argparse.Namespace, value: object, lines: Any) -> int:
    from tidegate.cli.output import Output  # noqa: PLC0415
    from tidegate.report._json import dumps  # noqa: PLC0415
    from tidegate.report._terminal import Paper  # noqa: PLC0415

    def render(stream: TextIO) -> None:
        if args.format == "json":
            stream.write(dumps(value, indent=2) + "\n")
            return
        paper = Paper.of(stream.encoding, colour=out.colour, width=options.width())
        stream.writelines(line.rstrip() + "\n" for line in lines(paper))

    with Output(args.output, args.color) as out:
        out.write(render, unicode=args.format == "json")
    return codes.CLEAN
