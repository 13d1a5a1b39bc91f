"""The event log."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Id, Moment

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source_key", sa.String(64)),
        sa.Column("contact_id", Id),
        sa.Column("operator_id", Id),
        sa.Column("other_id", Id),
        sa.Column("data", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
    )


def downgrade() -> None:
    op.drop_table("events")
