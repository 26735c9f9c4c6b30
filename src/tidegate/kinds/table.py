"""The kinds: what each is called, how bad it is that one is exposed, and why."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from tidegate.model.severity import Severity
from tidegate.records import dataclass

OTHER: Final = "other"
"""Nothing tells what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfThing:
    """One row of `kinds.toml`."""

    id: str
    """`disk_image`, `private_key`, `teams_messages`, …"""
    group: str
    """The broader kind that pictures and sums use: `key`, `machine`, `messages`, `model`, …"""
    one: str
    many: str
    """For sentences: "1 private key", "12 private keys"."""
    severity: Severity
    """How bad it is that one is exposed, once it was read; a name alone counts one lower (see assess)."""
    inside: float
    """0 to 4, for the score: what the worst of it opens.
    4 other systems or a whole person; 3 mail, chat, customers; 2 internal; 1 dull; 0 meant public."""
    why: str
    """A sentence."""


@cache
def kinds() -> dict[str, KindOfThing]:
    """Return id -> kind, in the order of the table; read once."""
    import tomllib  # noqa: PLC0415 - 5 ms, and a scan that finds no storage does without

    text = Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["kind"]
    return {row["id"]: KindOfThing(**{**row, "severity": Severity(row["severity"])}) for row in rows}


def kind(name: str) -> KindOfThing:
    """Return the kind of that id; one that is not in the table is `other`."""
    known = kinds()
    return known.get(name) or known[OTHER]
