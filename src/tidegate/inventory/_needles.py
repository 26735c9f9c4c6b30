"""What must stand in every name that a pattern fits: short texts, quick to look for in all names at once.

A name that holds none of a pattern's needles does not fit it; one that holds one may. Needles say nothing
of where a name ends, so that they can be looked for in names that lie one after the other without a mark.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

Cell = frozenset[int]
"""The bytes that one place of a needle may hold, in lower case."""
Word = tuple[Cell, ...]

START: Final[Cell] = frozenset({-1})
"""The start of a name; only as a needle's first cell."""
_MOST_WORDS: Final = 400
_RARE: Final = 3e-7
"""As often as this, per byte, a needle costs as much by being looked for as by being found."""
_MOST_GRAMS: Final = 3_000
_START_SHARE: Final = 1e-3
_TAIL: Final = 3
_MOST_TAILS: Final = 20_000
_LONG: Final = 8
"""A longer repeat is no needle."""
_START_COST: Final = 3e-6
_ALL: Final = frozenset(range(256)) - frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SHARES: Final = (
    (b"/", 0.05), (b".-", 0.04), (b"_", 0.03), (b"0123456789", 0.04), (b"aeioustnr", 0.05),
    (b"jkqvwxyz", 0.008), (b"bcdfghlmp", 0.025),
)  # fmt: skip
_SHARE: Final = [
    next((share for held, share in _SHARES if byte in held), 0.0005 if byte in range(32, 127) else 1e-5)
    for byte in range(256)
]
"""How often a byte is found in names, about."""
_USUAL_WORDS: Final = (
    ".json .rar .7z .csv .jpg .jpeg .gz .zip .pdf .txt .xml .png .parquet .doc .docx .xls .xlsx .log"
    " .htm .html .tar .avro .tif .tiff json rar 7z csv jpg jpeg gz zip pdf txt xml png parquet docx"
    " xls xlsx log htm html tar avro tif tiff home user data backup test train modules node_m"
    " node_modules session image doc docs report invoice index config site dist share export example"
    " sample upload model document asset snapshot service notes record archive member account event"
    " client customer contact product order default source static public private message number detail"
    " content site-pack dist-pack package third_party vendor share/doc /doc /docs doc/ docs/ /test"
    " test/ tests/ /man man/ usr/ /lib lib/ lib64/ libexec/ share/ icons locale template schema"
    " internal network search browser component session thumb snappy completion batch frame shard chunk"
    " event click product upload nightly dataset common asset project video temporary finance device main"
    " java javascript python webp part photo audio cache temp version release build target application"
    " group team company daily weekly monthly annual final draft copy old new sheet list table page section"
    " chapter scan user. users/ image_ img_ data_ report_ report- file- file_ _file _data -data _list"
)
_USUAL: Final = re.compile(
    "|".join(map(re.escape, sorted(_USUAL_WORDS.split(), key=len, reverse=True))).encode()
)
"""Words that names are full of; of those that begin alike the longest."""
_USUAL_SHARE: Final = 1e-3
_FEW: Final = 10
"""So few ends are as quickly looked for."""
_TOLD: Final = 8
"""Bytes of an end that is told at once."""
_TWICE: Final = re.compile(rb"\.[a-z0-9]+\.[a-z0-9]+")
_TOKEN: Final = re.compile(
    r"\\(?P<escaped>.)|\[(?P<class>\^?[^\[\]\\]+)\]|(?P<open>\(\?:)|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<start>\^)|(?P<end>\$)|(?P<repeat>[?*+]|\{[0-9]+(?:,[0-9]*)?\})|(?P<char>.)"
)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a pattern: `cell`, `end`, `each` (one after the other), `any` (one of them), `repeat`."""

    what: str
    parts: tuple[Node, ...] = ()
    cell: Cell = frozenset()
    least: int = 0
    most: int = 1


_ANYTHING: Final = Node(
    "repeat", (Node("cell", cell=_ALL - frozenset(b"/")),), least=0, most=1 << 16
)  # `[^/]*`


def needles(pattern: str) -> tuple[set[bytes], list[Word]]:
    """Return ends and needles: a name that ends so is fitted; any other that is fitted holds a needle.

    Ends are in lower case: two short endings, as in `.csv.gz`. Raises `ValueError` for a pattern that asks
    for nothing that can be looked for.
    """
    ends, left = _by_end(parsed(pattern))
    found = _best(left)
    if found is None:
        raise ValueError(f"{pattern!r} asks for nothing that can be looked for")
    return ends, [_plain(word) for word in found[1]]


def _by_end(pattern: Node) -> tuple[set[bytes], Node]:
    """Return the ends that alone make a name fit, and what is left to look for."""
    parts = _flat(pattern)
    if len(parts) < 4 or parts[1] != _ANYTHING or parts[-1].what != "end":
        return set(), pattern
    members = [part.parts if part.what == "any" else (part,) for part in parts[2:-1]]
    if math.prod(map(len, members)) > _MOST_WORDS:
        return set(), pattern
    ends: set[bytes] = set()
    left: list[Node] = []
    for choice in itertools.product(*members):
        every = _all(Node("each", choice))
        if every is None:
            left.append(Node("each", (*parts[:2], *choice, parts[-1])))
        for word in every or ():
            text = bytes(next(iter(cell)) if len(cell) == 1 else 0 for cell in word)
            if len(text) <= _TOLD and _TWICE.fullmatch(text):
                ends.add(text)
            else:
                left.append(Node("each", tuple(Node("cell", cell=cell) for cell in word)))
    return (ends, Node("any", tuple(left))) if len(ends) > _FEW and left else (set(), pattern)


def _longest_text(word: Word) -> Word:
    return tuple(frozenset({byte}) for byte in max(_stretches(word), key=len, default=b""))


def _text(word: Word) -> bytes:
    """Return the text of a needle, zeros where it may hold several bytes."""
    return bytes(next(iter(cell)) if len(cell) == 1 and cell != START else 0 for cell in word)


def tails(pattern: str) -> set[bytes] | None:
    """Return the last three bytes that a name which this pattern fits can have; `None` for any.

    In lower case; as if there were more before a shorter name.
    """
    parts = list(_flat(parsed(pattern)))
    if not parts or parts.pop().what != "end":
        return None
    words: list[Word] = [()]
    while parts and min(map(len, words)) < _TAIL:
        more = _all(parts.pop())
        if more is None:
            break
        words = list({(*a, *b)[-_TAIL:] for a in more for b in words})
    found: set[bytes] = set()
    for word in words:
        if START in word or not word:
            return None
        cells = [_ALL] * (_TAIL - len(word)) + list(word)
        if math.prod(map(len, cells)) > _MOST_TAILS:
            return None
        found |= {bytes(each) for each in itertools.product(*cells)}
    return found


def _plain(word: Word) -> Word:
    """Return the longest text in a needle where that alone is rare, since texts are quickest to look for."""
    found = _longest_text(word)
    return found if found and _chance(found) <= _RARE else word


def _stretches(word: Word) -> list[bytes]:
    """Return the texts in a needle between the places that may hold several bytes, or the start."""
    groups = itertools.groupby(word, key=lambda cell: len(cell) == 1 and cell != START)
    return [bytes(next(iter(cell)) for cell in cells) for single, cells in groups if single]


def parsed(pattern: str) -> Node:
    """Return a pattern's parts."""
    tokens = list(_TOKEN.finditer(pattern))
    place = 0

    def choice() -> Node:
        nonlocal place
        found = [sequence()]
        while place < len(tokens) and tokens[place]["bar"]:
            place += 1
            found.append(sequence())
        return found[0] if len(found) == 1 else Node("any", tuple(found))

    def sequence() -> Node:
        nonlocal place
        found: list[Node] = []
        while place < len(tokens) and not tokens[place]["bar"] and not tokens[place]["close"]:
            token = tokens[place]
            place += 1
            if token["open"]:
                found.append(choice())
                place += 1
            elif token["repeat"]:
                least, most = _times(token["repeat"])
                found.append(Node("repeat", (found.pop(),), least=least, most=most))
            elif token["end"]:
                found.append(Node("end"))
            else:
                found += _cells(token)
        return Node("each", tuple(found))

    return choice()


