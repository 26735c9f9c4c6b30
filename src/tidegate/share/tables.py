"""The ledger's tables as they are now; how they came to be stands in `migrations/`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

NEWEST: Final = "0002"
"""The last step of `migrations/versions`."""
STEPS_KNOWN: Final = ("0001", NEWEST)

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
    sa.Column("signer", sa.String(255), nullable=False, server_default=""),
    sa.Column("manifest", sa.String(64), nullable=False, server_default=""),
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
