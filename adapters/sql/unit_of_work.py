"""The unit of work over SQLAlchemy: one connection, one transaction."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from adapters.sql.catalogue import SqlOperators, SqlSources
from adapters.sql.contacts import SqlContacts
from adapters.sql.dispatches import SqlDispatches
from adapters.sql.engine import Database, storage_unavailable
from adapters.sql.leads import SqlLeads
from application.ports import Rolls, StorageAway, UnitOfWork

logger = logging.getLogger(__name__)


class SqlUnitOfWork(UnitOfWork):
    """One writing transaction; see `application.ports.UnitOfWork`."""

    def __init__(self, database: Database, rolls: Rolls) -> None:
        self._database = database
        self._rolls = rolls
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            connection = stack.enter_context(writing(self._database))
            self.operators = SqlOperators(connection)
            self.sources = SqlSources(connection)
            self.leads = SqlLeads(connection)
            self.contacts = SqlContacts(connection)
            self.dispatches = SqlDispatches(connection, self._rolls)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)


@contextmanager
def writing(database: Database) -> Iterator[Connection]:
    """Run a writing transaction; database errors leave as StorageUnavailable.

    They come as SQLAlchemy's, or as the driver's own from the statements of the hot path.
    """
    begun = False
    try:
        with database.turn(), database.write.begin() as connection:
            begun = True
            yield connection
    except (DBAPIError, database.write.dialect.loaded_dbapi.Error) as error:
        # The driver's own words: SQLAlchemy's hold the values, which are people's data.
        logger.warning("a transaction was rolled back: %s", getattr(error, "orig", error))
        failure = storage_unavailable(error)
        raise (failure if begun else StorageAway(*failure.args)) from error
