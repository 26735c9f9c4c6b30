"""Gathering what is seen under the credential it is, target after target."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property

from tidegate import plugins
from tidegate.detect.engine import Detector, named
from tidegate.engine.ask import Asked, credential_of
from tidegate.engine.mask import Mask
from tidegate.engine.occurrences import collapse
from tidegate.engine.plan import Plan
from tidegate.engine.why import error_words
from tidegate.engine.work import run_shards
from tidegate.errors import SourceError, UsageError
from tidegate.model.credential import Credential
from tidegate.model.document import Spot, Tally
from tidegate.model.grant import Grant, Scope
from tidegate.model.place import Place
from tidegate.model.report import Gap
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.records import dataclass, field, replace
from tidegate.sources.ignore import Patterns
from tidegate.sources.targets import Opened, open_target

MAX_ADDRESSES = 10_000
"""Plain addresses that become findings: a list of hosts is no list of leaks."""
_CONFIDENCE = {"low": 0, "medium": 1, "high": 2}


@dataclass(slots=True)
class Group:
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


class Collector:
    """Reads target after target and gathers what is seen under the credential it is."""

    def __init__(self, plan: Plan, detector: Detector, tally: Tally) -> None:
        self._plan = plan
        self._detector = detector
        self._tally = tally
        self._exclude = Patterns(plan.wanted.exclude)
        self._grants: dict[tuple[str, str, tuple[tuple[str, str], ...]], Grant | None] = {}
        self.mask = Mask()
        self._said: dict[str, list[str]] = {}
        """Target that is storage -> its parts as a report may show them."""
        self._addresses = 0
        self.groups: dict[str, Group] = {}
        self.suppressed: Counter[str] = Counter()

    @cached_property
    def decoders(self) -> dict[str, plugins.Decoder]:
        """Provider -> what understands its credentials: loaded when something was seen, which is seldom."""
        return plugins.load(plugins.Decoder, "tidegate.providers")

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
            self._tally.gap("source", target, str(why).removeprefix(f"{target}: "))
        except OSError as why:  # e.g. the current folder is gone
            self._tally.gap("source", target, error_words(why))
        nothing = coverage.documents == documents or coverage.bytes == size
        if nothing and len(self._tally.gaps) == gaps:
            self._tally.gap("source", target, "there is nothing to read in it")
        if len(self._plan.targets) > 1:
            self._tally.gaps[gaps:] = [_of(target, gap) for gap in self._tally.gaps[gaps:]]

    def take(self, target: str) -> None:
        """Take a target that is storage itself: a link, a key, or an address.

        Raises `UsageError` where nothing may be asked, or where the target is none of those.
        """
        if self._plan.online is None:
            raise UsageError(
                "this target is storage, or a link into it, which only a request could read",
                hint="`tidegate probe` asks it, if your scope file names it; `tidegate decode` is offline.",
            )
        said = self._said.setdefault(target, [])
        address = self._address(target.partition("?")[0] if self._plan.anonymous else target)
        if address is not None:
            said.append(self._named(*address))
            return
        for sighting in self._detector.scan_text(target):
            grant = self._grant(sighting)
            if grant is None or grant.kind == "anonymous":
                continue
            self.mask.learn([sighting])
            if not self._plan.anonymous:
                said.append(self._named(sighting, grant, None))
            elif (address := self._without_secret(sighting)) is not None:
                said.append(self._named(*address))
        if not said:
            raise UsageError(
                "this target is no storage that Tidegate can ask",
                hint="give a link in quotes, az://account/container, s3://bucket or gs://bucket; "
                "files and folders are for tidegate scan and tidegate inspect.",
            )

    def _named(self, sighting: Sighting, grant: Grant, credential: Credential | None) -> str:
        """Make it a finding; return how it may be shown."""
        group = self.groups.setdefault(identity(sighting, grant), Group(sighting, grant))
        group.named, group.credential, group.suppressed = True, credential, None
        shown: str = self.decoders[sighting.provider].redact(sighting)
        return shown

    def said(self, target: str) -> str:
        """Return how a report names a target: of one that is storage only what is known to be no secret."""
        return self.mask.text(" ".join(self._said.get(target, [target])))

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

    def _without_secret(self, sighting: Sighting) -> tuple[Sighting, Grant, Credential] | None:
        """Return the open address in a link: its host is one that only the signature tells from any other."""
        for rule in self._plan.rules:
            if (rule.provider, rule.kind) == (sighting.provider, "public_url"):
                bare = Secret(sighting.text.reveal().partition("?")[0])
                plain = replace(sighting, rule=rule.id, kind=rule.kind, text=bare, secret=bare)
                grant = self._grant(plain)
                if grant is not None and grant.kind == "anonymous":
                    return plain, grant, credential_of(plain, grant)
        return None

    def _read_source(self, opened: Opened) -> None:
        seen: dict[tuple[object, ...], Sighting] = {}
        shards = run_shards(opened.source, self._detector, self._plan.jobs, self._tally, self._plan.progress)
        sightings: list[Sighting] = []
        for handed_in in shards:
            sightings += handed_in
            if self._plan.jobs > 1:
                self._decode_ahead(handed_in)
        # Workers hand in when they are done; a report must not depend on that.
        for each in sorted(sightings, key=_in_order):
            # The windows of a large file overlap: the same hit in both is one.
            spot = each.spot
            seen.setdefault((each.rule, each.secret.reveal(), spot.label, spot.line, spot.column), each)
        self.mask.learn(seen.values())
        kept = self._grouped(seen.values())
        spots = [spot for _, own in kept for spot in own]
        # Without any as well: only now does a source know what it has to tell of all its shards.
        places = iter(opened.source.places(spots, self._tally))
        for group, own in kept:
            found = collapse([(spot, next(places)) for spot in own])
            seen_here = [replace(p, path=opened.prefix + p.path) if opened.prefix else p for p in found]
            group.places += [p for p in seen_here if not self._excluded(p.path)]

    def _excluded(self, path: str) -> bool:
        """Say whether `--exclude` names a path of history: there nothing is left out before it is read."""
        if not self._plan.wanted.exclude:
            return False
        names = path.split("!/", 1)[0].split("/")
        return not path.startswith("<") and any(
            self._exclude.verdict("/".join(names[:i]), folder=i < len(names), before=False)
            for i in range(1, len(names) + 1)
        )

    def _grouped(self, sightings: Iterable[Sighting]) -> list[tuple[Group, list[Spot]]]:
        spots: defaultdict[str, list[Spot]] = defaultdict(list)
        for sighting in sightings:
            grant = self._grant(sighting)
            if grant is None:
                continue
            if sighting.suppressed is not None:
                self.suppressed[sighting.suppressed] += 1
                if not self._plan.include_suppressed:
                    continue
            name = identity(sighting, grant)
            group = self.groups.get(name)
            if group is None:
                if grant.kind == "anonymous" and not self._room():
                    continue
                self.groups[name] = Group(sighting, grant, suppressed=sighting.suppressed)
            elif not _tells_the_same(sighting, grant, group):
                if _worth(sighting, grant) > _worth(group.best, group.grant):
                    group.best, group.grant = sighting, grant
                if sighting.suppressed is None:
                    group.suppressed = None
            spots[name].append(sighting.spot)
        return [(self.groups[name], own) for name, own in spots.items()]

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
        key = _grant_key(sighting)
        if key not in self._grants:
            self._grants[key] = self._decode(sighting)
        return self._grants[key]

    def _decode_ahead(self, sightings: Iterable[Sighting]) -> None:
        """Decode while workers still read. What goes wrong is left, to be told in the order of the report."""
        for sighting in sightings:
            key = _grant_key(sighting)
            if key not in self._grants:
                with suppress(Exception):
                    self._grants[key] = self.decoders[sighting.provider].decode(sighting, self._plan.now)

    def _decode(self, sighting: Sighting) -> Grant | None:
        try:
            grant: Grant | None = self.decoders[sighting.provider].decode(sighting, self._plan.now)
        except Exception as why:  # noqa: BLE001 - one credential must not end the scan
            subject = f"{named(sighting.spot.label)}:{sighting.spot.line}"
            self._tally.gap("decode", subject, f"{sighting.rule}: {type(why).__name__}")
            return None
        return grant


def _of(target: str, gap: Gap) -> Gap:
    """Say of which target a gap is: of several, a name below one of them is not enough."""
    return gap if gap.subject == target else replace(gap, subject=f"{target}: {gap.subject}")


def _grant_key(sighting: Sighting) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return (sighting.rule, sighting.text.reveal(), tuple(sighting.context.items()))


def identity(sighting: Sighting, grant: Grant) -> str:
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
        sighting.secret.reveal(),
    )


def _tells_the_same(sighting: Sighting, grant: Grant, group: Group) -> bool:
    """Say whether it is the best again at another place, which is what most are."""
    best = group.best
    return (
        grant is group.grant
        and sighting.rule == best.rule
        and sighting.suppressed is best.suppressed is group.suppressed is None
        and sighting.spot.unwrapped == best.spot.unwrapped
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
