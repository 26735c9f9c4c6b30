"""From a piece of text to observations: storage credentials by our rules, the rest by a library's."""

from __future__ import annotations

import codecs
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tidegate.inspectors.secrets import assigned, general
from tidegate.inspectors.secrets.place import EXAMPLE, TEST, document_by_path, example_by_path, public_by_path
from tidegate.inspectors.secrets.sought import Sought
from tidegate.model.observation import Observation, Step
from tidegate.model.severity import Severity
from tidegate.model.sighting import Sighting
from tidegate.records import dataclass, field, replace

INSPECTOR: Final = "secrets"
"""Of every observation that is made here."""
MOST_BYTES: Final = 4 << 20
"""Of one text; of a longer one the beginning is looked at, which the summary says."""
_SHOWN: Final = 20
"""Secrets of one type that are told one by one; the others are one line."""
_LONG: Final = 200
"""Characters from which on a secret is a file or link that others may stand in."""
_MOST: Final = 2000
"""Secrets of one text whose repeats are counted."""
_NEAR_BYTES: Final = 80
_NAMED_SAMPLE: Final = re.compile(
    rb"(?i)(?<![a-z])(?:sample|example|dummy|fake|mock)[_-]?\w{0,30}"
    rb"[\"']?[ \t]{0,8}(?::?=|:)[ \t]{0,8}[\"'`]\Z"
)
_NO_SECRET: Final = frozenset({"public_url", "access_key_id"})
_KEYS: Final = frozenset(
    {
        "account_key",
        "access_key",
        "service_account_key",
        "user_credentials",
        "hmac_key",
        "b2_key",
        "private_key",
    }
)
_LADDER: Final = tuple(Severity)
_CONSTANTS: Final = re.compile(
    r"EXAMPLE|_example_|0123456789|123456789012345|abcdefghijkl|deadbeef|(.)\1{7,}|xxxx|1234-?abcd|"
    r"^(?:user(?:name)?|pass(?:word)?|passwd|pwd|secret|test|foo|bar|admin|root|guest|changeme|postgres|mysql|redis|mypass\w*|"
    r"hunter2|p4ss\w*|token|pw|abc\w{0,3}|1234\w{0,4}|\w|[<$%{\[].*)$",
    re.IGNORECASE,
)
"""Values of documentation: what signers and generators do not make."""
_CURVE_ZEROS: Final = 64
"""In a key as long as this a run of the same character is part of its encoding."""


@cache
def _titles() -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Seeks secrets in texts. One per process."""

    detect: Callable[[bytes], Iterable[Sighting]] | None = None
    """Our own detector for storage credentials; without it the library's rules stand in for it."""
    titles: Mapping[str, str] = field(default_factory=_titles)
    """Rule -> title, of the detector's rules; else its own `titles` are asked."""
    cache_dir: Path | None = None
    """Where the library keeps its compiled rules; `None`: where it keeps them for its user."""

    def observe(
        self, text: bytes | str, name: str, *, start: int = 0, step: Step = Step.SAMPLE
    ) -> list[Observation]:
        """Return what is in a text: types, lines, counts, fingerprints; never a value.

        name: of the item, with its path. start: where in the item the text begins. Any bytes end in a list.
        """
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        short, exact = _as_utf8(data[:MOST_BYTES])
        observations: list[Observation] = []
        found: list[Sought] = []
        try:
            found = self._all(short, name)
        except TimeoutError:
            observations.append(_not_whole(f"takes more than {general.SECONDS:g} seconds to look through"))
        if len(data) > MOST_BYTES:
            observations.append(
                _not_whole(f"only its first {MOST_BYTES >> 20} MiB were looked at for secrets")
            )
        return [*_observations(found, name, start if exact else None, step), *observations]

    def _all(self, text: bytes, name: str) -> list[Sought]:
        found = list(self._storage(text)) if self.detect is not None else []
        taken = {each.fingerprint for each in found}
        whole = [each.value for each in found if len(each.value) > _LONG][:_SHOWN]
        by_line: defaultdict[int, list[str]] = defaultdict(list)
        for each in found:
            by_line[each.line].append(each.value)
        for each in [
            *general.seek(text, name, self.cache_dir, storage=self.detect is None),
            *assigned.seek(text, name),
        ]:
            # By another rule the same, or a part of a link or key file that is told already.
            near = [*by_line[each.line], *whole]
            if each.fingerprint in taken or any(each.value in one or one in each.value for one in near):
                continue
            taken.add(each.fingerprint)
            by_line[each.line].append(each.value)
            found.append(each if each.kind == "private_key" else _sample(each, text))
        return _with_repeats(found[:_MOST], text)

    def _storage(self, text: bytes) -> Iterator[Sought]:
        assert self.detect is not None
        for each in self.detect(text):
            if each.kind in _NO_SECRET:
                continue
            severity = Severity.CRITICAL if each.kind in _KEYS else Severity.HIGH
            if each.kind == "share_link":
                severity = Severity.MEDIUM
            titles = self.titles or getattr(self.detect, "titles", {})
            title = titles.get(each.rule) or each.rule.replace("-", " ")
            yield Sought(
                type=title,
                kind="private_key" if each.kind == "private_key" else "secret",
                severity=severity,
                confidence=each.confidence,
                value=each.text.reveal(),
                fingerprint=each.secret.fingerprint,
                line=each.spot.line,
                lowered=each.suppressed or "",
            )


