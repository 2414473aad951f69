"""The booth: visitors and games."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "visitors",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("created", sa.Float, nullable=False, index=True),
        sa.Column("agreed", sa.Float, nullable=False),
        sa.Column("agreed_to", sa.Text, nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False, index=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("is_for_stage", sa.Boolean, nullable=False),
        sa.Column("shown", sa.Float),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("mail_tries", sa.Integer, nullable=False),
        sa.Column("mail_told", sa.Text, nullable=False),
    )
    op.create_table(
        "games",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("created", sa.Float, nullable=False, index=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("pictures", sa.JSON, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("right", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Remove both tables."""
    op.drop_table("games")
    op.drop_table("visitors")
