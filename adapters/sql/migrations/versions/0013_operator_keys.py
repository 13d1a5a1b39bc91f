"""Keys of operators, made from their names."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import BytewiseText, Id
from domain.naming import free_key, key_of

revision = "0013"
down_revision = "0012"

operators = sa.table(
    "operators", sa.column("id", Id), sa.column("name", sa.Text), sa.column("key", BytewiseText)
)


def upgrade() -> None:
    # With a default, SQLite need not rewrite the table.
    op.add_column("operators", sa.Column("key", BytewiseText, nullable=False, server_default=""))
    connection, taken = op.get_bind(), set[str]()
    for operator_id, name in connection.execute(
        sa.select(operators.c.id, operators.c.name).order_by(operators.c.id)
    ).all():
        key = free_key(key_of(name, "operator"), taken)
        taken.add(key)
        connection.execute(
            sa.update(operators).where(operators.c.id == operator_id).values(key=key)
        )
    op.create_index("uq_operators_key", "operators", ["key"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_operators_key", "operators")
    op.drop_column("operators", "key")
