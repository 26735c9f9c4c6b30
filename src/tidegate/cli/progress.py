"""A line on the terminal that says how far a scan is; nothing where nobody looks."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Self

from tidegate.model.report import Coverage

_EVERY_S = 0.1


class Progress:
    """Shows documents and speed on stderr, if that is a terminal; wiped when done."""

    def __init__(self, *, wanted: bool) -> None:
        tty = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._on = wanted and tty
        self._started = time.monotonic()
        self._shown = 0.0

    def __enter__(self) -> Self:
        return self

    def __call__(self, coverage: Coverage) -> None:
        now = time.monotonic()
        if not self._on or now - self._shown < _EVERY_S:
            return
        self._shown = now
        speed = coverage.bytes / 1e6 / max(now - self._started, 0.001)
        self._put(f"{coverage.documents:,} documents  {coverage.bytes / 1e6:,.0f} MB  {speed:,.0f} MB/s")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._shown:
            self._put("")

    def _put(self, text: str) -> None:
        try:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        except OSError:  # the terminal is gone; the scan goes on
            self._on = False
