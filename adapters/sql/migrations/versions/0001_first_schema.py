"""The first schema."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Id, Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "leads",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "operators",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("load", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.CheckConstraint("capacity >= 0", name=op.f("ck_operators_capacity")),
        sa.CheckConstraint("load >= 0", name=op.f("ck_operators_load")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sources",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("strategy", sa.String(length=16), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.CheckConstraint("waiting >= 0", name=op.f("ck_sources_waiting")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sources")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "allocations",
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("operator_id", Id, nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("weight >= 0", name=op.f("ck_allocations_weight")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_allocations_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.key"], name=op.f("fk_allocations_source_key")
        ),
        sa.PrimaryKeyConstraint("source_key", "operator_id", name=op.f("pk_allocations")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_allocations_operator_id"), "allocations", ["operator_id"], unique=False
    )
    op.create_table(
        "assigned_counts",
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("hours", sa.SmallInteger(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("operator_id", Id, nullable=False),
        sa.Column("contacts", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_assigned_counts_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.key"], name=op.f("fk_assigned_counts_source_key")
        ),
        sa.PrimaryKeyConstraint(
            "source_key", "hours", "start", "operator_id", name=op.f("pk_assigned_counts")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contacts",
        sa.Column("id", Id, nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("lead_id", Id, nullable=False),
        sa.Column("operator_id", Id, nullable=True),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("lead_created", sa.Boolean(), nullable=False),
        sa.Column("conflicts", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("assigned_at", Moment, nullable=True),
        sa.Column("closed_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_contacts_lead_id")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_contacts_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.key"], name=op.f("fk_contacts_source_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contacts_lead_id_id", "contacts", ["lead_id", "id"], unique=False)
    op.create_index("ix_contacts_operator_id_id", "contacts", ["operator_id", "id"], unique=False)
    op.create_index("ix_contacts_source_key_id", "contacts", ["source_key", "id"], unique=False)
    op.create_index("ix_contacts_state_id", "contacts", ["state", "id"], unique=False)
    op.create_index(
        "ix_contacts_waiting",
        "contacts",
        ["source_key", "id"],
        unique=False,
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.create_table(
        "identities",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lead_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_identities_lead_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_identities")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_identities_lead_id"), "identities", ["lead_id"], unique=False)
    op.create_table(
        "registered_counts",
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("hours", sa.SmallInteger(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("contacts", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.key"], name=op.f("fk_registered_counts_source_key")
        ),
        sa.PrimaryKeyConstraint("source_key", "hours", "start", name=op.f("pk_registered_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lineups",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("lineup", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_lineups")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("lineup", sa.LargeBinary(), nullable=False),
        sa.Column("decision", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_decisions_contact_id")
        ),
        sa.ForeignKeyConstraint(["lineup"], ["lineups.digest"], name=op.f("fk_decisions_lineup")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_decisions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_idempotency_keys_contact_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_keys")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "transfers",
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("previous_id", Id, nullable=True),
        sa.Column("operator_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_transfers_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_transfers_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["operators.id"], name=op.f("fk_transfers_previous_id")
        ),
        sa.PrimaryKeyConstraint("contact_id", "number", name=op.f("pk_transfers")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("transfers")
    op.drop_table("idempotency_keys")
    op.drop_table("decisions")
    op.drop_table("lineups")
    op.drop_table("registered_counts")
    op.drop_index(op.f("ix_identities_lead_id"), table_name="identities")
    op.drop_table("identities")
    op.drop_index(
        "ix_contacts_waiting",
        table_name="contacts",
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.drop_index("ix_contacts_state_id", table_name="contacts")
    op.drop_index("ix_contacts_source_key_id", table_name="contacts")
    op.drop_index("ix_contacts_operator_id_id", table_name="contacts")
    op.drop_index("ix_contacts_lead_id_id", table_name="contacts")
    op.drop_table("contacts")
    op.drop_table("assigned_counts")
    op.drop_index(op.f("ix_allocations_operator_id"), table_name="allocations")
    op.drop_table("allocations")
    op.drop_table("sources")
    op.drop_table("operators")
    op.drop_table("leads")
