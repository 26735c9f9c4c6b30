"""RE2 over bytes: no text can make it slow.

The binding is asked itself: the module above it makes objects for each match, which takes as long again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import re2

from tidegate.errors import RuleError

Spans = tuple[tuple[int, int], ...]
"""Where the whole match and each of its groups begin and end; (-1, -1) for a group that took no part."""

_MEMORY_BYTES: Final = 64 << 20
"""RE2's own limit for one pattern; counted repeats are unrolled and need more than its default 8 MB."""
_UNANCHORED: Final = re2._re2.RE2.Anchor.UNANCHORED


class Expression:
    """A compiled pattern."""

    __slots__ = ("_compiled", "_match", "pattern")

    def __init__(self, pattern: str, where: str) -> None:
        """Compile it. Raises `RuleError`, which begins with `where`, when it does not compile."""
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.log_errors = False
        options.max_mem = _MEMORY_BYTES
        try:
            self.pattern = pattern.encode("latin-1")
        except UnicodeEncodeError:
            raise RuleError(f"{where} does not compile: a character beyond Latin-1") from None
        self._compiled: Any = re2._re2.RE2(self.pattern, options)
        if not self._compiled.ok():
            reason = self._compiled.error()
            said = reason.decode("latin-1") if isinstance(reason, bytes) else str(reason)
            raise RuleError(f"{where} does not compile: {said}")
        self._match = self._compiled.Match

    @property
    def names(self) -> list[tuple[str, int]]:
        """The named groups: name, index."""
        return [(name.decode("latin-1"), index) for name, index in self._compiled.NamedCapturingGroups()]

    def found_in(self, text: bytes) -> bool:
        """Say whether it matches anywhere."""
        return bool(self._match(_UNANCHORED, text, 0, len(text))[0][0] >= 0)

    def find_all(self, text: bytes, enough: int | None = None) -> Iterator[Spans]:
        """Yield the matches that do not overlap, from left to right, until one reaches `enough`."""
        match, at, end = self._match, 0, len(text)
        last = end if enough is None else enough
        while at < end:
            spans: Spans = match(_UNANCHORED, text, at, end)
            low, high = spans[0]
            if low < 0:
                return
            yield spans
            if high >= last:
                return
            at = high if high > at else at + 1
