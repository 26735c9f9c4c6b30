"""All attack paths of one case."""

from __future__ import annotations

from functools import cache

from tidegate import plugins
from tidegate.assess.paths._case import Case, Maker
from tidegate.model.attack import AttackPath


def attack_paths(case: Case) -> tuple[AttackPath, ...]:
    """Return what somebody could do, the worst first; nothing with what is dead."""
    if case.dead:
        return ()
    found = (maker.path(case) for maker in makers())
    return tuple(each for each in found if each is not None)


@cache
def makers() -> tuple[Maker, ...]:
    """Return the makers of paths, in their order."""
    known = plugins.load(Maker, "tidegate.assess.paths")
    return tuple(sorted(known.values(), key=lambda each: each.order))
