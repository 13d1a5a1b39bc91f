"""Words of names, ends of phones and unread identities; moments and lineups that are correct.

Leads are found by any word of a name, whatever its case, so the index of whole names goes. For a
contact that changed hands, `assigned_at` was the last time; from now on it is the first. If a
picker had assigned it before, that moment was not kept: the first transfer is the nearest there is.
"""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import BytewiseText, Id, Moment
from domain.lead import words_of

revision = "0010"
down_revision = "0009"

_CHUNK = 5000
_leads = sa.table("leads", sa.column("id", Id), sa.column("name"))
_words = sa.table("lead_words", sa.column("word"), sa.column("lead_id", Id))
_contacts = sa.table("contacts", sa.column("id", Id), sa.column("assigned_at", Moment))
_transfers = sa.table(
    "transfers", sa.column("contact_id", Id), sa.column("number"), sa.column("at", Moment)
)
_lineups = sa.table("lineups", sa.column("digest"), sa.column("lineup"))


def upgrade() -> None:
    op.create_table(
        "unread_identities",
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_unread_identities_contact_id")
        ),
        sa.PrimaryKeyConstraint("contact_id", "kind", name=op.f("pk_unread_identities")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lead_words",
        sa.Column("word", BytewiseText, nullable=False),
        sa.Column("lead_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_lead_words_lead_id")),
        sa.PrimaryKeyConstraint("word", "lead_id", name=op.f("pk_lead_words")),
        sqlite_with_rowid=False,
    )
    tail = "right(key, 4)" if _on_postgresql() else "substr(key, -4)"
    op.execute(
        f'CREATE INDEX ix_identities_phone_tail ON identities ({tail}, "key") '
        "WHERE key >= 'phone:' AND key < 'phone;'"
    )
    op.drop_index("ix_leads_name_id", table_name="leads")
    connection = op.get_bind()
    _index_names(connection)
    _first_assignments(connection)
    for digest, lineup in connection.execute(sa.select(_lineups)).all():
        _set_lineup(connection, digest, b"\x01" + bytes(lineup))


def downgrade() -> None:
    connection = op.get_bind()
    for digest, lineup in connection.execute(sa.select(_lineups)).all():
        _set_lineup(connection, digest, bytes(lineup)[1:])
    op.create_index(
        "ix_leads_name_id",
        "leads",
        ["name", "id"],
        sqlite_where=sa.text("name IS NOT NULL"),
        postgresql_where=sa.text("name IS NOT NULL"),
    )
    op.drop_index("ix_identities_phone_tail", table_name="identities")
    op.drop_table("lead_words")
    op.drop_table("unread_identities")


def _index_names(connection: sa.Connection) -> None:
    last = None
    while True:
        named = sa.select(_leads).where(_leads.c.name.is_not(None))
        if last is not None:
            named = named.where(_leads.c.id > last)
        rows = connection.execute(named.order_by(_leads.c.id).limit(_CHUNK)).all()
        if not rows:
            return
        words = [
            {"word": word, "lead_id": row.id} for row in rows for word in sorted(words_of(row.name))
        ]
        if words:
            connection.execute(sa.insert(_words), words)
        last = rows[-1].id


def _first_assignments(connection: sa.Connection) -> None:
    first = (
        sa.select(_transfers.c.at)
        .where(_transfers.c.contact_id == _contacts.c.id, _transfers.c.number == 1)
        .scalar_subquery()
    )
    connection.execute(
        sa.update(_contacts)
        .where(_contacts.c.id.in_(sa.select(_transfers.c.contact_id)))
        .values(assigned_at=first)
    )


def _set_lineup(connection: sa.Connection, digest: bytes, lineup: bytes) -> None:
    connection.execute(sa.update(_lineups).where(_lineups.c.digest == digest).values(lineup=lineup))


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