def observe(text: bytes | str, name: str, *, start: int = 0) -> list[Observation]:
    """Return what secrets are in a text, by the library's rules and a few of ours: see `Secrets.observe`."""
    return _plain().observe(text, name, start=start)


@cache
def _plain() -> Secrets:
    return Secrets()


def _as_utf8(data: bytes) -> tuple[bytes, bool]:
    """Return the text in UTF-8, and whether offsets in it are those of the item."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return data[2:].decode(encoding, "replace").encode("utf-8", "replace"), False
    return data, True


def _sample(one: Sought, text: bytes) -> Sought:
    """Return it, as low where what it is assigned to is named a sample: `sampleToken = "…"`."""
    at = text.find(one.value.encode("utf-8", "surrogatepass"))
    before = text[max(0, at - _NEAR_BYTES) : at] if at > 0 else b""
    if one.severity.rank > Severity.LOW.rank and _NAMED_SAMPLE.search(before):
        return replace(one, severity=Severity.LOW)
    return one


def _with_repeats(found: list[Sought], text: bytes) -> list[Sought]:
    """Return one `Sought` for every time that a value stands in the text, at most 1,000 of each."""
    again: list[Sought] = []
    for each in found:
        value = each.value.encode("utf-8", "surrogatepass")
        times = min(text.count(value), 1000) if len(value) >= 8 else 1
        again += [each] * max(1, times)
    return again


def _observations(found: list[Sought], name: str, start: int | None, step: Step) -> Iterator[Observation]:
    public = public_by_path(name)
    document = document_by_path(name)
    example = example_by_path(name)
    one_by_one: defaultdict[str, list[Sought]] = defaultdict(list)
    for each in found:
        one_by_one[each.fingerprint].append(each)
    by_type: defaultdict[tuple[str, Severity, str], list[list[Sought]]] = defaultdict(list)
    for same in one_by_one.values():
        first = same[0]
        severity, why = _judged(first, public or (example if first.kind == "private_key" else None), document)
        by_type[first.type, severity, why].append(same)
    for (_, severity, why), groups in by_type.items():
        for same in groups[:_SHOWN]:
            yield _observation(same, severity, why, start, step)
        rest = groups[_SHOWN:]
        if rest:
            first = rest[0][0]
            yield Observation(
                inspector=INSPECTOR,
                kind=_kind(first, why),
                severity=severity,
                confidence=first.confidence,
                summary=f"{len(rest):,} more of the type: {first.type}{_because(why)}",
                step=step,
                count=len(rest),
            )


def _observation(
    same: list[Sought], severity: Severity, why: str, start: int | None, step: Step
) -> Observation:
    first = same[0]
    times = f", {len(same):,} times" if len(same) > 1 else ""
    return Observation(
        inspector=INSPECTOR,
        kind=_kind(first, why),
        severity=severity,
        confidence=first.confidence,
        offset=start + first.offset if start is not None and first.offset is not None else None,
        summary=f"{first.type[:1].upper()}{first.type[1:]}, line {first.line:,}{times}{_because(why)}",
        step=step,
        fingerprint=first.fingerprint,
        numbers={"places": len(same)},
    )


def _kind(each: Sought, why: str) -> str:
    return "test_key" if each.kind == "private_key" and why in (TEST, EXAMPLE) else each.kind


def _because(why: str) -> str:
    return f" ({why})" if why else ""


def _judged(each: Sought, public: str | None, document: str | None) -> tuple[Severity, str]:
    """Return how bad it is, and why it is less bad than its type."""
    if each.lowered:
        return Severity.INFO, each.lowered
    if len(each.value) < _CURVE_ZEROS and _CONSTANTS.search(each.value):
        return Severity.INFO, "a value as documentation has it"
    least = min(each.severity, Severity.LOW, key=lambda word: word.rank)
    if public:
        return least, public
    severity, why = each.severity, ""
    if document:
        severity, why = _one_lower(severity), document
    if each.confidence == "low" and severity.rank > Severity.LOW.rank:
        severity = Severity.LOW if severity.rank <= Severity.HIGH.rank else _one_lower(severity)
    return severity, why


def _one_lower(severity: Severity) -> Severity:
    return _LADDER[max(0, severity.rank - 1)]


def _not_whole(why: str) -> Observation:
    return Observation(
        inspector=INSPECTOR,
        kind="not_complete",
        severity=Severity.LOW,
        summary=f"not looked through whole: {why}",
    )
