"""The loop over names, compiled by Numba: which ending each has, and which needles it holds.

Names of an inventory follow one another in order, so that most of each is the beginning of the one before:
that is not looked at again. At each further byte the last four, as one number, say whether a needle may
stand there (one bit of a table), and the few that may are compared. So a name costs the bytes in which it
differs from the one before.

It is one function, and what it calls gets numbers and addresses: Numba counts who holds an array that is
handed on, for each name, which took as long as all the rest.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

from tidegate.inventory._native import (
    byte,
    compiled,
    eight,
    give_back,
    high_zeros,
    last_eight,
    low_zeros,
    two,
)
from tidegate.inventory._tables import (
    AT_START,
    BEFORE,
    END,
    ENDING_SLOT_BITS,
    FILTER_BITS,
    LAST_BITS,
    LETTER_BITS,
    MULTIPLIER,
    MULTIPLIER_64,
    SLOT_BITS,
    START,
    Endings,
    Needles,
    Patterns,
)
from tidegate.inventory._views import SHORT, Views
from tidegate.kinds.names import NO_RULE

SLASH: Final = 0x2F
_HELD: Final = 256
"""Places of one name at which a needle may stand; of a name that has more, all patterns are tried."""
_DOTS: Final = np.uint64(0x2E2E2E2E2E2E2E2E)
_ONES: Final = np.uint64(0x0101010101010101)
_TOPS: Final = np.uint64(0x8080808080808080)
_LOOSE: Final = np.uint64(0x2020202020202020)


@compiled
def _shared(at: Any, before: Any, most: Any) -> Any:
    """Return how many bytes at the start of two names are the same, `most` at most."""
    same = 0
    while same + 8 <= most:
        differ = eight(at + same) ^ eight(before + same)
        if differ != 0:
            return same + (np.int64(low_zeros(differ)) >> 3)
        same += 8
    while same < most and byte(at + same) == byte(before + same):
        same += 1
    return same


@compiled
def _ending(
    at: Any, length: Any, last: Any, slots: Any, after: Any, values: Any, masks: Any, heads: Any,
    head_masks: Any, rules: Any, seconds: Any,
) -> Any:  # fmt: skip
    """Return the rule of a name's ending. last: its last eight bytes; the others: where tables begin."""
    rule = np.uint16(NO_RULE)
    differ = last ^ _DOTS
    # The highest bit that is set is a dot's. What is set besides is a slash behind a dot: no ending's.
    dots = np.uint64(np.uint64(differ - _ONES) & ~differ & _TOPS)
    again = True
    while again:
        again = False
        shift = np.uint64(0)
        if dots != 0:
            shift = np.uint64(np.uint64(56) - (high_zeros(dots) & np.uint64(56)))
        key = last >> shift
        hashed = np.uint64((key | _LOOSE >> shift) * np.uint64(MULTIPLIER_64))
        entry = np.int64(np.int16(two(slots + 2 * np.int64(hashed >> np.uint64(64 - ENDING_SLOT_BITS)))))
        while entry >= 0 and (key ^ eight(values + 8 * entry)) & eight(masks + 8 * entry) != 0:
            entry = np.int64(np.int16(two(after + 2 * entry)))
        if entry >= 0 and dots == 0:
            head = last_eight(at, length - 8) if length > 8 else np.uint64(0)
            while entry >= 0 and (
                (key ^ eight(values + 8 * entry)) & eight(masks + 8 * entry) != 0
                or (head ^ eight(heads + 8 * entry)) & eight(head_masks + 8 * entry) != 0
            ):
                entry = np.int64(np.int16(two(after + 2 * entry)))
        if entry >= 0:
            rule = two(rules + 2 * entry)
            dots = np.uint64(dots & ((np.uint64(1) << shift) - np.uint64(1)))
            again = byte(seconds + entry) == 1 and dots != 0
    return rule


