"""Whether anything was stored, by this process or by any other."""

from adapters.sql.engine import Database, storage_unavailable
from application.ports.storage import Changes


class SqlChanges(Changes):
    """See `application.ports.storage.Changes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def token(self) -> object:
        try:
            return self._database.changes()
        except self._database.errors as error:
            raise storage_unavailable(self._database.explained(error)) from error
