"""What a form is: files, and what a scan of them must say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""The instant at which every form is judged."""

ANY = "*"
"""An expectation that is not checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One finding that must come of a form. A field left at `ANY` is not checked; `None` must be null."""

    provider: tuple[str, ...] = ("azure",)
    kind: tuple[str, ...] = ()
    """Any of these; empty: not checked."""
    rule: str = ""
    """What the rule's id starts with."""
    account: str | None = ANY
    container: str | None = ANY
    key: str | None = ANY
    scope: str = ANY
    may: frozenset[str] = frozenset()
    """Permissions that the grant must hold at least."""
    may_not: frozenset[str] = frozenset()
    validity: str = ANY
    expires_at: str | None = ANY
    confidence: tuple[str, ...] = ("high", "medium")
    path: str = ANY
    """Of one occurrence. Ending in `*`: only the beginning is told."""
    lines: tuple[int, int] = (1, 1_000_000)
    """First and last line on which the credential stands; the occurrence must name one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a form builds."""

    files: Mapping[str, bytes]
    wants: tuple[Want, ...] = ()
    """Exactly these findings, besides plain addresses (`anonymous`), which are severity info. Empty: silence."""
    secrets: tuple[str, ...] = ()
    """What must not stand in any output, in any spelling that holds ten characters in a row."""
    suppressed: int = 0
    """At least so many sightings are counted as suppressed."""
    gaps: int = 0
    """At least so many gaps."""


@dataclass(frozen=True, slots=True)
class Form:
    """One shape, with its id and a line that says what it is."""

    id: str
    what: str
    build: Callable[[], Case]


FORMS: dict[str, Form] = {}


def form(id_: str, what: str) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    """Register the decorated builder as a form. Builders are deterministic and run once."""

    def register(build: Callable[[], Case]) -> Callable[[], Case]:
        if id_ in FORMS:
            raise ValueError(f"two forms are called {id_}")
        once = cache(build)
        FORMS[id_] = Form(id_, what, once)
        return once

    return register


def lines_of(text: str, first: str, last: str | None = None) -> tuple[int, int]:
    """Return the first and last line of what begins with `first` and ends with `last`, from 1."""
    start = text.index(first)
    end = start if last is None else text.index(last, start) + len(last)
    return text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 1


def text_case(path: str, text: str, *wants: Want, secrets: tuple[str, ...], suppressed: int = 0) -> Case:
    """Build a form of one text file in UTF-8."""
    return Case(files={path: text.encode()}, wants=wants, secrets=secrets, suppressed=suppressed)
