"""The credits of a source in one value: every contact moves all of them.

As a column of the allocations, they took an update per operator in every transaction: a thousand
operators, a thousand updates.
"""

import struct
from itertools import groupby
from operator import attrgetter

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Id

revision = "0002"
down_revision = "0001"

_sources = sa.table("sources", sa.column("key"), sa.column("credits"))
_weights = sa.table(
    "allocations", sa.column("source_key"), sa.column("operator_id", Id), sa.column("weight")
)
_allocations = sa.table(
    "allocations",
    sa.column("source_key"),
    sa.column("operator_id", Id),
    sa.column("weight"),
    sa.column("credit"),
)


def upgrade() -> None:
    op.add_column(
        "sources", sa.Column("credits", sa.LargeBinary(), server_default="", nullable=False)
    )
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(_allocations.c.source_key, _allocations.c.credit).order_by(
            _allocations.c.source_key, _allocations.c.operator_id
        )
    ).all()
    connection.execute(sa.update(_sources).values(credits=b""))
    for key, group in groupby(rows, attrgetter("source_key")):
        credits = [row.credit for row in group]
        connection.execute(
            sa.update(_sources)
            .where(_sources.c.key == key)
            .values(credits=struct.pack(f"<{len(credits)}q", *credits))
        )
    op.drop_column("allocations", "credit")


def downgrade() -> None:
    connection = op.get_bind()
    credits = {
        row.key: struct.unpack(f"<{len(row.credits) // 8}q", row.credits)
        for row in connection.execute(sa.select(_sources))
    }
    weights = connection.execute(
        sa.select(_weights).order_by(_weights.c.source_key, _weights.c.operator_id)
    ).all()
    op.drop_table("allocations")
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
    op.create_index(op.f("ix_allocations_operator_id"), "allocations", ["operator_id"])
    rows = [
        {**row._mapping, "credit": credit}  # noqa: SLF001 -- SQLAlchemy's public name for it
        for key, group in groupby(weights, attrgetter("source_key"))
        for row, credit in zip(group, credits[key], strict=True)
    ]
    if rows:
        connection.execute(sa.insert(_allocations), rows)
    op.drop_column("sources", "credits")
