"""Console sessions that somebody has ended; PostgreSQL refuses TRUNCATE of the audit log."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import BytewiseText, Moment

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "ended_sessions",
        sa.Column("id", BytewiseText, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ended_sessions")),
        sqlite_with_rowid=False,
    )
    if _on_postgresql():
        # TRUNCATE does not fire triggers on DELETE. SQLite has no TRUNCATE.
        op.execute(
            "CREATE TRIGGER audit_refuses_truncate BEFORE TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit()"
        )


def downgrade() -> None:
    if _on_postgresql():
        op.execute("DROP TRIGGER audit_refuses_truncate ON audit")
    op.drop_table("ended_sessions")


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
