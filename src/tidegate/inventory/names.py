"""Kinds by names over whole columns: the rules of `tidegate.kinds.names`, with the same answers.

Many names are told in three steps. All are searched, where they lie in memory, for the needles without which
no pattern fits (50 to 80 ns a name); the few that hold one are laid out a name a line and searched for the
patterns; for the others the ending decides, read as one number of eight bytes (15 ns).
"""

from __future__ import annotations

import re
import threading
from array import array
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

import numpy as np
import polars as pl

from tidegate.inventory import _needles
from tidegate.inventory._views import SHORT, Views, views_of
from tidegate.kinds import names as one_by_one
from tidegate.kinds.names import NO_RULE
from tidegate.kinds.table import OTHER

_FEW: Final = 1_000_000
_BLOCK: Final = 16_384
"""Names whose endings are told at a time, so that what is computed stays in the processor's cache."""
_SPARSE: Final = 4
"""Bytes of a buffer for one byte of a name in it, beyond which the names are copied out first."""


def key(name: pl.Expr) -> pl.Expr:
    """Return the ending of each name, with its dot, in lower case; empty where there is none."""
    return name.str.extract(f"({one_by_one.ENDING})$", 1).str.to_lowercase().fill_null("")


class Ruler:
    """Tells the pattern that wins each name of a column; for use from several threads at once.

    Few names are asked one by one (2 µs each). To compile the patterns for many takes 3 s, once.
    """

    def __init__(self, few: int = _FEW) -> None:
        self._left = few

    @classmethod
    def of(cls, rows: int) -> Ruler:
        """Return one for so many names: what is compiled for many is compiled at once."""
        return cls(rows if rows <= _FEW else 0)

    def by_pattern(self, names: pl.Series) -> pl.Series:
        """Return the number in `rules()` of the pattern that wins each name, `NO_RULE` where none fits."""
        names = names.fill_null("")
        self._left -= names.len()
        if self._left >= 0:
            return pl.Series(one_by_one.first_patterns(names), dtype=pl.UInt16)
        found = np.full(len(names), NO_RULE, np.uint16)
        rows = _candidates(names)
        if rows is None:
            found[:] = _in_lines(names)
        elif len(rows):
            found[rows] = _in_lines(names.gather(rows))
        return pl.Series(found)


def rules_of(names: pl.Series, ruler: Ruler) -> pl.Series:
    """Return the number in `rules()` of the rule that wins each name, `NO_RULE` where none fits."""
    patterns = ruler.by_pattern(names)
    return patterns.zip_with(patterns != NO_RULE, _by_ending(names.fill_null("")))


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


# Patterns.


def _in_lines(names: pl.Series) -> Any:
    """Return for each name the number of the pattern that wins it, from one search of them all."""
    broken = names.str.contains("\n", literal=True)
    lines = names.zip_with(~broken, pl.Series([""])) if broken.any() else names
    text = lines.str.join("\n").cast(pl.Binary).item()
    hits, ends = _patterns().scan(text)
    found = np.full(len(names), NO_RULE, np.uint16)
    if len(hits):
        starts = np.cumsum(lines.str.len_bytes().to_numpy() + 1, dtype=np.int64)
        # The least number wins, whatever the order of the hits. An end is before the next line's start.
        np.minimum.at(found, np.searchsorted(starts, ends, "right"), hits.astype(np.uint16))
    for place in broken.arg_true():
        found[place] = one_by_one.first_patterns([names[place]])[0]
    return found


def _candidates(names: pl.Series) -> Any:
    """Return the rows whose names a pattern may fit, in order; `None` where any may."""
    with views_of(names) as chunks:
        if chunks is None:
            return None
        found = []
        for chunk in chunks:
            may = chunk.lengths <= SHORT
            begins = _begins(chunk.prefixes)
            for low, high, text in _stretches(chunk):
                part = slice(low, high)
                if not _search(text, chunk.offsets[part], chunk.lengths[part], begins[part], may[part]):
                    return None
            found.append(np.flatnonzero(may) + chunk.first)
        return np.concatenate(found) if found else np.empty(0, np.int64)


