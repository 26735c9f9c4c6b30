"""What the rules of names are made into for many names, kept for the next start: making it takes 3 s."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from tidegate.inventory import _needles
from tidegate.inventory._endings import Endings
from tidegate.kinds import names as one_by_one
from tidegate.packing import kept

_FORM: Final = b"tidegate-names-4\n"
_HASHES: Final = 1 << 16


class Search:
    """Expressions for one search in memory, with what each thread needs for it."""

    def __init__(self, database: Any) -> None:
        self.database = database
        self._own = threading.local()

    @classmethod
    def of(cls, expressions: list[list[bytes]], flags: int = 0) -> Self:
        """Compile them. Those of one list have one number."""
        import hyperscan  # noqa: PLC0415 - only for many names

        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        numbers = [number for number, each in enumerate(expressions) for _ in each]
        count = len(numbers)
        # Without UTF-8, either case is that of ASCII alone, as the one-by-one form has it.
        flags |= hyperscan.HS_FLAG_CASELESS
        database.compile(
            expressions=list(chain.from_iterable(expressions)),
            ids=numbers,
            elements=count,
            flags=[flags] * count,
        )
        return cls(database)

    def scan(self, text: Any) -> tuple[Any, Any]:
        """Return of each hit the expression's number and the end, in order of the ends."""
        import hyperscan  # noqa: PLC0415

        scratch = getattr(self._own, "scratch", None)
        if scratch is None:
            scratch = self._own.scratch = hyperscan.Scratch(self.database)
        hits: list[int] = []
        ends: list[int] = []
        add, add_end = hits.append, ends.append

        def told(expression: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add(expression)
            add_end(end)

        self.database.scan(text, match_event_handler=told, scratch=scratch)
        return np.array(hits, np.intp), np.array(ends, np.int64)


@dataclass(frozen=True, slots=True)
class Known:
    """What the rules of names are made into."""

    needles: Search
    """Texts without which no pattern fits."""
    patterns: Search
    """The patterns, for names that stand a name a line."""
    groups: Any
    """The group of each needle: needles of one group stand for the same patterns."""
    beyond: Any
    """How far behind the name's end each needle ends: 0 for one that ends in it."""
    decided: Any
    """Of each group the pattern that its needles are all of, `NO_RULE` where its patterns must be tried."""
    held: list[list[int]]
    """The patterns that each group stands for; the last group is of needles that count only at the start."""
    tails: Any
    """[group, hash of the last bytes], in bits: whether a name with that end may fit one of its patterns."""
    starts: Any
    """(n, 2): what the first four bytes of a name may be: which bits count, and what they are."""
    endings: Endings

    def ends_well(self, group: Any, last: Any) -> Any:
        """Tell of each name whether it may fit a pattern of its group. last: its last four bytes."""
        at = _hashed(last)
        return (self.tails[group, at >> np.uint32(3)] >> (at & np.uint32(7)).astype(np.uint8) & 1).view(bool)


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
    import hyperscan  # noqa: PLC0415

    rules = one_by_one.patterns()
    ends = [_needles.tails(rule.pattern) for rule in rules]
    pairs: dict[str, int] = {}
    words: dict[_needles.Word, frozenset[int]] = {}
    for number, rule in enumerate(rules):
        alone, own = _needles.needles(rule.pattern)
        for end in sorted(alone):
            pairs.setdefault(end.decode(), number)
        for word in own:
            words[word] = words.get(word, frozenset()) | {number}
    # Patterns of which the usual words would be found in many names: searched for as they are.
    usual = _needles.sought(_inside(words), ends).to_the_end.values()
    written = {number: _needles.expression_of_all(rules[number].pattern) for held in usual for number in held}
    whole = {number: expression for number, expression in written.items() if expression is not None}
    words = {word: held - whole.keys() for word, held in words.items() if held - whole.keys()}
    at_start = {word: held for word, held in words.items() if word[0] == _needles.START}
    sought = _needles.sought(_inside(words), ends)
    in_part = [_needles.ends_in_part(rule.pattern) for rule in rules]
    expressions = [[_needles.expression(word)] for word in sought.needles]
    for held in dict.fromkeys(sought.to_the_end.values()):
        last = set().union(*(ends[number] or set() for number in held))
        alone_in_part = all(in_part[number] for number in held)
        # With one number for all, what follows the words is looked for by one machine.
        expressions.append(
            [
                each
                for word, others in sought.to_the_end.items()
                if others == held
                for each in _needles.expressions_to_the_end(word, last, in_part=alone_in_part)
            ]
        )
    expressions += [[expression] for expression in whole.values()]
    all_held = [*sought.needles.values(), *dict.fromkeys(sought.to_the_end.values())]
    groups = {held: number for number, held in enumerate(dict.fromkeys(all_held))}
    all_groups = [*groups, *(frozenset({number}) for number in whole)]
    decided = [one_by_one.NO_RULE] * len(groups) + [*whole]
    own_groups = [*(groups[held] for held in all_held), *range(len(groups), len(all_groups))]
    all_groups.append(frozenset().union(*at_start.values()))
    found = Known(
        needles=Search.of(expressions, hyperscan.HS_FLAG_DOTALL),
        patterns=Search.of(
            [[_in_line(rule.pattern).encode()] for rule in rules], hyperscan.HS_FLAG_MULTILINE
        ),
        groups=np.array(own_groups, np.int64),
        beyond=np.repeat(
            [0, _needles.MARK_BYTES], [len(sought.needles), len(expressions) - len(sought.needles)]
        ),
        decided=np.array([*decided, one_by_one.NO_RULE], np.uint16),
        held=[sorted(each) for each in all_groups],
        tails=_tails(all_groups),
        starts=np.array(sorted({_start(word) for word in at_start}), np.uint32).reshape(-1, 2),
        endings=_endings(pairs),
    )
    _keep(found, pairs, folder)
    return found


def _inside(words: dict[_needles.Word, frozenset[int]]) -> dict[_needles.Word, frozenset[int]]:
    return {word: held for word, held in words.items() if word[0] != _needles.START}


def _endings(pairs: dict[str, int]) -> Endings:
    numbers = {rule.id: number for number, rule in enumerate(one_by_one.rules())}
    return Endings({each: numbers[rule.id] for each, rule in one_by_one.by_ending().items()}, pairs)


def _tails(groups: list[frozenset[int]]) -> Any:
    found = np.zeros((len(groups), _HASHES), bool)
    by_pattern = [_needles.tails(rule.pattern) for rule in one_by_one.patterns()]
    for number, held in enumerate(groups):
        for pattern in held:
            tails = by_pattern[pattern]
            if tails is None:
                found[number] = True
            else:
                last = np.array([int.from_bytes(tail, "little") << 8 for tail in tails], np.uint32)
                found[number, _hashed(last)] = True
    return np.packbits(found, axis=1, bitorder="little")


def _hashed(last: Any) -> Any:
    """Return a number for the last three of the last four bytes of names, whatever their case."""
    return ((last >> np.uint32(8) | np.uint32(0x202020)) * np.uint32(0x9E3779B1)) >> np.uint32(16)


def _start(word: _needles.Word) -> tuple[int, int]:
    mask = value = 0
    for place, cell in enumerate(word[1:5]):
        if len(cell) == 1:
            mask |= 0xFF << 8 * place
            value |= (next(iter(cell)) | 0x20) << 8 * place
    return mask, value


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


# Kept.


@cache
def _name() -> str:
    """Depends on everything that is kept: the rules, this code, the library, the processor."""
    import hyperscan  # noqa: PLC0415

    digest = hashlib.sha256(_FORM)
    for part in (
        hyperscan.__version__,  # type: ignore[attr-defined] # its stub leaves it out
        kept.processor(),
        *(Path(module).read_text(encoding="utf-8") for module in (__file__, _needles.__file__)),
        *(rule.pattern for rule in one_by_one.patterns()),
    ):
        digest.update(part.encode() + b"\x00")
    return f"names-{digest.hexdigest()[:32]}.hs"


def _keep(made: Known, pairs: dict[str, int], folder: Path | None) -> None:
    import hyperscan  # noqa: PLC0415

    if folder is None:
        return
    bodies = [
        hyperscan.dumpb(made.needles.database),
        hyperscan.dumpb(made.patterns.database),
        made.tails.tobytes(),
    ]
    head = {
        "pairs": pairs,
        "groups": made.groups.tolist(),
        "beyond": made.beyond.tolist(),
        "decided": made.decided.tolist(),
        "held": made.held,
        "starts": made.starts.tolist(),
        "bytes": [len(body) for body in bodies],
    }
    kept.write(folder, _name(), _FORM, b"\n".join([json.dumps(head).encode(), b"".join(bodies)]))


def _kept(folder: Path | None) -> Known | None:
    import hyperscan  # noqa: PLC0415

    content = kept.read(folder, _name(), _FORM) if folder is not None else None
    if content is None:
        return None
    head, _, rest = content.partition(b"\n")
    told = json.loads(head)
    needles, patterns, _ = told["bytes"]
    try:
        searches = [
            Search(hyperscan.loadb(body, hyperscan.HS_MODE_BLOCK))
            for body in (rest[:needles], rest[needles : needles + patterns])
        ]
    except hyperscan.error:
        return None
    return Known(
        needles=searches[0],
        patterns=searches[1],
        groups=np.array(told["groups"], np.int64),
        beyond=np.array(told["beyond"], np.int64),
        decided=np.array(told["decided"], np.uint16),
        held=told["held"],
        tails=np.frombuffer(rest, np.uint8, offset=needles + patterns).reshape(-1, _HASHES // 8),
        starts=np.array(told["starts"], np.uint32).reshape(-1, 2),
        endings=_endings(told["pairs"]),
    )
