"""Names of other files that stand in a model: whether they lead out of its folder."""

from __future__ import annotations

import re

_DRIVE = re.compile(r"^[a-zA-Z]:|^[a-zA-Z][a-zA-Z0-9+.-]+://|^~|^file:", re.IGNORECASE)


def escapes(name: str) -> bool:
    """Tell a name that leads out of the folder it stands in, on any system that may load it."""
    plain = name.replace("\\", "/")
    if plain.startswith("/") or "\0" in plain or _DRIVE.match(plain) or "$" in plain:
        return True
    depth = 0
    for part in plain.split("/"):
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return True
    return False
