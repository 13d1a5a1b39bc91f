"""Statements of PostgreSQL that wait for no answer until one is wanted.

A registration begins, looks for identities, writes and commits in four round trips instead of a
dozen; after each, its thread would also wait for its turn in the interpreter.
"""

from typing import Any, Final

from sqlalchemy import Connection

_PIPELINE: Final = "fairlead_pipeline"
"""Where it stands in a connection's info."""


def begin_pipeline(connection: Connection) -> None:
    """Wait for no answer from now on, but to rows that are fetched."""
    driver: Any = connection.connection.driver_connection
    pipeline = driver.pipeline()
    pipeline.__enter__()
    connection.info[_PIPELINE] = pipeline


def end_pipeline(connection: Connection) -> None:
    """Wait for what has not been answered, if anything, and for every answer from now on.

    Raises:
        psycopg.Error: of the first statement that failed.
    """
    pipeline = None if connection.invalidated else connection.info.pop(_PIPELINE, None)
    if pipeline is not None:
        pipeline.__exit__(None, None, None)
