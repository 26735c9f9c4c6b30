"""One pass of Hyperscan over many documents for all rules at once.

Every rule's anchors go in, and its literals in the clothes they may wear: base64 at its three alignments,
UTF-16 and UTF-32. A hit says which rule, in which clothes, and where it ends; it decides nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import hyperscan

from tidegate.detect.rules import Rule
from tidegate.detect.width import widest
from tidegate.errors import RuleError
from tidegate.packing import kept
from tidegate.records import dataclass
from tidegate.version import VERSION

PLAIN: Final = "plain"
RAW: Final = "raw"
"""Plain, and with nothing around it to unwrap."""
BASE64: Final = "base64"
WIDE2: Final = "utf-16"
WIDE4: Final = "utf-32"

_FORMAT: Final = b"tidegate-patterns-2\n"
_HYPERSCAN: Final[str] = hyperscan.__version__  # type: ignore[attr-defined] # its stub leaves it out
_MIN_BASE64 = 5
"""Characters a base64 form must keep to be an anchor: 64**5 random characters for one false hit."""


_COMPRESSED: Final = ((rb"H4sI[A-D][A-Za-z0-9+/]{8}", 13), (rb"SDRzSU[E-H][A-Za-z0-9+/]{8}", 15))
"""A gzip header in base64, and in base64 twice, and its length: nothing inside can be an anchor."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a hit of one expression stands for."""

    rule: int | None
    """Index into the rules; `None` for what only shows that something is encoded."""
    clothes: str
    phase: int = 0
    """Of base64: the characters of its last group of four that the hit holds, 0 for all."""
    begins: int = 0
    """Of base64: the hit's length, where it is the beginning of the encoded text; else 0."""


