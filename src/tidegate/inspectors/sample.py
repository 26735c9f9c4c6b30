"""What is looked for in every text that an inspector has recognised: secrets, and data of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from tidegate.inspectors.personal import observe as observe_personal
from tidegate.inspectors.secrets import Secrets
from tidegate.model.observation import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """Stands as `Context.sample`. One per process; workers that are forked from it share what it compiled."""

    secrets: Secrets = field(default_factory=Secrets)

    def __call__(
        self, text: bytes, name: str, columns: Sequence[str] | None = None, *, start: int = 0
    ) -> list[Observation]:
        """Return what a text holds, never a value. columns: of the table that it is, when known."""
        found = self.secrets.observe(text, name, start=start) if text else []
        return [*found, *observe_personal(text, name, columns, start=start)]


@cache
def plain_sampler() -> Sampler:
    """Return the sampler without a detector of storage credentials: the library's rules stand in for it."""
    return Sampler()
