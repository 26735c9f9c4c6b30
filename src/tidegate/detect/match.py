"""From a reading of a text to matches: what the rules' exact patterns confirm, and which of them stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote

from tidegate.detect.checks import CHECKS, pem_body
from tidegate.detect.expression import Spans
from tidegate.detect.rules import Rule
from tidegate.detect.stitch import ALIASES, Surroundings
from tidegate.detect.unwrap import View
from tidegate.kinds import known
from tidegate.model.secret import Secret
from tidegate.records import dataclass

_LONGEST_KEPT: Final = 300
_MOST_KEPT: Final = 2_000
"""Addresses of a rule, and bytes of one, whose reading is kept: the same bucket stands in many files."""


@dataclass(slots=True)
class Reading:
    """What a match comes to by its own text, wherever that stands."""

    text: bytes
    secret: str
    context: Mapping[str, str]
    low: int
    """Bytes of the match before `text`: another link, or noise."""
    seen: tuple[Secret, Secret, str | None] | None = None
    """Text and secret as a sighting has them, and why it does not alarm, once somebody asked."""


@dataclass(slots=True)
class Match:
    """A confirmed match in a document, before it becomes a sighting."""

    rule: Rule
    reading: Reading
    context: Mapping[str, str]
    """That of the reading, or, where something stood apart, another one with that."""
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
    apart: frozenset[str] = frozenset()
    """Names in its context that stand on another line: too far to say that it is only an example."""

    @property
    def text(self) -> bytes:
        """The whole match, unwrapped."""
        return self.reading.text

    @property
    def secret(self) -> str:
        """The secret in it in canonical form, or the text where nothing is secret."""
        return self.reading.secret

    @property
    def at(self) -> int:
        """Where a person looks for it."""
        return self.begin if self.rule.link else self.start

    def seen(self) -> tuple[Secret, Secret, str | None]:
        """Return text and secret as a sighting has them, and why it does not alarm, or `None`."""
        reading = self.reading
        if self.context is reading.context and reading.seen is not None:
            return reading.seen
        text, near = reading.text.decode("latin-1"), self.context
        if self.apart:
            near = {name: value for name, value in near.items() if name not in self.apart}
        seen = Secret(text), Secret(reading.secret), known.why_harmless(text, reading.secret, near)
        if self.context is reading.context:
            reading.seen = seen
        return seen


def read(rule: Rule, view: View, last: int | None = None) -> Iterator[Match]:
    """Yield what the rule's pattern, companion and checks confirm.

    last: where the last anchor in the view ends, where that is known: behind it there is no match.
    """
    data, secret_groups, kept = view.data, rule.secret_groups, rule.readings
    for spans in rule.regex.find_all(data, last):
        low, high = first, stop = spans[0]
        if secret_groups:
            first, stop = next((spans[each] for each in secret_groups if spans[each][0] >= 0), (low, high))
            reading = _accept(rule, data, spans, first, stop)
        else:
            # All of it hangs on the text and on where the groups are in it; nothing kept so is secret.
            key = (data[low:high], *[at - low if at >= 0 else at for span in spans for at in span])
            if key in kept:
                reading = kept[key]
            else:
                reading = _accept(rule, data, spans, low, high)
                if high - low <= _LONGEST_KEPT:
                    if len(kept) >= _MOST_KEPT:
                        kept.clear()
                    kept[key] = reading
        if reading is not None:
            begin, end = view.span(low + reading.low, high)
            start, stop = view.span(first, stop)
            yield Match(rule, reading, reading.context, begin, end, start, stop, view.steps)


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


def _accept(rule: Rule, data: bytes, spans: Spans, first: int, stop: int) -> Reading | None:
    """Return what the match comes to, or `None` when it does not pass the rule's companion and checks.

    first, stop: where its secret is, or all of it where nothing is secret.
    """
    low, high = spans[0]
    text = data[low:high]
    if rule.companion_regex is not None and not rule.companion_regex.found_in(text):
        return None
    context: dict[str, str] = {}
    for name, index in rule.groups:
        begin, end = spans[index]
        if end > begin:
            context.setdefault(name, data[begin:end].decode("latin-1"))
    if rule.refuses and any(name in context for name in rule.refuses):
        return None
    secret = _canonical(data[first:stop], rule)
    sound = not rule.secret_groups or all(CHECKS[name](secret) for name in rule.checks)
    if not sound and not known.is_placeholder(secret):
        return None
    begin = low
    if rule.link:
        begin = _link_start(rule, data, low, first if rule.secret_groups else high, high)
    return Reading(data[begin:high], secret, context, begin - low)


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
    named = [m for m in best if not m.rule.needs or m.rule.needed <= m.context.keys()]
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
    if match.rule.link and b"://" in match.text:
        return
    for name in match.rule.stitch:
        target = ALIASES.get(name, name)
        if target not in match.context:
            account = match.context.get("account")
            found = around.nearby(match.begin, match.end, name, steps=match.steps, account=account)
            if found is not None:
                match.context = {**match.context, target: found.value}
                low, high = min(found.end, match.end), max(found.start, match.begin)
                lines = around.document.count(b"\n", low, high)
                if lines > _SAME_PAIR.get(target, 0):
                    match.apart |= {target}
                    match.stitched |= not name.endswith("_hint")


_SAME_PAIR = {"key_id": 1, "email": 4, "project": 4}
"""How many line ends may lie between what belongs to one thing: an id and its secret are neighbours, so are
the fields of a Google key file, an account and its token on two lines may be two things."""
