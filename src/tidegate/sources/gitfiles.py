"""Which files of a git directory are texts: the git source reads them, a walk passes them by."""

from __future__ import annotations

import re
from typing import Final

OTHERS: Final = frozenset(
    ("objects", "refs", "modules", "annex", "index", "packed-refs", "fsmonitor--daemon")
)
"""No texts: read as objects or refs; the repositories of submodules are targets of their own.
As folders they stand at the top."""
_INDEX: Final = re.compile(r"(?:shared)?index(?:\..*)?")


def is_text(name: str) -> bool:
    """Whether a file of this name is one, in whichever folder that is none of `OTHERS`."""
    return name not in OTHERS and not _INDEX.fullmatch(name)
