"""A list of an operator's contacts on one source gets its own index, and reads no other rows."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.drop_index("ix_contacts_operator_id_state_id_source_key", table_name="contacts")
    op.create_index("ix_contacts_operator_id_state_id", "contacts", ["operator_id", "state", "id"])
    op.create_index(
        "ix_contacts_operator_id_source_key_state_id",
        "contacts",
        ["operator_id", "source_key", "state", "id"],
    )


def downgrade() -> None:
    op.drop_index("ix_contacts_operator_id_source_key_state_id", table_name="contacts")
    op.drop_index("ix_contacts_operator_id_state_id", table_name="contacts")
    op.create_index(
        "ix_contacts_operator_id_state_id_source_key",
        "contacts",
        ["operator_id", "state", "id", "source_key"],
    )
