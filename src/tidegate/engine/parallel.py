"""Share tasks out to worker processes, and survive the death of one.

A worker is forked from the parent, so that what it works with, such as the compiled patterns, is there
without loading.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from typing import Any, Final, Generic, TypeVar, cast

from tidegate.engine.halve import halves
from tidegate.engine.why import error_words

_T = TypeVar("_T")

_AHEAD = 3
"""Tasks handed out for each worker: enough to keep it busy, few enough to keep memory small."""

_FEW: Final = 16
"""Tasks handed over together, where each takes about a millisecond."""
_DIED: Final = "the worker that read it died: out of memory, or killed"

_END: Final = object()

_work: Callable[[Any], Any] | None = None
"""In a worker: what it was forked with."""


class Workers(Generic[_T]):
    """Processes that do one thing to many tasks, which must be picklable, as must be what comes of them."""

    def __init__(self, work: Callable[[Any], _T], lost: Callable[[Any, str], _T], jobs: int) -> None:
        """work: done in a worker. lost: what stands for a task that could not be done, and why."""
        self._work = work
        self._lost = lost
        self._jobs = jobs

    def map(self, tasks: Iterator[Any]) -> Iterator[_T]:
        """Yield what comes of each task, in any order."""
        pending: dict[Future[_T], Any] = {}
        suspects: list[Any] = []
        pool = self._pool(self._jobs)
        try:
            for task in chain(tasks, (_END,)):
                if task is not _END:
                    try:
                        pending[pool.submit(_in_worker, task)] = task
                    except BrokenProcessPool:
                        suspects.append(task)
                # Once a worker has died all that is pending comes back at once, as suspect.
                while pending and (task is _END or suspects or len(pending) >= self._jobs * _AHEAD):
                    done, _ = wait(pending, return_when=FIRST_COMPLETED)
                    for future in done:
                        own = pending.pop(future)
                        try:
                            yield self._result(future, own)
                        except BrokenProcessPool:
                            suspects.append(own)
                if suspects:
                    pool.shutdown(wait=True, cancel_futures=True)
                    pool = self._pool(self._jobs)
                    yield from self._one_by_one(suspects)
                    suspects = []
            pool.shutdown(wait=True)
        except BaseException:
            # Interrupted, or nobody wants the rest: what is being done is not waited for.
            _end(pool)
            raise

    def _one_by_one(self, tasks: list[Any]) -> Iterator[_T]:
        """Try again, each alone, what was at work when a worker died.

        Of the guilty one the halves are tried, and so on: what it died of is lost, and nothing beside it.
        """
        left = deque(tasks)
        while left:
            task = left.popleft()
            pool = self._pool(1)
            try:
                result = self._result(pool.submit(_in_worker, task), task)
            except BrokenProcessPool:
                parts = halves(task)
                if parts is not None:
                    left.extendleft(reversed(parts))
                    continue
                result = self._lost(task, _DIED)
            except BaseException:
                _end(pool)
                raise
            pool.shutdown(wait=True)
            yield result

    def _result(self, future: Future[_T], task: Any) -> _T:
        """Return what a worker handed back. Raises `BrokenProcessPool` when it died."""
        try:
            return future.result()
        except BrokenProcessPool:
            raise
        except Exception as why:  # noqa: BLE001 - e.g. a result that cannot be sent through the pipe
            return self._lost(task, error_words(why))

    def _pool(self, jobs: int) -> ProcessPoolExecutor:
        return _pool(self._work, jobs)


class Ready(Generic[_T]):
    """Processes that are forked at once and answer in the order of what they are asked.

    For work that comes in rounds, and whose parent grows meanwhile: what it loads later they need not carry.
    """

    def __init__(
        self, work: Callable[[list[Any]], list[_T]], lost: Callable[[Any, str], _T], jobs: int
    ) -> None:
        """work: done in a worker to a few tasks. lost: what stands for one that was not done, and why."""
        self._work = work
        self._lost = lost
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = _pool(work, jobs)
        self._pool.submit(_awake)

    def map(self, tasks: Sequence[Any]) -> Iterator[_T]:
        """Yield what comes of each task, in order. A worker's death costs the one task that it died of."""
        if self._pool is None:
            self._pool = _pool(self._work, self._jobs)
        # So many at once that handing over costs little, and so few that nobody waits for another at the end.
        few = max(1, min(_FEW, len(tasks) // (self._jobs * 4)))
        parts = [list(tasks[at : at + few]) for at in range(0, len(tasks), few)]
        under_way = [_submitted(self._pool, part) for part in parts]
        for part, future in zip(parts, under_way, strict=True):
            try:
                found = None if future is None else future.result()
            except BrokenProcessPool:
                found = None
            except Exception as why:  # noqa: BLE001 - e.g. a result that cannot be sent through the pipe
                found = [self._lost(task, error_words(why)) for task in part]
            if found is None:  # a worker died, and it is not known of what
                self.close()
                found = [self._alone(task) for task in part]
            yield from found

    def close(self) -> None:
        """End the processes: what they still do is of use to nobody."""
        if self._pool is not None:
            _end(self._pool)
            self._pool = None

    def _alone(self, task: Any) -> _T:
        """Try it again, in a process of its own."""
        pool = _pool(self._work, 1)
        try:
            (result,) = pool.submit(_in_worker, [task]).result()
        except BrokenProcessPool:
            return self._lost(task, _DIED)
        except Exception as why:  # noqa: BLE001 - as above
            return self._lost(task, error_words(why))
        finally:
            _end(pool)
        return cast("_T", result)


def _submitted(pool: ProcessPoolExecutor, tasks: list[Any]) -> Future[Any] | None:
    try:
        return pool.submit(_in_worker, tasks)
    except BrokenProcessPool:
        return None


def _pool(work: Callable[[Any], Any], jobs: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_become, initargs=(work,))


def _end(pool: ProcessPoolExecutor) -> None:
    """Kill the workers: nothing they do is of use to anybody any more."""
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=True, cancel_futures=True)


def _become(work: Callable[[Any], Any]) -> None:
    global _work  # noqa: PLW0603 - set once, in the new process
    _work = work
    # What was there before the fork is never garbage: looking for it would copy its pages.
    gc.freeze()
    # Control-C goes to the whole group; the parent alone decides what ends, and prints nothing twice.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What else the command line has taken over is the parent's too; a worker that is told to end ends.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


def _in_worker(task: Any) -> Any:
    assert _work is not None
    return _work(task)


def _awake() -> None:
    """Be there: the processes of a pool are forked when it is first asked for something."""
