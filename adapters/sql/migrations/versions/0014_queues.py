"""The queue is ordered by a moment of its own, which can be put right."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.tables import Epoch, Moment, Queued

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


def downgrade() -> None:
    op.drop_index("ix_contacts_queue", "contacts")
    op.drop_column("contacts", "rank")
