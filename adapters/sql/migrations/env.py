"""Alembic's entry point: runs on the connection, in the transaction, that migrate() opened."""

from alembic import context

from adapters.sql.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
)
context.run_migrations()
