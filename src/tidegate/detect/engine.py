"""Detection: batches of documents in, sightings out.

One pass of the matcher nominates; only around its hits the text is unwrapped and the rules' exact
patterns are tried. What an encoding hid is decoded and goes through the same again, to a bounded depth.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tidegate.detect import known, stitch
from tidegate.detect.checks import CHECKS, pem_body
from tidegate.detect.matcher import BASE64, PLAIN, WIDE2, WIDE4, Matcher
from tidegate.detect.peel import Peeled, peel_base64, peel_wide
from tidegate.detect.rules import Rule
from tidegate.detect.unwrap import View, raw_view, views
from tidegate.model.document import Batch, Spot, Tally
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting

MAX_DEPTH = 3
"""How many encodings may be wrapped into each other."""
MAX_HITS = 50_000
"""Anchors in one document that are looked at; a document with more is hostile or a list, and gets a gap."""
MAX_REGION = 1 << 20
"""Bytes of one stretch of neighbouring anchors."""
IGNORE_MARK = b"tidegate:ignore"
"""On the line of a credential, or on the line before: it does not alarm, and is counted."""


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


class Detector:
    """Holds the compiled rules. One per process."""

    def __init__(self, rules: Sequence[Rule], cache_dir: Path | None = None) -> None:
        self.rules = tuple(rules)
        self._matcher = Matcher(self.rules, cache_dir)
        self._kept: Counter[tuple[str, str]] = Counter()

    def scan(self, batch: Batch, tally: Tally) -> list[Sighting]:
        """Return what is seen in the batch's documents."""
        data = batch.data
        hits = self._matcher.scan(data)
        if not hits:
            return []
        sightings: list[Sighting] = []
        for index, own in _by_document(hits, batch.starts, batch.ends):
            start, end = batch.starts[index], batch.ends[index]
            document = bytes(memoryview(data)[start:end])
            label = batch.labels[index]
            if len(own) > MAX_HITS:
                tally.gap("detect", str(label), f"{len(own):,} anchors in one text; looked at {MAX_HITS:,}")
                del own[MAX_HITS:]
            matches = _distinct(self._matches(document, own, 0), document)
            if matches:
                sightings += self._sightings(document, label, batch.line_base.get(index, 0), matches)
        return sightings

    def scan_text(self, text: str | bytes, label: Hashable = "") -> list[Sighting]:
        """Return what is seen in one text."""
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        return self.scan(Batch(data, [0], [len(data)], [label]), Tally())

    def _matches(self, document: bytes, hits: Iterable[tuple[int, int]], depth: int) -> Iterator[Match]:
        plain: defaultdict[int, list[int]] = defaultdict(list)
        done_until: dict[str, int] = {}
        for expression, end in hits:
            meaning = self._matcher.meanings[expression]
            if meaning.rule is not None and meaning.clothes == PLAIN:
                plain[meaning.rule].append(end)
            elif depth < MAX_DEPTH and end > done_until.get(meaning.clothes, 0):
                peeled = _peel(document, end, meaning.clothes)
                if peeled is not None:
                    done_until[meaning.clothes] = peeled.end
                    yield from self._inside(peeled, depth)
        for index in sorted(plain):
            yield from self._confirm(document, self.rules[index], plain[index])

    def _inside(self, peeled: Peeled, depth: int) -> Iterator[Match]:
        for match in self._matches(peeled.data, self._matcher.scan(peeled.data), depth + 1):
            _complete(match, peeled.data)
            match.begin, match.end, match.start, match.stop = (
                peeled.source(i) for i in (match.begin, match.end, match.start, match.stop)
            )
            match.steps = (peeled.step, *match.steps)
            yield match

    def _confirm(self, document: bytes, rule: Rule, ends: list[int]) -> Iterator[Match]:
        for low, high, own in _regions(ends, rule.before, rule.after, len(document)):
            raw = raw_view(document, low, high)
            plain = list(_read(rule, raw))
            yield from plain
            if not rule.unwrap or _explained(own, plain):
                continue
            for view in islice(views(raw), 1, None):
                yield from _read(rule, view)

    def _sightings(
        self, document: bytes, label: Hashable, line_base: int, matches: list[Match]
    ) -> Iterator[Sighting]:
        line, counted = 1 + line_base, 0
        taken = {value for match in matches if match.rule.secret_groups for value in match.claims}
        for match in matches:
            rule = match.rule
            if not rule.secret_groups and match.secret in taken:
                continue
            key = (rule.id, match.secret)
            self._kept[key] += 1
            if self._kept[key] > rule.limit:
                continue
            at = match.begin if rule.link else match.start
            if at < counted:
                line, counted = 1 + line_base, 0
            line += document.count(b"\n", counted, at)
            counted = at
            column = at - document.rfind(b"\n", 0, at)
            text = match.text.decode("latin-1")
            reason = known.why_harmless(text, match.secret, match.context)
            if reason is None and _ignored(document, at):
                reason = "tidegate:ignore"
            yield Sighting(
                rule=rule.id,
                provider=rule.provider,
                kind=rule.kind,
                text=Secret(text),
                secret=Secret(match.secret),
                context=match.context,
                stitched=match.stitched,
                spot=Spot(label, line, column, match.steps),
                confidence=rule.confidence,
                suppressed=reason,
            )


