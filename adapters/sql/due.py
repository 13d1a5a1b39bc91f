"""What falls due, in SQL."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select

from adapters.sql.engine import ReadDatabase
from adapters.sql.kept import Kept
from adapters.sql.prepared import Prepared, PreparedInsert, among
from adapters.sql.reading import reading
from adapters.sql.tables import DueRow
from application.ports.due import DueItem, DueItems, DueReader

# Without LIMIT, for which SQLite's dialect adds a parameter of its own.
_soonest = select(func.min(DueRow.at)).where(among(DueRow.kind, "kinds")).scalar_subquery()
_first = (
    select(DueRow.at, DueRow.kind, DueRow.subject)
    .where(DueRow.at == _soonest, among(DueRow.kind, "kinds"))
    .order_by(DueRow.kind, DueRow.subject)
)
_first_prepared = Prepared(_first, "kinds")
_insert = PreparedInsert(DueRow, "at", "kind", "subject")
_of_kind = delete(DueRow).where(DueRow.kind == bindparam("of"))
_remove = Prepared(
    delete(DueRow).where(DueRow.kind == bindparam("of"), DueRow.subject == bindparam("what")),
    *("of", "what"),
)


class SqlDueItems(DueItems):
    """See `application.ports.due.DueItems`.

    When the first is due is kept from one unit of work to the next while nobody else writes, so
    that asking for it costs a registration nothing.
    """

    def __init__(self, connection: Connection, kept: Kept) -> None:
        self._connection = connection
        self._kept = kept

    def earliest(self, kinds: Collection[str]) -> datetime | None:
        kept = self._kept
        if not kept.knows_due:
            first = self._first(kinds)
            kept.due, kept.knows_due = None if first is None else first.at, True
        return kept.due

    def planned(self, kind: str) -> datetime | None:
        first = self._first([kind])
        return None if first is None else first.at

    def take(self, kinds: Collection[str], until: datetime) -> DueItem | None:
        first = self._first(kinds)
        if first is None or first.at > until:
            return None
        _remove.run(self._connection, [(first.kind, first.subject)])
        self._kept.knows_due = False
        return first

    def put(self, item: DueItem) -> None:
        _remove.run(self._connection, [(item.kind, item.subject)])
        _insert.run(self._connection, [item])
        self._kept.knows_due = False

    def cancel(self, kind: str) -> None:
        self._connection.execute(_of_kind, {"of": kind})
        self._kept.knows_due = False

    def _first(self, kinds: Collection[str]) -> DueItem | None:
        for row in _first_prepared.fetch(self._connection, list(kinds)):
            return DueItem(*row)
        return None


class SqlDueReader(DueReader):
    """See `application.ports.due.DueReader`."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database

    def earliest(self, kinds: Collection[str]) -> datetime | None:
        with reading(self._database) as connection:
            row = connection.execute(_first, {"kinds": list(kinds)}).first()
        return None if row is None else row.at
