"""Share the shards of a source out to worker processes, and survive the death of one.

A worker is forked from the parent, so that the compiled patterns are there without loading.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from typing import Any, Final

from tidegate.detect.engine import Detector
from tidegate.engine.shard import Seen, error_words, scan_shard, shard_name
from tidegate.model.document import Tally
from tidegate.plugins import Source

_AHEAD = 3
"""Shards handed out for each worker: enough to keep it busy, few enough to keep memory small."""

_END: Final = object()

_worker: tuple[Source, Detector] | None = None
"""In a worker: what it was forked with."""


def in_workers(source: Source, detector: Detector, shards: Iterator[Any], jobs: int) -> Iterator[Seen]:
    """Yield what is seen in each shard, in any order."""
    pending: dict[Future[Seen], Any] = {}
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


def _one_by_one(source: Source, detector: Detector, shards: list[Any]) -> Iterator[Seen]:
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
            seen[1].gap("source", shard_name(shard), "the worker that read it died: out of memory, or killed")
        yield seen


def _result(future: Future[Seen], shard: Any) -> Seen | None:
    """Return what a worker handed back, or `None` when it died."""
    try:
        return future.result()
    except BrokenProcessPool:
        return None
    except Exception as why:  # noqa: BLE001 - e.g. a result that cannot be sent through the pipe
        tally = Tally()
        tally.gap("source", shard_name(shard), error_words(why))
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
    # What was there before the fork is never garbage: looking for it would copy its pages.
    gc.freeze()
    # Control-C goes to the whole group; the parent alone decides what ends, and prints nothing twice.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _in_worker(shard: Any) -> Seen:
    assert _worker is not None
    return scan_shard(*_worker, shard)
