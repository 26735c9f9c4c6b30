"""Whether a wish may be granted, and by what kind of link. Pure: nothing is asked, nothing is read."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime, timedelta

from tidegate.errors import UsageError
from tidegate.model.share import Wish

USUAL = timedelta(days=7)
"""Unless `--for` says otherwise; also what counts as long for a link that lists and writes."""

LONGEST = timedelta(days=30)
"""Beyond this only with `--allow-wide` and a reason. The number is ours: a month is no task's length."""

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def lifetime(text: str) -> timedelta:
    """Read `30m`, `12h`, `7d`, `2w`. Raises `UsageError`."""
    found = re.fullmatch(r"([0-9]{1,4})([mhdw])", text.strip().lower(), re.ASCII)
    if found is None or int(found[1]) == 0:
        raise UsageError("--for is no length of time", hint="For instance 12h, 7d or 2w.")
    return int(found[1]) * _UNITS[found[2]]


def address_range(text: str) -> str:
    """Return an address, or `first-last`, from an address, a range or a network. Raises `UsageError`."""
    try:
        if "/" in text:
            network = ipaddress.IPv4Network(text, strict=False)
            return f"{network[0]}-{network[-1]}"
        first, dash, last = text.partition("-")
        begin = ipaddress.IPv4Address(first.strip())
        end = ipaddress.IPv4Address(last.strip()) if dash else begin
    except ValueError:
        raise UsageError(
            "--ip is no IPv4 address, range or network", hint="For instance 203.0.113.7 or 203.0.113.0/24."
        ) from None
    if end < begin:
        raise UsageError("--ip ends before it begins")
    return f"{begin}-{end}" if end != begin else str(begin)


PRESIGNED = timedelta(days=7)
"""Neither Amazon nor Google takes a signed link that lives longer."""


def check(wish: Wish, now: datetime, *, reason: str, allow_wide: bool) -> None:
    """Raise `UsageError` for a wish that is too wide, or makes no sense."""
    if wish.provider == "azure":
        _check_azure(wish)
    else:
        _check_presigned(wish, now)
    left = wish.ends_at - now
    wide = []
    if left > LONGEST:
        wide.append(f"it would live {left.days} days, more than {LONGEST.days}")
    if {"write", "list"} <= set(wish.rights) and left > USUAL:
        wide.append(f"it would list and write for {left.days} days, more than {USUAL.days}")
    if wide and not (allow_wide and reason.strip()):
        missing = " and ".join(
            word
            for word, there in (("--allow-wide", allow_wide), ("--reason", bool(reason.strip())))
            if not there
        )
        raise UsageError(f"too wide: {'; '.join(wide)}", hint=f"If that is meant, add {missing}.")


def _check_presigned(wish: Wish, now: datetime) -> None:
    """Check what a presigned link of S3 or Google can be: one request, on one object or one list."""
    if len(wish.rights) != 1:
        raise UsageError("a presigned link is for one kind of request", hint="Make one link for each right.")
    if "list" not in wish.rights and (not wish.path or wish.path.endswith("/")):
        raise UsageError("a presigned link reads or writes one object", hint="Name it; or list with --list.")
    if "list" in wish.rights and wish.path and not wish.path.endswith("/"):
        raise UsageError("one object has nothing to list", hint="A prefix ends in a slash.")
    if wish.ip:
        raise UsageError(
            "a presigned link cannot be held to an address",
            hint="A bucket policy can: on aws:SourceIp, for all links of the bucket.",
        )
    if wish.ends_at - now > PRESIGNED:
        raise UsageError("a presigned link lives seven days at most", hint="Shorten --for.")


def _check_azure(wish: Wish) -> None:
    if wish.path and "list" in wish.rights:
        raise UsageError("one object has nothing to list", hint="Leave --list out, or share the container.")
    if wish.path.endswith("/"):
        raise UsageError(
            "a folder cannot be shared alone: a link is for one object or for the container",
            hint="Share its objects one by one, or put them into a container of their own.",
        )
