"""Instants as credentials write them, and whether they make one valid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tidegate.model.grant import Validity

LAST_INSTANT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What a date beyond the calendar is read as: too large, never too small."""


_UNITS = (("year", 8760, 8760), ("month", 730, 1460), ("day", 24, 48), ("hour", 1, 1))
"""Unit, its hours, and from how many hours on it is used. Years of 365 days: whole ones must count whole."""


def instant(text: str) -> datetime | None:
    """Read any ISO 8601 form as UTC: a bare date, no seconds, fractions, offsets, `20260101T000000Z`.

    A time without offset is UTC. `None` when it is no date at all.
    """
    try:
        read = datetime.fromisoformat(text.strip()[:40])
    except ValueError:
        return None
    if read.tzinfo is None:
        return read.replace(tzinfo=UTC)
    try:
        return read.astimezone(UTC)
    except OverflowError:
        return LAST_INSTANT if read.year > 5000 else None


def epoch(text: str) -> datetime | None:
    """Read seconds since 1970, or an ISO date where one stands instead; beyond 9999 is the last instant."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return instant(text)
    seconds = int(text[:15])
    if seconds >= LAST_INSTANT.timestamp():
        return LAST_INSTANT
    return datetime.fromtimestamp(seconds, tz=UTC)


def after(start: datetime | None, seconds: str) -> datetime | None:
    """Return `start` plus a count of seconds as text; `None` when either cannot be read."""
    if start is None or not (seconds.isascii() and seconds.isdigit()):
        return None
    try:
        return start + timedelta(seconds=int(seconds[:12]))
    except OverflowError:
        return LAST_INSTANT


def validity(starts_at: datetime | None, expires_at: datetime | None, now: datetime) -> Validity:
    """Judge by the dates alone. Without an end it is `UNKNOWN`, unless it has not begun yet.

    The last second itself is still valid, as the services compare.
    """
    if expires_at is not None and expires_at < now:
        return Validity.EXPIRED
    if starts_at is not None and starts_at > now:
        return Validity.NOT_YET_VALID
    return Validity.UNKNOWN if expires_at is None else Validity.VALID


def lifetime_words(start: datetime, end: datetime) -> str:
    """Say how long it is from `start` to `end`: `25 years`, `3 days`, never negative; parts are cut off."""
    hours = max(0, int((end - start).total_seconds() // 3600))
    for unit, size, least in _UNITS:
        if hours >= least:
            count = hours // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "less than an hour"
