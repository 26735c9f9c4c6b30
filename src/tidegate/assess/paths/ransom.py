"""Who may delete or overwrite, may demand money for what is gone."""

from __future__ import annotations

from tidegate.assess.paths._case import DELETES, READS, Case, amount
from tidegate.model.attack import AttackPath, AttackStep
from tidegate.model.grant import Permission

_PAST_SAFETY = frozenset({Permission.PERMANENT_DELETE, Permission.DELETE_VERSION, Permission.ADMIN})


class Ransom:
    """A right to delete, over more than one object."""

    id = "ransom"
    order = 50

    def path(self, case: Case) -> AttackPath | None:
        """Return the way from the link to the loss. Whether versions are kept, a link does not tell."""
        if not case.may(DELETES) or not case.wide or case.anyone:
            return None
        contents = case.contents
        copies = AttackStep(text="copies everything", certainty=case.certainty(READS))
        past = case.may(_PAST_SAFETY)
        steps = [case.entry()]
        if case.may(READS):
            steps.append(copies)
        steps.append(
            AttackStep(
                text="deletes or overwrites it",
                facts=(amount(contents),) if contents is not None else (),
                certainty=case.certainty(DELETES),
            )
        )
        steps.append(
            AttackStep(
                text="versions and soft delete do not help: the right to delete those is granted too"
                if past
                else "it is lost, unless versions or soft delete are on, which cannot be seen from here",
                certainty="granted" if past else "possible",
            )
        )
        return AttackPath(
            id=self.id, title="everything can be deleted, and held to ransom", steps=tuple(steps)
        )


PLUGIN = Ransom()
