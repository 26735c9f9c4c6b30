"""Which objects of a repository hold one credential, and in which of their bytes it stands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tidegate.detect.engine import Detector, Stretch
from tidegate.model.document import Spot, Tally
from tidegate.model.place import Place
from tidegate.model.quoting import percent_encoded
from tidegate.model.report import Gap
from tidegate.sources.git import GitSource, open_git
from tidegate.sources.git.history import reachable
from tidegate.sources.gitcommand import CommandError

MAX_TIPS = 500
"""Branches and tags that are asked whether they hold it; git filter-repo rewrites all of them anyway."""
MAX_OBJECTS = 20_000
"""Versions that are looked into byte by byte."""

_SHORTEST = 16
"""Characters of a secret that are sought by themselves: no secret we know is shorter."""

_DECODED = frozenset({"base64", "base64+gzip", "utf-16", "utf-32"})
# What a reading undid at the very end of a match begins where the match was said to end.
_ESCAPE = re.compile(
    rb"\\+(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,4}\}|x[0-9A-Fa-f]{2}|[^A-Za-z0-9])|%(?:25)*[0-9A-Fa-f]{2}"
    rb"|&(?:#x?[0-9A-Fa-f]{1,7}|[a-z]{2,8});|=[0-9A-F]{2}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One object that holds the credential."""

    kind: str
    """`blob`, `commit` or `tag`."""
    oid: bytes
    content: bytes
    """Holds the secret: for computing, never for output. Empty for what HEAD does not have."""
    size: int
    """Of the whole, in bytes."""
    body: int
    """Where the message of a commit or tag begins; 0 for a blob."""
    cuts: tuple[tuple[int, int], ...]
    """Byte ranges of `content` that are to be replaced, ascending; empty when `by_hand`."""
    hidden: tuple[tuple[int, int], ...]
    """Byte ranges of every secret in it, this one and others: what a preview must not show."""
    head_paths: tuple[bytes, ...]
    """Where HEAD has it."""
    places: tuple[Place, ...]
    by_hand: str = ""
    """Why it cannot be replaced byte by byte."""

    def __repr__(self) -> str:
        return f"Held({self.kind} {self.oid.hex()})"

    def cleaned(self, replacement: bytes) -> bytes:
        """Return the content with every cut replaced."""
        parts: list[bytes] = []
        at = 0
        for start, stop in self.cuts:
            parts += (self.content[at:start], replacement)
            at = stop
        return b"".join((*parts, self.content[at:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one repository holds of one credential."""

    head: str | None
    objects: tuple[Held, ...]
    others: tuple[Place, ...]
    """Where else it stands, out of reach of patch and rewriting: names of files and refs, logs of refs."""
    refs: tuple[str, ...]
    """Names whose history holds it, as far as `refs_asked` goes."""
    refs_asked: int
    refs_all: int
    first_commits: tuple[str, ...]
    """Commits that brought a version of it first."""
    gaps: tuple[Gap, ...]

    def __repr__(self) -> str:
        return f"Holding({len(self.objects)} objects)"


def holding(repository: Path, fingerprint: str, detector: Detector, *, containers: bool = True) -> Holding:
    """Read every object of a repository and say where the credential of this fingerprint stands.

    Nothing of the repository's configuration has a say. Raises `SourceError` when it is no repository.
    """
    tally = Tally()
    with closing(open_git(str(repository), containers=containers)) as source:
        spots = _spots(source, fingerprint, detector, tally)
        placed = source.places(spots, tally)
        by_object: defaultdict[tuple[str, bytes], list[tuple[Spot, list[Place]]]] = defaultdict(list)
        others: list[Place] = []
        for spot, places in zip(spots, placed, strict=True):
            named = _named(spot.label)
            if named is None:
                others += places
            else:
                by_object[named].append((spot, places))
        head_paths: defaultdict[bytes, list[bytes]] = defaultdict(list)
        blobs = {oid for kind, oid in by_object if kind == "blob"}
        for path, oid in source.files() if blobs else ():
            if oid in blobs:
                head_paths[oid].append(path)
        objects = []
        if len(by_object) > MAX_OBJECTS:
            tally.gap("source", source.target, f"more than {MAX_OBJECTS:,} versions hold it; looked at those")
        with closing(source.reader()) as git:
            for (kind, oid), own in sorted(by_object.items())[:MAX_OBJECTS]:
                read = git.read(oid)
                content = b"" if read is None else read[1]
                objects.append(
                    _held(kind, oid, content, own, tuple(sorted(head_paths[oid])), fingerprint, detector)
                )
        commits = {place.commit for each in objects for place in each.places if place.commit}
        refs, asked = _refs(source, {bytes.fromhex(each) for each in commits}, tally)
        return Holding(
            head=source.head,
            objects=tuple(objects),
            others=tuple(dict.fromkeys(others)),
            refs=tuple(refs),
            refs_asked=asked,
            refs_all=len(source.refs.names),
            first_commits=tuple(sorted(commits)),
            gaps=tuple(tally.gaps),
        )


def _spots(source: GitSource, fingerprint: str, detector: Detector, tally: Tally) -> list[Spot]:
    found: dict[tuple[Any, ...], Spot] = {}
    for shard in source.shards(1, tally):
        for batch in source.batches(shard, tally):
            for sighting in detector.scan(batch, tally):
                if sighting.secret.fingerprint == fingerprint:
                    spot = sighting.spot
                    found.setdefault((spot.label, spot.line, spot.column), spot)
    return list(found.values())


def _named(label: Any) -> tuple[str, bytes] | None:
    """Return kind and id of the object that a label is of, also of a member of a container in it."""
    while isinstance(label, tuple) and label and not isinstance(label[0], str):
        label = label[0]
    if isinstance(label, bytes):
        return "blob", label
    if isinstance(label, tuple) and label[0] in ("commit", "tag"):
        return label[0], label[1]
    return None


def _held(
    kind: str,
    oid: bytes,
    content: bytes,
    own: list[tuple[Spot, list[Place]]],
    head_paths: tuple[bytes, ...],
    fingerprint: str,
    detector: Detector,
) -> Held:
    places = tuple(dict.fromkeys(place for _, each in own for place in each))
    found = detector.stretches(content)
    mine = [each for each in found if each.secret.fingerprint == fingerprint]
    hidden = tuple((each.start, _after(content, each, each.stop)) for each in found)
    cuts = _merged([*(_cut(content, each) for each in mine), *_spelled(content, mine)])
    held = Held(
        kind=kind,
        oid=oid,
        content=content,
        size=len(content),
        body=0 if kind == "blob" else content.find(b"\n\n") + 2,
        cuts=cuts,
        hidden=(*hidden, *cuts),
        head_paths=head_paths,
        places=places,
    )
    why = _obstacle(held, own, mine, fingerprint, detector)
    # A history may hold it in thousands of versions of a large file: of those the numbers are enough.
    kept = content if head_paths and not why else b""
    return replace(
        held, content=kept, cuts=() if why else cuts, hidden=held.hidden if kept else (), by_hand=why
    )


def _obstacle(
    held: Held, own: list[tuple[Spot, list[Place]]], mine: list[Stretch], fingerprint: str, detector: Detector
) -> str:
    """Say why bytes cannot simply be exchanged; empty when they can."""
    if any(isinstance(spot.label, tuple) and not isinstance(spot.label[0], str) for spot, _ in own):
        return "it stands inside of a container (archive, document, image)"
    steps = {step for each in mine for step in each.steps} | {s for spot, _ in own for s in spot.unwrapped}
    coded = sorted(steps & _DECODED)
    if coded:
        return f"it is encoded as a whole ({', '.join(coded)})"
    if not held.content or not held.cuts:
        return "its bytes could not be read again"
    if held.kind != "blob" and held.cuts[0][0] < held.body:
        return "it stands in a name, a date or another header"
    again = detector.stretches(held.cleaned(b"REMOVED"))
    if any(each.secret.fingerprint == fingerprint for each in again):
        return "it would still stand there"
    return ""


def _cut(content: bytes, each: Stretch) -> tuple[int, int]:
    """Return what is to go: the whole of a link or token, of anything else only the secret."""
    start, stop = (each.begin, each.end) if each.rule.link else (each.start, each.stop)
    return start, _after(content, each, stop)


def _spelled(content: bytes, mine: list[Stretch]) -> Iterator[tuple[int, int]]:
    """Yield where the bare secret stands once more, as in the fields of a recorded request."""
    forms = set()
    for secret in {each.secret.reveal() for each in mine}:
        encoded = percent_encoded(secret)
        forms |= {secret, secret.rstrip("="), encoded, encoded.replace("%2F", "/")}
    for form in sorted(forms, key=len, reverse=True):
        if len(form) < _SHORTEST:
            continue
        text = form.encode("latin-1", "replace")
        at = content.find(text)
        while at >= 0:
            yield at, at + len(text)
            at = content.find(text, at + len(text))


def _after(content: bytes, each: Stretch, stop: int) -> int:
    """Return where it ends, with all of an escape whose first sign was counted as the last byte."""
    if not each.steps:
        return stop
    escape = _ESCAPE.match(content, max(0, stop - 1), stop + 16)
    return max(stop, escape.end()) if escape else stop


def _merged(cuts: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for start, stop in sorted(cuts):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return tuple(found)


def _refs(source: GitSource, commits: set[bytes], tally: Tally) -> tuple[list[str], int]:
    """Return the names whose history has one of the commits, and how many names were asked."""
    if not commits:
        return [], 0
    by_tip: defaultdict[bytes, list[str]] = defaultdict(list)
    for name, oid in source.refs.names.items():
        by_tip[oid].append(name.decode("utf-8", "replace"))
    found: list[str] = []
    asked = 0
    for oid in list(by_tip)[:MAX_TIPS]:
        try:
            if reachable(source.view, commits, oid):
                found += by_tip[oid]
            asked += len(by_tip[oid])
        except CommandError as error:
            tally.gap(
                "source", by_tip[oid][0], f"whether its history holds the credential is not known: {error}"
            )
    return sorted(found), asked
