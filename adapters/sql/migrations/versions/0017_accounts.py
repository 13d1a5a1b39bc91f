"""Accounts: what each operator of a source was entitled to, hour by hour."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Credits

revision = "0017"
down_revision = "0016"

_MOVED = ("owed", "while_full", "while_unavailable")
_sources = sa.table(
    "sources",
    *(sa.column("key"), sa.column("accounted_from")),
    *(sa.column(name, Credits) for name in ("credits", "booked", "meanwhile")),
)
_counts = sa.table(
    "assigned_counts", *(sa.column(name) for name in ("source_key", "hours", "start"))
)


def upgrade() -> None:
    for name in ("booked", "meanwhile"):
        op.add_column("sources", sa.Column(name, Credits, nullable=False, server_default=""))
    for name in ("hour", "accounted_from"):
        op.add_column("sources", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    for name in _MOVED:
        op.add_column(
            "assigned_counts",
            sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"),
        )
    for key, credits in op.get_bind().execute(sa.select(_sources.c.key, _sources.c.credits)).all():
        of_source = _sources.update().where(_sources.c.key == key)
        op.execute(of_source.values(booked=credits, meanwhile=(0,) * (2 * len(credits))))
    # What is counted already was granted by credits that nobody remembers. The hours are asked, not
    # the clock: it may be ahead while this runs, and was perhaps ahead when contacts were counted.
    last = (
        sa.select(sa.func.max(_counts.c.start) + 1)
        .where(_counts.c.source_key == _sources.c.key, _counts.c.hours == 1)
        .scalar_subquery()
    )
    op.execute(_sources.update().values(accounted_from=sa.func.coalesce(last, 0)))


def downgrade() -> None:
    # Hours in which an operator got nothing have a row all the same.
    op.execute("DELETE FROM assigned_counts WHERE contacts = 0")
    for name in _MOVED:
        op.drop_column("assigned_counts", name)
    for name in ("accounted_from", "hour", "meanwhile", "booked"):
        op.drop_column("sources", name)
