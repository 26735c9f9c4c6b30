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
from tidegate.kinds.table import OTHER

_FEW: Final = 1_000_000
_FEW_IF_KEPT: Final = 150_000


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

    found = np.empty(len(names), np.uint16)
    with views_of(names) as chunks:
        if chunks is None:
            return np.array(one_by_one.winners(names), np.uint16)
        for chunk in chunks:
            own, asked = tell(known.needles, known.patterns, known.endings, chunk)
            if len(asked):
                own[asked] = np.minimum(
                    own[asked], one_by_one.first_patterns(names.gather(asked + chunk.first))
                )
            found[chunk.first : chunk.first + len(own)] = own
    return found
