"""A link that was not proved dead could not be written down: a step without a changed column was an UPDATE of nothing.

It showed as `the ledger does not answer as it should (OperationalError)` from `tidegate share revoke`, after the policy
had been removed, whenever the proof failed: first for links to a container that anyone may read, which Azurite lets a
dead link into.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tidegate.share.ledger import Share, open_ledger


def test_a_step_of_which_only_the_journal_tells_is_noted(tmp_path: Path) -> None:
    row = Share(
        id="sh-00000000", state="live", created_at="2026-01-01T00:00:00+00:00", ends_at="2026-01-08T00:00:00+00:00",
        provider="azure", account="tgcontoso", container="shown", path="", rights="read",
    )  # fmt: skip
    with closing(open_ledger(str(tmp_path / "ledger.sqlite"))) as ledger:
        ledger.add(row)
        ledger.change(row.id, "revoking", state="revoking")
        ledger.change(row.id, "not proved: still alive")
        assert ledger.one(row.id).state == "revoking"
        assert ledger.steps(row.id) == ["began", "revoking", "not proved: still alive"]
