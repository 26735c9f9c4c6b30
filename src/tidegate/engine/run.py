"""The order of the stages: read, detect, decode, assess, report. Knows no provider's name.

Reading and detecting is done shard by shard, in worker processes when there is enough to do. Everything
after that is small and happens here. What goes wrong with one shard, or one credential, becomes a gap.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from tidegate import plugins
from tidegate.assess.fix import fixes
from tidegate.assess.severity import assess
from tidegate.detect.engine import Detector, named
from tidegate.detect.rules import Rule
from tidegate.engine.ask import Asked, Online, named_grant
from tidegate.engine.mask import Mask
from tidegate.engine.occurrences import collapse, without_copies
from tidegate.engine.work import run_shards
from tidegate.errors import OutOfScopeError, RuleError, SourceError, UsageError
from tidegate.model.baseline import Baseline
from tidegate.model.credential import Credential
from tidegate.model.document import Spot, Tally
from tidegate.model.finding import Finding
from tidegate.model.grant import Grant, Scope
from tidegate.model.place import Place
from tidegate.model.report import Coverage, Report
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.sources.ignore import Patterns
from tidegate.sources.targets import Opened, Wanted, is_storage, open_target
from tidegate.version import VERSION

MAX_OCCURRENCES = 1_000
"""Places listed in a finding; all are counted."""
_STITCHED = "what it belongs to stands apart from it in the same text, and was joined by nearness: check it"
MAX_ADDRESSES = 10_000
"""Plain addresses that become findings: a list of hosts is no list of leaks."""
_CONFIDENCE = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one run is asked to do."""

    targets: tuple[str, ...]
    rules: tuple[Rule, ...]
    wanted: Wanted
    jobs: int
    now: datetime
    """For validity; the report's own times are the clock's."""
    cache_dir: Path | None = None
    baseline: Baseline | None = None
    include_suppressed: bool = False
    progress: Callable[[Coverage], None] | None = None
    online: Online | None = None
    """What storage is asked with; `None`: nothing is sent."""
    storage_only: bool = False
    """Every target is storage: none is a path."""
    anonymous: bool = False
    """Of targets that are storage only the address is asked, without the credential in it."""


@dataclass(slots=True)
class _Group:
    """All sightings of one credential, in all sources."""

    best: Sighting
    grant: Grant
    places: list[Place] = field(default_factory=list)
    suppressed: str | None = None
    """Only when everything in it is."""
    named: bool = False
    """The user named it as a target."""
    credential: Credential | None = None
    """What to ask with, where it is not what was sighted."""
    asked: Asked = field(default_factory=Asked)


def run(plan: Plan) -> Report:
    """Carry out the plan and return the report. Raises only `TidegateError`."""
    started = datetime.now(UTC)
    tally = Tally()
    detector = Detector(plan.rules, plan.cache_dir)
    _check_decoders(plan, detector)
    collector = _Collector(plan, detector, tally)
    for target in plan.targets:
        if plan.storage_only or is_storage(target):
            collector.take(target)
        else:
            collector.read(target)
    if plan.online is not None:
        _ask(collector, plan, tally)
    findings = _findings(collector, plan)
    return Report(
        version=VERSION,
        started_at=started,
        ended_at=datetime.now(UTC),
        targets=tuple(collector.mask.text(target) for target in plan.targets),
        findings=tuple(findings),
        gaps=tuple(collector.mask.gap(gap) for gap in tally.gaps),
        coverage=tally.coverage,
        suppressed=dict(sorted(collector.suppressed.items())),
    )


def _check_decoders(plan: Plan, detector: Detector) -> None:
    """Refuse a rule whose sightings nobody would understand: they would all be lost."""
    decoders = plugins.load(plugins.Decoder, "tidegate.providers")
    for rule in plan.rules:
        if rule.provider not in decoders:
            raise RuleError(f"{rule.file}: provider is {rule.provider!r}, not one of {', '.join(decoders)}")
        if rule.built_in:
            continue
        seen = [s for e in rule.examples for s in detector.scan_text(e.text) if s.rule == rule.id]
        if all(decoders[s.provider].decode(s, plan.now) is None for s in seen):
            raise RuleError(
                f"{rule.file}: none of its examples is understood as kind {rule.kind!r} of {rule.provider!r}"
            )


