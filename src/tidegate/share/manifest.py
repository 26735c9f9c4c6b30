"""The list of checksums that goes with a link, as `sha256sum -c` reads it. Pure.

Source: gnu.org/software/coreutils/manual, "cksum output modes" (names with a backslash or a line end).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """One file."""

    name: str
    """As it is called when it is downloaded: within its container, or alone."""
    size_bytes: int
    sha256: str


def text(sums: Iterable[Sum]) -> str:
    """Return the whole list, a line a file, in the order of the names."""
    return "".join(_line(each) for each in sorted(sums, key=lambda each: each.name))


def digest(manifest: str) -> str:
    """Return what the ledger keeps of a list."""
    return hashlib.sha256(manifest.encode("utf-8", "surrogateescape")).hexdigest()


def _line(one: Sum) -> str:
    name = re.sub(r"[\\\n\r]", lambda found: _ESCAPES[found[0]], one.name)
    return f"{chr(92) if name != one.name else ''}{one.sha256}  {name}\n"
