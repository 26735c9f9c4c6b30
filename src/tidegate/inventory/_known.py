"""What the rules of names are made into for many names, kept for the next start: making it takes 3 s."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from tidegate.inventory import _automata, _needles, _tables
from tidegate.inventory._automata import automaton
from tidegate.inventory._tables import Endings, Needles, Patterns
from tidegate.kinds import names as one_by_one
from tidegate.packing import kept

_FORM: Final = b"tidegate-names-6\n"
_MOST_STATES: Final = 5_000
"""Of an automaton, before the same ones are made one; RE2 is asked for the one pattern that has more."""
_MANY_COST: Final = 2e-5
"""What each of the texts that four letters stand for adds to what looking for them costs."""
_GRAM: Final = 4
_TOLD: Final = 8


@dataclass(frozen=True, slots=True)
class Known:
    """What the rules of names are made into."""

    needles: Needles
    """Texts without which no pattern fits."""
    patterns: Patterns
    endings: Endings


_making: Final = threading.Lock()
_made: Final[list[Known]] = []


def known(folder: Path | None) -> Known:
    """Return what the rules are made into; made once, and kept in the folder where there is one."""
    with _making:
        if not _made:
            found = _kept(folder)
            _made.append(found or _make(folder))
        return _made[0]


def known_already(folder: Path | None) -> Known | None:
    """Return it if it was made or kept before."""
    with _making:
        if not _made and (found := _kept(folder)) is not None:
            _made.append(found)
        return _made[0] if _made else None


def _make(folder: Path | None) -> Known:
    pairs: dict[str, int] = {}
    words: dict[_needles.Word, frozenset[int]] = {}
    for number, rule in enumerate(one_by_one.patterns()):
        alone, own = _needles.needles(rule.pattern)
        for end in sorted(alone):
            pairs.setdefault(end.decode(), number)
        for word in own:
            words[word] = words.get(word, frozenset()) | {number}
    groups = list(dict.fromkeys(words.values()))
    numbers = {rule.id: number for number, rule in enumerate(one_by_one.rules())}
    found = Known(
        needles=needles_of(words, groups),
        patterns=patterns_of(groups),
        endings=endings_of({each: numbers[rule.id] for each, rule in one_by_one.by_ending().items()}, pairs),
    )
    _keep(found, folder)
    return found


# Tables.


def needles_of(words: Mapping[_needles.Word, frozenset[int]], groups: list[frozenset[int]]) -> Needles:
    """Return the tables of needles. words: needle -> the patterns that it stands for, one of the groups."""
    letters = _letters()
    places = {held: place for place, held in enumerate(groups)}
    cells: dict[_needles.Cell, int] = {}
    numbers: list[int] = []
    entries = set()
    for word, held in words.items():
        start, choices = _gram(word, letters)
        for choice in itertools.product(*choices):
            gram = 0
            for letter in choice:
                gram = gram << _tables.LETTER_BITS | letter
            own = (start + _GRAM - 1, len(numbers), len(word), places[held])
            entries.add((_tables.gram_hash(gram), gram, *own))
        numbers += [
            _tables.AT_START if cell == _needles.START else cells.setdefault(cell, len(cells))
            for cell in word
        ]
    bits = np.zeros(1 << _tables.FILTER_BITS, bool)
    slots = np.full(1 << _tables.SLOT_BITS, len(entries), np.int16)
    rows = []
    for place, (hashed, *row) in enumerate(sorted(entries)):
        bits[hashed >> 32 - _tables.FILTER_BITS] = True
        slot = hashed >> 32 - _tables.SLOT_BITS
        slots[slot] = min(int(slots[slot]), place)
        rows.append((slot, *row))
    rows.append((-1, *[0] * 5))
    hashes, grams, backs, firsts, sizes, own_groups = zip(*rows, strict=True)
    fitting = np.zeros((len(cells), 256), np.uint8)
    for cell, number in cells.items():
        fitting[number, [*cell, *bytes(sorted(cell)).upper()]] = 1
    return Needles(
        letters=letters,
        filter=np.packbits(bits, bitorder="little"),
        slots=slots,
        grams=np.array(grams, np.uint32),
        hashes=np.array(hashes, np.int16),
        backs=np.array(backs, np.int16),
        firsts=np.array(firsts, np.int32),
        sizes=np.array(sizes, np.int16),
        groups=np.array(own_groups, np.int16),
        cells=np.array(numbers, np.uint8),
        fitting=fitting,
        tails=_tails(groups),
    )


def _letters() -> Any:
    """Return byte -> letter: the same for a letter and its capital, and for what no needle tells apart."""
    found = np.zeros(256, np.uint8)
    seen: dict[bytes, int] = {}
    for byte in range(256):
        own = bytes([byte]).lower()
        if byte >= 0x80:
            own = b"\x80"
        elif not own.isalnum() and own not in b"./-_":
            own = b" "
        found[byte] = seen.setdefault(own, len(seen))
    return found


def _gram(word: _needles.Word, letters: Any) -> tuple[int, list[list[int]]]:
    """Return where in a needle the four letters begin that are looked for, and what each may be."""
    own = [
        [_tables.START] if cell == _needles.START else sorted({int(letters[byte]) for byte in cell})
        for cell in word
    ]
    if len(word) < _GRAM:
        anything = [*sorted({int(each) for each in letters}), _tables.END]
        return 0, [*own, *[anything] * (_GRAM - len(word))]
    start = min(
        range(len(word) - _GRAM + 1),
        key=lambda first: (
            _needles.share_of_gram(word[first : first + _GRAM])
            + _MANY_COST * math.prod(map(len, own[first : first + _GRAM]))
        ),
    )
    return start, own[start : start + _GRAM]


def _tails(groups: Iterable[frozenset[int]]) -> Any:
    by_pattern = [_needles.tails(rule.pattern) for rule in one_by_one.patterns()]
    rows = []
    for held in groups:
        row = np.zeros(1 << _tables.LAST_BITS, bool)
        for pattern in held:
            tails = by_pattern[pattern]
            if tails is None:
                row[:] = True
            else:
                row[[_tables.last_hash(int.from_bytes(tail, "little")) for tail in tails]] = True
        rows.append(np.packbits(row, bitorder="little"))
    return np.array(rows)


def patterns_of(groups: Iterable[frozenset[int]]) -> Patterns:
    """Return the tables of patterns. groups: the patterns that needles stand for."""
    automata = [automaton(rule.pattern, _MOST_STATES) for rule in one_by_one.patterns()]
    held = [sorted(group) for group in groups]
    made = [each for each in automata if each is not None]
    starts, end_starts, step, end = [], [], 0, 0
    for each in automata:
        starts.append(-1 if each is None else step)
        end_starts.append(end)
        if each is not None:
            step, end = step + each.steps.size, end + len(each.ends)
    return Patterns(
        firsts=np.cumsum([0, *map(len, held)], dtype=np.int32),
        held=np.array(list(itertools.chain.from_iterable(held)), np.int16),
        starts=np.array(starts, np.int32),
        widths=np.array([0 if each is None else each.steps.shape[1] for each in automata], np.int32),
        classes=np.array([np.zeros(256, np.uint8) if each is None else each.classes for each in automata]),
        in_part=np.array([each is not None and each.in_part for each in automata], np.uint8),
        steps=np.concatenate([each.steps.ravel() for each in made]),
        decided=np.array([-1 if each is None else each.decided for each in automata], np.int16),
        end_starts=np.array(end_starts, np.int32),
        ends=np.concatenate([each.ends for each in made]),
    )


def endings_of(numbers: Mapping[str, int], pairs: Mapping[str, int]) -> Endings:
    """Return the tables of endings. numbers: ending -> rule; pairs: two that stand together -> rule.

    All in lower case, dots included. Raises `ValueError` for one of another form.
    """
    seconds = {pair[pair.rindex(".") :] for pair in pairs}
    if any(len(pair) > _TOLD for pair in pairs) or not seconds <= numbers.keys():
        raise ValueError("a pair of endings is of eight letters at most, the second one known")
    rows = []
    slots = np.full(1 << _tables.ENDING_SLOT_BITS, -1, np.int16)
    for place, (text, rule) in enumerate({**numbers, **pairs}.items()):
        ending = text.encode()
        if not 2 <= len(ending) <= 2 * _TOLD:
            raise ValueError(f"no ending: {text}")
        slot = _tables.ending_hash(ending)
        last, head = ending[-_TOLD:], ending[:-_TOLD]
        value, mask = _number(last)
        head_value, head_mask = (each << 8 * (_TOLD - len(head)) for each in _number(head))
        # Behind the last byte stand zeros in what is compared; they are the ending's.
        mask |= (1 << 64) - (1 << 8 * len(last))
        rows.append((slots[slot], value, mask, head_value, head_mask, rule, text in seconds))
        slots[slot] = place
    after, values, masks, heads, head_masks, rules, second = zip(*rows, strict=True)
    return Endings(
        slots=slots,
        after=np.array(after, np.int16),
        values=np.array(values, np.uint64),
        masks=np.array(masks, np.uint64),
        heads=np.array(heads, np.uint64),
        head_masks=np.array(head_masks, np.uint64),
        rules=np.array(rules, np.uint16),
        seconds=np.array(second, np.uint8),
    )


def _number(text: bytes) -> tuple[int, int]:
    """Return a text as a little-endian number, and which of its bits count."""
    mask = bytes(0xFF ^ (0x20 if letter in b"abcdefghijklmnopqrstuvwxyz" else 0) for letter in text)
    number = int.from_bytes(mask, "little")
    return int.from_bytes(text, "little") & number, number


# Kept.


@cache
def _name() -> str:
    """Depends on everything that is kept: the rules, and this code."""
    digest = hashlib.sha256(_FORM)
    for part in (
        *(
            Path(each).read_text(encoding="utf-8")
            for each in (__file__, _automata.__file__, _needles.__file__, _tables.__file__)
        ),
        *(f"{rule.pattern} {rule.endings}" for rule in one_by_one.rules()),
    ):
        digest.update(part.encode() + b"\x00")
    return f"names-{digest.hexdigest()[:32]}"


def _keep(made: Known, folder: Path | None) -> None:
    if folder is None:
        return
    tables = [*made.needles, *made.patterns, *made.endings]
    head = json.dumps([(table.dtype.str, table.shape) for table in tables]).encode()
    kept.write(folder, _name(), _FORM, b"\n".join([head, b"".join(table.tobytes() for table in tables)]))


def _kept(folder: Path | None) -> Known | None:
    content = kept.read(folder, _name(), _FORM) if folder is not None else None
    if content is None:
        return None
    head, _, rest = content.partition(b"\n")
    tables = []
    for kind, shape in json.loads(head):
        size = np.dtype(kind).itemsize * math.prod(shape)
        # A copy: what may be written to is of the type for which the loop was compiled.
        tables.append(np.frombuffer(rest[:size], kind).reshape(shape).copy())
        rest = rest[size:]
    needles, patterns = len(Needles._fields), len(Patterns._fields)
    return Known(
        Needles(*tables[:needles]),
        Patterns(*tables[needles : needles + patterns]),
        Endings(*tables[needles + patterns :]),
    )
