"""Leads are found by the beginning of a name, and by an identity's value whatever its kind."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_SORTED = (("leads", "name"), ("identities", "key"))


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # Sorted by code point, as SQLite does anyway. Only indexes are rewritten, no rows.
        for table, column in _SORTED:
            op.alter_column(table, column, type_=sa.Text(collation="C"))
    op.create_index(
        "ix_leads_name_id",
        "leads",
        ["name", "id"],
        sqlite_where=sa.text("name IS NOT NULL"),
        postgresql_where=sa.text("name IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_leads_name_id", table_name="leads")
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _SORTED:
            op.alter_column(table, column, type_=sa.Text(collation="default"))
