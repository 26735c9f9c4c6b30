"""Kinds by names over whole columns: the rules of `tidegate.kinds.names`, with the same answers.

Many names are told in two steps. A compiled loop (`_kernel`) reads them where they lie: it tells the rule of
each ending, and which names hold a needle, without which no pattern fits. On those few the patterns are
tried, which come before endings.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from tidegate.inventory._known import Known, known, known_already
from tidegate.inventory._views import views_of
from tidegate.kinds import names as one_by_one
from tidegate.kinds.names import NO_RULE
from tidegate.kinds.table import OTHER

_FEW: Final = 1_000_000
_FEW_IF_KEPT: Final = 150_000
_ROOM: Final = 8
"""At first there is room for one needle in so many names."""
_MANY: Final = 30
"""So many names that hold the same needles are worth a search of their own for each pattern."""
_IN_TURN: Final = 5
"""Patterns up to which each is tried by itself."""


def key(name: pl.Expr) -> pl.Expr:
    """Return the ending of each name, with its dot, in lower case; empty where there is none."""
    last = name.str.tail(one_by_one.LONGEST)
    return last.str.extract(f"({one_by_one.ENDING})$", 1).str.to_lowercase().fill_null("")


class Ruler:
    """Tells the rule that wins each name of a column; for use from several threads at once.

    Few names are asked one by one (2 µs each). What is made for many takes 3 s, once: it is kept in the
    cache's folder, where there is one.
    """

    def __init__(self, few: int = _FEW, cache_dir: Path | None = None) -> None:
        self._few = few
        self._asked = 0
        self._cache_dir = cache_dir
        self._known: Known | None = None

    @classmethod
    def of(cls, rows: int, cache_dir: Path | None = None) -> Ruler:
        """Return one for so many names: what is made for many is made at once."""
        return cls(rows if rows <= _FEW else 0, cache_dir)

    def rules(self, names: pl.Series) -> Any:
        """Return the number in `rules()` of the rule that wins each name, `NO_RULE` where none fits."""
        names = names.fill_null("") if names.null_count() else names
        before, self._asked = self._asked, self._asked + names.len()
        if self._known is None and self._asked > self._few:
            self._known = known(self._cache_dir)
        elif self._known is None and before <= _FEW_IF_KEPT < self._asked:
            self._known = known_already(self._cache_dir)
        if self._known is None:
            return np.array(one_by_one.winners(names), np.uint16)
        return _told(names, self._known)


def rules_of(names: pl.Series, ruler: Ruler) -> pl.Series:
    """Return the number in `rules()` of the rule that wins each name, `NO_RULE` where none fits."""
    return pl.Series(ruler.rules(names))


def kinds_of(names: pl.Series, ruler: Ruler) -> pl.Series:
    """Return the kind that each name tells; `other` when it tells none."""
    return rules_of(names, ruler).replace_strict(kind_by_rule(), default=OTHER, return_dtype=pl.String)


@cache
def kind_by_rule() -> dict[int, str]:
    """Return the number of each rule -> its kind."""
    return {number: rule.kind for number, rule in enumerate(one_by_one.rules())}


def _told(names: pl.Series, known: Known) -> Any:
    from tidegate.inventory._kernel import tell  # noqa: PLC0415 - only for many names

    with views_of(names) as chunks:
        if chunks is None:
            return np.array(one_by_one.winners(names), np.uint16)
        found = np.empty(len(names), np.uint16)
        hits = []
        for chunk in chunks:
            own = found[chunk.first : chunk.first + len(chunk.views)]
            room = len(own) // _ROOM + 1
            while True:
                rows, groups = np.empty(room, np.int64), np.empty(room, np.int32)
                count = tell(known.needles, known.endings, chunk, own, (rows, groups))
                if count <= room:
                    break
                room = count
            hits.append((rows[:count] + chunk.first, groups[:count]))
    if hits:
        all_rows, all_groups = (np.concatenate(column) for column in zip(*hits, strict=True))
        firsts = np.flatnonzero(np.diff(all_rows, prepend=-1))
        rows = all_rows[firsts]
        # Two endings that stand together tell a pattern too, and of patterns the first wins.
        found[rows] = np.minimum(found[rows], _tried(names.gather(rows), firsts, all_groups, known))
    return found


def _tried(held: pl.Series, firsts: Any, groups: Any, known: Known) -> Any:
    """Return the pattern that wins each name, `NO_RULE` where none fits.

    held: names that hold a needle; groups: of each needle; firsts: the first needle of each name.
    Where many hold the same one or two needles, the few patterns that those stand for are tried in turn
    (80 ns each); the others are searched for all (800 ns).
    """
    found = np.full(len(held), NO_RULE, np.uint16)
    rest = np.ones(len(held), bool)
    if len(held) >= _MANY:
        least, most = np.minimum.reduceat(groups, firsts), np.maximum.reduceat(groups, firsts)
        told = np.diff(firsts, append=len(groups)) <= 2
        pairs = least.astype(np.int64) * len(known.held) + most
        values, counts = np.unique(pairs[told], return_counts=True)
        often = counts >= _MANY
        for pair, count in zip(values[often].tolist(), counts[often].tolist(), strict=True):
            one, other = divmod(pair, len(known.held))
            patterns = sorted({*known.held[one], *known.held[other]})
            if len(patterns) <= min(_IN_TURN, count // _MANY):
                places = np.flatnonzero(told & (pairs == pair))
                rest[places] = False
                found[places] = _in_turn(held.gather(places), patterns)
    places = np.flatnonzero(rest)
    if len(places):
        found[places] = _in_lines(held.gather(places), known)
    return found


def _in_turn(names: pl.Series, patterns: list[int]) -> Any:
    """Return which of the patterns, in their order, wins each name."""
    found = np.full(len(names), NO_RULE, np.uint16)
    left = np.arange(len(names))
    for number in patterns:
        fits = names.str.contains(_portable(number)).to_numpy()
        found[left[fits]] = number
        if number != patterns[-1] and fits.any():
            left, names = left[~fits], names.filter(pl.Series(~fits))
    return found


@cache
def _portable(number: int) -> str:
    return one_by_one.portable(one_by_one.rules()[number].pattern)


def _in_lines(names: pl.Series, known: Known) -> Any:
    """Return for each name the number of the pattern that wins it, from one search of them all."""
    text = names.str.join("\n").cast(pl.Binary).item()
    broken = np.empty(0, np.int64)
    lines = names
    if text.count(b"\n") >= len(names):
        holds = names.str.contains("\n", literal=True)
        broken, lines = holds.arg_true().to_numpy(), names.zip_with(~holds, pl.Series([""]))
        text = lines.str.join("\n").cast(pl.Binary).item()
    hits, ends = known.patterns.scan(text)
    found = np.full(len(names), NO_RULE, np.uint16)
    if len(hits):
        starts = np.cumsum(lines.str.len_bytes().to_numpy() + 1, dtype=np.int64)
        # The least number wins, whatever the order of the hits. An end is before the next line's start.
        np.minimum.at(found, np.searchsorted(starts, ends, "right"), hits.astype(np.uint16))
    for place in broken.tolist():
        found[place] = one_by_one.first_patterns([names[place]])[0]
    return found
