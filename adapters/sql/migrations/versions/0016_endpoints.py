"""Endpoints and their deliveries."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Id, Moment

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", Id, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("include", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("old_secret", sa.Text()),
        sa.Column("old_until", Moment),
        sa.Column("failing_since", Moment),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_success_at", Moment),
        sa.Column("leased_by", sa.Text()),
        sa.Column("leased_until", Moment),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deliveries",
        sa.Column("endpoint_id", Id, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("at", Moment),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("fk_deliveries_endpoint_id")
        ),
        sa.PrimaryKeyConstraint("endpoint_id", "seq", name=op.f("pk_deliveries")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_deliveries_subject", "deliveries", ["endpoint_id", "subject", "seq"])
    op.create_index("ix_deliveries_at", "deliveries", ["endpoint_id", "at"])


def downgrade() -> None:
    op.drop_table("deliveries")
    op.drop_table("endpoints")
