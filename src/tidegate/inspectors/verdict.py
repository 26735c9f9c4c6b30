"""From three separate answers to one word."""

from __future__ import annotations

from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Evidence, Executes, Verdict
from tidegate.model.severity import Severity

SEVERITIES = {
    Verdict.INERT: Severity.INFO,
    Verdict.CLEAN: Severity.INFO,
    Verdict.UNKNOWN: Severity.MEDIUM,
    Verdict.DAMAGED: Severity.MEDIUM,
    Verdict.DANGEROUS: Severity.CRITICAL,
}
"""An item is at least this severe; an observation may say more."""


def verdict(judged: Judgement) -> Verdict:
    """Return the worst word that the answers allow: what was not seen is never taken for harmless."""
    if judged.evidence in (Evidence.SINK, Evidence.PAYLOAD):
        return Verdict.DANGEROUS
    if judged.broken or not judged.complete or judged.evidence is Evidence.TAMPERING:
        return Verdict.DAMAGED
    if judged.unlisted or judged.evidence is Evidence.UNKNOWN_CALLABLE:
        return Verdict.UNKNOWN
    return Verdict.CLEAN if judged.runs_code or judged.executes is not Executes.NO else Verdict.INERT
