"""The tables in which endings and needles are looked up, and how what they are looked up by is hashed."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

END: Final = 125
"""The letter of a name's end; those of bytes are smaller."""
START: Final = 126
"""The letter before a name."""
BEFORE: Final = 127
"""The letter before `START`."""
LETTER_BITS: Final = 7
FILTER_BITS: Final = 18
SLOT_BITS: Final = 13
ENDING_SLOT_BITS: Final = 12
LAST_BITS: Final = 16
AT_START: Final = 255
"""In place of a cell's number for the start of a name."""
MULTIPLIER: Final = 0x9E3779B1
MULTIPLIER_64: Final = 0x9E3779B97F4A7C15


class Needles(NamedTuple):
    """Needles by four letters that follow one another in them."""

    letters: Any
    """uint8[256]: byte -> its letter; bytes that no needle tells apart have the same."""
    filter: Any
    """uint8[2**FILTER_BITS / 8]: in bits, by their hash, which four letters are one of a needle."""
    slots: Any
    """int16[2**SLOT_BITS]: the first entry of each hash; the last entry where there is none."""
    grams: Any
    """uint32[entries]: four letters, 7 bits each. Entries are in order of their hash."""
    hashes: Any
    """int16[entries]: where in `slots` each belongs; -1 for the last, which is none."""
    backs: Any
    """int16[entries]: how far before the last of the four letters the needle begins."""
    firsts: Any
    """int32[entries]: where in `cells` those of the needle begin."""
    sizes: Any
    """int16[entries]: how many cells it has."""
    groups: Any
    """int16[entries]: its group. Needles of one group stand for the same patterns."""
    cells: Any
    """uint8[...]: of one needle after the other the number of each cell, `AT_START` for a name's start."""
    fitting: Any
    """uint8[kinds of cells, 256]: 1 for a byte that the cell may hold."""
    tails: Any
    """uint8[groups, 2**LAST_BITS / 8]: in bits, by the hash of a name's last three bytes, whether one that
    ends so may fit one of the group's patterns."""


class Patterns(NamedTuple):
    """What the patterns fit, as automata (`_automata`), and which of them a needle stands for."""

    firsts: Any
    """int32[groups + 1]: the first pattern of each group of needles."""
    held: Any
    """int16[...]: the patterns of one group after the other, in order."""
    starts: Any
    """int32[patterns]: where in `steps` each begins, -1 for one that has no automaton."""
    widths: Any
    """int32[patterns]: how many classes of bytes each tells apart."""
    classes: Any
    """uint8[patterns, 256]: byte -> its class."""
    in_part: Any
    """uint8[patterns]: 1 for one that fits within a part of a name, the slash before it included."""
    steps: Any
    """int16[...]: of one automaton after the other the next state, by state and class."""
    decided: Any
    """int16[patterns]: the state from which on the pattern fits, whatever follows; -1 where there is none."""
    end_starts: Any
    """int32[patterns]: where in `ends` each begins."""
    ends: Any
    """uint8[...]: of one automaton after the other, of each state: 1 where it fits if the name ends here."""


class Endings(NamedTuple):
    """Endings, and two that stand together, by the bytes from the last dot on."""

    slots: Any
    """int16[2**ENDING_SLOT_BITS]: the first entry of each hash, -1 where there is none."""
    after: Any
    """int16[entries]: the next entry of the same hash, -1 behind the last."""
    values: Any
    """uint64[entries]: the ending's last eight bytes at most, as a little-endian number."""
    masks: Any
    """uint64[entries]: which of the bits count: not those in which a letter and its capital differ."""
    heads: Any
    """uint64[entries]: the eight bytes before those, as far as they are the ending's."""
    head_masks: Any
    rules: Any
    """uint16[entries]: the rule."""
    seconds: Any
    """uint8[entries]: 1 for one that may be the second of two."""


def gram_hash(gram: int) -> int:
    """Return the hash of four letters, 32 bits, of which the first say slot and place in the filter."""
    return gram * MULTIPLIER & 0xFFFFFFFF


def last_hash(last: int) -> int:
    """Return the hash of a name's last three bytes, whatever their case."""
    return ((last | 0x202020) * MULTIPLIER & 0xFFFFFFFF) >> (32 - LAST_BITS)


def ending_hash(ending: bytes) -> int:
    """Return the hash of an ending's last eight bytes at most, whatever their case."""
    last = ending[-8:]
    loose = int.from_bytes(last, "little") | int.from_bytes(b"\x20" * len(last), "little")
    return (loose * MULTIPLIER_64 & (1 << 64) - 1) >> (64 - ENDING_SLOT_BITS)
