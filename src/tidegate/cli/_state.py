"""Where Tidegate keeps what it has to remember: its folder, and the ledger in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.share.ledger import Ledger


def folder() -> Path:
    """Return the state folder, which may not be there yet. XDG Base Directory Specification.

    Raises `UsageError` where there is no home.
    """
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    try:
        return (named if named.is_absolute() else Path.home() / ".local" / "state") / "tidegate"
    except RuntimeError:
        raise UsageError(
            "there is no home folder, in which Tidegate could remember anything",
            hint="Set HOME or XDG_STATE_HOME to a folder.",
        ) from None


def ledger_place(named: str | None) -> str:
    """Return the file or address of the ledger: as named, as the environment says, or in the state folder."""
    return named or os.environ.get("TIDEGATE_LEDGER") or str(folder() / "ledger.sqlite")


@contextmanager
def ledger(named: str | None) -> Iterator[Ledger]:
    """Open the ledger, for `with`; it is made where there is none."""
    from tidegate.share.ledger import open_ledger  # noqa: PLC0415 - SQLAlchemy and Alembic

    with closing(open_ledger(ledger_place(named), password=os.environ.get("PGPASSWORD", ""))) as opened:
        yield opened


def has_ledger(named: str | None) -> bool:
    """Say whether there is a ledger. Raises `UsageError` when one was named, and is not there.

    A mistyped name would else be a new and empty ledger, by which nothing was ever shared.
    """
    where = ledger_place(named)
    if "://" in where or os.path.lexists(where):
        return True
    if named or os.environ.get("TIDEGATE_LEDGER"):
        raise UsageError(f"there is no ledger {where}", hint="tidegate share create makes one.")
    return False
