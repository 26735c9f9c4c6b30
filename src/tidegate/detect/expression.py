"""RE2 over bytes: no text can make it slow.

The binding is asked itself: the module above it makes objects for each match, which takes as long again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import re2

from tidegate.errors import RuleError

Spans = tuple[tuple[int, int], ...]
"""Where the whole match and each of its groups begin and end; (-1, -1) for a group that took no part."""

_MEMORY_BYTES: Final = 64 << 20
"""RE2's own limit for one pattern; counted repeats are unrolled and need more than its default 8 MB."""
_UNANCHORED: Final = re2._re2.RE2.Anchor.UNANCHORED
_CLASS: Final = r"\[(?:\\.|[^\]\\])+\]"
_OPAQUE: Final = re.compile(rf"\\.|{_CLASS}")
_COUNTED: Final = re.compile(rf"\(\?P<(\w+)>((?:{_CLASS})?)({_CLASS})\{{(\d+),(\d+)\}}((?:{_CLASS})?)\)")
"""A group that is one class so many times, perhaps with another before or behind it."""


class Expression:
    """A compiled pattern."""

    __slots__ = ("_compiled", "_exact", "_longest", "_match", "pattern")

    def __init__(self, pattern: str, where: str, *, relaxed: bool = False) -> None:
        """Compile it. Raises `RuleError`, which begins with `where`, when it does not compile.

        relaxed: look without the bounds of groups such as `(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])`
        first, where they stand in nothing that repeats. Where no such group of a match is longer than its
        bound, the match is the one with bounds too: what the bounds allow is part of what is tried, and in
        the same order. Else it is sought again with them. RE2 unrolls the bounds, and its first look at a
        text takes a third as long without. Only for patterns whose classes do not begin with `]`.
        """
        self.pattern = _encoded(pattern, where)
        self._longest: list[tuple[int, int]] = []
        self._exact: Any = None
        counted, without = _without_bounds(pattern) if relaxed else ({}, "")
        if counted:
            self._compiled = _compiled(without.encode("latin-1"), where)
            self._longest = [(index, counted[name]) for name, index in self.names if name in counted]
        else:
            self._compiled = _compiled(self.pattern, where)
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
            for index, most in self._longest:
                if spans[index][1] - spans[index][0] > most:
                    spans = self._bounded(text, at, end)
                    break
            low, high = spans[0]
            if low < 0:
                return
            yield spans
            if high >= last:
                return
            at = high if high > at else at + 1

    def _bounded(self, text: bytes, at: int, end: int) -> Spans:
        if self._exact is None:
            self._exact = _compiled(self.pattern, "a pattern").Match
        spans: Spans = self._exact(_UNANCHORED, text, at, end)
        return spans


def _without_bounds(pattern: str) -> tuple[dict[str, int], str]:
    """Return the groups whose bounds can be left out, with the most bytes that each allows, and the rest."""
    repeated = _repeated(pattern)
    counted: dict[str, int] = {}

    def relax(found: re.Match[str]) -> str:
        if any(low <= found.start() < high for low, high in repeated):
            return found[0]
        counted[found[1]] = int(found[5]) + bool(found[2]) + bool(found[6])
        return f"(?P<{found[1]}>{found[2]}{found[3]}{{{found[4]},}}{found[6]})"

    without = _COUNTED.sub(relax, pattern)
    return counted, without


def _repeated(pattern: str) -> list[tuple[int, int]]:
    """Return where the groups begin and end behind which a sign of repetition stands."""
    plain = _OPAQUE.sub(lambda found: " " * len(found[0]), pattern)
    begins: list[int] = []
    spans: list[tuple[int, int]] = []
    for each in re.finditer(r"[()]", plain):
        if each[0] == "(":
            begins.append(each.start())
        elif begins:
            begin = begins.pop()
            if plain.startswith(("*", "+", "{"), each.end()):
                spans.append((begin, each.end()))
    return spans


def _encoded(pattern: str, where: str) -> bytes:
    try:
        return pattern.encode("latin-1")
    except UnicodeEncodeError:
        raise RuleError(f"{where} does not compile: a character beyond Latin-1") from None


def _compiled(pattern: bytes, where: str) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    compiled = re2._re2.RE2(pattern, options)
    if not compiled.ok():
        reason = compiled.error()
        said = reason.decode("latin-1") if isinstance(reason, bytes) else str(reason)
        raise RuleError(f"{where} does not compile: {said}")
    return compiled