def _stretches(chunk: Views) -> Iterator[tuple[int, int, Any]]:
    """Yield from which row to which one buffer is used, and the buffer."""
    long = np.flatnonzero(chunk.lengths > SHORT)
    if not len(long):
        return
    buffers = chunk.buffers[long]
    changes = np.flatnonzero(buffers[1:] != buffers[:-1]) + 1
    for first, after in zip([0, *changes.tolist()], [*changes.tolist(), len(long)], strict=True):
        yield int(long[first]), int(long[after - 1]) + 1, chunk.texts[int(buffers[first])]


def _search(text: Any, offsets: Any, lengths: Any, begins: Any, may: Any) -> bool:
    """Note the names that hold a needle; tell whether the names lie in order, so that it could be told."""
    places = np.flatnonzero(lengths > SHORT)
    if len(places) < len(lengths):
        offsets, lengths, begins = offsets[places], lengths[places], begins[places]
    starts = offsets.astype(np.int64)
    ends = starts + lengths
    if (starts[1:] < ends[:-1]).any():
        return False
    first, last = int(starts[0]), int(ends[-1])
    if last - first > _SPARSE * int(lengths.sum(dtype=np.int64)) + (1 << 16):
        return False
    needles, at = _needle_texts().scan(text[first:last])
    last_four = np.ndarray((len(text) - 3,), "<u4", text, 0, (1,))
    groups, ends_well = _tails()
    if len(at):
        at = at + first
        rows = np.searchsorted(starts, at, "left") - 1
        good = (
            (rows >= 0) & (at <= ends[rows]) & ends_well[groups[needles], _hashed(last_four[ends[rows] - 4])]
        )
        may[places[rows[good]]] = True
    if begins.any():
        rows = np.flatnonzero(begins)
        may[places[rows[ends_well[-1, _hashed(last_four[ends[rows] - 4])]]]] = True
    return True


def _hashed(last: Any) -> Any:
    """Return a number for the last three of the last four bytes of names, whatever their case."""
    return ((last >> np.uint32(8) | np.uint32(0x202020)) * np.uint32(0x9E3779B1)) >> np.uint32(16)


def _begins(prefixes: Any) -> Any:
    """Tell which names may begin with a needle that counts only there."""
    if not len(prefixes):
        return np.zeros(0, bool)
    changes = np.concatenate([[0], np.flatnonzero(prefixes[1:] != prefixes[:-1]) + 1, [len(prefixes)]])
    lower = prefixes[changes[:-1]] | np.uint32(0x20202020)
    found = np.zeros(len(lower), bool)
    for mask, value in _starts():
        found |= (lower & mask) == value
    return np.repeat(found, np.diff(changes))


