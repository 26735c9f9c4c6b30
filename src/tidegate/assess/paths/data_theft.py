"""Whoever reads, has a copy for ever."""

from __future__ import annotations

from tidegate.assess.paths._case import LISTS, READS, Case, amount, basis, counted, named
from tidegate.model.attack import AttackPath, AttackStep
from tidegate.model.severity import Severity


class DataTheft:
    """A right to read, and something worth reading, or nobody knows what."""

    id = "data-theft"
    order = 40

    def path(self, case: Case) -> AttackPath | None:
        """Return the way from the link to a copy of the data."""
        if not case.may(READS) or not case.wide:
            return None
        contents = case.contents
        worth = [
            each
            for each in case.kinds("messages", "personal", "database", "machine", "key", "code", "document")
            if each.severity.rank >= Severity.MEDIUM.rank
        ]
        if contents is not None and contents.complete and contents.items_read and not worth:
            return None
        finds = AttackStep(
            text="lists what is there" if case.may(LISTS) else "guesses names: listing is not permitted",
            facts=(amount(contents),) if contents is not None else (),
            certainty=case.certainty(LISTS) if case.may(LISTS) else "possible",
        )
        takes = AttackStep(
            text="copies it, which leaves nothing but a line in a log that is often switched off",
            facts=counted(worth),
            certainty=basis(worth, case.certainty(READS)) if worth else "possible",
        )
        title = (
            f"a copy can be taken of {named(worth)}"
            if worth
            else "a copy can be taken of all that lies there"
        )
        return AttackPath(id=self.id, title=title, steps=(case.entry(), finds, takes))


PLUGIN = DataTheft()
