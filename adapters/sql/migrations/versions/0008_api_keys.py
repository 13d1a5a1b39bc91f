"""API keys."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Moment

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("prefix", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("source_key", sa.String(length=64)),
        sa.Column("expires_at", Moment),
        sa.Column("revoked_at", Moment),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.key"], name=op.f("fk_api_keys_source_key")
        ),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_api_keys")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("api_keys")
