"""What falls due by itself."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Moment

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "due",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_due")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_due_at", "due", ["at"])


def downgrade() -> None:
    op.drop_table("due")
