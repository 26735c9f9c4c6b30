"""Patterns of names as automata: one step a byte, none back. They answer as RE2 does, for names in UTF-8."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from tidegate.inventory._needles import START, Cell, Node, parsed

_FOLLOWS: Final = frozenset(range(0x80, 0xC0))
_LEADS: Final = ((range(0xC2, 0xE0), 1), (range(0xE0, 0xF0), 2), (range(0xF0, 0xF5), 3))
"""First bytes of what is beyond ASCII, and how many follow."""
_REPEATED: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Automaton:
    """What a pattern fits. It begins in state 0, within a name in state 1."""

    classes: Any
    """uint8[256]: byte -> its class."""
    steps: Any
    """int16[states, classes]: the next state."""
    ends: Any
    """uint8[states]: 1 where the pattern fits if the name ends here."""
    decided: int
    """The state from which on it fits, whatever follows; -1 where there is none."""
    in_part: bool
    """Whether it begins with one place, and nothing behind that fits a slash."""


@dataclass(slots=True)
class _Places:
    """Places in a pattern, and how one goes from one to another."""

    free: list[list[int]] = field(default_factory=list)
    """Of each place where one may go without a byte."""
    at_start: list[list[int]] = field(default_factory=list)
    at_end: list[list[int]] = field(default_factory=list)
    steps: list[list[tuple[Cell, int]]] = field(default_factory=list)
    """Of each place where one goes with one of some bytes."""

    def new(self) -> int:
        for each in (self.free, self.at_start, self.at_end, self.steps):
            each.append([])
        return len(self.free) - 1

    def lay(self, node: Node, place: int) -> int:
        """Lay a part of a pattern behind a place. Returns the place behind it."""
        if node.what == "cell":
            return self._lay_cell(node.cell, place)
        if node.what == "end":
            self.at_end[place].append(behind := self.new())
            return behind
        if node.what == "each":
            for part in node.parts:
                place = self.lay(part, place)
            return place
        if node.what == "any":
            behind = self.new()
            for part in node.parts:
                self.free[place].append(first := self.new())
                self.free[self.lay(part, first)].append(behind)
            return behind
        return self._lay_repeat(node, place)

    def _lay_cell(self, cell: Cell, place: int) -> int:
        behind = self.new()
        if cell == START:
            self.at_start[place].append(behind)
        elif len(cell) == 1 or max(cell) < 0x80:
            self.steps[place].append((cell, behind))
        elif cell >= _FOLLOWS:  # all but some of ASCII
            self.steps[place].append((frozenset(byte for byte in cell if byte < 0x80), behind))
            for leads, follow in _LEADS:
                here = place
                for bytes_ in (frozenset(leads), *[_FOLLOWS] * (follow - 1)):
                    self.steps[here].append((bytes_, here := self.new()))
                self.steps[here].append((_FOLLOWS, behind))
        else:
            raise ValueError("a class of letters beyond ASCII")
        return behind

    def _lay_repeat(self, node: Node, place: int) -> int:
        for _ in range(node.least):
            place = self.lay(node.parts[0], place)
        behind = self.new()
        if node.most >= _REPEATED:
            self.free[place].append(again := self.new())
            self.free[self.lay(node.parts[0], again)].append(again)
            self.free[again].append(behind)
            return behind
        self.free[place].append(behind)
        for _ in range(node.most - node.least):
            place = self.lay(node.parts[0], place)
            self.free[place].append(behind)
        return behind

    def reached(self, place: int, *more: list[list[int]]) -> int:
        """Return as a set of bits where one may be without a byte."""
        found, todo = 0, [place]
        while todo:
            here = todo.pop()
            if not found >> here & 1:
                found |= 1 << here
                todo += self.free[here]
                for each in more:
                    todo += each[here]
        return found


def automaton(pattern: str, most: int) -> Automaton | None:
    """Return the automaton of a pattern; `None` where it has more states than `most`, or cannot be made."""
    places = _Places()
    start = places.new()
    try:
        end = places.lay(parsed(pattern), start)
    except ValueError:
        return None
    cells = list({cell for steps in places.steps for cell, _ in steps})
    of_byte = [tuple(byte in cell for cell in cells) for byte in bytes(range(256)).lower()]
    numbers = {own: number for number, own in enumerate(dict.fromkeys(of_byte))}
    classes_of = {
        cell: sorted({number for own, number in numbers.items() if own[place]})
        for place, cell in enumerate(cells)
    }
    telling = sum(1 << place for place, steps in enumerate(places.steps) if steps or places.at_end[place])
    telling |= 1 << end
    steps = [
        [(classes_of[cell], places.reached(behind) & telling) for cell, behind in own] for own in places.steps
    ]
    ending = sum(1 << place for place in range(len(steps)) if places.reached(place, places.at_end) >> end & 1)
    # What begins anywhere begins at every byte anew.
    anew = places.reached(start) & telling
    first = places.reached(start, places.at_start) & telling
    order = [first, anew]
    states = {anew: 1, first: 0}
    rows: list[list[int]] = []
    ends: list[int] = []
    for state in order:
        if state >> end & 1:
            rows.append([len(rows)] * len(numbers))
            ends.append(1)
            continue
        ends.append(1 if state & ending else 0)
        after = [anew] * len(numbers)
        left = state
        while left:
            lowest = left & -left
            left ^= lowest
            for classes, reached in steps[lowest.bit_length() - 1]:
                for number in classes:
                    after[number] |= reached
        row = []
        for next_ in after:
            each = 1 << end if next_ >> end & 1 else next_
            place = states.setdefault(each, len(order))
            if place == len(order):
                order.append(each)
            row.append(place)
        rows.append(row)
        if len(order) > most:
            return None
    return _fewest(
        Automaton(
            classes=np.array([numbers[own] for own in of_byte], np.uint8),
            steps=np.array(rows, np.int16),
            ends=np.array(ends, np.uint8),
            decided=states.get(1 << end, -1),
            in_part=_in_part(parsed(pattern)),
        )
    )


def _fewest(made: Automaton) -> Automaton:
    """Make one of the states that nothing tells apart (Moore's algorithm): small tables stay in the cache."""
    ends, steps = made.ends, made.steps
    odd = np.random.default_rng(1).integers(1 << 62, size=steps.shape[1]) | 1
    # The first two states stay the first two.
    blocks = ends.astype(np.int64) + 2
    blocks[:2] = 0, 1
    if made.decided >= 0:
        blocks[made.decided] = 4
    count = 0
    while len(found := np.unique(blocks)) > count:
        count = len(found)
        mixed = blocks * 0x9E3779B97F4A7C1 + (blocks[steps] * odd).sum(axis=1)
        mixed[:2] = 0, 1
        _, firsts, blocks = np.unique(mixed, return_index=True, return_inverse=True)
    order = np.argsort(firsts)
    place = np.empty(count, np.int64)
    place[order] = np.arange(count)
    blocks, firsts = place[blocks], firsts[order]
    fewer = blocks[steps[firsts]]
    if not ((fewer[blocks] == blocks[steps]).all() and (ends[firsts][blocks] == ends).all()):
        return made  # two that differ had one hash
    return replace(
        made,
        steps=fewer.astype(np.int16),
        ends=ends[firsts],
        decided=int(blocks[made.decided]) if made.decided >= 0 else -1,
    )


def _in_part(pattern: Node) -> bool:
    """Tell whether a pattern begins with one place, and nothing behind that fits a slash."""

    def slash(node: Node) -> bool:
        return (node.what == "cell" and ord("/") in node.cell) or any(map(slash, node.parts))

    def size(node: Node) -> int:
        if node.what == "any":
            return max(map(size, node.parts))
        return sum(map(size, node.parts)) * node.most if node.parts else int(node.what == "cell")

    return (
        pattern.what == "each"
        and bool(pattern.parts)
        and size(pattern.parts[0]) <= 1
        and not any(map(slash, pattern.parts[1:]))
    )
