"""Kinds by names alone: the rules of `names/*.toml`, for one name at a time.

A rule is either a list of endings or a pattern over the whole path. Patterns come before endings; among
either, what stands first in the files (by their names) wins, so the more exact stands first. The set-wise
form over a column is `tidegate.inventory.names`: both answer the same for every name.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from tidegate.kinds.table import OTHER, kinds
from tidegate.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CONFIDENCES: Final = ("high", "medium", "low")
NO_RULE: Final = 0xFFFF
"""In place of a rule's number where none fits."""
ENDING: Final = r"\.[a-zA-Z0-9_+-]{1,13}"
"""What can be an ending, its dot included."""
LONGEST: Final = 14
"""Letters of the longest ending, its dot included."""
_ENDING: Final = re.compile(rf"{ENDING}\Z")
_LETTER: Final = re.compile(r"[a-z]")
_TOKEN: Final = re.compile(
    r"\\[.+$^()\[\]{}-]|\[\^?[^\[\]\\]+\]|\(\?:|[)|^$?*+]|\{[0-9]{1,2}(?:,[0-9]{0,2})?\}|[^\\\[\](){}|^$?*+.A-Z]"
)
"""The syntax of patterns: what RE2, Rust's regex and Hyperscan read alike. No dot, no `\\w`, no capitals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRule:
    """One rule: names that fit it are of this kind, as far as a name can tell."""

    id: str
    kind: str
    """A row of `kinds.toml`."""
    why: str
    confidence: str = "medium"
    """`high`: nothing else is called so; `medium`: mostly; `low`: often something else."""
    pattern: str = ""
    """Over the whole path, in lower case, found in either case of ASCII letters."""
    endings: tuple[str, ...] = ()
    """In lower case, without the dot."""
    examples: tuple[str, ...] = ()
    """Names that it wins."""
    counterexamples: tuple[str, ...] = ()
    """Names that it does not fit."""

    def fits(self, path: str) -> bool:
        """Tell whether the rule fits a name, whichever rule wins it."""
        if self.endings:
            return ending_of(path)[1:] in self.endings
        return _compiled(self.pattern).search(_text(path)) is not None


@cache
def rules() -> tuple[NameRule, ...]:
    """Return all rules, the first to fit wins; read once. A wrong one raises `ValueError`."""
    found = []
    folder = resources.files("tidegate.kinds").joinpath("names")
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml"):
            found += [
                _rule(row, file.name) for row in tomllib.loads(file.read_text(encoding="utf-8"))["rule"]
            ]
    found.sort(key=lambda rule: bool(rule.endings))
    return tuple(found)


def patterns() -> tuple[NameRule, ...]:
    """Return the rules with a pattern, which come first: their places are those in `rules()`."""
    return tuple(rule for rule in rules() if not rule.endings)


@cache
def by_ending() -> dict[str, NameRule]:
    """Return ending, its dot included, in lower case -> the rule that has it."""
    found: dict[str, NameRule] = {}
    for rule in rules():
        for ending in rule.endings:
            found.setdefault(f".{ending}", rule)
    return found


def match(path: str) -> NameRule | None:
    """Return the rule that a name falls under, or `None`.

    path: with `/` between its parts; a lone surrogate is read as `?`.
    """
    hits = _set().Match(_text(path))
    if hits:
        first: int = min(hits)
        return rules()[first]
    return by_ending().get(ending_of(path))


def first_patterns(paths: Iterable[str]) -> list[int]:
    """Return for each name the place in `rules()` of the pattern that wins, `NO_RULE` where none fits."""
    fitting = _set().Match
    return [min(fitting(_text(path)) or (NO_RULE,)) for path in paths]


def winners(paths: Iterable[str]) -> list[int]:
    """Return for each name the place in `rules()` of the rule that wins, `NO_RULE` where none fits."""
    paths = list(paths)
    places = {rule.id: place for place, rule in enumerate(rules())}
    endings = {ending: places[rule.id] for ending, rule in by_ending().items()}
    return [
        endings.get(ending_of(path), NO_RULE) if first == NO_RULE else first
        for path, first in zip(paths, first_patterns(paths), strict=True)
    ]


def kind_of(path: str) -> str:
    """Return the kind that a name tells; `other` when it tells none."""
    rule = match(path)
    return OTHER if rule is None else rule.kind


def problems() -> list[str]:
    """Return what is wrong with the rules, one sentence each; empty when every one holds what it promises."""
    found = []
    seen: set[str] = set()
    for rule in rules():
        if rule.id in seen:
            found.append(f"{rule.id}: another rule has this id")
        seen.add(rule.id)
        if rule.kind not in kinds():
            found.append(f"{rule.id}: {rule.kind} is no kind")
        if not rule.examples or not rule.counterexamples:
            found.append(f"{rule.id}: has no examples, or none that it must not fit")
        for example in rule.examples:
            winner = match(example)
            if winner is not rule:
                wins = "no rule" if winner is None else winner.id
                found.append(f"{rule.id}: the example {example!r} falls under {wins}")
        found += [
            f"{rule.id}: fits {each!r}, which it must not" for each in rule.counterexamples if rule.fits(each)
        ]
    return found


def ending_of(path: str) -> str:
    """Return the ending with its dot, in lower case; empty where there is none."""
    found = _ENDING.search(path, max(0, len(path) - LONGEST))
    return found[0].lower() if found else ""


def portable(pattern: str) -> str:
    """Write a rule's pattern for RE2, Rust's regex or Hyperscan: either case spelled out, no flags.

    Engines differ in which letters beyond ASCII are cases of one another. Raises `ValueError`.
    """
    return "".join(_spelled(pattern))


def _spelled(pattern: str) -> Iterator[str]:
    place = 0
    while place < len(pattern):
        token = _TOKEN.match(pattern, place)
        if token is None:
            raise ValueError(f"{pattern!r} is no pattern: at {pattern[place:]!r}")
        place = token.end()
        text = token[0]
        if text.startswith("["):
            start = 2 if text[1] == "^" else 1
            yield f"{text[:start]}{_capitals(text[start:-1])}{text[start:]}"
        elif _LETTER.fullmatch(text):
            yield f"[{text}{text.upper()}]"
        else:
            yield text


def _capitals(inside: str) -> str:
    """Return the capitals of the letters and ranges of letters in a class."""
    return "".join(found.upper() for found in re.findall(r"[a-z]-[a-z]|[a-z]", inside))


def _text(path: str) -> str:
    return path if path.isascii() else path.encode("utf-8", "replace").decode("utf-8")


def _rule(row: dict[str, Any], file: str) -> NameRule:
    try:
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
        }
        rule = NameRule(**fields)
        if bool(rule.pattern) == bool(rule.endings):
            raise ValueError("has either a pattern or endings")  # noqa: TRY301 - told below, with its place
        if rule.confidence not in CONFIDENCES:
            raise ValueError(f"confidence is one of {', '.join(CONFIDENCES)}")  # noqa: TRY301
        portable(rule.pattern)
        if odd := [each for each in rule.endings if ending_of(f".{each}") != f".{each}"]:
            raise ValueError(f"no endings: {odd}")  # noqa: TRY301
    except (TypeError, ValueError) as why:
        raise ValueError(f"{file}: {row.get('id', 'a rule without id')}: {why}") from why
    return rule


@cache
def _compiled(pattern: str) -> Any:
    import re2  # noqa: PLC0415 - a shared library

    return re2.compile(portable(pattern))


@cache
def _set() -> Any:
    """Return all patterns as one automaton that names those that fit."""
    import re2  # noqa: PLC0415

    options = re2.Options()
    options.max_mem = 64 << 20
    found = re2.Set.SearchSet(options)
    for rule in patterns():
        found.Add(portable(rule.pattern))
    found.Compile()
    return found
