"""What was noticed while walking, and the three answers that follow from it."""

from __future__ import annotations

from collections import Counter

from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Evidence, Executes, Observation
from tidegate.model.severity import Severity

_MOST_OF_A_KIND = 20
"""Observations of one kind; further ones are counted. A hostile file could hold a million."""
_EVIDENCE = {each: rank for rank, each in enumerate(Evidence)}
_EXECUTES = {each: rank for rank, each in enumerate(Executes)}


class Notes:
    """Collects observations of one stream or one file of streams."""

    def __init__(self, kind: str, *, member: str = "", loader: str = "") -> None:
        """kind: what the judgement is of. loader: whom it concerns, where not every loader."""
        self.judgement = Judgement(kind, runs_code=True)
        self.member = member
        self.loader = loader
        self._counts: Counter[str] = Counter()
        self._seen: set[tuple[str, str]] = set()

    def add(
        self,
        kind: str,
        severity: Severity,
        summary: str,
        *,
        offset: int | None = None,
        evidence: Evidence = Evidence.NONE,
        confidence: str = "high",
        loader: str | None = None,
        member: str | None = None,
    ) -> None:
        """Note something once; the same sentence again says nothing new."""
        self.raise_evidence(evidence)
        if (kind, summary) in self._seen:
            return
        self._counts[kind] += 1
        if self._counts[kind] > _MOST_OF_A_KIND:
            return
        self._seen.add((kind, summary))
        self.judgement.observations.append(
            Observation(
                inspector="pickle",
                kind=kind,
                severity=severity,
                confidence=confidence,
                offset=offset,
                member=self.member if member is None else member,
                loader=self.loader if loader is None else loader,
                summary=summary,
            )
        )

    def tampering(self, kind: str, summary: str, *, offset: int) -> None:
        """Note a form that no program writes by itself."""
        self.add(kind, Severity.HIGH, summary, offset=offset, evidence=Evidence.TAMPERING)

    def broken(self, kind: str, summary: str, *, offset: int) -> None:
        """Note where the stream leaves its format: loaders raise there, and what ran before has run."""
        self.judgement.broken = True
        self.add(kind, Severity.MEDIUM, summary, offset=offset)

    def unlisted(self, kind: str, summary: str, *, offset: int, severity: Severity = Severity.MEDIUM) -> None:
        """Note something of which no list knows whether it is harmless."""
        self.judgement.unlisted = True
        self.add(kind, severity, summary, offset=offset, evidence=Evidence.UNKNOWN_CALLABLE)

    def raise_evidence(self, evidence: Evidence) -> None:
        """Keep the strongest evidence."""
        if _EVIDENCE[evidence] > _EVIDENCE[self.judgement.evidence]:
            self.judgement.evidence = evidence

    def raise_executes(self, executes: Executes) -> None:
        """Keep the widest answer."""
        if _EXECUTES[executes] > _EXECUTES[self.judgement.executes]:
            self.judgement.executes = executes

    def include(self, other: Judgement) -> None:
        """Take over what was found in a part: a nested stream, one stream of several."""
        mine = self.judgement
        self.raise_evidence(other.evidence)
        self.raise_executes(other.executes)
        mine.complete &= other.complete
        mine.broken |= other.broken
        mine.unlisted |= other.unlisted
        for each in other.observations:
            self._counts[each.kind] += 1
            if self._counts[each.kind] <= _MOST_OF_A_KIND and (each.kind, each.summary) not in self._seen:
                self._seen.add((each.kind, each.summary))
                mine.observations.append(each)

    def close(self) -> None:
        """Say how many of each kind were left out, and put the worst first."""
        for kind, count in self._counts.items():
            if count > _MOST_OF_A_KIND:
                self.judgement.observations.append(
                    Observation(
                        inspector="pickle",
                        kind=kind,
                        severity=Severity.INFO,
                        member=self.member,
                        loader=self.loader,
                        summary=f"{count - _MOST_OF_A_KIND:,} more of this kind",
                    )
                )
        self.judgement.observations.sort(key=lambda each: (-each.severity.rank, each.offset or 0))
