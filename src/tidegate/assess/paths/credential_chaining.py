"""Keys that lie behind a link open further systems."""

from __future__ import annotations

from tidegate.assess.paths._case import READS, Case, basis, counted, named
from tidegate.model.attack import AttackPath, AttackStep


class CredentialChaining:
    """A right to read, and credentials behind it."""

    id = "credential-chaining"
    order = 30

    def path(self, case: Case) -> AttackPath | None:
        """Return the way from the link to other systems. What a key opens is never tried by us."""
        keys = [each for each in case.kinds("key", "machine") if each.kind != "test_key"]
        if not keys or not case.may(READS):
            return None
        return AttackPath(
            id=self.id,
            title=f"what lies behind it opens further systems: {named(keys)}",
            steps=(
                case.entry(),
                AttackStep(
                    text="reads the credentials that lie there",
                    facts=counted(keys),
                    certainty=basis(keys, case.certainty(READS)),
                ),
                AttackStep(
                    text="signs in elsewhere with them: to be revoked one by one, each asked about only where"
                    " the scope names it",
                    certainty="possible",
                ),
            ),
        )


PLUGIN = CredentialChaining()
