"""Kinds by names over whole columns: the rules of `tidegate.kinds.names`, with the same answers.

Many names are told in three steps. All are searched, where they lie in memory, for the needles without which
no pattern fits (50 to 80 ns a name); the few that hold one are laid out a name a line and searched for the
patterns; for the others the ending decides, read as one number of eight bytes (15 ns).
"""

from __future__ import annotations

import itertools
import re
import threading
from array import array
from collections.abc import Iterator
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
    last = name.str.tail(_LONGEST)
    return last.str.extract(f"({one_by_one.ENDING})$", 1).str.to_lowercase().fill_null("")


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
    names = names.fill_null("")
    patterns = ruler.by_pattern(names)
    return patterns.zip_with(patterns != NO_RULE, _by_ending(names))


def kinds_of(names: pl.Series, ruler: Ruler) -> pl.Series:
    """Return the kind that each name tells; `other` when it tells none."""
    return rules_of(names, ruler).replace_strict(kind_by_rule(), default=OTHER, return_dtype=pl.String)


@cache
def kind_by_rule() -> dict[int, str]:
    """Return the number of each rule -> its kind."""
    return {number: rule.kind for number, rule in enumerate(one_by_one.rules())}


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
        may = np.zeros(len(names), bool)
        for chunk in chunks:
            begins = _begins(chunk.prefixes)
            for rows, starts, lengths, text in _stretches(chunk):
                found = _search(text, starts, lengths, begins[rows])
                if found is None:
                    return None
                may[chunk.first :][rows] = found
        return np.flatnonzero(may)


def _stretches(chunk: Views) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Yield the rows whose texts lie in one buffer, where they begin, how long they are, and the buffer."""
    short = chunk.lengths <= SHORT
    if short.any():
        rows = np.flatnonzero(short)
        yield rows, rows * 16 + 4, chunk.lengths[rows], chunk.inside
    long = np.flatnonzero(~short)
    if not len(long):
        return
    buffers = chunk.buffers[long]
    changes = (np.flatnonzero(buffers[1:] != buffers[:-1]) + 1).tolist()
    for first, after in zip([0, *changes], [*changes, len(long)], strict=True):
        rows = long[first:after]
        if rows[-1] - rows[0] == len(rows) - 1:
            rows = slice(int(rows[0]), int(rows[-1]) + 1)
        yield (
            rows,
            chunk.offsets[rows].astype(np.int64),
            chunk.lengths[rows],
            chunk.texts[int(buffers[first])],
        )


def _search(text: Any, starts: Any, lengths: Any, begins: Any) -> Any:
    """Tell which names hold a needle; `None` where they do not lie in order, so that it cannot be told."""
    ends = starts + lengths
    if (starts[1:] < ends[:-1]).any():
        return None
    first, last = int(starts[0]), int(ends[-1])
    if last - first > _SPARSE * int(lengths.sum(dtype=np.int64)) + (1 << 16):
        return None
    needles, at = _needle_texts().scan(text[first:last])
    # Of a name of less than four bytes with none before it, the last four are those of another: such may fit.
    last_four = np.ndarray((len(text) - 3,), "<u4", text, 0, (1,))
    groups, ends_well = _tails()
    may = lengths < 4
    if len(at):
        at = at + first
        rows = np.searchsorted(starts, at, "left") - 1
        good = (
            (rows >= 0) & (at <= ends[rows]) & ends_well[groups[needles], _hashed(last_four[ends[rows] - 4])]
        )
        may[rows[good]] = True
    if begins.any():
        rows = np.flatnonzero(begins)
        may[rows[ends_well[-1, _hashed(last_four[ends[rows] - 4])]]] = True
    return may


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
def _looked_for() -> list[tuple[set[bytes], list[_needles.Word]]]:
    """Return of each pattern its ends and needles."""
    return [_needles.needles(rule.pattern) for rule in one_by_one.patterns()]


@cache
def _words() -> dict[_needles.Word, frozenset[int]]:
    """Return needle -> the patterns that it stands for."""
    found: dict[_needles.Word, frozenset[int]] = {}
    for number, (_, words) in enumerate(_looked_for()):
        for word in words:
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
    """Return the number in `rules()` of the rule that has each name's end or ending."""
    found = np.full(len(names), NO_RULE, np.uint16)
    slow: list[Any] = [range(len(names))]
    with views_of(names) as chunks:
        if chunks is not None:
            slow = [_tell_endings(chunk, found[chunk.first :]) + chunk.first for chunk in chunks]
    for row in itertools.chain.from_iterable(slow):
        found[row] = _number(names[int(row)][-_LONGEST:])
    return pl.Series(found)


def _tell_endings(chunk: Views, found: Any) -> Any:
    """Tell the endings of a chunk. Returns the rows that are left for the careful way."""
    left = []
    for rows, starts, lengths, text in _stretches(chunk):
        last_eight = np.ndarray((len(text) - 7,), "<u8", text, 0, (1,))
        places = starts + lengths - 8
        told = np.empty(len(places), np.uint16)
        if text is chunk.inside:  # before the first there is nothing to read
            left.append(rows[places < 0])
            places = np.maximum(places, 0)
        for first in range(0, len(places), _BLOCK):
            part = places[first : first + _BLOCK]
            told[first : first + _BLOCK] = _endings_of(last_eight, part)
        found[rows] = told
    return np.concatenate(left) if left else np.empty(0, np.int64)


_LOW: Final = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH: Final = np.uint64(0x8080808080808080)
_DOTS: Final = np.uint64(0x2E2E2E2E2E2E2E2E)
_A_UP: Final = np.uint64(0x3F3F3F3F3F3F3F3F)
_BEYOND_Z: Final = np.uint64(0x2525252525252525)
_LONGEST: Final = 13
"""Letters of the longest ending, its dot included."""


