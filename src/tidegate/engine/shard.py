"""One shard: read, seen, and named where it could not be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tidegate.detect.engine import Detector
from tidegate.engine.why import error_words
from tidegate.model.document import Tally
from tidegate.model.sighting import Sighting
from tidegate.plugins import Source

Seen = tuple[list[Sighting], Tally]

_NAMED = 3
"""Names of a shard that a gap gives; of the rest it says how many."""


def scan_shard(source: Source, detector: Detector, shard: Any) -> Seen:
    """Return what is seen in a shard, with counts and gaps: what goes wrong in it is one of them."""
    tally = Tally()
    sightings: list[Sighting] = []
    try:
        for batch in source.batches(shard, tally):
            sightings += detector.scan(batch, tally)
    except Exception as why:  # noqa: BLE001 - one shard must not end the scan
        tally.gap("source", shard_name(shard), error_words(why))
    return sightings, tally


def lost_shard(shard: Any, why: str) -> Seen:
    """Return what stands for a shard whose worker brought nothing: a gap."""
    tally = Tally()
    tally.gap("source", shard_name(shard), why)
    return [], tally


def shard_name(shard: Any) -> str:
    """Say which shard, by what a person can find in it: never cut inside of a name, which may be a secret."""
    if type(shard) not in (str, list, tuple):
        return str(shard)
    names = list(_texts(shard))
    more = f", … ({len(names)} names in all)" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)
    elif value != "":
        yield str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
