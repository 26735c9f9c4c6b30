"""Go through the shards of a source: here when there are few, else in worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any

from tidegate.detect.engine import Detector
from tidegate.engine.shard import Seen, lost_shard, scan_shard
from tidegate.engine.why import error_words
from tidegate.errors import SourceError
from tidegate.model.document import Tally
from tidegate.model.report import Coverage
from tidegate.model.sighting import Sighting
from tidegate.plugins import Source


def run_shards(
    source: Source,
    detector: Detector,
    jobs: int,
    tally: Tally,
    progress: Callable[[Coverage], None] | None = None,
) -> Iterator[list[Sighting]]:
    """Yield what is seen in each shard, in any order; counts and gaps go into `tally`."""
    shards = _shards(source, jobs, tally)
    first = list(islice(shards, 2))
    everything = chain(first, shards)
    for sightings, counted in _seen(source, detector, everything, jobs if len(first) > 1 else 1):
        tally.merge(counted)
        if progress is not None:
            progress(tally.coverage)
        yield sightings


def _shards(source: Source, jobs: int, tally: Tally) -> Iterator[Any]:
    """Yield the source's shards; where cutting stops early, what was cut is read all the same."""
    try:
        yield from source.shards(jobs, tally)
    except SourceError as why:
        tally.gap("source", source.target, str(why))
    except Exception as why:  # noqa: BLE001 - what was cut must still be read
        tally.gap("source", source.target, f"the rest was not read: {error_words(why)}")


def _seen(source: Source, detector: Detector, shards: Iterator[Any], jobs: int) -> Iterator[Seen]:
    if jobs > 1:
        from tidegate.engine.parallel import Workers  # noqa: PLC0415 - 20 ms that a few files do without

        yield from Workers(partial(scan_shard, source, detector), lost_shard, jobs).map(shards)
        return
    for shard in shards:
        yield scan_shard(source, detector, shard)
