"""Who holds a key makes links that outlive the discovery."""

from __future__ import annotations

from tidegate.assess.paths._case import Case
from tidegate.model.attack import AttackPath, AttackStep
from tidegate.model.grant import Permission

_MINTS = frozenset({Permission.MINT, Permission.ADMIN})
_POLICIES = frozenset({Permission.SET_POLICY, Permission.OWNERSHIP})


class Persistence:
    """A key, or a right to change who may come in."""

    id = "persistence"
    order = 70

    def path(self, case: Case) -> AttackPath | None:
        """Return the way from the key to access that stays."""
        mints, opens = case.may(_MINTS), case.may(_POLICIES)
        if not mints and not opens:
            return None
        does = (
            AttackStep(text="signs new links with it, which no list shows", certainty=case.certainty(_MINTS))
            if mints
            else AttackStep(text="changes who may come in", certainty=case.certainty(_POLICIES))
        )
        ends = (
            "these live until the key itself is rotated: taking this one out of the repository ends nothing"
            if mints
            else "that stays when this credential is revoked"
        )
        return AttackPath(
            id=self.id,
            title="further access can be made from it, which stays when this one is gone",
            steps=(case.entry(), does, AttackStep(text=ends, certainty="granted")),
        )


PLUGIN = Persistence()
