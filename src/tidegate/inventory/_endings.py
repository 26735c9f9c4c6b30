"""The rule of each name's ending, read as one number of eight bytes: 15 ns a name.

All eight bytes are worked on at once, a byte in eight bits each: Warren, Hacker's Delight, 6-1 (which byte
is zero).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from tidegate.kinds.names import NO_RULE

TOLD: Final = 8
"""Bytes that are read as one number."""
_LONGEST: Final = 13
"""Bytes of the longest ending, its dot included."""
_BLOCK: Final = 16_384
"""Names whose endings are told at a time, so that what is computed stays in the processor's cache."""
_SLOTS: Final = 1 << 16
_SPACE: Final = 0x20
_SPARSE: Final = 4
"""Bytes for one byte of a name, beyond which not all are looked at."""
_LOW: Final = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH: Final = np.uint64(0x8080808080808080)
_DOTS: Final = np.uint64(0x2E2E2E2E2E2E2E2E)
_A_UP: Final = np.uint64(0x3F3F3F3F3F3F3F3F)
_HEAD: Final = np.uint64((1 << 8 * (_LONGEST - TOLD)) - 1)
_BEYOND_Z: Final = np.uint64(0x2525252525252525)


class Endings:
    """Tells the rule of an ending, or of two that stand together, as in `.csv.gz`."""

    def __init__(self, numbers: Mapping[str, int], pairs: Mapping[str, int]) -> None:
        """Take the rule of each ending and pair, dots included, in lower case. A pair has up to eight bytes.

        Raises `ValueError` for an underscore, and where two long endings cannot be told apart.
        """
        self._numbers = {**numbers, **pairs}
        if any("_" in text for text in self._numbers):
            raise ValueError("an ending with an underscore")
        known = {_packed(text): number for text, number in self._numbers.items() if len(text) <= TOLD}
        all_keys = np.array(list(known), np.uint64)
        self._shift = np.uint64(48)
        dice = np.random.default_rng(1)
        while True:
            self._times = np.uint64(dice.integers(1 << 62, 1 << 63) | 1)
            slots = self._slots(all_keys)
            if len(np.unique(slots)) == len(slots):
                break
        self._keys, self._rules = np.zeros(_SLOTS, np.uint64), np.full(_SLOTS, NO_RULE, np.uint16)
        self._keys[slots], self._rules[slots] = all_keys, list(known.values())
        self._second = np.zeros(_SLOTS, bool)
        """The slots of endings that are the second of a pair."""
        self._second[
            self._slots(np.array([_packed(each[each.rindex(".") :]) for each in pairs], np.uint64))
        ] = True
        self._long = _long_table(self._numbers)

    def tell(self, text: Any, starts: Any, lengths: Any) -> Any:
        """Return the rule of each name's ending, `NO_RULE` where there is none that is known.

        text: the bytes in which the names lie, 16 or more; starts: where each begins.
        """
        eights = np.ndarray((len(text) - 7,), "<u8", text, 0, (1,))
        places = starts + lengths - TOLD
        # Before a name of less than eight bytes its length is read with it, which is no dot: `Views.inside`.
        careful = np.flatnonzero(places < 0)
        places = np.maximum(places, 0) if len(careful) else places
        told = np.empty(len(places), np.uint16)
        lower = _lower if _has_control(text, places, lengths) else _quickly_lower
        for first in range(0, len(places), _BLOCK):
            part = slice(first, first + _BLOCK)
            told[part] = self._block(lower(eights[places[part]]), eights, places[part])
        for row in careful:
            told[row] = self.one(bytes(text[starts[row] : starts[row] + lengths[row]]))
        return told

    def one(self, name: bytes) -> int:
        """Return the rule of one name's ending."""
        last = name[-_LONGEST:].lower().decode("latin-1")
        second = last.rfind(".")
        first = last.rfind(".", 0, second) if second > 0 else -1
        found = self._numbers.get(last[first:], NO_RULE) if first >= 0 else NO_RULE
        if found == NO_RULE and second >= 0:
            found = self._numbers.get(last[second:], NO_RULE)
        return found

    def _slots(self, keys: Any) -> Any:
        return (keys * self._times) >> self._shift

    def _block(self, last: Any, eights: Any, places: Any) -> Any:
        no_dot = last ^ _DOTS
        dots = ~(((no_dot & _LOW) + _LOW) | no_dot | _LOW)
        until = _smeared(dots)
        ending = _from_dot(last, until)
        slots = self._slots(ending)
        told = self._rules[slots]
        told[self._keys[slots] != ending] = NO_RULE
        second = np.flatnonzero(self._second[slots])
        if len(second):
            first = dots[second] & (until[second] >> np.uint64(8))
            second, first = second[first != 0], first[first != 0]
            pair = _from_dot(last[second], _smeared(first))
            slots = self._slots(pair)
            fits = self._keys[slots] == pair
            told[second[fits]] = self._rules[slots[fits]]
        undotted = np.flatnonzero(dots == 0)
        if len(undotted):
            told[undotted] = self._longer(eights, last[undotted], places[undotted])
        return told

    def _longer(self, eights: Any, last: Any, places: Any) -> Any:
        """Return the rule of each ending of more than eight bytes, of which `last` are the last."""
        tails, heads, shifts, numbers = self._long
        slots = np.minimum(np.searchsorted(tails, last), len(tails) - 1)
        told = np.full(len(last), NO_RULE, np.uint16)
        rows = np.flatnonzero((tails[slots] == last) & (places >= _LONGEST - TOLD))
        slots = slots[rows]
        before = _lower(eights[places[rows] - (_LONGEST - TOLD)]) & np.uint64(
            (1 << 8 * (_LONGEST - TOLD)) - 1
        )
        fits = before >> shifts[slots] == heads[slots]
        told[rows[fits]] = numbers[slots[fits]]
        return told


