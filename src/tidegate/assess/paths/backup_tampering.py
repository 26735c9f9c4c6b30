"""A backup that somebody else may change restores what they want."""

from __future__ import annotations

from tidegate.assess.paths._case import OVERWRITES, Case, basis, counted, named
from tidegate.model.attack import AttackPath, AttackStep

_BACKUPS = frozenset(
    {"backup", "system_backup", "home_backup", "workstation_image", "disk_image", "database_dump"}
)


class BackupTampering:
    """A right to overwrite, and backups."""

    id = "backup-tampering"
    order = 60

    def path(self, case: Case) -> AttackPath | None:
        """Return the way from the link to a machine that is restored."""
        backups = [each for each in case.kinds("machine", "database") if each.kind in _BACKUPS]
        if not backups or not case.may(OVERWRITES):
            return None
        return AttackPath(
            id=self.id,
            title=f"backups can be changed before they are restored: {named(backups)}",
            steps=(
                case.entry(),
                AttackStep(
                    text="puts a program or an account into a backup",
                    facts=counted(backups),
                    certainty=basis(backups, case.certainty(OVERWRITES)),
                ),
                AttackStep(text="whoever restores it lets them in", certainty="possible"),
            ),
        )


PLUGIN = BackupTampering()
