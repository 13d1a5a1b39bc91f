"""PostgreSQL statements that wait for no answer until one is wanted.

A registration begins, looks for identities, writes and commits in four round trips instead of a
dozen; after each one, its thread would also wait for its turn in the interpreter.
"""

from typing import Any, Final

from sqlalchemy import Connection

_PIPELINE: Final = "fairlead_pipeline"
"""The key in a connection's info for the block that was entered, and the pipeline."""


def begin_pipeline(connection: Connection) -> None:
    """From now on wait for no answer, except for rows that are fetched."""
    driver: Any = connection.connection.driver_connection
    block = driver.pipeline()
    connection.info[_PIPELINE] = block, block.__enter__()


def synchronise(connection: Connection) -> None:
    """End a stretch of statements, if there is a pipeline; call it before waiting for an answer.

    Until then the server considers the session busy. If its host went away meanwhile, the lock
    would be held until somebody noticed, and no time-out for idle transactions would end it.
    """
    found = connection.info.get(_PIPELINE)
    if found is not None:
        _, pipeline = found
        pipeline.sync()


def in_pipeline(connection: Connection) -> bool:
    """Tell whether the connection waits for no answers."""
    return not connection.invalidated and _PIPELINE in connection.info


def end_pipeline(connection: Connection) -> None:
    """Wait for all outstanding answers, and from now on for every answer.

    Raises:
        psycopg.Error: of the first statement that failed.
    """
    found = None if connection.invalidated else connection.info.pop(_PIPELINE, None)
    if found is not None:
        block, pipeline = found
        # Through the dialect: with SQLite the driver is never imported, which saves 8 MiB.
        try:
            block.__exit__(None, None, None)
        except connection.dialect.loaded_dbapi.OperationalError:
            # The server's last message may arrive before the end of the connection. Then there is
            # no way out of the pipeline, and no statement can be sent, not even a rollback.
            if pipeline.status != type(pipeline.status).OFF:
                driver: Any = connection.connection.driver_connection
                driver.close()
            raise