def _cells(token: re.Match[str]) -> list[Node]:
    if token["start"]:
        return [Node("cell", cell=START)]
    if token["class"]:
        return [Node("cell", cell=_members(token["class"]))]
    return [Node("cell", cell=frozenset({byte})) for byte in (token["escaped"] or token["char"]).encode()]


def _members(inside: str) -> Cell:
    held: set[int] = set()
    for each in re.findall(r"[a-z0-9]-[a-z0-9]|.", inside.removeprefix("^")):
        held |= set(range(ord(each[0]), ord(each[2]) + 1)) if len(each) == 3 else set(each.encode())
    return _ALL - held if inside.startswith("^") else frozenset(held)


def _times(text: str) -> tuple[int, int]:
    if text in "?*+":
        return (1 if text == "+" else 0), (1 if text == "?" else 1 << 16)
    least, _, most = text[1:-1].partition(",")
    return int(least), int(most or (1 << 16)) if "," in text else int(least)


def _all(node: Node) -> list[Word] | None:
    """Return everything that a part can stand for, `None` where that is too much."""
    if node.what == "cell":
        return [(node.cell,)]
    if node.what == "end":
        return [()]
    if node.what == "any":
        return _joined([_all(part) for part in node.parts])
    if node.what == "each":
        return _product([_all(part) for part in node.parts])
    if node.most > _LONG:
        return None
    once = _all(node.parts[0])
    return _joined([_product([once] * times) for times in range(node.least, node.most + 1)])


