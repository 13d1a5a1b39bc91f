"""Dispatches in SQL: the locks, the slots and the counters."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from adapters.sql.events import LAST_ROW, last_number
from adapters.sql.kept import Kept
from adapters.sql.operators import OPERATOR_COLUMNS, operator_of
from adapters.sql.prepared import Prepared, PreparedInsert, among, among_ids, fetch_all
from adapters.sql.sources import MOVING_COLUMNS, SOURCE_COLUMNS, source_of
from adapters.sql.tables import (
    COUNTED_HOURS,
    AllocationRow,
    AssignedCountRow,
    OperatorRow,
    RegisteredCountRow,
    SourceRow,
)
from application.ports.dispatches import Dispatches
from application.ports.failures import StorageUnavailable
from application.ports.system import Rolls
from domain.account import Moved
from domain.dispatch import Dispatch, SourceState
from domain.ids import OperatorId
from domain.operator import Operator
from domain.source import Source

_served = Prepared(
    select(AllocationRow.source_key).where(among_ids(AllocationRow.operator_id, "operators")),
    "operators",
)
_sources = Prepared(
    select(*SOURCE_COLUMNS).where(among(SourceRow.key, "keys")).order_by(SourceRow.key), "keys"
)
_allocations = Prepared(
    select(
        AllocationRow.source_key,
        AllocationRow.operator_id,
        AllocationRow.weight,
    )
    .where(among(AllocationRow.source_key, "keys"))
    .order_by(AllocationRow.source_key, AllocationRow.operator_id),
    "keys",
)
_operators = Prepared(
    select(*OPERATOR_COLUMNS)
    .where(
        OperatorRow.id.in_(
            select(AllocationRow.operator_id).where(among(AllocationRow.source_key, "keys"))
        )
    )
    .order_by(OperatorRow.id),
    "keys",
)
_named = Prepared(
    select(*OPERATOR_COLUMNS)
    .where(among_ids(OperatorRow.id, "operators"))
    .order_by(OperatorRow.id),
    "operators",
)
_moved_sources = Prepared(
    select(*MOVING_COLUMNS).where(among(SourceRow.key, "keys")),
    "keys",
)
_loads = Prepared(
    select(OperatorRow.id, OperatorRow.load).where(among_ids(OperatorRow.id, "operators")),
    "operators",
)
_keys = Prepared(
    select(OperatorRow.key).where(
        OperatorRow.key >= bindparam("first"), OperatorRow.key < bindparam("end")
    ),
    *("first", "end"),
)
_take_slots = Prepared(
    update(OperatorRow)
    .where(
        OperatorRow.id == bindparam("operator"),
        OperatorRow.active,
        OperatorRow.load + bindparam("slots") <= OperatorRow.capacity,
    )
    .values(load=OperatorRow.load + bindparam("slots")),
    "operator",
    "slots",
)
_free_slots = Prepared(
    update(OperatorRow)
    .where(OperatorRow.id == bindparam("operator"))
    .values(load=OperatorRow.load + bindparam("slots")),
    "operator",
    "slots",
)
_save_credits = Prepared(
    update(SourceRow)
    .where(SourceRow.key == bindparam("source"))
    .values(credits=bindparam("credits")),
    "source",
    "credits",
)
_save_waiting = Prepared(
    update(SourceRow)
    .where(SourceRow.key == bindparam("source"))
    .values(waiting=bindparam("waiting")),
    "source",
    "waiting",
)
_save_booked = Prepared(
    update(SourceRow)
    .where(SourceRow.key == bindparam("source"))
    .values({name: bindparam(name) for name in ("booked", "meanwhile", "hour")}),
    *("source", "booked", "meanwhile", "hour"),
)
_count_registered = PreparedInsert(
    RegisteredCountRow, "source_key", "hours", "start", "contacts", existing=["contacts"]
)
_count_assigned = PreparedInsert(
    AssignedCountRow,
    *("source_key", "hours", "start", "operator_id", "contacts"),
    existing=["contacts"],
)
_count_accounts = PreparedInsert(
    AssignedCountRow,
    *("source_key", "hours", "start", "operator_id", "contacts", *Moved._fields),
    existing=Moved._fields,
)


class SqlDispatches(Dispatches):
    """See `application.ports.dispatches.Dispatches`."""

    def __init__(self, connection: Connection, rolls: Rolls, kept: Kept) -> None:
        self._connection = connection
        self._rolls = rolls
        self._kept = kept

    def load(
        self,
        *,
        sources: Iterable[str] = (),
        served_by: Iterable[OperatorId] = (),
        operators: Iterable[OperatorId] = (),
    ) -> Dispatch:
        kept, served_by, wanted = self._kept, set(served_by), set(sources)
        named = served_by.union(operators)
        if kept.current and not named and kept.dispatch and wanted <= kept.dispatch.sources.keys():
            # The usual case: registrations on known sources.
            return kept.dispatch
        if kept.dispatch is not None and not kept.current and not kept.same_settings:
            # Others may have given these operators sources that are not in the dispatch.
            kept.served.clear()
        if not served_by <= kept.served:
            found = _served.fetch(self._connection, list(served_by - kept.served))
            wanted.update(key for (key,) in found)
            kept.served |= served_by
        if kept.dispatch is None:
            kept.dispatch, kept.current = Dispatch([], [], self._rolls), True
        elif not kept.current:
            self._refresh(kept, kept.dispatch, wanted, named)
        dispatch = kept.dispatch
        missing, unknown = wanted - dispatch.sources.keys(), named - dispatch.operators.keys()
        if missing or unknown:
            loaded = self._load(missing, unknown)
            dispatch.include(loaded.sources(), loaded.operators())
            kept.named |= unknown
            everything = missing >= dispatch.sources.keys()
            kept.settled = loaded.settled() if everything else None
        return dispatch

    def operator_keys(self, beginning: str) -> set[str]:
        # No character of a key sorts after this one.
        rows = _keys.fetch(self._connection, beginning, f"{beginning}\x7f")
        return {key for (key,) in rows}

    def store(self, dispatch: Dispatch) -> None:
        """Store loads, credits, queue lengths and counters."""
        self._save_credits(dispatch.settle())
        self._save_booked(dispatch)
        self._save_waiting(dispatch)
        self._save_counters(dispatch)
        # Last, since it waits for an answer.
        self._save_slots(dispatch)

    def _refresh(
        self, kept: Kept, dispatch: Dispatch, wanted: set[str], named: set[OperatorId]
    ) -> None:
        """Bring the kept dispatch up to date with what others have written, and add to it."""
        if kept.same_settings:
            self._refresh_what_moves(dispatch)
        else:
            kept.named |= named
            loaded = self._load(wanted | dispatch.sources.keys(), kept.named)
            settled = loaded.settled()
            if settled == kept.settled:
                dispatch.refresh(loaded.moved(), loaded.loads())
            else:
                dispatch.renew(loaded.sources(), loaded.operators())
                kept.settled = settled
                kept.lineups.clear()
        kept.current = True

    def _refresh_what_moves(self, dispatch: Dispatch) -> None:
        """Read what contacts change as they come and go: people have set nothing since."""
        sources: Any
        loads: Any
        last: Any
        # The number of the last event on the same way: otherwise the log would ask for it.
        sources, loads, last = fetch_all(
            self._connection,
            (_moved_sources, [[*dispatch.sources]]),
            (_loads, [[*dispatch.operators]]),
            (LAST_ROW, []),
        )
        if self._kept.last_event is None:
            self._kept.last_event = last_number(last)
        moved = [SourceState(*each) for each in sources]
        self._kept.waiting.update((each.key, each.waiting) for each in moved)
        dispatch.refresh(moved, loads)

    def _load(self, keys: Iterable[str], named: Iterable[OperatorId]) -> "_Loaded":
        """Read sources, their allocations, every operator allocated to them, and those named."""
        listed = [[*keys]]
        statements: list[tuple[Prepared, Sequence[Any]]] = [
            (_sources, listed),
            (_allocations, listed),
            (_operators, listed),
        ]
        if others := [*named]:
            statements.append((_named, [others]))
        loaded = _Loaded(*fetch_all(self._connection, *statements))
        self._kept.waiting.update((each.key, each.waiting) for each in loaded.moved())
        return loaded

    def _save_slots(self, dispatch: Dispatch) -> None:
        moved = dispatch.slots.items()
        taken = [(operator_id, slots) for operator_id, slots in moved if slots > 0]
        freed = [(operator_id, slots) for operator_id, slots in moved if slots < 0]
        _free_slots.run(self._connection, freed)
        if _take_slots.touched(self._connection, taken) != len(taken):
            raise StorageUnavailable("an operator changed while its slot was taken; try again.")

    def _save_credits(self, moved: Iterable[Source]) -> None:
        _save_credits.run(
            self._connection,
            [(source.key, [each.credit for each in source.allocations]) for source in moved],
        )

    def _save_booked(self, dispatch: Dispatch) -> None:
        states = map(SourceState.of, dispatch.booked.values())
        _save_booked.run(
            self._connection,
            [(each.key, each.booked, each.meanwhile, each.hour) for each in states],
        )

    def _save_waiting(self, dispatch: Dispatch) -> None:
        stored = self._kept.waiting
        changed = [
            (key, source.waiting)
            for key, source in dispatch.sources.items()
            if stored.get(key, 0) != source.waiting
        ]
        _save_waiting.run(self._connection, changed)
        stored.update(changed)

    def _save_counters(self, dispatch: Dispatch) -> None:
        # Added up first: several hours may belong to one day.
        registered: defaultdict[tuple[str, int, int], int] = defaultdict(int)
        assigned: defaultdict[tuple[str, int, int, OperatorId], int] = defaultdict(int)
        accounts: defaultdict[tuple[str, int, int, OperatorId], Moved] = defaultdict(Moved)
        for hours in COUNTED_HOURS:
            for (key, hour), number in dispatch.registered.items():
                registered[key, hours, hour // hours * hours] += number
            for (key, operator_id, hour), number in dispatch.assigned.items():
                assigned[key, hours, hour // hours * hours, operator_id] += number
            for (key, operator_id, hour), moved in dispatch.accounts.items():
                counted = key, hours, hour // hours * hours, operator_id
                accounts[counted] = accounts[counted].plus(moved)
        _count_registered.run(
            self._connection, [(*counted, number) for counted, number in registered.items()]
        )
        _count_assigned.run(
            self._connection, [(*counted, number) for counted, number in assigned.items()]
        )
        _count_accounts.run(
            self._connection, [(*counted, 0, *moved) for counted, moved in accounts.items()]
        )


class _Loaded(NamedTuple):
    """Rows, with their columns in the order of the statements that they come from."""

    source_rows: Sequence[Sequence[Any]]
    allocation_rows: Sequence[Sequence[Any]]
    allocated_rows: Sequence[Sequence[Any]]
    named_rows: Sequence[Sequence[Any]] = ()

    def sources(self) -> list[Source]:
        weights: defaultdict[str, list[tuple[OperatorId, int]]] = defaultdict(list)
        for key, operator_id, weight in self.allocation_rows:
            weights[key].append((operator_id, weight))
        return [source_of(row, weights[row[0]]) for row in self.source_rows]

    def operators(self) -> list[Operator]:
        return [operator_of(row) for row in self._operator_rows]

    def settled(self) -> object:
        """Everything that stays the same when contacts come, go and change hands."""
        return (
            [row[:-5] for row in self.source_rows],
            self.allocation_rows,
            [row[:-1] for row in self._operator_rows],
        )

    def moved(self) -> list[SourceState]:
        """What does not, for each source."""
        return [SourceState(row[0], *row[-5:]) for row in self.source_rows]

    def loads(self) -> list[tuple[OperatorId, int]]:
        return [(row[0], row[-1]) for row in self._operator_rows]

    @property
    def _operator_rows(self) -> list[Sequence[Any]]:
        return [*self.allocated_rows, *self.named_rows]
