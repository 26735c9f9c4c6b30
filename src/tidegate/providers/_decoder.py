"""What every decoder does beside decoding: no secret leaves it, wherever a hostile text put one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tidegate.model.grant import Grant
from tidegate.model.sighting import Sighting
from tidegate.providers._seal import seal, seal_text
from tidegate.records import dataclass


@dataclass(frozen=True, slots=True)
class SealedDecoder:
    """A decoder of two functions, whose answers are sealed; see `tidegate.plugins.Decoder`."""

    id: str
    read: Callable[[Sighting, datetime], Grant | None]
    """Says what a sighting permits at a time; `None` where it is nothing of this provider's."""
    show: Callable[[Sighting], str]
    """Says what of a sighting a report may show."""

    def decode(self, sighting: Sighting, now: datetime) -> Grant | None:
        """Return what the sighting permits."""
        grant = self.read(sighting, now)
        return None if grant is None else seal(grant, sighting)

    def redact(self, sighting: Sighting) -> str:
        """Return the sighting with its secrets masked."""
        return seal_text(self.show(sighting), sighting)
