"""Asking again: when, and how long to wait."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from tidegate.net.limits import Limits

STATUSES: Final = frozenset((429, 500, 502, 503, 504))
"""What services answer when they are busy or broken, not when they refuse."""


def wait_s(limits: Limits, attempt: int, headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how long to wait before asking again; `None`: the server asks for more than we wait.

    attempt: counts from 1, the one that failed. headers: of the answer, names in lower case; may be empty.
    """
    asked_s = _retry_after_s(headers, now)
    if asked_s is not None and asked_s > limits.longest_wait_s:
        return None
    doubled_s = min(limits.first_wait_s * 2 ** (attempt - 1), limits.longest_wait_s)
    # Between half and all of it, so that what failed together does not come back together.
    backoff_s = random.uniform(doubled_s / 2, doubled_s)  # noqa: S311 - spreads load, guards nothing
    return max(backoff_s, asked_s or 0.0)


def _retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    when = _date(text)
    if when is None:
        return None
    # By the server's own clock, where it tells: ours may be hours wrong.
    return max(0.0, (when - (_date(headers.get("date", "")) or now)).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