@compiled
def _fits_pattern(
    start: Any,
    width: Any,
    decided: Any,
    classes: Any,
    steps: Any,
    ends: Any,
    at: Any,
    first: Any,
    length: Any,
) -> Any:
    """Tell whether a pattern fits from a byte on. classes, ends: addresses of its own; steps: of all."""
    state = np.int64(first > 0)
    for place in range(first, length):
        class_ = np.int64(byte(classes + np.int64(byte(at + place))))
        state = np.int64(two(steps + 2 * (start + state * width + class_)))
        if state == decided:
            return True
    return byte(ends + state) != 0


@compiled
def _fitting_cells(at: Any, length: Any, place: Any, size: Any, cells: Any, fitting: Any) -> Any:
    """Return how many cells of a needle fit a name, the first of them at byte `place`."""
    for cell in range(size):
        wanted = np.int64(byte(cells + cell))
        there = place + cell
        if wanted == AT_START:
            if there != -1:
                return cell
        elif there < 0 or there >= length or byte(fitting + 256 * wanted + np.int64(byte(at + there))) == 0:
            return cell
    return size


@compiled
def _tell(
    letters: Any, bits: Any, slots: Any, grams: Any, hashes: Any, backs: Any, firsts: Any, sizes: Any,
    groups: Any, cells: Any, fitting: Any, tails: Any, held_firsts: Any, held_patterns: Any, starts: Any,
    widths: Any, classes: Any, in_part: Any, steps: Any, decided: Any, end_starts: Any, ends: Any,
    ending_slots: Any, after: Any, values: Any, masks: Any, heads: Any, head_masks: Any, rules: Any,
    seconds: Any, views: Any, buffers: Any, inline: Any, found: Any, asked: Any,
) -> Any:  # fmt: skip
    """Write to `found` the first pattern that fits each name, or the rule of its ending.

    The names that must be asked one by one are written to `asked`. Returns how many there are.
    """
    count = 0
    letters_at, bits_at = np.int64(letters.ctypes.data), np.int64(bits.ctypes.data)
    cells_at, fitting_at = np.int64(cells.ctypes.data), np.int64(fitting.ctypes.data)
    classes_at, steps_at = np.int64(classes.ctypes.data), np.int64(steps.ctypes.data)
    ends_at = np.int64(ends.ctypes.data)
    ending_slots_at, after_at = np.int64(ending_slots.ctypes.data), np.int64(after.ctypes.data)
    values_at, masks_at = np.int64(values.ctypes.data), np.int64(masks.ctypes.data)
    heads_at, head_masks_at = np.int64(heads.ctypes.data), np.int64(head_masks.ctypes.data)
    rules_at, seconds_at = np.int64(rules.ctypes.data), np.int64(seconds.ctypes.data)
    # Where a needle may stand in the name, in order, and whether it does.
    entries, places, whole = np.empty(_HELD, np.int64), np.empty(_HELD, np.int64), np.empty(_HELD, np.bool_)
    held = 0
    tried = np.full(len(starts), -1, np.int64)
    before: Any = 0
    before_length: Any = 0
    for row in range(len(views)):
        length = np.int64(views[row, 0])
        at = inline + 16 * row + 4 if length <= SHORT else buffers[views[row, 2]] + np.int64(views[row, 3])
        same = _shared(at, before, min(length, before_length))
        while held and places[held - 1] >= same:
            held -= 1
        for number in range(held):
            entry = entries[number]
            start = places[number] - backs[entry]
            if start + sizes[entry] > same:
                fit = _fitting_cells(at, length, start, sizes[entry], cells_at + firsts[entry], fitting_at)
                whole[number] = fit == sizes[entry]
        gram = np.uint32(0)
        for earlier in range(same - 3, same):
            letter = np.uint32(START if earlier == -1 else BEFORE)
            if earlier >= 0:
                letter = np.uint32(byte(letters_at + np.int64(byte(at + earlier))))
            gram = np.uint32(gram << np.uint32(LETTER_BITS) | letter)
        place = same
        while place <= length:
            hashed = np.uint32(0)
            while place < length:
                letter = np.uint32(byte(letters_at + np.int64(byte(at + place))))
                gram = np.uint32((gram << np.uint32(LETTER_BITS) | letter) & np.uint32(0xFFFFFFF))
                hashed = np.uint32(gram * np.uint32(MULTIPLIER))
                bit = np.int64(hashed >> np.uint32(32 - FILTER_BITS))
                if byte(bits_at + (bit >> 3)) >> (bit & 7) & 1:
                    break
                place += 1
            else:
                gram = np.uint32((gram << np.uint32(LETTER_BITS) | np.uint32(END)) & np.uint32(0xFFFFFFF))
                hashed = np.uint32(gram * np.uint32(MULTIPLIER))
                bit = np.int64(hashed >> np.uint32(32 - FILTER_BITS))
                if not byte(bits_at + (bit >> 3)) >> (bit & 7) & 1:
                    break
            slot = np.int16(hashed >> np.uint32(32 - SLOT_BITS))
            entry = np.int64(slots[slot])
            while hashes[entry] == slot:
                if grams[entry] == gram and held < _HELD:
                    size, start = sizes[entry], place - backs[entry]
                    fit = _fitting_cells(at, length, start, size, cells_at + firsts[entry], fitting_at)
                    # What differs behind these letters may be the same in the next name.
                    if fit == size or fit > backs[entry]:
                        entries[held], places[held], whole[held] = entry, place, fit == size
                        held += 1
                entry += 1
            place += 1
        last_bytes = last_eight(at, length)
        rule = _ending(
            at,
            length,
            last_bytes,
            ending_slots_at,
            after_at,
            values_at,
            masks_at,
            heads_at,
            head_masks_at,
            rules_at,
            seconds_at,
        )
        ask = False
        if held:
            last = np.uint32(np.uint32(last_bytes >> np.uint64(40)) | np.uint32(0x202020))
            last = np.uint32(np.uint32(last * np.uint32(MULTIPLIER)) >> np.uint32(32 - LAST_BITS))
            for number in range(held):
                group = groups[entries[number]]
                if not whole[number] or (
                    length >= 3 and not tails[group, last >> np.uint32(3)] >> (last & np.uint32(7)) & 1
                ):
                    continue
                for held_place in range(held_firsts[group], held_firsts[group + 1]):
                    pattern = np.int64(held_patterns[held_place])
                    if pattern >= rule:
                        break
                    if tried[pattern] == row:
                        continue
                    tried[pattern] = row
                    if starts[pattern] < 0:
                        ask = True
                        continue
                    part = np.int64(0)
                    if in_part[pattern]:
                        part = max(part, places[number] - backs[entries[number]])
                        while part > 0 and byte(at + part) != SLASH:
                            part -= 1
                    if _fits_pattern(
                        starts[pattern],
                        widths[pattern],
                        decided[pattern],
                        classes_at + 256 * pattern,
                        steps_at,
                        ends_at + end_starts[pattern],
                        at,
                        part,
                        length,
                    ):
                        rule = np.uint16(pattern)
                        break
        found[row] = rule
        before, before_length = at, length
        if held == _HELD:  # and perhaps more
            ask = True
            held = before_length = 0
        if ask:
            asked[count] = row
            count += 1
    return count


def tell(needles: Needles, patterns: Patterns, endings: Endings, names: Views) -> tuple[Any, Any]:
    """Return the rule of each name, `NO_RULE` where none fits, and the names that must be asked one by one.

    Of those what is returned holds if no pattern fits that comes before.
    """
    views = names.views
    found, asked = np.empty(len(views), np.uint16), np.empty(len(views), np.int64)
    count = _tell(*needles, *patterns, *endings, views, names.buffers, names.inline, found, asked)
    _when_compiled()
    return found, asked[:count]


@cache
def _when_compiled() -> None:
    give_back()
