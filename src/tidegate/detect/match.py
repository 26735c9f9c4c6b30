"""From a reading of a text to matches: what the rules' exact patterns confirm, and which of them stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from tidegate.detect import known
from tidegate.detect.checks import CHECKS, pem_body
from tidegate.detect.expression import Spans
from tidegate.detect.rules import Rule
from tidegate.detect.stitch import ALIASES, Surroundings
from tidegate.detect.unwrap import View
from tidegate.records import dataclass, field


@dataclass(slots=True)
class Match:
    """A confirmed match in a document, before it becomes a sighting."""

    rule: Rule
    text: bytes
    secret: str
    context: dict[str, str]
    begin: int
    """Of the whole match, in the outermost document."""
    end: int
    start: int
    """Of the secret, or of the text where nothing is secret."""
    stop: int
    steps: tuple[str, ...]
    stitched: bool = False
    complete: bool = False
    """The names that stand apart have been sought."""
    claims: set[str] = field(default_factory=set)
    """Values of its context: a key id that belongs to this key is no finding of its own."""
    apart: set[str] = field(default_factory=set)
    """Names in its context that stand on another line: too far to say that it is only an example."""

    @property
    def at(self) -> int:
        """Where a person looks for it."""
        return self.begin if self.rule.link else self.start


def read(rule: Rule, view: View, last: int | None = None) -> Iterator[Match]:
    """Yield what the rule's pattern, companion and checks confirm.

    last: where the last anchor in the view ends, where that is known: behind it there is no match.
    """
    for spans in rule.regex.find_all(view.data, last):
        match = _accept(rule, view, spans)
        if match is not None:
            yield match


def explained(ends: list[int], matches: list[Match]) -> bool:
    """Say whether every anchor lies in a match that leaves nothing to unwrap.

    A bare token may be the tail of a link that is put together from parts, so that it never does.
    """
    if not all((not m.rule.link or b"://" in m.text) and not _residue(m.text) for m in matches):
        return False
    left = iter(matches)
    match = next(left, None)
    for end in ends:
        while match is not None and match.end < end:
            match = next(left, None)
        if match is None or match.begin >= end:
            return False
    return True


def _accept(rule: Rule, view: View, spans: Spans) -> Match | None:
    """Return the match, or `None` when it does not pass the rule's companion and checks."""
    data = view.data
    low, high = spans[0]
    text = data[low:high]
    if rule.companion_regex is not None and not rule.companion_regex.found_in(text):
        return None
    context: dict[str, str] = {}
    for name, index in rule.groups:
        first, last = spans[index]
        if last > first:
            context.setdefault(name, data[first:last].decode("latin-1"))
    if rule.refuses and any(name in context for name in rule.refuses):
        return None
    first, last = next((spans[each] for each in rule.secret_groups if spans[each][0] >= 0), (low, high))
    secret = _canonical(data[first:last], rule)
    sound = not rule.secret_groups or all(CHECKS[name](secret) for name in rule.checks)
    if not sound and not known.is_placeholder(secret):
        return None
    if rule.link:
        low = _link_start(rule, data, low, first if rule.secret_groups else high, high)
    begin, end = view.span(low, high)
    start, stop = view.span(first, last)
    return Match(rule, data[low:high], secret, context, begin, end, start, stop, view.steps)


_SCHEME = re.compile(rb"(?:https?|abfss?|wasbs?|azure|az|s3[an]?|gs)://", re.IGNORECASE)


def _link_start(rule: Rule, data: bytes, low: int, secret: int, high: int) -> int:
    """Return where the last link before the secret begins: what stands before it is another link, or noise.

    A link that is the value of one of its own parameters (`rscd=https://…`) is no beginning: what follows
    it would lack the rule's companion.
    """
    begin = low
    for scheme in _SCHEME.finditer(data, low, secret):
        begin = scheme.start()
    companion = rule.companion_regex
    lacks = begin > low and companion is not None and not companion.found_in(data[begin:high])
    return low if lacks else begin


def _canonical(secret: bytes, rule: Rule) -> str:
    """Return one form of a secret however it was written: not percent-encoded, standard base64, padded."""
    text = secret.decode("latin-1")
    if "%" in text:
        text = unquote(text, "latin-1")
    if "pem" in rule.checks:
        return pem_body(text)
    if any(name.startswith("base64-") for name in rule.checks):
        text = text.replace("-", "+").replace("_", "/").rstrip("=")
        text += "=" * (-len(text) % 4)
    return text


def distinct(matches: Iterable[Match], around: Surroundings) -> list[Match]:
    """Of the readings of one place keep the best, of overlapping matches of two rules the higher ranked."""
    best: list[Match] = []
    readings = list(matches)
    if len(readings) > 1:
        readings.sort(key=lambda m: (m.rule.id, m.start, m.stop))
    for match in readings:
        other = best[-1] if best else None
        if other is None or other.rule is not match.rule or match.start >= other.stop:
            best.append(match)
        elif _goodness(match) > _goodness(other):
            best[-1] = match
    for match in best:
        _complete(match, around)
    named = [m for m in best if all(name in m.context for name in m.rule.needs)]
    named.sort(key=lambda m: m.begin)
    if len(named) < 2 or len({m.rule.rank for m in named}) < 2:
        return named
    hidden = {
        id(weak)
        for index, one in enumerate(named)
        for other in named[index + 1 : index + _NEIGHBOURS]
        for strong, weak in ((one, other), (other, one))
        if _hides(strong, weak)
    }
    return [m for m in named if id(m) not in hidden]


_NEIGHBOURS = 8
"""How many neighbouring matches can overlap one place."""


def _hides(stronger: Match, weaker: Match) -> bool:
    """Say whether the one makes the other needless: a signed link the plain URL inside of it."""
    return (
        stronger.rule.rank > weaker.rule.rank and stronger.begin < weaker.end and weaker.begin < stronger.end
    )


def _goodness(match: Match) -> tuple[int, int, bool, int, int, int]:
    """Order readings: the cleanest, then the most complete, then the one with least undone."""
    whole = b"://" in match.text
    return (
        -_residue(match.text),
        len(match.context),
        whole,
        match.text.count(b"&"),
        -len(match.steps),
        -len(match.text),
    )


def _residue(text: bytes) -> int:
    return sum(text.count(sign) for sign in _RESIDUE)


_RESIDUE = (b"=3D", b"\\u00", b"&amp;", b"%26", b"%253")
"""What is left of an escape in a text shows that it was not undone."""


def _complete(match: Match, around: Surroundings) -> None:
    """Add the names that stand apart, sought once, in the text in which the match was made.

    A whole link names itself what it opens.
    """
    if match.complete:
        return
    match.complete = True
    match.claims = set(match.context.values())
    if match.rule.link and b"://" in match.text:
        return
    for name in match.rule.stitch:
        target = ALIASES.get(name, name)
        if target not in match.context:
            account = match.context.get("account")
            found = around.nearby(match.begin, match.end, name, steps=match.steps, account=account)
            if found is not None:
                match.context[target] = found.value
                match.claims.add(found.value)
                low, high = min(found.end, match.end), max(found.start, match.begin)
                lines = around.document.count(b"\n", low, high)
                if lines > _SAME_PAIR.get(target, 0):
                    match.apart.add(target)
                    match.stitched |= not name.endswith("_hint")


_SAME_PAIR = {"key_id": 1, "email": 4, "project": 4}
"""How many line ends may lie between what belongs to one thing: an id and its secret are neighbours, so are
the fields of a Google key file, an account and its token on two lines may be two things."""