class _Collector:
    """Reads target after target and gathers what is seen under the credential it is."""

    def __init__(self, plan: Plan, detector: Detector, tally: Tally) -> None:
        self._plan = plan
        self._detector = detector
        self._tally = tally
        self._decoders = plugins.load(plugins.Decoder, "tidegate.providers")
        self._exclude = Patterns(plan.wanted.exclude)
        self._grants: dict[tuple[str, Secret, tuple[tuple[str, str], ...]], Grant | None] = {}
        self.mask = Mask()
        self._addresses = 0
        self.groups: dict[str, _Group] = {}
        self.suppressed: Counter[str] = Counter()

    def read(self, target: str) -> None:
        """Read one target whole; one that cannot be opened, or holds nothing, is a gap."""
        coverage, gaps = self._tally.coverage, len(self._tally.gaps)
        documents, size = coverage.documents, coverage.bytes
        try:
            for opened in open_target(target, self._plan.wanted, self._tally):
                try:
                    self._read_source(opened)
                finally:
                    opened.source.close()
        except SourceError as why:
            self._tally.gap("source", target, str(why))
        nothing = coverage.documents == documents or coverage.bytes == size
        if nothing and len(self._tally.gaps) == gaps:
            self._tally.gap("source", target, "there is nothing to read in it")

    def take(self, target: str) -> None:
        """Take a target that is storage itself: a link, a key, or an address.

        Raises `UsageError` where nothing may be asked, or where the target is none of those.
        """
        if self._plan.online is None:
            raise UsageError(
                "this target is storage, or a link into it, which only a request could read",
                hint="`tidegate probe` asks it, if your scope file names it; `tidegate decode` is offline.",
            )
        address = self._address(target.partition("?")[0] if self._plan.anonymous else target)
        if address is not None:
            self._named(*address)
            return
        sightings = [] if self._plan.anonymous else self._detector.scan_text(target)
        for sighting in sightings:
            grant = self._grant(sighting)
            if grant is not None and grant.kind != "anonymous":
                self.mask.learn([sighting])
                self._named(sighting, grant, None)
        if not any(group.named for group in self.groups.values()):
            raise UsageError(
                "this target is no storage that Tidegate can ask",
                hint="give a link in quotes, az://account/container, s3://bucket or gs://bucket.",
            )

    def _named(self, sighting: Sighting, grant: Grant, credential: Credential | None) -> None:
        group = self.groups.setdefault(_identity(sighting, grant), _Group(sighting, grant))
        group.named, group.credential, group.suppressed = True, credential, None

    def _address(self, target: str) -> tuple[Sighting, Grant, Credential] | None:
        """Return the open address that a target names."""
        for rule in self._plan.rules:
            storage = plugins.storage(rule.provider) if rule.kind == "public_url" else None
            credential = None if storage is None else storage.target(target)
            if credential is not None:
                sighting = Sighting(
                    rule=rule.id,
                    provider=rule.provider,
                    kind=rule.kind,
                    text=Secret(target),
                    secret=Secret(target),
                    spot=Spot("", 1, 1),
                )
                return sighting, credential.grant, replace(credential, provider=rule.provider)
        return None

    def _read_source(self, opened: Opened) -> None:
        seen: dict[tuple[object, ...], Sighting] = {}
        shards = run_shards(opened.source, self._detector, self._plan.jobs, self._tally, self._plan.progress)
        # Workers hand in when they are done; a report must not depend on that.
        for each in sorted(chain.from_iterable(shards), key=_in_order):
            # The windows of a large file overlap: the same hit in both is one.
            spot = each.spot
            seen.setdefault((each.rule, each.secret, spot.label, spot.line, spot.column), each)
        self.mask.learn(seen.values())
        kept = self._grouped(seen.values())
        spots = [spot for _, own in kept for spot in own]
        if not spots:
            return
        places = iter(opened.source.places(spots, self._tally))
        for group, own in kept:
            found = collapse([(spot, next(places)) for spot in own])
            seen_here = [replace(p, path=opened.prefix + p.path) if opened.prefix else p for p in found]
            group.places += [p for p in seen_here if not self._excluded(p.path)]

    def _excluded(self, path: str) -> bool:
        """Say whether `--exclude` names a path of history: there nothing is left out before it is read."""
        names = path.split("!/", 1)[0].split("/")
        return not path.startswith("<") and any(
            self._exclude.verdict("/".join(names[:i]), folder=i < len(names), before=False)
            for i in range(1, len(names) + 1)
        )

    def _grouped(self, sightings: Iterable[Sighting]) -> list[tuple[_Group, list[Spot]]]:
        spots: defaultdict[str, list[Spot]] = defaultdict(list)
        for sighting in sightings:
            grant = self._grant(sighting)
            if grant is None:
                continue
            if sighting.suppressed is not None:
                self.suppressed[sighting.suppressed] += 1
                if not self._plan.include_suppressed:
                    continue
            identity = _identity(sighting, grant)
            group = self.groups.get(identity)
            if group is None:
                if grant.kind == "anonymous" and not self._room():
                    continue
                self.groups[identity] = _Group(sighting, grant, suppressed=sighting.suppressed)
            else:
                if _worth(sighting, grant) > _worth(group.best, group.grant):
                    group.best, group.grant = sighting, grant
                if sighting.suppressed is None:
                    group.suppressed = None
            spots[identity].append(sighting.spot)
        return [(self.groups[identity], own) for identity, own in spots.items()]

    def _room(self) -> bool:
        """Count another plain address; of too many the rest is one gap."""
        self._addresses += 1
        if self._addresses == MAX_ADDRESSES + 1:
            self._tally.gap(
                "detect", "addresses", f"more than {MAX_ADDRESSES:,} of storage; the rest is not listed"
            )
        return self._addresses <= MAX_ADDRESSES

    def _grant(self, sighting: Sighting) -> Grant | None:
        """Decode once what a history repeats in every version of a file."""
        key = (sighting.rule, sighting.text, tuple(sorted(sighting.context.items())))
        if key not in self._grants:
            self._grants[key] = self._decode(sighting)
        return self._grants[key]

    def _decode(self, sighting: Sighting) -> Grant | None:
        try:
            grant: Grant | None = self._decoders[sighting.provider].decode(sighting, self._plan.now)
        except Exception as why:  # noqa: BLE001 - one credential must not end the scan
            subject = f"{named(sighting.spot.label)}:{sighting.spot.line}"
            self._tally.gap("decode", subject, f"{sighting.rule}: {type(why).__name__}")
            return None
        return grant


