"""Detection: batches of documents in, sightings out.

One pass of the matcher nominates; only around its hits the text is unwrapped and the rules' exact
patterns are tried. What an encoding hid is decoded and goes through the same again, to a bounded depth.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from tidegate.detect.match import Match, distinct, explained, read
from tidegate.detect.matcher import BASE64, PLAIN, RAW, WIDE2, Matcher, Meaning, unpacked
from tidegate.detect.peel import Base64Run, Peeled, peel_wide
from tidegate.detect.rules import Rule
from tidegate.detect.stitch import Surroundings
from tidegate.detect.unwrap import raw_view, views
from tidegate.model.document import AROUND_BYTES, Batch, Spot, Tally
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.records import dataclass

MAX_DEPTH = 3
"""How many encodings may be wrapped into each other."""
MAX_HITS = 250_000
"""Anchors in one document that are looked at; a document with more is hostile or a list, and gets a gap."""
MAX_REGION = 1 << 20
"""Bytes of one stretch of neighbouring anchors."""
IGNORE_MARK = b"tidegate:ignore"
"""On the line of a credential, or on the line before: it does not alarm, and is counted."""
_IGNORED_RULES = re.compile(rb"\[([a-z0-9-]{1,80}(?:, ?[a-z0-9-]{1,80}){0,20})\]")
"""Behind the mark: the rules it is meant for. Without them it is meant for all."""

Note = Callable[[str], None]
"""Says of the document at hand what in it was not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The bytes of a text in which one credential stands, as they are: escapes and line ends included."""

    rule: Rule
    secret: Secret
    begin: int
    """Of the whole match; where `steps` decode (`base64`, `utf-16`) all four are near, not exact."""
    end: int
    start: int
    """Of the secret in it."""
    stop: int
    steps: tuple[str, ...]


class Detector:
    """Holds the compiled rules. One per process."""

    def __init__(self, rules: Sequence[Rule], cache_dir: Path | None = None) -> None:
        self.rules = tuple(rules)
        self._matcher = Matcher(self.rules, cache_dir)

    def scan(self, batch: Batch, tally: Tally) -> list[Sighting]:
        """Return what is seen in the batch's documents."""
        hits = self._matcher.scan(batch.data)
        if not hits and not batch.partial:
            return []
        sightings: list[Sighting] = []
        for index, document, own in self._marked(batch, hits):
            label = batch.labels[index]
            reasons: dict[str, None] = {}
            matches = self._inside(document, own, 0, reasons.setdefault)
            for reason in reasons:
                tally.gap("detect", named(label), reason)
            if matches:
                before = batch.line_base.get(index)
                sightings += self._sightings(document, label, before() if before else 0, matches)
        return sightings

    def _marked(
        self, batch: Batch, hits: Iterable[int]
    ) -> Iterator[tuple[int, bytes, list[tuple[int, int]]]]:
        """Yield the documents that have a hit: index, content, hits.

        One that lies there in part has none when there is none in that part, and none in the document that
        it is like elsewhere: what differs has more around it than the widest anchor. Else it is read whole.
        """
        data, labels, partial, marked = memoryview(batch.data), batch.labels, batch.partial, batch.marked
        again = set()
        for index, own in _by_document(unpacked(hits), batch.starts, batch.ends):
            if index in partial:
                again.add(index)
                continue
            marked.add(labels[index])
            yield index, bytes(data[batch.starts[index] : batch.ends[index]]), own
        if not partial:
            return
        widest = self._matcher.widest
        narrow = widest is not None and widest < AROUND_BYTES
        for index, (document, earlier) in partial.items():
            if narrow and index not in again and earlier not in marked:
                continue
            found = list(islice(unpacked(self._matcher.scan(document)), MAX_HITS + 1))
            if found:
                marked.add(labels[index])
                yield index, document, found

    def scan_text(self, text: str | bytes, label: Hashable = "") -> list[Sighting]:
        """Return what is seen in one text."""
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        return self.scan(Batch(data, [0], [len(data)], [label]), Tally())

    def stretches(self, document: bytes) -> list[Stretch]:
        """Return where in one text the credentials stand, byte by byte, in the order of the text."""
        hits = list(islice(unpacked(self._matcher.scan(document)), MAX_HITS))
        found = self._inside(document, hits, 0, lambda _: None)
        return [
            Stretch(
                rule=match.rule,
                secret=Secret(match.secret),
                begin=match.begin,
                end=match.end,
                start=match.start,
                stop=match.stop,
                steps=match.steps,
            )
            for match in sorted(found, key=lambda each: each.begin)
        ]

    def _inside(self, document: bytes, hits: list[tuple[int, int]], depth: int, note: Note) -> list[Match]:
        """Return the matches that stand in a text: the document, or what an encoding in it hid."""
        if len(hits) > MAX_HITS:
            note(f"more than {MAX_HITS:,} anchors in one text; looked at those")
            hits = hits[:MAX_HITS]
        return distinct(self._matches(document, hits, depth, note), Surroundings(document))

    def _matches(
        self, document: bytes, hits: Iterable[tuple[int, int]], depth: int, note: Note
    ) -> Iterator[Match]:
        plain: defaultdict[int, list[int]] = defaultdict(list)
        wrapped: defaultdict[int, set[int]] = defaultdict(set)
        hidden: list[tuple[int, Meaning]] = []
        for expression, end in hits:
            meaning = self._matcher.meanings[expression]
            if meaning.rule is not None and meaning.clothes in (PLAIN, RAW):
                plain[meaning.rule].append(end)
                if meaning.clothes == PLAIN:
                    wrapped[meaning.rule].add(end)
            else:
                hidden.append((end, meaning))
        if hidden and depth == MAX_DEPTH:
            note(f"more than {MAX_DEPTH} encodings wrapped into each other; the innermost was not read")
            hidden = []
        for peeled in _peeled(document, hidden):
            if peeled.cut:
                note(peeled.cut)
            inner = list(islice(unpacked(self._matcher.scan(peeled.data)), MAX_HITS + 1))
            for match in self._inside(peeled.data, inner, depth + 1, note):
                match.begin, match.end, match.start, match.stop = (
                    peeled.source(i) for i in (match.begin, match.end, match.start, match.stop)
                )
                match.steps = (peeled.step, *match.steps)
                yield match
        for index in sorted(plain):
            yield from _confirm(document, self.rules[index], plain[index], wrapped[index])

    def _sightings(
        self, document: bytes, label: Hashable, line_base: int, matches: list[Match]
    ) -> Iterator[Sighting]:
        # A key id that belongs to a key is no finding of its own.
        taken = {value for match in matches if match.rule.secret_groups for value in match.context.values()}
        ordered = sorted(matches, key=lambda m: m.at)
        ignored = _ignored(document, ordered[0].at, ordered[-1].at)
        lines = _Lines(document)
        kept: dict[tuple[str, str], int] = {}
        for match in ordered:
            rule = match.rule
            if not rule.secret_groups and match.secret in taken:
                continue
            key = (rule.id, match.secret)
            kept[key] = count = kept.get(key, 0) + 1
            if count > rule.limit:
                continue
            line, column = lines.at(match.at)
            text, secret, reason = match.seen()
            if reason is None and ignored and _is_ignored(ignored, line, rule.id):
                reason = "tidegate:ignore"
            yield Sighting(
                rule=rule.id,
                provider=rule.provider,
                kind=rule.kind,
                text=text,
                secret=secret,
                context=match.context,
                stitched=match.stitched,
                spot=Spot(label, line + line_base, column, match.steps),
                confidence=rule.confidence,
                suppressed=reason,
            )


