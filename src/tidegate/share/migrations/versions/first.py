"""Shares and their journal."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make both tables."""
    texts = {
        "state": 20,
        "created_at": 40,
        "ends_at": 40,
        "provider": 10,
        "account": 255,
        "container": 255,
        "path": 0,
        "rights": 80,
        "kind": 40,
        "policy": 64,
        "parameters": 0,
        "fingerprint": 40,
        "redacted": 0,
        "made_by": 255,
        "made_for": 255,
        "reason": 0,
        "revocation": 0,
    }
    op.create_table(
        "shares",
        sa.Column("id", sa.String(40), primary_key=True),
        *(sa.Column(n, sa.String(size) if size else sa.Text(), nullable=False) for n, size in texts.items()),
    )
    op.create_index("ix_shares_fingerprint", "shares", ["fingerprint"])
    op.create_table(
        "steps",
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("share", sa.String(40), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
    )
    op.create_index("ix_steps_share", "steps", ["share"])


def downgrade() -> None:
    """Take both away."""
    op.drop_table("steps")
    op.drop_table("shares")