class Matcher:
    """The compiled expressions of a set of rules. One per process: the scratch space is not shared."""

    def __init__(self, rules: Sequence[Rule], cache_dir: Path | None = None) -> None:
        name = "" if cache_dir is None else _cache_name(rules)
        made = _cached(kept.read(cache_dir, name, _FORMAT))
        if made is None:
            expressions, meanings = _expressions(rules)
            made = _compile(expressions, rules, meanings), meanings
            if cache_dir is not None:
                kept.write(cache_dir, name, _FORMAT, _body(*made))
        database, self.meanings = made
        self._scan = database.scan
        self._rules = rules

    @cached_property
    def widest(self) -> int | None:
        """Bytes of the longest match that any expression can have; `None` when that is not known."""
        return widest(_expressions(self._rules)[0])

    def scan(self, data: bytes | bytearray | memoryview) -> array[int]:
        """Return every hit, in order of its end; `unpacked` says what one is."""
        # Eight bytes a hit: a list of keys has hundreds of thousands a megabyte.
        hits = array("Q")
        add = hits.append

        def on_match(expression: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add(end << 16 | expression)

        self._scan(data, match_event_handler=on_match)
        return hits


def unpacked(hits: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield (expression index, end offset) of each hit."""
    for hit in hits:
        yield hit & 0xFFFF, hit >> 16


def _expressions(rules: Sequence[Rule]) -> tuple[list[bytes], list[Meaning]]:
    expressions: list[bytes] = []
    meanings: list[Meaning] = []
    for index, rule in enumerate(rules):
        for anchor in rule.anchors:
            expressions.append(anchor.encode("latin-1"))
            meanings.append(Meaning(index, PLAIN))
        for anchor in rule.raw_anchors:
            expressions.append(anchor.encode("latin-1"))
            meanings.append(Meaning(index, RAW))
        for literal in rule.literals:
            for clothes, form, phase in _dressed(literal.encode()):
                # Expressions are C strings: a NUL byte would end them.
                expressions.append(re.escape(form).replace(b"\x00", rb"\x00"))
                meanings.append(Meaning(index, clothes, phase))
    for form, length in _COMPRESSED:
        expressions.append(form)
        meanings.append(Meaning(None, BASE64, length % 4, length))
    return expressions, meanings


def _dressed(literal: bytes) -> list[tuple[str, bytes, int]]:
    """Return the forms in which `literal` may stand: (clothes, bytes to seek, phase)."""
    # The first byte's zero neighbour differs between the byte orders: seek what both have in common.
    wide = _spaced(literal, 2)
    once = base64_forms(literal)
    # Base64 in base64 is how Helm keeps its releases; base64 of UTF-16 is PowerShell's `-EncodedCommand`.
    more = [form for inner, _ in once for form in base64_forms(inner)] + base64_forms(wide)
    encoded = [(BASE64, form, phase) for form, phase in dict(once + more).items()]
    # A shell of Windows writes UTF-16, also what it reads from a cluster's secrets.
    widened = [(WIDE2, _spaced(form, 2), 0) for form, _ in once]
    return [(WIDE2, wide, 0), (WIDE4, _spaced(literal, 4), 0), *widened, *encoded]


def _spaced(text: bytes, width: int) -> bytes:
    return (bytes(width - 1)).join(text[i : i + 1] for i in range(len(text)))


def base64_forms(literal: bytes) -> list[tuple[bytes, int]]:
    """Return what every base64 text that holds `literal` must show, one for each of three alignments.

    Each with the characters of its last group of four that it holds, 0 for all of them. Characters that
    also depend on the neighbours are cut off; where the alphabet for links writes one differently, there
    are two forms.
    """
    forms = []
    for lead in range(3):
        text = base64.b64encode(b"\x00" * lead + literal)
        first = (lead * 8 + 5) // 6
        last = (lead + len(literal)) * 8 // 6
        form = text[first:last]
        if len(form) >= _MIN_BASE64:
            forms += [(each, last % 4) for each in dict.fromkeys((form, form.translate(_FOR_LINKS)))]
    return forms


_FOR_LINKS = bytes.maketrans(b"+/", b"-_")


def _compile(expressions: list[bytes], rules: Sequence[Rule], meanings: list[Meaning]) -> Any:
    database = hyperscan.Database()
    try:
        database.compile(
            expressions=expressions, ids=list(range(len(expressions))), elements=len(expressions), flags=0
        )
    except hyperscan.error as why:
        for expression, meaning in zip(expressions, meanings, strict=True):
            try:
                hyperscan.Database().compile(expressions=[expression], ids=[0], elements=1, flags=0)
            except hyperscan.error as reason:
                file = rules[meaning.rule].file if meaning.rule is not None else "built in"
                raise RuleError(f"{file}: anchor {expression!r} does not compile: {reason}") from None
        raise RuleError(f"the anchors do not compile together: {why}") from None
    return database


def _cache_name(rules: Sequence[Rule]) -> str:
    """Depends on everything that what is kept depends on: rules, this code, library, processor."""
    digest = hashlib.sha256(_FORMAT)
    sought = [(rule.anchors, rule.raw_anchors, rule.literals) for rule in rules]
    for part in (VERSION, _HYPERSCAN, kept.processor(), json.dumps(sought)):
        digest.update(part.encode() + b"\x00")
    with suppress(OSError):  # an installation without sources, whose version stands for it
        digest.update(Path(__file__).read_bytes())
    return f"patterns-{digest.hexdigest()[:32]}.hs"


def _body(database: Any, meanings: list[Meaning]) -> bytes:
    """Return what is kept: what each expression stands for, as a line of JSON, and Hyperscan's own form."""
    head = json.dumps([(each.rule, each.clothes, each.phase, each.begins) for each in meanings])
    return head.encode() + b"\n" + bytes(hyperscan.dumpb(database))


def _cached(body: bytes | None) -> tuple[Any, list[Meaning]] | None:
    """Load what was kept, or `None` when there is nothing that can be trusted."""
    if body is None:
        return None
    head, _, compiled = body.partition(b"\n")
    try:
        database = hyperscan.loadb(compiled, hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
    except hyperscan.error:
        return None
    return database, [Meaning(*each) for each in json.loads(head)]
