"""Share the shards of a source out to worker processes, and survive the death of one.

A worker is forked from the parent, so that the compiled patterns are there without loading. A scan of a few
files is done here, without any worker.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import Any

from tidegate.detect.engine import Detector
from tidegate.model.document import Tally
from tidegate.model.report import Coverage
from tidegate.model.sighting import Sighting
from tidegate.plugins import Source

_AHEAD = 3
"""Shards handed out for each worker: enough to keep it busy, few enough to keep memory small."""

_worker: tuple[Source, Detector] | None = None
"""In a worker: what it was forked with."""


def run_shards(
    source: Source,
    detector: Detector,
    jobs: int,
    tally: Tally,
    progress: Callable[[Coverage], None] | None = None,
) -> Iterator[list[Sighting]]:
    """Yield what is seen in each shard, in any order; counts and gaps go into `tally`."""
    shards = source.shards(jobs, tally)
    first = list(islice(shards, 2))
    everything = chain(first, shards)
    results = (
        _inline(source, detector, everything)
        if jobs == 1 or len(first) < 2
        else _parallel(source, detector, everything, jobs)
    )
    for sightings, counted in results:
        tally.merge(counted)
        if progress is not None:
            progress(tally.coverage)
        yield sightings


def _scan(source: Source, detector: Detector, shard: Any) -> tuple[list[Sighting], Tally]:
    tally = Tally()
    sightings: list[Sighting] = []
    try:
        for batch in source.batches(shard, tally):
            sightings += detector.scan(batch, tally)
    except Exception as why:  # noqa: BLE001 - one shard must not end the scan
        tally.gap("source", _name(shard), f"stopped at an error of ours: {type(why).__name__}: {why}")
    return sightings, tally


def _name(shard: Any) -> str:
    text = str(shard)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _inline(
    source: Source, detector: Detector, shards: Iterator[Any]
) -> Iterator[tuple[list[Sighting], Tally]]:
    for shard in shards:
        yield _scan(source, detector, shard)


def _parallel(
    source: Source, detector: Detector, shards: Iterator[Any], jobs: int
) -> Iterator[tuple[list[Sighting], Tally]]:
    pending: dict[Future[tuple[list[Sighting], Tally]], Any] = {}
    suspects: list[Any] = []
    pool = _pool(source, detector, jobs)
    try:
        for shard in chain(shards, (None,)):
            if shard is not None:
                pending[pool.submit(_in_worker, shard)] = shard
            while pending and (shard is None or len(pending) >= jobs * _AHEAD):
                done, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    task = pending.pop(future)
                    try:
                        yield future.result()
                    except BrokenProcessPool:
                        suspects.append(task)
                if suspects and not pending:
                    pool.shutdown(wait=False, cancel_futures=True)
                    pool = _pool(source, detector, jobs)
                    yield from _one_by_one(source, detector, suspects)
                    suspects = []
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _one_by_one(
    source: Source, detector: Detector, shards: list[Any]
) -> Iterator[tuple[list[Sighting], Tally]]:
    """Try again, each alone, the shards that were at work when a worker died: the guilty one is a gap."""
    for shard in shards:
        with _pool(source, detector, 1) as pool:
            try:
                yield pool.submit(_in_worker, shard).result()
            except BrokenProcessPool:
                tally = Tally()
                tally.gap("source", _name(shard), "the worker that read it died: out of memory, or killed")
                yield [], tally


def _pool(source: Source, detector: Detector, jobs: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_become, initargs=(source, detector))


def _become(source: Source, detector: Detector) -> None:
    global _worker  # noqa: PLW0603 - set once, in the new process
    _worker = (source, detector)


def _in_worker(shard: Any) -> tuple[list[Sighting], Tally]:
    assert _worker is not None
    return _scan(*_worker, shard)
