"""Several judgements become one: the worst of each answer counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Evidence, Executes, Observation

MOST_OBSERVATIONS: Final = 1000
"""Of one item. Beyond it only the worst are kept."""
_EVIDENCE: Final = list(Evidence)
_EXECUTES: Final = list(Executes)


def absorb(whole: Judgement, part: Judgement, member: str = "") -> None:
    """Take into `whole` what was found in a part of it. member: the part's name inside of the whole."""
    whole.executes = max(whole.executes, part.executes, key=_EXECUTES.index)
    whole.evidence = max(whole.evidence, part.evidence, key=_EVIDENCE.index)
    whole.runs_code = whole.runs_code or part.runs_code
    whole.complete = whole.complete and part.complete
    whole.broken = whole.broken or part.broken
    whole.unlisted = whole.unlisted or part.unlisted
    whole.model = whole.model or part.model
    whole.observations += [_placed(each, member) for each in part.observations]
    if len(whole.observations) > 2 * MOST_OBSERVATIONS:
        whole.observations[:] = worst_first(whole.observations)[:MOST_OBSERVATIONS]


def worst_first(observations: list[Observation]) -> list[Observation]:
    """Return them by severity; equal ones stay in the order of the file."""
    return sorted(observations, key=lambda each: -each.severity.rank)


def _placed(observation: Observation, member: str) -> Observation:
    if not member:
        return observation
    inner = observation.member
    return replace(observation, member=f"{member}!/{inner}" if inner else member)
