"""Share the shards of a source out to worker processes, and survive the death of one.

A worker is forked from the parent, so that the compiled patterns are there without loading. A scan of a few
files is done here, without any worker.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final

from tidegate.detect.engine import Detector
from tidegate.errors import SourceError
from tidegate.model.document import Tally
from tidegate.model.report import Coverage
from tidegate.model.sighting import Sighting
from tidegate.plugins import Source

_AHEAD = 3
"""Shards handed out for each worker: enough to keep it busy, few enough to keep memory small."""

_END: Final = object()
_Seen = tuple[list[Sighting], Tally]

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
    shards = _shards(source, jobs, tally)
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


def _shards(source: Source, jobs: int, tally: Tally) -> Iterator[Any]:
    """Yield the source's shards; where cutting stops early, what was cut is read all the same."""
    try:
        yield from source.shards(jobs, tally)
    except SourceError as why:
        tally.gap("source", source.target, str(why))
    except Exception as why:  # noqa: BLE001 - what was cut must still be read
        tally.gap("source", source.target, f"the rest was not read: {error_words(why)}")


def _scan(source: Source, detector: Detector, shard: Any) -> _Seen:
    tally = Tally()
    sightings: list[Sighting] = []
    try:
        for batch in source.batches(shard, tally):
            sightings += detector.scan(batch, tally)
    except Exception as why:  # noqa: BLE001 - one shard must not end the scan
        tally.gap("source", _name(shard), error_words(why))
    return sightings, tally


def error_words(why: Exception) -> str:
    """Say what went wrong and where, but not the message: it may quote what was being read."""
    if isinstance(why, OSError) and why.strerror:
        return why.strerror.lower()
    last = extract_tb(why.__traceback__)[-1:]
    where = "".join(f" at {Path(frame.filename).name}:{frame.lineno}" for frame in last)
    return f"stopped at an error of ours: {type(why).__name__}{where}"


def _name(shard: Any) -> str:
    """Say which shard, by what a person can find in it: never cut inside of a name, which may be a secret."""
    if type(shard) not in (str, list, tuple):
        return str(shard)
    names = list(_texts(shard))
    more = f", … ({len(names)} names in all)" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


_NAMED = 3


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)
    elif value != "":
        yield str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _inline(source: Source, detector: Detector, shards: Iterator[Any]) -> Iterator[_Seen]:
    for shard in shards:
        yield _scan(source, detector, shard)


def _parallel(source: Source, detector: Detector, shards: Iterator[Any], jobs: int) -> Iterator[_Seen]:
    pending: dict[Future[_Seen], Any] = {}
    suspects: list[Any] = []
    pool = _pool(source, detector, jobs)
    try:
        for shard in chain(shards, (_END,)):
            if shard is not _END:
                try:
                    pending[pool.submit(_in_worker, shard)] = shard
                except BrokenProcessPool:
                    suspects.append(shard)
            # Once a worker has died all that is pending comes back at once, as suspect.
            while pending and (shard is _END or suspects or len(pending) >= jobs * _AHEAD):
                done, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    task = pending.pop(future)
                    seen = _result(future, task)
                    if seen is None:
                        suspects.append(task)
                    else:
                        yield seen
            if suspects:
                pool.shutdown(wait=True, cancel_futures=True)
                pool = _pool(source, detector, jobs)
                yield from _one_by_one(source, detector, suspects)
                suspects = []
        pool.shutdown(wait=True)
    except BaseException:
        # Interrupted, or nobody wants the rest: what is being read is not waited for.
        _end(pool)
        raise


def _one_by_one(source: Source, detector: Detector, shards: list[Any]) -> Iterator[_Seen]:
    """Try again, each alone, the shards that were at work when a worker died: the guilty one is a gap."""
    for shard in shards:
        pool = _pool(source, detector, 1)
        try:
            seen = _result(pool.submit(_in_worker, shard), shard)
        except BaseException:
            _end(pool)
            raise
        pool.shutdown(wait=True)
        if seen is None:
            seen = [], Tally()
            seen[1].gap("source", _name(shard), "the worker that read it died: out of memory, or killed")
        yield seen


def _result(future: Future[_Seen], shard: Any) -> _Seen | None:
    """Return what a worker handed back, or `None` when it died."""
    try:
        return future.result()
    except BrokenProcessPool:
        return None
    except Exception as why:  # noqa: BLE001 - e.g. a result that cannot be sent through the pipe
        tally = Tally()
        tally.gap("source", _name(shard), error_words(why))
        return [], tally


def _pool(source: Source, detector: Detector, jobs: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_become, initargs=(source, detector))


def _end(pool: ProcessPoolExecutor) -> None:
    """Kill the workers: nothing they do is of use to anybody any more."""
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=True, cancel_futures=True)


def _become(source: Source, detector: Detector) -> None:
    global _worker  # noqa: PLW0603 - set once, in the new process
    _worker = (source, detector)
    # Control-C goes to the whole group; the parent alone decides what ends, and prints nothing twice.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _in_worker(shard: Any) -> _Seen:
    assert _worker is not None
    return _scan(*_worker, shard)
