"""PostgreSQL only: one row that every writer locks first. SQLite has such a lock itself."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        lock = op.create_table("write_lock", sa.Column("version", sa.BigInteger(), nullable=False))
        op.bulk_insert(lock, [{"version": 0}])


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_table("write_lock")