def _by_document(
    hits: list[tuple[int, int]], starts: list[int], ends: list[int]
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Group hits by document, with offsets from the document's start; one across a border is dropped."""
    index, limit = -1, -1
    own: list[tuple[int, int]] = []
    for expression, end in hits:
        if end > limit:
            if own:
                yield index, own
            index = bisect_right(starts, end - 1) - 1
            own, limit = [], ends[index] if index >= 0 else -1
        if index >= 0 and starts[index] < end <= limit:
            own.append((expression, end - starts[index]))
    if own:
        yield index, own


def _regions(ends: list[int], before: int, after: int, size: int) -> Iterator[tuple[int, int, list[int]]]:
    """Join the windows around neighbouring anchors; yield each with the ends of its anchors."""
    low = high = -1
    own: list[int] = []
    for end in ends:
        start, stop = max(0, end - before), min(size, end + after)
        if own and start <= high and stop - low <= MAX_REGION:
            high = stop
            own.append(end)
            continue
        if own:
            yield low, high, own
        low, high, own = start, stop, [end]
    if own:
        yield low, high, own


def _read(rule: Rule, view: View) -> Iterator[Match]:
    for found in rule.regex.finditer(view.data):
        match = _accept(rule, view, found)
        if match is not None:
            yield match


def _explained(ends: list[int], matches: list[Match]) -> bool:
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


def _peel(document: bytes, end: int, clothes: str) -> Peeled | None:
    if clothes == BASE64:
        return peel_base64(document, end - 1)
    if clothes in (WIDE2, WIDE4):
        return peel_wide(document, end, 2 if clothes == WIDE2 else 4)
    raise AssertionError(clothes)


def _accept(rule: Rule, view: View, found: Any) -> Match | None:
    """Return the match, or `None` when it does not pass the rule's companion and checks."""
    text = found.group(0)
    if rule.companion_regex is not None and not rule.companion_regex.search(text):
        return None
    group = next((g for g in rule.secret_groups if found.start(g) >= 0), 0)
    secret = _canonical(found.group(group), rule)
    placeholder = known.is_placeholder(secret)
    if rule.secret_groups and not placeholder and not all(CHECKS[name](secret) for name in rule.checks):
        return None
    context: dict[str, str] = {}
    for name, index in rule.groups:
        value = found.group(index)
        if value:
            context.setdefault(name, value.decode("latin-1"))
    if any(name in context for name in rule.refuses):
        return None
    low, high = found.span(0)
    if rule.link:
        low = _link_start(view.data, low, found.start(group) if group else high)
    begin, end = view.span(low, high)
    start, stop = view.span(*found.span(group))
    return Match(rule, view.data[low:high], secret, context, begin, end, start, stop, view.steps)


_SCHEME = re.compile(rb"(?:https?|abfss?|wasbs?|azure|az|s3[an]?|gs)://", re.IGNORECASE)


def _link_start(data: bytes, low: int, high: int) -> int:
    """Return where the last link before the secret begins: before it stands another link, or noise."""
    begin = low
    for scheme in _SCHEME.finditer(data, low, high):
        begin = scheme.start()
    return begin


def _canonical(secret: bytes, rule: Rule) -> str:
    """Return one form of a secret however it was written: no percent-encoding, standard base64, padded."""
    text = secret.decode("latin-1")
    if "%" in text:
        text = unquote(text, "latin-1")
    if "pem" in rule.checks:
        return pem_body(text)
    if any(name.startswith("base64-") for name in rule.checks):
        text = text.replace("-", "+").replace("_", "/").rstrip("=")
        text += "=" * (-len(text) % 4)
    return text


def _distinct(matches: Iterable[Match], document: bytes) -> list[Match]:
    """Of the readings of one place keep the best, of overlapping matches of two rules the higher ranked."""
    best: list[Match] = []
    for match in sorted(matches, key=lambda m: (m.rule.id, m.start, m.stop)):
        other = best[-1] if best else None
        if other is None or other.rule is not match.rule or match.start >= other.stop:
            best.append(match)
        elif _goodness(match) > _goodness(other):
            best[-1] = match
    for match in best:
        _complete(match, document)
    named = [m for m in best if all(name in m.context for name in m.rule.needs)]
    named.sort(key=lambda m: m.begin)
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


def _complete(match: Match, document: bytes) -> None:
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
        target = _ALIASES.get(name, name)
        if target not in match.context:
            account = match.context.get("account")
            found = stitch.nearby(document, match.begin, match.end, name, steps=match.steps, account=account)
            if found is not None:
                match.context[target] = found.value
                match.claims.add(found.value)
                low, high = min(found.end, match.end), max(found.start, match.begin)
                match.stitched |= b"\n" in document[low:high]


_ALIASES = {
    "compatible_key_id": "key_id",
    "gcs_key_id": "key_id",
    "b2_key_id": "key_id",
    "post_policy": "policy",
    "private_key_id": "key_id",
}
"""Where the same name is written differently elsewhere: what is sought -> what it is called."""


def _ignored(document: bytes, at: int) -> bool:
    line = document.rfind(b"\n", 0, at) + 1
    end = document.find(b"\n", at)
    before = document.rfind(b"\n", 0, max(0, line - 1)) + 1
    return IGNORE_MARK in document[before : end if end >= 0 else len(document)]
