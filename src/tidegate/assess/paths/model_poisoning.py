"""Who may overwrite a model that others load, runs code on their machines: the incident of 2023."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.kinds.table import kind as kind_of_thing
from tidegate.model.attack import AttackPath, AttackStep
from tidegate.model.contents import Contents
from tidegate.model.grant import Grant, Permission, Validity
from tidegate.model.place import Place
from tidegate.model.reach import Reach, State

_OVERWRITES = frozenset(
    {Permission.WRITE, Permission.UPDATE, Permission.MOVE, Permission.MINT, Permission.ADMIN}
)


def path(
    grant: Grant,
    *,
    reach: Reach | None = None,
    contents: Contents | None = None,
    places: Sequence[Place] = (),
) -> AttackPath | None:
    """Return the way from the link to code on other machines.

    `None` if it has ended, nothing can be overwritten by it, or no model was seen behind it.
    """
    if grant.validity is Validity.EXPIRED or (reach is not None and reach.state is State.CLOSED):
        return None
    rights = _OVERWRITES.intersection(grant.permissions)
    models = [
        each
        for each in (contents.kinds if contents is not None else ())
        if each.items and kind_of_thing(each.kind).group == "model"
    ]
    if not rights or not models:
        return None
    proved = reach is not None and rights.intersection(reach.proved)
    read = any(each.proved for each in models)
    return AttackPath(
        id="model-poisoning",
        title="anyone who fetches a model through it and loads it may run an attacker's code",
        steps=(
            AttackStep(
                text="somebody takes the link from where it stands",
                facts=tuple(f"{each.path}, line {each.line}" for each in places[:3]),
                certainty="proved" if places else "possible",
            ),
            AttackStep(
                text="overwrites a model with one that runs code when it is loaded",
                facts=(
                    f"it permits: {', '.join(sorted(rights))}",
                    *(f"{each.items:,} of kind {each.kind}, {each.proved:,} of them read" for each in models),
                ),
                certainty="proved" if proved and read else "granted" if read else "possible",
            ),
            AttackStep(
                text="anyone who downloads that model and loads it (torch.load) runs the attacker's code",
                certainty="possible",
            ),
        ),
    )
