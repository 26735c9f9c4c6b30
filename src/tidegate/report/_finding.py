"""One finding as JSON text."""

from __future__ import annotations

from typing import Final

from tidegate.model import codec
from tidegate.model.finding import Finding
from tidegate.model.place import Place
from tidegate.report._json import dumps, quoted

_NO_PLACES: Final = '"occurrences": []'
_WORDS: Final = {None: "null", True: "true", False: "false"}


def finding_text(finding: Finding) -> str:
    """Return what `dumps` makes of the finding's object, and of its places in a fifth of the time."""
    text = dumps(codec.finding_to_dict(finding, places=False))
    places = ", ".join(map(_place, finding.occurrences))
    # Within a text a quote stands behind a backslash: what is found is the key.
    return text.replace(_NO_PLACES, f"{_NO_PLACES[:-1]}{places}]", 1)


def _place(place: Place) -> str:
    commit = "null" if place.commit is None else quoted(place.commit)
    author = "null" if place.author is None else quoted(place.author)
    at = "null" if place.committed_at is None else quoted(codec.instant(place.committed_at))
    return (
        f'{{"source": {quoted(place.source)}, "target": {quoted(place.target)}, '
        f'"path": {quoted(place.path)}, "line": {place.line}, "column": {place.column}, '
        f'"commit": {commit}, "author": {author}, '
        f'"committed_at": {at}, "in_head": {_WORDS[place.in_head]}, "versions": {place.versions}, '
        f'"unwrapped": [{", ".join(map(quoted, place.unwrapped))}]}}'
    )
