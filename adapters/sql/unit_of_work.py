"""The unit of work over SQLAlchemy: one connection, one transaction."""

import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from adapters.sql.audit import SqlAudit
from adapters.sql.contacts import SqlContacts
from adapters.sql.dispatches import SqlDispatches
from adapters.sql.due import SqlDueItems
from adapters.sql.endpoints import SqlEndpoints
from adapters.sql.engine import Database, Turn, storage_unavailable
from adapters.sql.events import SqlEventLog
from adapters.sql.kept import Keeper
from adapters.sql.keys import SqlKeys
from adapters.sql.leads import SqlLeads
from adapters.sql.operators import add_operators, change_operators
from adapters.sql.sources import add_sources, change_sources, replace_allocations
from application.assignment_times import Assignments, AssignmentTimes
from application.ports.events import contact_entries
from application.ports.failures import StorageUnavailable
from application.ports.system import Rolls
from application.ports.unit_of_work import UnitOfWork
from domain.actor import SCRIPT
from domain.dispatch import Dispatch
from domain.events import (
    AllocationsChanged,
    CatalogueEvent,
    Event,
    OperatorChanged,
    OperatorCreated,
    Registered,
    SourceChanged,
    SourceCreated,
)

logger = logging.getLogger(__name__)


class SqlUnitOfWork(UnitOfWork):
    """One writing transaction; see `application.ports.unit_of_work.UnitOfWork`."""

    def __init__(
        self, database: Database, keeper: Keeper, rolls: Rolls, times: AssignmentTimes
    ) -> None:
        self._database = database
        self._keeper = keeper
        self._rolls = rolls
        self._times = times
        self._assigned: list[Assignments] = []
        self.actor = SCRIPT.name
        self._begun = False
        self._set_differently = False
        self.dispatches: SqlDispatches
        self.contacts: SqlContacts

    def __enter__(self) -> Self:
        if not self._begun:
            self._take(self._database.begin())
        return self

    def begin_at_once(self) -> bool:
        turn = self._database.begin_at_once()
        if turn is not None:
            self._take(turn)
        return self._begun

    def save(self, dispatch: Dispatch) -> None:
        events = dispatch.events
        registered = [each for each in events if isinstance(each, Registered)]
        others = events if len(registered) < len(events) else ()
        self._save_catalogue(others)
        dispatch.done_by(self.actor)
        self.events.add(contact_entries(events, dispatch.actors))
        self.leads.learn([each.lesson for each in registered if each.lesson])
        self.contacts.store(registered, others)
        self.dispatches.store(dispatch)
        self._assigned.append(Assignments.of(dispatch))
        dispatch.forget_changes()
        if dispatch is not self._kept.dispatch:
            self._kept.forget()

    def commit(self) -> None:
        try:
            self._database.commit(self._turn)
        except self._database.errors as error:
            raise self._rolled_back(error) from error
        self._keeper.give(self._kept)
        for each in self._assigned:
            self._times.note(each)
        if self.leads.removed or self.contacts.removed:
            self._database.wipe()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None and self._turn.connection.in_transaction():
                self.commit()
        finally:
            # Rolls back what is not committed.
            self._database.end(self._turn)
        if isinstance(error, self._database.errors):
            raise self._rolled_back(error) from error

    def _save_catalogue(self, events: Sequence[Event]) -> None:
        """Store what people change in operators and sources; what refers to them comes later."""
        if not any(isinstance(each, CatalogueEvent) for each in events):
            return
        connection = self._turn.connection
        made = [each.operator for each in events if isinstance(each, OperatorCreated)]
        add_operators(connection, made)
        said = [each.operator for each in events if isinstance(each, OperatorChanged)]
        change_operators(connection, said)
        add_sources(connection, [each.source for each in events if isinstance(each, SourceCreated)])
        changed = [each.source for each in events if isinstance(each, SourceChanged)]
        change_sources(connection, changed)
        allocated = [each.source for each in events if isinstance(each, AllocationsChanged)]
        replace_allocations(connection, allocated)
        self._kept.unsettle()
        if not self._set_differently:
            self._set_differently = True
            self._kept.finds = self._database.set_differently(self._turn)

    def _take(self, turn: Turn) -> None:
        self._turn, connection = turn, turn.connection
        self._kept = kept = self._keeper.take(turn)
        self.leads = SqlLeads(connection)
        self.contacts = SqlContacts(connection, kept)
        self.keys = SqlKeys(connection)
        self.audit = SqlAudit(connection)
        self.due = SqlDueItems(connection, kept)
        self.events = SqlEventLog(connection, kept)
        self.endpoints = SqlEndpoints(connection)
        self.dispatches = SqlDispatches(connection, self._rolls, kept)
        self._begun = True

    def _rolled_back(self, error: BaseException) -> StorageUnavailable:
        # The first line of the driver's own message: SQLAlchemy's holds the values, which are
        # people's data, and so do the details that PostgreSQL adds below.
        reason, *_ = str(getattr(error, "orig", None) or error).strip().splitlines() or [""]
        logger.warning("a transaction was rolled back: %s", reason)
        return storage_unavailable(self._database.explained(error))
