"""An event loop on a thread of its own, for callers that are not asynchronous."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from tidegate.errors import NoAnswerError

_T = TypeVar("_T")


class LoopThread:
    """Runs coroutines for any thread; blocking, but Ctrl-C in the thread that waits ends it."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._lock = threading.Lock()
        self._open = True
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run to the end and return the result. Raises `NoAnswerError` when the loop is closed meanwhile."""
        with self._lock:
            if not self._open:
                work.close()
                raise NoAnswerError("the network was closed")
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise NoAnswerError("the network was closed") from None
        finally:
            future.cancel()

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel everything, run `last`, and end the thread. A second call does nothing."""
        with self._lock:
            was_open, self._open = self._open, False
        if not was_open:
            last.close()
            return
        asyncio.run_coroutine_threadsafe(self._wind_up(last), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _wind_up(self, last: Coroutine[Any, Any, None]) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await last
