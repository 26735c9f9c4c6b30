"""What three probes prove of a shared link; the judgement is that of `close`."""

from __future__ import annotations

from tidegate.close.prove import Answer, Verdict, judge
from tidegate.model.share import Tried

DEAD, ALIVE, NOT_PROVEN, INCONCLUSIVE = map(
    str, (Verdict.DEAD, Verdict.ALIVE, Verdict.NOT_PROVEN, Verdict.INCONCLUSIVE)
)


def verdict(link: Tried, flipped: Tried, control: Tried, *, expired: bool = False) -> str:
    """Return `dead` only if the link is refused as a forged one is, while the owner is served."""
    answers = [Answer(status=each.status, code=each.code) for each in (link, flipped, control)]
    refusals = frozenset(each.code for each in (link, flipped) if each.authentication)
    return str(judge(*answers, refusals=refusals, expired=expired))
