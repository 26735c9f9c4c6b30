"""What the inspectors of data share: how they say what they see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tidegate.inspectors.fingerprints import of_generated
from tidegate.inspectors.seam import Judgement
from tidegate.kinds.known import keys_in
from tidegate.kinds.table import OTHER, kind
from tidegate.model.observation import Observation, Step
from tidegate.model.severity import Severity

ENDS_BYTES: Final = 4096
"""Of either end, as `claims` gets them."""
_TEST_PATH: Final = re.compile(
    r"(?:\A|/)(?:tests?|testing|test[_-]?(?:data|files|certs|keys?|resources|suite)|fixtures?|specs?|mocks?"
    r"|certdata|certs?_?test|dummy[\w-]*|examples?|samples?|demo|snakeoil|conformance)(?:/|\Z)"
    r"|(?:\A|[/._-])(?:tests?|fixture|example|sample|dummy|snakeoil)[._-][^/]*\Z"
    r"|[._-](?:test|sample|example|template|dist|tpl)(?:\.[a-z0-9]+)?\Z",
    re.IGNORECASE,
)
_LONGEST_QUOTE: Final = 80


def nothing() -> Judgement:
    """Return what stands for "not mine after all"."""
    return Judgement(OTHER, model=False)


def judged(kind_id: str, *observations: Observation) -> Judgement:
    """Return a judgement of data."""
    return Judgement(kind_id, model=False, observations=list(observations))


def seen(
    kind_id: str,
    summary: str,
    *,
    inspector: str = "",
    severity: Severity | None = None,
    step: Step = Step.ENDS,
    count: int = 1,
    numbers: Mapping[str, int] | None = None,
    offset: int | None = None,
    confidence: str = "high",
) -> Observation:
    """Return an observation; its severity is that of the kind, unless said."""
    return Observation(
        inspector=inspector or kind_id,
        kind=kind_id,
        severity=kind(kind_id).severity if severity is None else severity,
        summary=summary,
        step=step,
        count=count,
        numbers=dict(numbers or {}),
        offset=offset,
        confidence=confidence,
    )


def lower(severity: Severity, steps: int = 1) -> Severity:
    """Return a severity some steps below, `info` at the least."""
    order = sorted(Severity, key=lambda each: each.rank)
    return order[max(0, order.index(severity) - steps)]


def of_a_test(name: str) -> bool:
    """Tell whether a path says that it is material of a test suite, or a template."""
    return _TEST_PATH.search(name) is not None


def lower_for_a_test(name: str, severity: Severity | None, words: str) -> tuple[Severity | None, str]:
    """Return severity and words of what lies at a path: low, and saying so, where that is of a test suite."""
    if not of_a_test(name):
        return severity, words
    return Severity.LOW, f"{words}; its path says it is material of a test suite, or an example"


def muted_by_rules(sampled: Iterable[Observation]) -> Callable[[str], bool]:
    """Return what tells of a setting's value whether our own rules mute it, or each key in it.

    sampled: what the sample of the file came to. What `scan` counts as muted must not alarm here.
    """
    prints = {each.fingerprint for each in sampled if each.severity is Severity.INFO and each.fingerprint}

    def muted(value: str) -> bool:
        if not prints:
            return False
        bare = value.strip().strip("\"'`")
        return all(of_generated(each) in prints for each in keys_in(bare) or [bare])

    return muted


def step_of(size_bytes: int, read_bytes: int) -> Step:
    """Return which step it is to have read so much of a file's start."""
    if read_bytes >= size_bytes:
        return Step.WHOLE
    return Step.ENDS if read_bytes <= ENDS_BYTES else Step.SAMPLE


def plural(count: int, one: str, many: str = "") -> str:
    """Return a number with its word: `1 key`, `12 keys`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def quoted(text: str) -> str:
    """Return a name from the file as it stands in a sentence."""
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"


def base(name: str) -> str:
    """Return the last part of a path, in lower case."""
    return name.replace("\\", "/").rsplit("/", 1)[-1].lower()
