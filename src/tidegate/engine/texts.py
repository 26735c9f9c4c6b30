"""What looks into the texts of items: our own rules for storage credentials, made at the first text."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.inspectors.texts import Texts
from tidegate.model.sighting import Sighting

if TYPE_CHECKING:
    from tidegate.detect.engine import Detector


class _OwnRules:
    """The detector, compiled at its first use, once a thread: the matcher's scratch space is not shared."""

    def __init__(self, cache_dir: Path | None) -> None:
        self._cache_dir = cache_dir
        self._own = threading.local()

    def __call__(self, text: bytes) -> list[Sighting]:
        """Return the credentials in a text."""
        return self._detector().scan_text(text)

    @property
    def titles(self) -> Mapping[str, str]:
        """Rule -> title."""
        return {rule.id: rule.title for rule in self._detector().rules}

    def _detector(self) -> Detector:
        from tidegate.detect.engine import Detector  # noqa: PLC0415 - late, as it is needed
        from tidegate.detect.rules import load_rules  # noqa: PLC0415

        made: Detector | None = getattr(self._own, "detector", None)
        if made is None:
            made = self._own.detector = Detector(load_rules((), self._cache_dir), self._cache_dir)
        return made


@cache
def texts(cache_dir: Path | None) -> Texts:
    """Return what `look` is to be handed as `texts`: the same in all workers that are forked afterwards."""
    # It makes the key of this run, which all workers must have: else one password in two files is two.
    import tidegate.inspectors.fingerprints  # noqa: F401, PLC0415 - late, as the rules are

    return Texts(detect=_OwnRules(cache_dir), cache_dir=cache_dir)