def _identity(sighting: Sighting, grant: Grant) -> str:
    """Return what two sightings of one credential share: the secret, or, without one, what is named."""
    if grant.kind == "anonymous":
        return "|".join((grant.provider, *grant.services, grant.account or "", grant.container or ""))
    return sighting.secret.fingerprint


def _in_order(sighting: Sighting) -> tuple[object, ...]:
    spot = sighting.spot
    return (
        repr(spot.label),
        spot.line,
        spot.column,
        sighting.rule,
        spot.unwrapped,
        sighting.secret.fingerprint,
    )


def _worth(sighting: Sighting, grant: Grant) -> tuple[bool, int, bool, bool, bool, int]:
    """Order sightings of one credential by how much they tell."""
    return (
        sighting.suppressed is None,
        _CONFIDENCE[sighting.confidence],
        grant.account is not None,
        grant.scope is not Scope.UNKNOWN,
        grant.container is not None,
        -len(sighting.spot.unwrapped),
    )


def _findings(collector: _Collector, plan: Plan) -> list[Finding]:
    decoders = plugins.load(plugins.Decoder, "tidegate.providers")
    titles = {rule.id: rule.title for rule in plan.rules}
    findings = []
    for group in collector.groups.values():
        if not group.places and not group.named:
            collector.suppressed["excluded by its path"] += 1
            continue
        group.places = [collector.mask.place(place) for place in without_copies(group.places)]
        finding = _finding(group, plan.now, titles, decoders)
        if plan.baseline is not None and finding.id in plan.baseline:
            collector.suppressed["in the baseline"] += 1
            if not plan.include_suppressed:
                continue
        findings.append(finding)
    return sorted(findings, key=lambda f: (-f.severity.rank, -f.score, f.id))


