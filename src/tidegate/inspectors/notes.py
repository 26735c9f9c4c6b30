"""How what is noticed in one file is collected: each sentence once, twenty of a kind, the worst first."""

from __future__ import annotations

from collections import Counter
from typing import Final

from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Observation
from tidegate.model.severity import Severity

MOST_OF_A_KIND: Final = 20
"""Observations of one kind that are kept; further ones are counted. A hostile file could hold a million."""


class Collector:
    """Collects the observations of one judgement."""

    inspector = ""
    """Who noticed; the judgement's kind where it is empty."""

    def __init__(self, judgement: Judgement, *, loader: str = "", member: str = "") -> None:
        """loader: whom the notes concern, where not every loader. member: where they stand in the file."""
        self.judgement = judgement
        self.loader = loader
        self.member = member
        self._counts: Counter[str] = Counter()
        self._said: set[tuple[str, str]] = set()

    def note(
        self,
        kind: str,
        severity: Severity,
        summary: str,
        *,
        offset: int | None = None,
        confidence: str = "high",
        loader: str | None = None,
        member: str | None = None,
    ) -> None:
        """Note something once; the same sentence again says nothing new."""
        if self._is_new(kind, summary):
            self._add(kind, severity, summary, offset, confidence, loader, member)

    def keep(self, observation: Observation) -> None:
        """Take over what was noticed in a part, as if it had been noticed here."""
        if self._is_new(observation.kind, observation.summary):
            self.judgement.observations.append(observation)

    def close(self) -> None:
        """Say how many of each kind were left out, and put the worst first."""
        for kind, count in self._counts.items():
            if count > MOST_OF_A_KIND:
                more = f"{count - MOST_OF_A_KIND:,} more of this kind"
                self._add(kind, Severity.INFO, more, None, "high", None, None)
        self._counts.clear()
        self.judgement.observations.sort(key=lambda each: (-each.severity.rank, each.offset or 0))

    def _is_new(self, kind: str, summary: str) -> bool:
        if (kind, summary) in self._said:
            return False
        self._counts[kind] += 1
        if self._counts[kind] > MOST_OF_A_KIND:
            return False
        self._said.add((kind, summary))
        return True

    def _add(
        self,
        kind: str,
        severity: Severity,
        summary: str,
        offset: int | None,
        confidence: str,
        loader: str | None,
        member: str | None,
    ) -> None:
        self.judgement.observations.append(
            Observation(
                inspector=self.inspector or self.judgement.kind,
                kind=kind,
                severity=severity,
                confidence=confidence,
                offset=offset,
                member=self.member if member is None else member,
                loader=self.loader if loader is None else loader,
                summary=summary,
            )
        )
