"""What an item probably is, by the end of its name."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import polars as pl

OTHER: Final = "other"
"""No kind names the ending, or there is none."""
_ENDING: Final = r"\.[a-z0-9_+-]{1,12}"


@dataclass(frozen=True, slots=True)
class Kinds:
    """The table of `kinds.toml`."""

    of: dict[str, str]
    """Key -> kind. A key is an ending with its dot, or a whole name, in lower case."""
    pattern: str
    """Finds the key at the end of a name (Rust's syntax)."""

    def key(self, name: pl.Expr) -> pl.Expr:
        """Return the key of each name; empty where it has neither an ending nor a known name."""
        found = name.str.extract(self.pattern, 1).str.to_lowercase().str.strip_prefix("/")
        return found.fill_null("")


@cache
def kinds() -> Kinds:
    """Return the table; read once."""
    text = resources.files("tidegate.inventory").joinpath("kinds.toml").read_text(encoding="utf-8")
    of: dict[str, str] = {}
    names: list[str] = []
    for kind in tomllib.loads(text)["kind"]:
        keys = [f".{ending}" for ending in kind["endings"]] + kind.get("names", [])
        names += kind.get("names", [])
        for key in keys:
            of.setdefault(key, kind["id"])
    whole = "|".join(re.escape(name) for name in sorted(names))
    return Kinds(of, f"(?i)({_ENDING}|(?:^|/)(?:{whole}))$")


def kind_of(name: str) -> str:
    """Return the kind of one item."""
    key = pl.select(kinds().key(pl.lit(name))).item()
    return kinds().of.get(key, OTHER)
