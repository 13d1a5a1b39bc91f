"""Alembic's entry: it runs on the connection, and in the transaction, that migrate() opened."""

from alembic import context

from adapters.sql.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
)
context.run_migrations()
