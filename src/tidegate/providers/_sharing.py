"""What sharing of Azure, S3 and Google has in common: what is said, and how far a clock may be off."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Final

LOOKING: Final = timedelta(minutes=15)
"""How long a link of our own lives, with which what is shared is read first."""

TOLERATED_S: Final = 60.0
"""A clock that is off by less is not mentioned."""

OVERWRITES: Final = "the object exists, and the link can overwrite it"
OPEN_ANYWAY: Final = "anyone may read this without a link: to end the link will close nothing"
OPEN_STILL: Final = "what it opened answers anyone, without any link: close that first"
UNENCRYPTED: Final = (
    "the endpoint of the scope file has no https: the link works unencrypted, on this machine"
)


def clock_notes(ahead_s: float) -> list[str]:
    """Say that this machine's clock is off, where it is. ahead_s: negative for one that is behind."""
    if abs(ahead_s) <= TOLERATED_S:
        return []
    way = "ahead" if ahead_s > 0 else "behind"
    return [f"this machine's clock is {abs(ahead_s) / 60:.0f} minutes {way}; the service's counts"]


def is_local(host: str) -> bool:
    """Tell whether a host is this machine: links without encryption are made for nothing else."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