class _Compiled:
    """Expressions for one search in memory, with what each thread needs for it."""

    def __init__(self, expressions: list[bytes], flags: int) -> None:
        import hyperscan  # noqa: PLC0415 - only for many names

        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        count = len(expressions)
        # Without UTF-8, either case is that of ASCII alone, as the one-by-one form has it.
        flags |= hyperscan.HS_FLAG_CASELESS
        self._database.compile(
            expressions=expressions, ids=list(range(count)), elements=count, flags=[flags] * count
        )
        self._own = threading.local()

    def scan(self, text: Any) -> tuple[Any, Any]:
        """Return of each hit the expression's number and the end, in order of the ends."""
        import hyperscan  # noqa: PLC0415

        scratch = getattr(self._own, "scratch", None)
        if scratch is None:
            scratch = self._own.scratch = hyperscan.Scratch(self._database)
        hits = array("Q")
        add = hits.append

        def told(expression: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add(end << 16 | expression)

        self._database.scan(text, match_event_handler=told, scratch=scratch)
        found = np.array(hits, np.int64)
        return found & 0xFFFF, found >> 16


_compiling: Final = threading.Lock()
_made: Final[dict[str, _Compiled]] = {}


def _patterns() -> _Compiled:
    import hyperscan  # noqa: PLC0415

    with _compiling:
        if "patterns" not in _made:
            lines = [_in_line(each.pattern).encode() for each in one_by_one.patterns()]
            _made["patterns"] = _Compiled(lines, hyperscan.HS_FLAG_MULTILINE)
        return _made["patterns"]


_SAME: Final = (
    (r"^\(\?:\^\|/\)\[\^/\]\*", r""),
    (r"^\(\?:\^\|/\)\(\?:\[\^/\]\*\[\^([^\]]*)/\]\)\?", r"(?:^|[^\1])"),
    (r"^\(\?:\^\|/\)\(\?:\[\^/\]\*\[([^\]^][^\]]*)\]\)\?", r"(?:^|/|[\1])"),
    (r"/\(\?:\[\^/\]\*/\)\*\[\^/\]\*\$$", r"/"),
    (r"/\(\?:\[\^/\]\*/\)\*\[\^/\]\*", r"/[^\\n]*"),
)
"""Ways to write a pattern, and a shorter one that fits the same."""


def _in_line(pattern: str) -> str:
    """Write a pattern for one line of many, as short as it can be."""
    # What a class leaves out must not reach into the next line.
    for written, shorter in _SAME:
        pattern = re.sub(written, shorter, pattern)
    return re.sub(r"\[\^(?!\\n\])([^\]]*)\]", r"[^\1\\n]", pattern)


def _needle_texts() -> _Compiled:
    with _compiling:
        if "needles" not in _made:
            inside = [_needles.expression(word) for word in _words() if word[0] != _needles.START]
            _made["needles"] = _Compiled(inside, 0)
        return _made["needles"]


@cache
def _words() -> dict[_needles.Word, frozenset[int]]:
    """Return needle -> the patterns that it stands for."""
    found: dict[_needles.Word, frozenset[int]] = {}
    for number, rule in enumerate(one_by_one.patterns()):
        for word in _needles.needles(rule.pattern)[1]:
            found[word] = found.get(word, frozenset()) | {number}
    return _needles.fewest(found)


@cache
def _tails() -> tuple[Any, Any]:
    """Return the group of each needle, and for each group which names end as one of its patterns asks.

    The last group is that of all needles that count only at the start.
    """
    inside = [held for word, held in _words().items() if word[0] != _needles.START]
    at_start = frozenset().union(*(held for word, held in _words().items() if word[0] == _needles.START))
    groups = {held: number for number, held in enumerate(dict.fromkeys(inside))}
    ends_well = np.zeros((len(groups) + 1, 1 << 16), bool)
    by_pattern = [_needles.tails(rule.pattern) for rule in one_by_one.patterns()]
    for number, held in enumerate([*groups, at_start]):
        for pattern in held:
            tails = by_pattern[pattern]
            if tails is None:
                ends_well[number] = True
            else:
                words = np.array([int.from_bytes(tail, "little") << 8 for tail in tails], np.uint32)
                ends_well[number, _hashed(words)] = True
    return np.array([groups[held] for held in inside]), ends_well


@cache
def _starts() -> list[tuple[Any, Any]]:
    """Return what the first four bytes of a name may be: which bits count, and what they are."""
    found = set()
    for word in _words():
        if word[0] == _needles.START:
            mask = value = 0
            for place, cell in enumerate(word[1:5]):
                if len(cell) == 1:
                    mask |= 0xFF << 8 * place
                    value |= (next(iter(cell)) | 0x20) << 8 * place
            found.add((np.uint32(mask), np.uint32(value)))
    return sorted(found)


# Endings.


def _by_ending(names: pl.Series) -> pl.Series:
    """Return the number in `rules()` of the rule that has each name's ending."""
    found = np.full(len(names), NO_RULE, np.uint16)
    slow: Any = np.ones(len(names), bool)
    with views_of(names) as chunks:
        for chunk in chunks or ():
            for low, high, text in _stretches(chunk):
                _tell_endings(chunk, text, low, high, found, slow)
    rows = np.flatnonzero(slow)
    if len(rows):
        keys = pl.select(key(pl.lit(names.gather(rows))).alias("key"))["key"]
        found[rows] = keys.replace_strict(_numbers(), default=NO_RULE, return_dtype=pl.UInt16).to_numpy()
    return pl.Series(found)


def _tell_endings(chunk: Views, text: Any, low: int, high: int, found: Any, slow: Any) -> None:
    """Tell the endings of the rows of one buffer. slow: which are left for the careful way."""
    last_eight = np.ndarray((len(text) - 7,), "<u8", text, 0, (1,))
    for first in range(low, high, _BLOCK):
        after = min(high, first + _BLOCK)
        lengths = chunk.lengths[first:after]
        rows: Any = slice(first + chunk.first, after + chunk.first)
        places = chunk.offsets[first:after].astype(np.int64) + lengths - 8
        if (lengths <= SHORT).any():
            long = np.flatnonzero(lengths > SHORT)
            rows, places = long + first + chunk.first, places[long]
        found[rows], slow[rows] = _endings_of(last_eight[places])


_LOW: Final = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH: Final = np.uint64(0x8080808080808080)
_DOTS: Final = np.uint64(0x2E2E2E2E2E2E2E2E)
_A_UP: Final = np.uint64(0x3F3F3F3F3F3F3F3F)
_BEYOND_Z: Final = np.uint64(0x2525252525252525)


def _endings_of(last: Any) -> tuple[Any, Any]:
    """Return the rule of each ending, and which endings are too long to be told by eight bytes.

    last: the last eight bytes of each name, the last of them highest. All eight are worked on at once, a byte
    in eight bits each: Warren, Hacker's Delight, 6-1 (which byte is zero).
    """
    no_dot = last ^ _DOTS
    dots = ~(((no_dot & _LOW) + _LOW) | no_dot | _LOW)
    until = dots | (dots >> np.uint64(8))
    until |= until >> np.uint64(16)
    until |= until >> np.uint64(32)
    after = (~until & _HIGH) >> np.uint64(7)
    ending = last & (after * np.uint64(0xFF))
    low = ending & _LOW
    capital = (low + _A_UP) & ~(low + _BEYOND_Z) & ~ending & _HIGH
    ending |= capital >> np.uint64(2)
    keys, numbers, times, shift = _table()
    slots = (ending * times) >> shift
    told = np.where(keys[slots] == ending, numbers[slots], np.uint16(NO_RULE))
    undotted = dots == 0
    told[undotted] = NO_RULE
    if undotted.any():
        undotted &= np.isin(ending, _long_tails())
    return told, undotted


@cache
def _table() -> tuple[Any, Any, Any, Any]:
    """Return a table of the endings of up to seven bytes, and what tells an ending its place in it."""
    known = {_packed(text): number for text, number in _numbers().items() if len(text) <= 8}
    shift = np.uint64(48)
    dice = np.random.default_rng(1)
    while True:
        times = np.uint64(dice.integers(1 << 62, 1 << 63) | 1)
        all_keys = np.array(list(known), np.uint64)
        slots = (all_keys * times) >> shift
        if len(np.unique(slots)) == len(slots):
            break
    keys, numbers = np.zeros(1 << 16, np.uint64), np.full(1 << 16, NO_RULE, np.uint16)
    keys[slots], numbers[slots] = all_keys, list(known.values())
    return keys, numbers, times, shift


def _packed(ending: str) -> int:
    return int.from_bytes(ending[1:].encode().rjust(8, b"\0"), "little")


@cache
def _long_tails() -> Any:
    tails: Iterable[str] = (text[-8:] for text in _numbers() if len(text) > 8)
    return np.array(sorted(int.from_bytes(text.encode(), "little") for text in tails), np.uint64)


@cache
def _numbers() -> dict[str, int]:
    numbers = {rule.id: number for number, rule in enumerate(one_by_one.rules())}
    return {ending: numbers[rule.id] for ending, rule in one_by_one.by_ending().items()}
