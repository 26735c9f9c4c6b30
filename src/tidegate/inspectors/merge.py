"""Several judgements become one: the worst of each answer counts."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Observation
from tidegate.records import replace

MOST_OBSERVATIONS: Final = 1000
"""Of one item. Beyond it only the worst are kept."""


def absorb(whole: Judgement, part: Judgement, member: str = "") -> None:
    """Take into `whole` what was found in a part of it. member: the part's name inside of the whole."""
    whole.take_answers(part)
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


_SHOWN: Final = 3
"""Observations of one kind of a container's members that are told one by one; more are one, with a count."""


def fold(observations: list[Observation]) -> list[Observation]:
    """Return what was seen in the members of a container, with many of the same as one: "12 private keys"."""
    from tidegate.kinds.table import OTHER, kind  # noqa: PLC0415 - no model file needs it

    groups: dict[tuple[str, str, str], list[Observation]] = {}
    for each in observations:
        groups.setdefault((each.kind, each.severity.value, each.inspector), []).append(each)
    folded: list[Observation] = []
    for (kind_id, _, _), group in groups.items():
        if len(group) <= _SHOWN:
            folded += group
            continue
        count = sum(each.count for each in group)
        row = kind(kind_id)
        words = row.many if row.id != OTHER else f"observations of the kind {kind_id.replace('_', ' ')}"
        places = ", ".join(dict.fromkeys(each.member for each in group[:_SHOWN]))
        numbers: dict[str, int] = {}
        for each in group:
            for key, value in each.numbers.items():
                numbers[key] = numbers.get(key, 0) + value
        firsts = [each.first_at for each in group if each.first_at is not None]
        lasts = [each.last_at for each in group if each.last_at is not None]
        folded.append(
            replace(
                group[0],
                summary=f"{count:,} {words}: {places}, …",
                member="",
                offset=None,
                fingerprint="",
                count=count,
                numbers=numbers,
                first_at=min(firsts, default=None),
                last_at=max(lasts, default=None),
            )
        )
    return folded