def _lower(text: Any) -> Any:
    """Return eight bytes with the capitals of ASCII in lower case."""
    low = text & _LOW
    capital = (low + _A_UP) & ~(low + _BEYOND_Z) & ~text & _HIGH
    return text | (capital >> np.uint64(2))


def _quickly_lower(text: Any) -> Any:
    """Return letters in lower case; other bytes may become what no ending has. Not for control characters."""
    return text | np.uint64(0x2020202020202020)


def _has_control(text: Any, places: Any, lengths: Any) -> bool:
    """Tell whether there may be a control character in names."""
    first, last = int(places.min()), int(places.max()) + TOLD
    if last - first > _SPARSE * int(lengths.sum(dtype=np.int64)):
        return True
    return bool(text[first:last].min() < _SPACE)


def _smeared(dots: Any) -> Any:
    """Return the marks of bytes with the bytes before them marked too."""
    until = dots | (dots >> np.uint64(8))
    until |= until >> np.uint64(16)
    until |= until >> np.uint64(32)
    return until


def _from_dot(last: Any, until: Any) -> Any:
    """Return what stands from the last dot on, zeros before it. until: marks of that dot and all before."""
    return last & (((~(until >> np.uint64(8)) & _HIGH) >> np.uint64(7)) * np.uint64(0xFF))


def _packed(ending: str) -> int:
    return int.from_bytes(ending.encode().rjust(8, b"\0"), "little")


def _long_table(endings: Mapping[str, int]) -> tuple[Any, Any, Any, Any]:
    """Return of the longer endings the last eight bytes, those before, how far they are shifted, the rule."""
    found: dict[bytes, tuple[int, int, int]] = {}
    for text, number in endings.items():
        if TOLD < len(text) <= _LONGEST:
            head, tail = text.encode()[:-8], text.encode()[-8:]
            if tail in found:
                raise ValueError(f"two endings end in {tail.decode()}")
            found[tail] = int.from_bytes(head, "little"), 8 * (_LONGEST - len(text)), number
    tails = np.array([int.from_bytes(tail, "little") for tail in found], np.uint64)
    order = np.argsort(tails)
    heads, shifts, numbers = (np.array(column)[order] for column in zip(*found.values(), strict=True))
    return tails[order], heads.astype(np.uint64), shifts.astype(np.uint64), numbers.astype(np.uint16)
