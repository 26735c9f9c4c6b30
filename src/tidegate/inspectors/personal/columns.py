"""What the name of a column says of its values: `E-Mail`, `geburtsdatum`, `customerPhone`."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from typing import Final

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SIGNS: Final = re.compile(r"[\W_]+")
_LONGEST: Final = 80


@cache
def _table() -> tuple[dict[str, tuple[tuple[str, ...], ...]], frozenset[str]]:
    text = (
        resources.files("tidegate.inspectors.personal").joinpath("columns.toml").read_text(encoding="utf-8")
    )
    data = tomllib.loads(text)
    words = {key: tuple(tuple(_plain(word)) for word in value) for key, value in data["words"].items()}
    return words, frozenset(data["not"])


def _plain(name: str) -> list[str]:
    text = unicodedata.normalize("NFKD", _CAMEL.sub(" ", name))
    text = "".join(c for c in text if not unicodedata.combining(c)).casefold()
    return [word for word in _SIGNS.split(text) if word]


@lru_cache(maxsize=8192)
def meaning(name: str) -> str | None:
    """Return what the column holds: `email`, `birth`, `national`, …; `None` when it is not of a person.

    The longest words that fit decide: "card number" before "number", "address line" before "address".
    """
    if not name or len(name) > _LONGEST:
        return None
    own = _plain(name)
    words, refused = _table()
    best: tuple[int, str] | None = None
    for key, entries in words.items():
        for entry in entries:
            if not _holds(own, entry) or (key == "weak_name" and tuple(own) != entry):
                continue
            # "E-Mail-Adresse" is no place to live.
            length = sum(map(len, entry)) + (_LONGEST if key == "email" else 0)
            if best is None or length > best[0]:
                best = (length, key)
    if best is None or (refused.intersection(own) and not (best[1] == "health" or len(own) == 1)):
        return None
    return best[1]


def _holds(own: list[str], entry: tuple[str, ...]) -> bool:
    if len(entry) == 1 and not entry[0].isascii():
        return any(entry[0] in word for word in own)
    width = len(entry)
    return any(tuple(own[at : at + width]) == entry for at in range(len(own) - width + 1))
