"""Who signed a link, and the sum of the list of checksums that was given out with it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both columns, empty for what was shared before."""
    op.add_column("shares", sa.Column("signer", sa.String(255), nullable=False, server_default=""))
    op.add_column("shares", sa.Column("manifest", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    """Take both away."""
    op.drop_column("shares", "manifest")
    op.drop_column("shares", "signer")
