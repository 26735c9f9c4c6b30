"""What is wrong with a command, in our words. A value is never repeated: it may be a link."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from difflib import get_close_matches

_WORD = re.compile(r"[a-z][a-z0-9-]{0,20}")


def reworded(message: str, parser: argparse.ArgumentParser) -> str:
    """Return what argparse says of arguments of `parser` as we say it; other messages as they are."""
    missing = message.removeprefix("the following arguments are required: ")
    if missing != message:
        return _missing(missing, parser)
    unknown = message.removeprefix("unrecognized arguments: ")
    if unknown != message:
        return _unknown(unknown.split(), parser)
    if "invalid choice: " in message:
        return _no_choice(message)
    return message


def _missing(names: str, parser: argparse.ArgumentParser) -> str:
    verbs = next((each for each in _below(parser) if each.metavar == names), None)
    known = f"; there are {', '.join(verbs.choices)}" if verbs is not None and verbs.choices else ""
    return f"{names} {'are' if ', ' in names else 'is'} missing{known}"


def _unknown(words: list[str], parser: argparse.ArgumentParser) -> str:
    names = [word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    if not names:
        return "more arguments than the command takes"
    known = set(_options(parser))
    return f"no such option: {', '.join(names)}{_meant(names[0], known)}"


def _no_choice(message: str) -> str:
    given = re.search(r"invalid choice: '([^']*)' ", message)
    known = re.search(r"\(choose from (.*)\)", message)
    if known is None:
        return "no such command or choice"
    choices = known[1].replace("'", "")
    if given is None or not _WORD.fullmatch(given[1]):
        return f"no such command or choice; there are {choices}"
    return f"no such choice: {given[1]}{_meant(given[1], choices.split(', '))}; there are {choices}"


def _meant(given: str, known: Iterable[str]) -> str:
    close = get_close_matches(given, sorted(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _options(parser: argparse.ArgumentParser) -> Iterable[str]:
    """Yield the options of a parser and of those below it: it cannot say of which it speaks."""
    yield from parser._option_string_actions
    for each in _below(parser):
        for child in (each.choices or {}).values():
            yield from _options(child)


def _below(parser: argparse.ArgumentParser) -> list[argparse._SubParsersAction[argparse.ArgumentParser]]:
    return [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