def _finding(
    group: _Group, now: datetime, titles: Mapping[str, str], decoders: Mapping[str, plugins.Decoder]
) -> Finding:
    best = group.best
    asked = group.asked
    verdict = assess(
        group.grant, confidence=best.confidence, now=now, reach=asked.reach, contents=asked.contents
    )
    digest = hashlib.sha256(b"tidegate/finding/1\x00" + _identity(best, group.grant).encode())
    reasons = verdict.reasons
    if best.stitched:
        reasons = (*reasons, _STITCHED)
    if group.suppressed is not None:
        reasons = (f"suppressed: {group.suppressed}", *reasons)
    places = sorted(group.places, key=_order)
    return Finding(
        id=f"tg-{digest.hexdigest()[:16]}",
        rule=best.rule,
        title=titles[best.rule],
        severity=verdict.severity,
        score=verdict.score,
        confidence=best.confidence,
        reasons=reasons,
        grant=group.grant,
        redacted=decoders[best.provider].redact(best),
        fingerprint=best.secret.fingerprint,
        occurrences=tuple(places[:MAX_OCCURRENCES]),
        occurrences_total=len(places),
        fix=fixes(group.grant, now, asked.reach),
        reach=asked.reach,
        contents=asked.contents,
    )


def _ask(collector: _Collector, plan: Plan, tally: Tally) -> None:
    """Ask about every group that alarms; what the scope does not name is a gap, unless it is all there is."""
    assert plan.online is not None
    groups = {
        name: group
        for name, group in collector.groups.items()
        if group.named or (group.places and group.suppressed is None)
    }
    credentials = {name: group.credential or _credential(group) for name, group in groups.items()}
    answers = plan.online.ask_all(credentials, tally.coverage, plan.progress)
    refused: dict[str, tuple[_Group, OutOfScopeError]] = {}
    for name, asked in answers.items():
        groups[name].asked = asked
        tally.gaps += asked.gaps
        if asked.refused is not None:
            refused.setdefault(asked.refused.hint, (groups[name], asked.refused))
    for group, why in refused.values():
        if group.named:
            raise why
        tally.gap("reach", named_grant(group.grant), str(why))


def _credential(group: _Group) -> Credential:
    best = group.best
    open_address = group.grant.kind == "anonymous"
    return Credential(
        grant=group.grant,
        text=best.text,
        secret=None if open_address else best.secret,
        context=best.context,
        provider=best.provider,
        kind=best.kind,
    )


def _order(place: Place) -> tuple[bool, bool, datetime, bool, str, str, int, int]:
    """Put what stands there now first, then the oldest."""
    return (
        place.in_head is False,
        place.committed_at is None,
        place.committed_at or datetime.max.replace(tzinfo=UTC),
        "__pycache__" in place.path,
        place.target,
        place.path,
        place.line,
        place.column,
    )


def decode(text: str, rules: Sequence[Rule], now: datetime, cache_dir: Path | None) -> Iterator[Grant]:
    """Yield the grant of each credential in a text, in the order of the text; plain addresses last."""
    detector = Detector(rules, cache_dir)
    decoders = plugins.load(plugins.Decoder, "tidegate.providers")
    sightings = detector.scan_text(text)
    for sighting in sorted(sightings, key=lambda s: s.kind == "public_url"):
        grant = decoders[sighting.provider].decode(sighting, now)
        if grant is not None:
            yield grant
