"""Kinds by names over whole columns: the rules of `tidegate.kinds.names`, with the same answers."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

import numpy as np
import polars as pl

from tidegate.kinds import names as one_by_one
from tidegate.kinds.names import NO_RULE
from tidegate.kinds.table import OTHER

_FEW: Final = 500_000


def key(name: pl.Expr) -> pl.Expr:
    """Return the ending of each name, with its dot, in lower case; empty where there is none."""
    return name.str.extract(f"({one_by_one.ENDING})$", 1).str.to_lowercase().fill_null("")


class Ruler:
    """Tells the pattern that wins each name of a column.

    Few names are asked one by one (2 µs each). Beyond `_FEW` all are laid in one buffer, a name a line, and
    Hyperscan tells what it finds there; to compile the patterns for that takes 1.5 s.
    """

    def __init__(self, few: int = _FEW) -> None:
        self._left = few
        self._database: Any = None

    def by_pattern(self, names: pl.Series) -> pl.Series:
        """Return the number in `rules()` of the pattern that wins each name, `NO_RULE` where none fits."""
        if self._database is None:
            self._left -= names.len()
            if self._left >= 0:
                return pl.Series(one_by_one.first_patterns(names.fill_null("")), dtype=pl.UInt16)
            self._database = _compiled()
        names = names.fill_null("")
        broken = names.str.contains("\n", literal=True)
        lines = names.zip_with(~broken, pl.Series([""])) if broken.any() else names
        text = lines.str.join("\n").item().encode()
        hits: list[int] = []
        ends: list[int] = []

        def told(rule: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.append(rule)
            ends.append(end)

        self._database.scan(text, match_event_handler=told)
        found = np.full(len(names), NO_RULE, np.uint16)
        if hits:
            starts = np.cumsum(lines.str.len_bytes().to_numpy() + 1, dtype=np.int64)
            # The least number wins, whatever the order of the hits. An end is before the next line's start.
            np.minimum.at(found, np.searchsorted(starts, ends, "right"), np.array(hits, np.uint16))
        for place in broken.arg_true():
            found[place] = one_by_one.first_patterns([names[place]])[0]
        return pl.Series(found)


def rules_of(names: pl.Series, ruler: Ruler) -> pl.Series:
    """Return the number in `rules()` of the rule that wins each name, `NO_RULE` where none fits."""
    patterns = ruler.by_pattern(names)
    endings = pl.select(key(pl.lit(names)).alias("key"))["key"].replace_strict(
        _endings(), default=NO_RULE, return_dtype=pl.UInt16
    )
    return patterns.zip_with(patterns != NO_RULE, endings)


def kinds_of(names: pl.Series, ruler: Ruler) -> pl.Series:
    """Return the kind that each name tells; `other` when it tells none."""
    return rules_of(names, ruler).replace_strict(kind_by_rule(), default=OTHER, return_dtype=pl.String)


@cache
def kind_by_rule() -> dict[int, str]:
    """Return the number of each rule -> its kind."""
    return {number: rule.kind for number, rule in enumerate(one_by_one.rules())}


@cache
def kind_by_key() -> dict[str, str]:
    """Return ending, its dot included -> its kind."""
    return {ending: rule.kind for ending, rule in one_by_one.by_ending().items()}


@cache
def _endings() -> dict[str, int]:
    numbers = {rule.id: number for number, rule in enumerate(one_by_one.rules())}
    return {ending: numbers[rule.id] for ending, rule in one_by_one.by_ending().items()}


def _compiled() -> Any:
    import hyperscan  # noqa: PLC0415 - only for many names

    patterns = [_in_lines(rule.pattern) for rule in one_by_one.patterns()]
    # Without UTF-8, either case is that of ASCII alone, as the one-by-one form has it.
    flags = hyperscan.HS_FLAG_MULTILINE | hyperscan.HS_FLAG_CASELESS
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    count = len(patterns)
    database.compile(expressions=patterns, ids=list(range(count)), elements=count, flags=[flags] * count)
    return database


def _in_lines(pattern: str) -> bytes:
    """Keep what a class leaves out from reaching into the next line."""
    return re.sub(r"\[\^([^\]]*)\]", r"[^\1\\n]", pattern).encode()