class _Lines:
    """Lines and columns of offsets that come in ascending order, so that a text is read once for all."""

    def __init__(self, document: bytes) -> None:
        self._document = document
        self._line, self._begin, self._done = 1, 0, 0

    def at(self, offset: int) -> tuple[int, int]:
        """Return the line, from 1, and the column, from 1."""
        breaks = self._document.count(b"\n", self._done, offset)
        if breaks:
            self._line += breaks
            self._begin = self._document.rfind(b"\n", self._done, offset) + 1
        self._done = offset
        return self._line, offset - self._begin + 1


def _ignored(document: bytes, first: int, last: int) -> dict[int, frozenset[str]]:
    """Return the lines on which somebody asks not to be alarmed, as far as that concerns `first` to `last`.

    Those are the lines of both, all between, and the line before. Each with the rules that are named there;
    none named are all.
    """
    before = document.rfind(b"\n", 0, max(0, document.rfind(b"\n", 0, first)))
    after = document.find(b"\n", last)
    stop = len(document) if after < 0 else after
    at = document.find(IGNORE_MARK, before + 1, stop)
    found: dict[int, frozenset[str]] = {}
    if at < 0:
        return found
    lines = _Lines(document)
    while at >= 0:
        line = lines.at(at)[0]
        at += len(IGNORE_MARK)
        named = _IGNORED_RULES.match(document, at, stop)
        rules = frozenset(named[1].decode().replace(" ", "").split(",") if named else ())
        earlier = found.get(line, rules)
        found[line] = rules | earlier if rules and earlier else frozenset()
        at = document.find(IGNORE_MARK, at, stop)
    return found


