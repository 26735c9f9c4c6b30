"""The rule of each name's ending, read as one number of eight bytes.

The last three bytes say which ending it may be; one comparison of all eight says whether it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from tidegate.kinds.names import NO_RULE

TOLD: Final = 8
"""Bytes that are read as one number."""
_BLOCK: Final = 8_192
"""Names whose endings are told at a time, so that what is computed stays in the processor's cache."""
_SLOTS: Final = 1 << 16
_EITHER: Final = 0x20
"""The bit in which a letter and its capital differ."""
_LOOSE: Final = np.uint32(0x202020)
_TIMES: Final = np.uint32(0x9E3779B1)
_LAST: Final = np.uint64(40)
_ANY: Final = sorted({byte | _EITHER for byte in range(256)})


class Endings:
    """Tells the rule of an ending, or of two that stand together, as in `.csv.gz`."""

    def __init__(self, numbers: Mapping[str, int], pairs: Mapping[str, int]) -> None:
        """Take the rule of each ending and pair, dots included, in lower case. A pair has up to eight bytes.

        Raises `ValueError` for a pair of another form.
        """
        all_numbers = {**numbers, **pairs}
        second = {pair: pair[pair.rindex(".") :] for pair in pairs}
        for pair, end in second.items():
            if len(pair) > TOLD or end not in numbers or not 3 <= len(end) <= len(pair) - 3:
                raise ValueError(f"no pair of endings that are known: {pair}")
        ends = set(second.values())
        plain = {text: 0 for text in numbers if len(text) <= TOLD and text not in ends}
        long = {text: 0 for text in numbers if len(text) > TOLD}
        self._one = _Table([plain, long, dict.fromkeys(ends, 0)], all_numbers)
        self._first_long, self._first_second = self._one.begins[1:]
        places = {text: place for place, text in enumerate(self._one.texts)}
        self._pairs = _Table([{pair: places[end] for pair, end in second.items()}], all_numbers)
        self._shifts = np.array([8 * max(0, 5 - len(text)) for text in self._one.texts], np.uint64)
        """Of each ending how far what stands before it is shifted: three bytes remain."""

    def tell(self, text: Any, starts: Any, lengths: Any) -> Any:
        """Return the rule of each name's ending, `NO_RULE` where there is none that is known.

        text: the bytes in which the names lie; starts: where each begins. There are 16 bytes before each end,
        and before a name is none that an ending has.
        """
        eights = np.ndarray((len(text) - 7,), "<u8", text, 0, (1,))
        places = starts + lengths
        places -= TOLD
        at = np.empty(len(places), np.uint16)
        for first in range(0, len(places), _BLOCK):
            part = slice(first, first + _BLOCK)
            at[part] = self._one.find(eights[places[part]])
        told = self._one.rules.take(at)
        rows = np.flatnonzero(at >= self._first_long)
        if len(rows):
            self._look_closer(told, rows, at.take(rows), eights, places.take(rows))
        return told

    def _look_closer(self, told: Any, rows: Any, at: Any, eights: Any, places: Any) -> None:
        """Look at what stands before an ending that is longer, or may be the second of a pair."""
        second = at >= self._first_second
        long = np.flatnonzero(~second)
        differ = eights[places.take(long) - TOLD] ^ self._one.heads.take(at.take(long))
        differ &= self._one.head_masks.take(at.take(long))
        told[rows.take(long[differ != 0])] = NO_RULE
        rows, at = rows[second], at[second]
        found = self._pairs.find(eights[places[second]], self._shifts.take(at), at)
        known = np.flatnonzero(found)
        told[rows.take(known)] = self._pairs.rules.take(found.take(known))


class _Table:
    """Endings by three of their bytes; place 0 is that of none."""

    def __init__(self, groups: Sequence[Mapping[str, int]], numbers: Mapping[str, int]) -> None:
        """Take endings in groups, whose places follow one another.

        groups: of each ending what else must be the same, 0 for nothing; of a pair the place of the second.
        """
        self.texts, slots, self.begins = [""], [0], []
        for group in groups:
            self.begins.append(len(self.texts))
            for text, other in sorted(group.items()):
                found = _slots(text[: text.rindex(".")] if other else text, other)
                self.texts += [text] * len(found)
                slots += found
        self._first = np.zeros(_SLOTS, np.uint16)
        self._next = np.zeros(len(slots), np.uint16)
        # Of endings with the same three bytes the shortest is the most usual, and comes first.
        for place in sorted(range(1, len(slots)), key=lambda each: -len(self.texts[each])):
            self._next[place], self._first[slots[place]] = self._first[slots[place]], place
        self.rules = np.array([numbers.get(text, NO_RULE) for text in self.texts], np.uint16)
        self._values, self._masks = _numbers(text[-TOLD:] for text in self.texts)
        self.heads, self.head_masks = _numbers(text[:-TOLD] for text in self.texts)

    def find(self, last: Any, shifts: Any = _LAST, others: Any = None) -> Any:
        """Return the place of each ending, 0 where it is not here.

        last: the last eight bytes; shifts: how far the three bytes stand in them; others: what else must be
        the same.
        """
        slot = (last >> shifts).astype(np.uint32)
        slot |= _LOOSE
        if others is not None:
            slot &= np.uint32(0xFFFFFF)
            slot ^= others.astype(np.uint32) << np.uint32(24)
        slot *= _TIMES
        slot >>= np.uint32(16)
        at = self._first.take(slot)
        differ = self._values.take(at)
        differ ^= last
        differ &= self._masks.take(at)
        rows = np.flatnonzero(differ != 0)
        while len(rows):
            at[rows] = after = self._next[at[rows]]
            rows, after = rows[after != 0], after[after != 0]
            rows = rows[(last[rows] ^ self._values[after]) & self._masks[after] != 0]
        return at


def _slots(text: str, other: int) -> list[int]:
    """Return the slots of an ending: by its last three bytes, in any case."""
    three = text[-3:].encode()
    firsts = _ANY if len(three) < 3 else [three[0]]
    keys = [int.from_bytes(bytes([first]) + three[-2:], "little") | int(_LOOSE) for first in firsts]
    return sorted({((key ^ other << 24) & 0xFFFFFFFF) * int(_TIMES) % (1 << 32) >> 16 for key in keys})


def _numbers(texts: Iterable[str]) -> tuple[Any, Any]:
    """Return texts of up to eight bytes as numbers, and which of their bits count."""
    values, masks = [], []
    for text in texts:
        mask = bytes(0xFF ^ (_EITHER if letter.isalpha() else 0) for letter in text).rjust(TOLD, b"\0")
        number = int.from_bytes(text.encode().rjust(TOLD, b"\0"), "little")
        masks.append(int.from_bytes(mask, "little"))
        values.append(number & masks[-1])
    return np.array(values, np.uint64), np.array(masks, np.uint64)
