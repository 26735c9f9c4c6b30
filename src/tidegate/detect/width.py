"""How long a match of an anchor can be."""

from __future__ import annotations

import re
import warnings
from re import _parser  # type: ignore[attr-defined]  # the one that knows; its stub leaves it out


def widest(expressions: list[bytes]) -> int | None:
    """Return the bytes of the longest match that any of them can have; `None`: nobody knows.

    What Python reads otherwise than Hyperscan it refuses, or takes for longer; but for `{,9}`, which
    Hyperscan reads as it stands.
    """
    most = 0
    for expression in expressions:
        if b"{," in expression:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)
                width = _parser.parse(expression).getwidth()[1]
        except (re.error, RecursionError, OverflowError):
            return None
        most = max(most, width)
    return most if most < _parser.MAXREPEAT else None