def _is_ignored(ignored: dict[int, frozenset[str]], line: int, rule: str) -> bool:
    marks = (ignored.get(line), ignored.get(line - 1))
    return any(rules is not None and (not rules or rule in rules) for rules in marks)


def named(label: Hashable) -> str:
    """Say what a source calls a document, for a gap: the place is known only later."""
    if isinstance(label, bytes):
        return f"object {label.hex()}"
    if isinstance(label, tuple):
        parts = [named(part) for part in label if isinstance(part, (str, bytes, tuple))]
        return (" " if isinstance(label[-1], bytes) else "!/").join(parts)
    return str(label).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _peeled(document: bytes, hits: Iterable[tuple[int, Meaning]]) -> Iterator[Peeled]:
    """Yield what the encodings hid, each stretch of them once, or once for each of its alignments."""
    run: Base64Run | None = None
    wide_until: dict[str, int] = {}
    for end, meaning in hits:
        if meaning.clothes == BASE64:
            if run is None or end > run.end or meaning.begins:
                run = Base64Run(document, end, begins=meaning.begins)
            peeled = run.decode(end, meaning.phase)
        elif end > wide_until.get(meaning.clothes, 0):
            peeled = peel_wide(document, end, 2 if meaning.clothes == WIDE2 else 4)
            if peeled is not None:
                wide_until[meaning.clothes] = peeled.end
        else:
            continue
        if peeled is not None:
            yield peeled


def _confirm(document: bytes, rule: Rule, ends: list[int], wrapped: set[int]) -> Iterator[Match]:
    """Try the rule's pattern around its anchors; unwrap for those in `wrapped` that it did not explain."""
    for low, high, own in _regions(ends, rule.before, rule.after, len(document)):
        raw = raw_view(document, low, high)
        plain = list(read(rule, raw, own[-1] - low))
        yield from plain
        open_ends = [end for end in own if end in wrapped]
        if not rule.unwrap or not open_ends or explained(open_ends, plain):
            continue
        for view in islice(views(raw), 1, None):
            yield from read(rule, view)


def _by_document(
    hits: Iterable[tuple[int, int]], starts: list[int], ends: list[int]
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Group hits by document, with offsets from the document's start; one across a border is dropped.

    Of a document with more than are looked at it yields one too many.
    """
    index, limit = -1, -1
    own: list[tuple[int, int]] = []
    for expression, end in hits:
        if end > limit:
            if own:
                yield index, own
            index = bisect_right(starts, end - 1) - 1
            own, limit = [], ends[index] if index >= 0 else -1
        if index >= 0 and starts[index] < end <= limit and len(own) <= MAX_HITS:
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
