"""Closed contacts can be purged: they stay counted, and their idempotency keys can be found."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Id

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "purged_registered",
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("contacts", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.key"], name=op.f("fk_purged_registered_source_key")
        ),
        sa.PrimaryKeyConstraint("source_key", name=op.f("pk_purged_registered")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "purged_assigned",
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("operator_id", Id, nullable=False),
        sa.Column("contacts", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_purged_assigned_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.key"], name=op.f("fk_purged_assigned_source_key")
        ),
        sa.PrimaryKeyConstraint("source_key", "operator_id", name=op.f("pk_purged_assigned")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_idempotency_keys_contact_id"), "idempotency_keys", ["contact_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_idempotency_keys_contact_id"), table_name="idempotency_keys")
    op.drop_table("purged_assigned")
    op.drop_table("purged_registered")
