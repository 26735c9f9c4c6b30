"""What was shared: in SQLite on this machine, or in PostgreSQL for a team. Never a signature."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import SQLAlchemyError

from tidegate.errors import ConfigError, UsageError

METADATA = sa.MetaData()

SHARES = sa.Table(
    "shares",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("created_at", sa.String(40), nullable=False),
    sa.Column("ends_at", sa.String(40), nullable=False),
    sa.Column("provider", sa.String(10), nullable=False),
    sa.Column("account", sa.String(255), nullable=False),
    sa.Column("container", sa.String(255), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("rights", sa.String(80), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("policy", sa.String(64), nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.String(40), nullable=False, index=True),
    sa.Column("redacted", sa.Text, nullable=False),
    sa.Column("made_by", sa.String(255), nullable=False),
    sa.Column("made_for", sa.String(255), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("revocation", sa.Text, nullable=False),
)

STEPS = sa.Table(
    "steps",
    METADATA,
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("share", sa.String(40), nullable=False, index=True),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("what", sa.Text, nullable=False),
)
"""The journal: what was begun and what was done, in order."""


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
        """Change columns of one row, and note the step in the journal, both or neither."""
        if "parameters" in values:
            values["parameters"] = json.dumps(dict(values["parameters"]))
        self._do(sa.update(SHARES).where(SHARES.c.id == share_id).values(**values), share_id, step)

    def all(self) -> list[Share]:
        """Return all, newest first."""
        try:
            with self._engine.connect() as at:
                rows = at.execute(
                    sa.select(SHARES).order_by(SHARES.c.created_at.desc(), SHARES.c.id)
                ).mappings()
                return [_share(row) for row in rows]
        except SQLAlchemyError as why:
            raise _wrong(why) from None

    def one(self, share_id: str) -> Share:
        """Return one. Raises `UsageError` when there is none."""
        found = next((each for each in self.all() if each.id == share_id), None)
        if found is None:
            raise UsageError("the ledger has no share of this id", hint="tidegate share list shows them.")
        return found

    def steps(self, share_id: str) -> list[str]:
        """Return what the journal says of one, oldest first."""
        with self._engine.connect() as at:
            rows = at.execute(sa.select(STEPS.c.what).where(STEPS.c.share == share_id).order_by(STEPS.c.n))
            return [str(row.what) for row in rows]

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _do(self, statement: sa.Insert | sa.Update, share_id: str, step: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            with self._engine.begin() as at:
                at.execute(statement)
                at.execute(sa.insert(STEPS).values(share=share_id, at=now, what=step))
        except SQLAlchemyError as why:
            raise _wrong(why) from None


def open_ledger(where: str) -> Ledger:
    """Open a ledger, made or brought up to date where needed.

    where: `postgresql://…`, or the path of an SQLite file, which only its owner may read. Raises `ConfigError`.
    """  # noqa: E501
    if where.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + where.partition("://")[2]
    elif "://" in where:
        raise ConfigError("the ledger is neither a file nor postgresql://…")
    else:
        url = "sqlite:///" + str(_made(Path(where)))
    try:
        engine = sa.create_engine(url, hide_parameters=True)
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _on_connect)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with engine.begin() as at:
            config.attributes["connection"] = at
            command.upgrade(config, "head")
    except (SQLAlchemyError, ImportError) as why:
        raise _wrong(why) from None
    return Ledger(engine)


def _made(path: Path) -> Path:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.fchmod(handle, 0o600)
        os.close(handle)
    except OSError as why:
        raise ConfigError(f"the ledger {path} cannot be opened: {why.strerror}") from None
    return path


def _on_connect(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute("PRAGMA journal_mode=WAL")


def _wrong(why: Exception) -> ConfigError:
    # Only the kind: the driver's own words may hold the password of the URL.
    return ConfigError(
        f"the ledger does not answer as it should ({type(getattr(why, 'orig', None) or why).__name__})",
        hint="See --ledger and TIDEGATE_LEDGER; PostgreSQL needs the extra: pip install 'tidegate[postgresql]'.",  # noqa: E501
    )


def _row(share: Share) -> dict[str, Any]:
    row = {name: getattr(share, name) for name in Share.__dataclass_fields__}
    return {**row, "parameters": json.dumps(dict(share.parameters))}


def _share(row: Any) -> Share:
    return Share(**{**row, "parameters": json.loads(row["parameters"])})