def _endings_of(eights: Any, places: Any) -> Any:
    """Return the rule of each ending.

    eights: eight bytes from each place of the text on; places: where the last eight of each name begin. The
    last byte is highest, and all eight are worked on at once, a byte in eight bits each: Warren, Hacker's
    Delight, 6-1 (which byte is zero).
    """
    last = _lower(eights[places])
    no_dot = last ^ _DOTS
    dots = ~(((no_dot & _LOW) + _LOW) | no_dot | _LOW)
    until = _smeared(dots)
    keys, numbers, packed, times, shift = _table()
    ending = _from_dot(last, until)
    slots = (ending * times) >> shift
    told = numbers[slots]
    told[keys[slots] != ending] = NO_RULE
    twice = np.flatnonzero(packed[slots])
    if len(twice):
        inner = dots[twice] & (until[twice] >> np.uint64(8))
        twice, inner = twice[inner != 0], inner[inner != 0]
        ending = _from_dot(last[twice], _smeared(inner))
        slots = (ending * times) >> shift
        fits = keys[slots] == ending
        told[twice[fits]] = numbers[slots[fits]]
    undotted = np.flatnonzero(dots == 0)
    if len(undotted):
        told[undotted] = _long_endings(eights, last[undotted], places[undotted])
    return told


def _long_endings(eights: Any, last: Any, places: Any) -> Any:
    """Return the rule of each ending of more than eight bytes. last: the last eight bytes of each name."""
    tails, heads, shifts, numbers = _long_table()
    slots = np.minimum(np.searchsorted(tails, last), len(tails) - 1)
    told = np.full(len(last), NO_RULE, np.uint16)
    rows = np.flatnonzero((tails[slots] == last) & (places >= _LONGEST - 8))
    slots = slots[rows]
    before = _lower(eights[places[rows] - (_LONGEST - 8)]) & np.uint64((1 << 8 * (_LONGEST - 8)) - 1)
    fits = before >> shifts[slots] == heads[slots]
    told[rows[fits]] = numbers[slots[fits]]
    return told


def _lower(text: Any) -> Any:
    """Return eight bytes with the capitals of ASCII in lower case."""
    low = text & _LOW
    capital = (low + _A_UP) & ~(low + _BEYOND_Z) & ~text & _HIGH
    return text | (capital >> np.uint64(2))


def _smeared(dots: Any) -> Any:
    """Return the marks of bytes with the bytes before them marked too."""
    until = dots | (dots >> np.uint64(8))
    until |= until >> np.uint64(16)
    until |= until >> np.uint64(32)
    return until


def _from_dot(last: Any, until: Any) -> Any:
    """Return what stands from the last dot on, zeros before it. until: marks of that dot and all before."""
    return last & (((~(until >> np.uint64(8)) & _HIGH) >> np.uint64(7)) * np.uint64(0xFF))


@cache
def _table() -> tuple[Any, Any, Any, Any, Any]:
    """Return a table of the ends and endings of up to eight bytes, and what tells one its place in it.

    The third column marks the endings that are the last part of an end.
    """
    known = {_packed(text): number for text, number in _numbers().items() if len(text) <= _needles.TOLD}
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
    outer = {_packed(text[text.rindex(".") :]) for text in _ends()}
    packed = np.zeros(1 << 16, bool)
    packed[(np.array(list(outer), np.uint64) * times) >> shift] = True
    return keys, numbers, packed, times, shift


def _packed(ending: str) -> int:
    return int.from_bytes(ending.encode().rjust(8, b"\0"), "little")


@cache
def _long_table() -> tuple[Any, Any, Any, Any]:
    """Return of the longer endings the last eight bytes, those before, how far they are shifted, the rule."""
    found: dict[bytes, tuple[int, int, int]] = {}
    for text, number in _numbers().items():
        if _needles.TOLD < len(text) <= _LONGEST:
            head, tail = text.encode()[:-8], text.encode()[-8:]
            if tail in found:
                raise ValueError(f"two endings end in {tail.decode()}")
            found[tail] = int.from_bytes(head, "little"), 8 * (_LONGEST - len(text)), number
    tails = np.array([int.from_bytes(tail, "little") for tail in found], np.uint64)
    order = np.argsort(tails)
    heads, shifts, numbers = (np.array(column)[order] for column in zip(*found.values(), strict=True))
    return tails[order], heads.astype(np.uint64), shifts.astype(np.uint64), numbers.astype(np.uint16)


def _number(name: str) -> int:
    """Return the number of the rule that has the end or ending of a name, whose last letters are given."""
    name = name.encode().lower().decode("latin1")  # of ASCII letters alone
    outer = name.rfind(".")
    inner = name.rfind(".", 0, outer) if outer > 0 else -1
    numbers = _numbers()
    number = numbers.get(name[inner:], NO_RULE) if inner >= 0 else NO_RULE
    return number if number != NO_RULE else numbers.get(name[outer:], NO_RULE) if outer >= 0 else NO_RULE


@cache
def _numbers() -> dict[str, int]:
    """Return end or ending -> the number of its rule."""
    numbers = {rule.id: number for number, rule in enumerate(one_by_one.rules())}
    return {ending: numbers[rule.id] for ending, rule in one_by_one.by_ending().items()} | _ends()


@cache
def _ends() -> dict[str, int]:
    """Return end -> the number of the first pattern that fits every name with it."""
    found: dict[str, int] = {}
    for number, (ends, _) in enumerate(_looked_for()):
        for end in ends:
            found.setdefault(end.decode(), number)
    return found