def _joined(found: Iterable[list[Word] | None]) -> list[Word] | None:
    words: dict[Word, None] = {}
    for each in found:
        if each is None:
            return None
        words |= dict.fromkeys(each)
    return list(words) if len(words) <= _MOST_WORDS else None


def _product(found: Sequence[list[Word] | None]) -> list[Word] | None:
    words: list[Word] = [()]
    for each in found:
        if each is None or len(words) * len(each) > _MOST_WORDS:
            return None
        words = [(*a, *b) for a, b in itertools.product(words, each) if not (a and b and b[0] == START)]
    return words


def _best(node: Node, split: int = 2) -> tuple[float, list[Word]] | None:
    """Return the needles that are found least by chance, and how often that is, per byte."""
    if node.what == "repeat":
        return _best(node.parts[0], split) if node.least else None
    options = [_cost(_all(node))]
    if node.what == "any":
        options.append(_together([_best(part, split) for part in node.parts]))
    elif node.what == "each":
        parts = _flat(node)
        options += [_best(part, 0) for part in parts if part.what in {"any", "repeat"}]
        options += [_cost(words) for words in _runs(parts)]
        for place, part in enumerate(parts):
            # What stands before and after the choice is worth more with each of its members.
            if split and part.what == "any" and _all(part) is None:
                before, after = parts[max(0, place - 2) : place], parts[place + 1 : place + 4]
                each = [Node("each", (*before, member, *after)) for member in part.parts]
                options.append(_together([_best(every, split - 1) for every in each]))
    found = [each for each in options if each is not None]
    # Of those about as rare the longest: what stands beside a word tells it from its other uses.
    return min(found, key=lambda each: (round(math.log2(each[0]) / 2), -min(map(len, each[1]))), default=None)


