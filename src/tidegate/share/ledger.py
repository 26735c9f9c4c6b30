"""What was shared: in SQLite on this machine, or in PostgreSQL for a team. Never a signature."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tidegate.errors import UsageError
from tidegate.share import database
from tidegate.share.tables import SHARES, STEPS

_SECRET: Final = frozenset(
    ("sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A row of the ledger."""

    id: str
    state: str
    """`making` until the link exists, then `live`; `revoking` until proved dead, then `revoked`."""
    created_at: str
    ends_at: str
    provider: str
    account: str
    container: str
    path: str
    rights: str
    """Words with commas between."""
    kind: str = ""
    policy: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of the link, without the signature."""
    fingerprint: str = ""
    redacted: str = ""
    made_by: str = ""
    made_for: str = ""
    reason: str = ""
    revocation: str = ""
    signer: str = ""
    """Who signed: id of a key, of a user or of a service account; never the key."""
    manifest: str = ""
    """SHA-256 of the list of checksums that was given out with the link; empty without one."""

    def __post_init__(self) -> None:
        _no_secret(self.parameters)

    def status(self, now: datetime) -> str:
        """Return the state, or `ended` for a live one whose time is over."""
        over = datetime.fromisoformat(self.ends_at) <= now
        return "ended" if self.state == "live" and over else self.state


class Ledger:
    """Opened by `open_ledger`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, share: Share) -> None:
        """Write a new row. Raises `ConfigError`, as all others do, when the database does not answer."""
        self._do(sa.insert(SHARES).values(**_row(share)), share.id, "began")

    def change(self, share_id: str, step: str, **values: Any) -> None:
        """Note a step in the journal, and change columns of the row, both or neither."""
        if "parameters" in values:
            _no_secret(values["parameters"])
            values["parameters"] = json.dumps(dict(values["parameters"]))
        # Without columns there is nothing to update: SQL has no form for it.
        row = sa.update(SHARES).where(SHARES.c.id == share_id).values(**values) if values else None
        self._do(row, share_id, step)

    def all(self) -> list[Share]:
        """Return all, newest first."""
        try:
            with self._engine.connect() as at:
                rows = at.execute(
                    sa.select(SHARES).order_by(SHARES.c.created_at.desc(), SHARES.c.id)
                ).mappings()
                return [_share(row) for row in rows]
        except SQLAlchemyError as why:
            raise database.wrong(why) from None

    def one(self, share_id: str) -> Share:
        """Return one. Raises `UsageError` when there is none."""
        found = next((each for each in self.all() if each.id == share_id), None)
        if found is None:
            raise UsageError("the ledger has no share of this id", hint="tidegate share list shows them.")
        return found

    def steps(self, share_id: str) -> list[str]:
        """Return what the journal says of one, oldest first."""
        try:
            with self._engine.connect() as at:
                rows = at.execute(
                    sa.select(STEPS.c.what).where(STEPS.c.share == share_id).order_by(STEPS.c.n)
                )
                return [str(row.what) for row in rows]
        except SQLAlchemyError as why:
            raise database.wrong(why) from None

    @contextmanager
    def alone(self, share: Share) -> Iterator[None]:
        """Keep others who use this ledger out of the share's container until the block ends."""
        with database.alone(self._engine, f"{share.provider}/{share.account}/{share.container}"):
            yield

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _do(self, statement: sa.Insert | sa.Update | None, share_id: str, step: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            with self._engine.execution_options(writes=True).begin() as at:
                if statement is not None:
                    at.execute(statement)
                at.execute(sa.insert(STEPS).values(share=share_id, at=now, what=step))
        except SQLAlchemyError as why:
            raise database.wrong(why) from None


def open_ledger(where: str, *, password: str = "") -> Ledger:
    """Open a ledger, made or brought up to date where needed.

    where: `postgresql://…`, or the path of an SQLite file, which only its owner may read.
    password: of PostgreSQL, for a URL without one. Raises `ConfigError`.
    """
    return Ledger(database.connect(where, password))


def _no_secret(parameters: Mapping[str, str]) -> None:
    if any(name.lower() in _SECRET for name in parameters):
        raise ValueError("a signature does not belong into the ledger")


def _row(share: Share) -> dict[str, Any]:
    row = {name: getattr(share, name) for name in Share.__dataclass_fields__}
    return {**row, "parameters": json.dumps(dict(share.parameters))}


def _share(row: Any) -> Share:
    return Share(**{**row, "parameters": json.loads(row["parameters"])})
