"""Lists by source or operator go by state: open contacts are found among any number of closed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_index("ix_contacts_waiting", table_name="contacts")
    op.drop_index("ix_contacts_source_key_id", table_name="contacts")
    op.drop_index("ix_contacts_operator_id_id", table_name="contacts")
    op.create_index("ix_contacts_source_key_state_id", "contacts", ["source_key", "state", "id"])
    op.create_index(
        "ix_contacts_operator_id_state_id_source_key",
        "contacts",
        ["operator_id", "state", "id", "source_key"],
    )


def downgrade() -> None:
    op.drop_index("ix_contacts_operator_id_state_id_source_key", table_name="contacts")
    op.drop_index("ix_contacts_source_key_state_id", table_name="contacts")
    op.create_index("ix_contacts_operator_id_id", "contacts", ["operator_id", "id"])
    op.create_index("ix_contacts_source_key_id", "contacts", ["source_key", "id"])
    op.create_index(
        "ix_contacts_waiting",
        "contacts",
        ["source_key", "id"],
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
