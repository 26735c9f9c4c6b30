"""The last step of every decoder: nothing that leaves it shows the secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from tidegate.model.grant import Grant, Permission
from tidegate.model.quoting import percent_encoded
from tidegate.model.sighting import Sighting
from tidegate.providers._link import MASK, cut
from tidegate.records import fields, replace

SHORTEST_SECRET = 8
"""Below this many characters a value is no secret, and replacing it would eat ordinary words."""

OPEN_KINDS = frozenset({"public_url", "access_key_id"})
"""Kinds that are known by a name, not by a secret: hiding it would hide the finding."""

LONGEST_FACT = 200
"""Characters of one fact."""


def in_order(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    """Sort as `Permission` declares them, each once."""
    wanted = set(permissions)
    return tuple(each for each in Permission if each in wanted)


def facts_of(values: Mapping[str, str]) -> dict[str, str]:
    """Keep what is not empty, each cut to a length fit for a report."""
    return {name: cut(value, LONGEST_FACT) for name, value in values.items() if value}


def seal(grant: Grant, sighting: Sighting) -> Grant:
    """Return the grant with every spelling of the secret replaced, wherever a hostile text put it."""
    forms = secret_forms(sighting)
    if not forms:
        return grant
    changed = {
        each.name: cleaned
        for each in fields(grant)
        if (cleaned := _clean(value := getattr(grant, each.name), forms)) != value
    }
    return replace(grant, **changed) if changed else grant


def seal_text(text: str, sighting: Sighting) -> str:
    """Return a redacted text, once more searched for every spelling of the secret."""
    return _hide(text, secret_forms(sighting))


def secret_forms(sighting: Sighting) -> tuple[str, ...]:
    """Return the spellings in which the secret could stand, longest first."""
    value = sighting.secret.reveal()
    if len(value) < SHORTEST_SECRET or sighting.kind in OPEN_KINDS:
        return ()
    encoded = percent_encoded(value)
    forms = {
        value,
        encoded,
        encoded.replace("%2F", "/"),
        unquote(value),
        value.lower(),
    }
    return tuple(sorted((form for form in forms if len(form) >= SHORTEST_SECRET), key=len, reverse=True))


def _clean(value: Any, forms: tuple[str, ...]) -> Any:
    """Clean strings, also inside of mappings and tuples; a revocation is made of our own words only."""
    if type(value) is str:
        return _hide(value, forms)
    if isinstance(value, tuple):
        return tuple(_clean(each, forms) for each in value)
    if isinstance(value, Mapping):
        return {_clean(name, forms): _clean(each, forms) for name, each in value.items()}
    return value


def _hide(text: str, forms: tuple[str, ...]) -> str:
    for form in forms:
        if form in text:
            text = text.replace(form, MASK)
    return text
