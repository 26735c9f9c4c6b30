"""What was noticed while walking, and the three answers that follow from it."""

from __future__ import annotations

from tidegate.inspectors.notes import Collector
from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Evidence, Executes
from tidegate.model.severity import Severity


class Notes(Collector):
    """Collects observations of one stream or one file of streams."""

    inspector = "pickle"

    def __init__(self, kind: str, *, member: str = "", loader: str = "") -> None:
        """kind: what the judgement is of. loader: whom it concerns, where not every loader."""
        super().__init__(Judgement(kind, runs_code=True), loader=loader, member=member)

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
        """Note something once, and what it is evidence of."""
        self.judgement.raise_to(evidence=evidence)
        self.note(kind, severity, summary, offset=offset, confidence=confidence, loader=loader, member=member)

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

    def raise_executes(self, executes: Executes) -> None:
        """Keep the widest answer."""
        self.judgement.raise_to(executes)

    def include(self, other: Judgement) -> None:
        """Take over what was found in a part: a nested stream, one stream of several."""
        self.judgement.take_answers(other)
        for each in other.observations:
            self.keep(each)