def _together(found: list[tuple[float, list[Word]] | None]) -> tuple[float, list[Word]] | None:
    words: dict[Word, None] = {}
    for each in found:
        if each is None:
            return None
        words |= dict.fromkeys(each[1])
    return _cost(list(words))


def _flat(node: Node) -> tuple[Node, ...]:
    """Return what stands one after the other, with no such row in it; of a long repeat what is sure."""
    found: list[Node] = []
    for part in node.parts:
        if part.what == "each":
            found += _flat(part)
        elif part.what == "repeat" and part.least and part.most > _LONG:
            found += _flat(Node("each", part.parts * min(part.least, _LONG)))
            found.append(Node("repeat", part.parts, most=part.most))
        else:
            found.append(part)
    return tuple(found)


def _runs(parts: Sequence[Node]) -> Iterable[list[Word]]:
    """Yield what neighbouring parts can stand for, with the first byte after them where one must follow."""
    everything = [_all(part) for part in parts]
    for first, part in enumerate(parts):
        if first and _letter(parts[first - 1]) and _letter(part):  # a word's end is found more often than it
            continue
        words: list[Word] = [()]
        for place in range(first, len(parts) + 1):
            after = _first(parts[place:])
            inside = place < len(parts) and _letter(parts[place - 1]) and _letter(parts[place])
            if place > first and not inside:
                yield words
                if after:
                    yield [(*word, after) for word in words]
            more = _product([words, everything[place]]) if place < len(parts) else None
            if more is None:
                break
            words = more


def _letter(part: Node) -> bool:
    return part.what == "cell" and len(part.cell) == 1 and part.cell != START and bytes(part.cell).isalnum()


def _first(parts: Sequence[Node]) -> Cell:
    """Return what the first byte can be; empty where there may be none."""
    found: set[int] = set()
    for part in parts:
        cell, empty = _head(part)
        found |= cell
        if not empty:
            return frozenset(found)
    return frozenset()


def _head(node: Node) -> tuple[Cell, bool]:
    """Return what a part's first byte can be, and whether the part may be empty."""
    if node.what == "cell":
        return (frozenset(), True) if node.cell == START else (node.cell, False)
    if node.what == "end":
        return frozenset(), True
    heads = [_head(part) for part in node.parts]
    if node.what == "each":
        found: set[int] = set()
        for cell, empty in heads:
            found |= cell
            if not empty:
                return frozenset(found), False
        return frozenset(found), True
    cells = frozenset().union(*(cell for cell, _ in heads))
    return cells, any(empty for _, empty in heads) or (node.what == "repeat" and node.least == 0)


def _cost(words: list[Word] | None) -> tuple[float, list[Word]] | None:
    if not words:
        return None
    cost = sum(max(_chance(word), _RARE) for word in words if word[:1] != (START,))
    if any(not word or word == (START,) for word in words):
        return None
    return cost + _START_COST * any(word[0] == START for word in words), words


@cache
def _share(cell: Cell) -> float:
    return sum(_SHARE[byte] for byte in cell)


@cache
def _chance(word: Word) -> float:
    found = math.prod(map(_share, word))
    usual = _USUAL.search(_text(word))
    if usual is None:
        return found
    others = [*word[: usual.start()], *word[usual.end() :]]
    return max(found, _USUAL_SHARE * math.prod(map(_share, others)))


def share_of_gram(cells: Word) -> float:
    """Return about how often, per byte, a few cells that follow one another are found in names."""
    found = math.prod(_START_SHARE if cell == START else _share(cell) for cell in cells)
    if START in cells or math.prod(map(len, cells)) > _MOST_GRAMS:
        return found
    usual = _usual_grams(len(cells))
    return max(found, _USUAL_SHARE * any(bytes(each) in usual for each in itertools.product(*cells)))


@cache
def _usual_grams(size: int) -> frozenset[bytes]:
    words = [word.encode() for word in _USUAL_WORDS.split()]
    return frozenset(word[place : place + size] for word in words for place in range(len(word) - size + 1))
