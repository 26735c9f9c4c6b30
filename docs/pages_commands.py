"""The page of commands, from the command line's own parser."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from tidegate.cli import codes, entry

_CODE = re.compile(r"^  (\d+) +(.+)$", re.MULTILINE)


def commands_page() -> str:
    """Return every command with all of its options, and the exit codes."""
    parser = entry.parser()
    parts = ["# Commands", "", parser.description or "", ""]
    parts += ["| command | does |", "|---|---|"]
    parts += [f"| [`tidegate {name}`](#tidegate-{name}) | {text} |" for name, text, _ in _verbs(parser)]
    parts += ["", *_exit_codes()]
    for name, _, child in _verbs(parser):
        parts += _command(f"tidegate {name}", child, 2)
    return "\n".join(parts)


def _exit_codes() -> Iterator[str]:
    yield from ("## Exit codes", "", "| code | means |", "|---|---|")
    yield from (f"| {code} | {means} |" for code, means in _CODE.findall(codes.HELP))
    yield ""


def _verbs(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {each.dest: each.help or "" for each in action._choices_actions}
            yield from ((name, helps.get(name, ""), child) for name, child in action.choices.items())


def _command(name: str, parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    yield from (f"{'#' * level} {name}", "")
    yield from ("```text", f"{name} {_usage(parser)}".rstrip(), "```", "")
    yield from _words(parser.description or "")
    for group in parser._action_groups:
        actions = [each for each in group._group_actions if _listed(each)]
        if actions:
            yield from (f"**{(group.title or '').capitalize()}**", "")
            yield from (f"- {_invocation(each)}{_help(parser, each)}" for each in actions)
            yield ""
    for verb, text, child in _verbs(parser):
        if child.description is None:
            child.description = f"{text[:1].upper()}{text[1:]}."
        yield from _command(f"{name} {verb}", child, level + 1)


def _listed(action: argparse.Action) -> bool:
    return not isinstance(action, (argparse._HelpAction, argparse._SubParsersAction))


def _usage(parser: argparse.ArgumentParser) -> str:
    words = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            words.append("COMMAND …")
        elif not action.option_strings:
            name = str(action.metavar or action.dest)
            words.append(
                f"[{name}]" if action.nargs in ("?", "*") else f"{name}{' …' * (action.nargs == '+')}"
            )
        elif action.required:
            words.append(f"{action.option_strings[-1]} {_metavar(action)}")
    return " ".join(
        ["[OPTIONS]" if any(a.option_strings for a in parser._actions[1:]) else "", *words]
    ).strip()


def _metavar(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.metavar is None and action.choices is not None:
        return "|".join(map(str, action.choices))
    name = action.metavar if action.metavar is not None else action.dest.upper()
    return " ".join(name) if isinstance(name, tuple) else f"{name}{' …' * (action.nargs == '+')}"


def _invocation(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{action.metavar or action.dest}`"
    names = ", ".join(f"`{name}`" for name in action.option_strings)
    return f"{names[:-1]} {_metavar(action)}`" if _metavar(action) else names


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    if not action.help:
        return ""
    # As argparse fills it in; markup in a help text would be read as such.
    text = parser._get_formatter()._expand_help(action)
    return f": {_plain(text)}"


def _words(text: str) -> Iterator[str]:
    """Yield the description: what is indented in it is a table of words, and kept as it stands."""
    for block in text.strip().split("\n\n"):
        if block.startswith("  "):
            yield from ("```text", block, "```", "")
        elif block:
            yield from (_plain(" ".join(block.split())), "")


def _plain(text: str) -> str:
    return re.sub(r"([*_<>\[\]])", r"\\\1", text)
