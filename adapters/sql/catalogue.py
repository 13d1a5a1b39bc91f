"""Reads operators and sources for display, from SQL."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import aliased

from adapters.sql.engine import ReadDatabase
from adapters.sql.operators import OPERATOR_COLUMNS, operator_of
from adapters.sql.reading import AnyRow, chunks, reading
from adapters.sql.tables import AllocationRow, OperatorRow, SourceRow
from application.ports.catalogue import CatalogueReader
from application.ports.operators import OperatorView
from application.ports.paging import Page
from application.ports.sources import ServedSource, SourceView, allocation_views
from domain.errors import UnknownOperator, UnknownSource
from domain.ids import OperatorId

_sources = (
    select(
        SourceRow.key,
        SourceRow.name,
        SourceRow.strategy,
        SourceRow.waiting,
        SourceRow.created_at,
    )
    .where(SourceRow.key.in_(bindparam("keys", expanding=True)))
    .order_by(SourceRow.key)
)
_of_these = AllocationRow.source_key.in_(bindparam("keys", expanding=True))
_allocations = (
    select(AllocationRow.source_key, AllocationRow.operator_id, AllocationRow.weight)
    .where(_of_these)
    .order_by(AllocationRow.source_key, AllocationRow.operator_id)
)
_names = select(OperatorRow.id, OperatorRow.name).where(
    OperatorRow.id.in_(select(AllocationRow.operator_id).where(_of_these))
)
_own = aliased(AllocationRow)
_served = (
    select(SourceRow.key, SourceRow.name, _own.weight, func.sum(AllocationRow.weight))
    .join(_own, _own.source_key == SourceRow.key)
    .join(AllocationRow, AllocationRow.source_key == SourceRow.key)
    .where(_own.operator_id == bindparam("operator_id"))
    .group_by(SourceRow.key, SourceRow.name, _own.weight)
    .order_by(SourceRow.key)
)


class SqlCatalogueReader(CatalogueReader):
    """See `application.ports.catalogue.CatalogueReader`."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database

    def operator(self, operator_id: OperatorId) -> OperatorView:
        with reading(self._database) as connection:
            row = connection.execute(
                select(*OPERATOR_COLUMNS).where(OperatorRow.id == operator_id)
            ).one_or_none()
        if row is None:
            raise UnknownOperator(f"no operator has the id {operator_id}.", field="operator_id")
        return operator_view(row)

    def operators(
        self, *, active: bool | None, limit: int, after: OperatorId | None, full: bool = False
    ) -> Page[OperatorView]:
        query = select(*OPERATOR_COLUMNS).order_by(OperatorRow.id).limit(limit + 1)
        if active is not None:
            query = query.where(OperatorRow.active == active)
        if after is not None:
            query = query.where(OperatorRow.id > after)
        if full:
            query = query.where(OperatorRow.load >= OperatorRow.capacity)
        with reading(self._database) as connection:
            rows = connection.execute(query).all()
        return Page([operator_view(row) for row in rows[:limit]], len(rows) > limit)

    def operator_ids(self, keys: Sequence[str]) -> Mapping[str, OperatorId]:
        with reading(self._database) as connection:
            return {
                row.key: OperatorId(row.id)
                for some in chunks(keys)
                for row in connection.execute(
                    select(OperatorRow.key, OperatorRow.id).where(OperatorRow.key.in_(some))
                )
            }

    def source(self, key: str) -> SourceView:
        with reading(self._database) as connection:
            found = source_views(connection, [key])
        if key not in found:
            raise UnknownSource(f"no source has the key {key!r}.", field="source")
        return found[key]

    def served_by(self, operator_id: OperatorId) -> list[ServedSource]:
        with reading(self._database) as connection:
            rows = connection.execute(_served, {"operator_id": operator_id}).all()
        return [
            ServedSource(key, name, weight, weight / (total or 1))
            for key, name, weight, total in rows
        ]

    def sources(self, *, limit: int, after: str | None) -> Page[SourceView]:
        query = select(SourceRow.key).order_by(SourceRow.key).limit(limit + 1)
        if after is not None:
            query = query.where(SourceRow.key > after)
        with reading(self._database) as connection:
            keys = connection.execute(query).scalars().all()
            found = source_views(connection, keys[:limit])
        return Page(list(found.values()), len(keys) > limit)


def operator_view(row: AnyRow) -> OperatorView:
    """Return the view of a row of OPERATOR_COLUMNS."""
    return OperatorView.of(operator_of(row))


def source_views(connection: Connection, keys: Sequence[str]) -> Mapping[str, SourceView]:
    """Return the sources that exist, by key, in the order of keys."""
    weights: defaultdict[str, list[tuple[OperatorId, int]]] = defaultdict(list)
    names: dict[OperatorId, str] = {}
    sources: list[AnyRow] = []
    for some in chunks(keys):
        given = {"keys": some}
        sources += connection.execute(_sources, given)
        for key, operator_id, weight in connection.execute(_allocations, given):
            weights[key].append((OperatorId(operator_id), weight))
        # Not joined: an operator has a name, and may have hundreds of allocations.
        names.update((OperatorId(row.id), row.name) for row in connection.execute(_names, given))
    return {
        row.key: SourceView(
            row.key,
            row.name,
            row.strategy,
            row.waiting,
            allocation_views(weights[row.key], names),
            row.created_at,
        )
        for row in sources
    }
