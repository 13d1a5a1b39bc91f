"""Queues are ordered by a moment of their own; PostgreSQL counts what people set."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Epoch, Moment, Queued

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("rank", Moment, nullable=False, server_default=Epoch()))
    op.execute("UPDATE contacts SET rank = created_at")
    op.create_index(
        "ix_contacts_queue",
        "contacts",
        ["source_key", "rank", "id"],
        sqlite_where=Queued(),
        postgresql_where=Queued(),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.add_column(
            "write_lock", sa.Column("settings", sa.BigInteger(), nullable=False, server_default="0")
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_column("write_lock", "settings")
    op.drop_index("ix_contacts_queue", "contacts")
    op.drop_column("contacts", "rank")
