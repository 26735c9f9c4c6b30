"""Hands text of an item to what looks for secrets and personal data in it, within the item's budget."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tidegate.inspectors.meter import Meter
from tidegate.model.observation import Observation
from tidegate.records import dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    """What looks into texts. Made once a process: its rules are compiled when the first text comes."""

    detect: Callable[[bytes], Any] | None = None
    """Our own detector of storage credentials."""
    cache_dir: Path | None = None
    """Where compiled rules are kept from run to run."""

    def look(self, text: bytes, name: str, columns: Sequence[str] | None, start: int) -> list[Observation]:
        """Return what is in a text."""
        found: list[Observation] = []
        if text and _there("tidegate.inspectors.secrets"):
            from tidegate.inspectors.secrets import Secrets  # noqa: PLC0415 - a library of rules, when needed

            found += Secrets(detect=self.detect, cache_dir=self.cache_dir).observe(text, name, start=start)
        if _there("tidegate.inspectors.personal"):
            from tidegate.inspectors.personal import observe  # noqa: PLC0415

            found += observe(text, name, columns, start=start)
        return found


_READY: set[Path | None] = set()


def _loaded(cache_dir: Path | None) -> float:
    """Have the rules of secrets ready; return the processor seconds that took, 0 but for the first text."""
    if cache_dir in _READY or not _there("tidegate.inspectors.secrets"):
        return 0.0
    from tidegate.inspectors.secrets.general import scanner  # noqa: PLC0415 - a library of rules, when needed

    begun = time.thread_time()
    scanner(cache_dir)
    _READY.add(cache_dir)
    return time.thread_time() - begun


@cache
def _there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@dataclass(frozen=True, slots=True)
class Sampling:
    """`Context.sample` of one item: counts what it hands on."""

    texts: Texts
    meter: Meter

    def __call__(
        self, text: bytes, name: str, columns: Sequence[str] | None = None, *, start: int = 0
    ) -> list[Observation]:
        """Return what was noticed; nothing when the item's budget of texts is used up."""
        if not self.meter.sampled(len(text)):
            return []
        if text:
            self.meter.forgive(_loaded(self.texts.cache_dir))
        return self.texts.look(text, name, columns, start)
