"""Endpoints and their deliveries, in SQL."""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from adapters.sql.engine import Database
from adapters.sql.events import LAST_ROW, last_number, newest
from adapters.sql.reading import AnyRow, AnySelect, reading
from adapters.sql.tables import DeliveryRow, EndpointRow
from application.ports.endpoints import (
    DeliveryState,
    EndpointReader,
    Endpoints,
    EndpointView,
    Standing,
)
from domain.endpoint import Delivery, Endpoint, EndpointState, Inclusion
from domain.errors import UnknownEndpoint
from domain.event_type import EventType
from domain.ids import EndpointId

_FIELDS = tuple(each.name for each in fields(Endpoint))
_ENDPOINT = tuple(getattr(EndpointRow, each) for each in _FIELDS)
_DELIVERY = (
    DeliveryRow.seq,
    DeliveryRow.subject,
    DeliveryRow.attempts,
    DeliveryRow.at,
    DeliveryRow.error,
)
_enabled = EndpointRow.state == EndpointState.ENABLED.value
_MANY = 500
"""Numbers in one statement."""


class SqlEndpoints(Endpoints):
    """See `application.ports.endpoints.Endpoints`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def number(self) -> int:
        query = select(func.count()).select_from(EndpointRow)
        return int(self._connection.execute(query).scalar_one())

    def add(self, endpoint: Endpoint) -> None:
        self._connection.execute(insert(EndpointRow), _values(endpoint))

    def get(self, endpoint_id: EndpointId) -> Endpoint:
        return _get(self._connection, endpoint_id)

    def save(self, endpoint: Endpoint) -> None:
        self._connection.execute(
            update(EndpointRow).where(EndpointRow.id == endpoint.id).values(_values(endpoint))
        )

    def remove(self, endpoint_id: EndpointId) -> None:
        run = self._connection.execute
        run(delete(DeliveryRow).where(DeliveryRow.endpoint_id == endpoint_id))
        run(delete(EndpointRow).where(EndpointRow.id == endpoint_id))

    def standing(self, endpoint_id: EndpointId) -> Standing:
        return _standing(self._connection, endpoint_id)

    def put(self, endpoint_id: EndpointId, deliveries: Sequence[Delivery]) -> None:
        self.settle(endpoint_id, [each.seq for each in deliveries])
        if deliveries:
            self._connection.execute(
                insert(DeliveryRow),
                [
                    {
                        "endpoint_id": endpoint_id,
                        "seq": each.seq,
                        "subject": each.subject,
                        "attempts": each.attempts,
                        "at": each.at,
                        "error": each.error,
                    }
                    for each in deliveries
                ],
            )

    def settle(self, endpoint_id: EndpointId, seqs: Sequence[int]) -> None:
        for first in range(0, len(seqs), _MANY):
            self._connection.execute(
                delete(DeliveryRow).where(
                    DeliveryRow.endpoint_id == endpoint_id,
                    DeliveryRow.seq.in_(seqs[first : first + _MANY]),
                )
            )

    def bring_forward(self, endpoint_id: EndpointId, at: datetime) -> None:
        attempts = case((DeliveryRow.attempts > 0, DeliveryRow.attempts - 1), else_=0)
        self._connection.execute(
            update(DeliveryRow)
            .where(DeliveryRow.endpoint_id == endpoint_id, DeliveryRow.at.is_not(None))
            .values(at=at, attempts=attempts)
        )

    def give_up(self, endpoint_id: EndpointId) -> None:
        self._connection.execute(
            update(DeliveryRow).where(DeliveryRow.endpoint_id == endpoint_id).values(at=None)
        )

    def first_pending(self, endpoint_id: EndpointId) -> int | None:
        query = select(func.min(DeliveryRow.seq)).where(
            DeliveryRow.endpoint_id == endpoint_id, DeliveryRow.at.is_not(None)
        )
        first: int | None = self._connection.execute(query).scalar_one()
        return first

    def first_needed(self) -> int | None:
        cursor: Any = self._connection.execute(
            select(func.min(EndpointRow.cursor)).where(_enabled)
        ).scalar_one()
        if cursor is None:
            return None
        pending: Any = self._connection.execute(
            select(func.min(DeliveryRow.seq))
            .join(EndpointRow, EndpointRow.id == DeliveryRow.endpoint_id)
            .where(_enabled, DeliveryRow.at.is_not(None))
        ).scalar_one()
        return int(cursor) + 1 if pending is None else min(int(cursor) + 1, int(pending))

    def forget(self, before: int) -> None:
        self._connection.execute(
            delete(DeliveryRow).where(DeliveryRow.seq < before, DeliveryRow.at.is_(None))
        )


class SqlEndpointReader(EndpointReader):
    """See `application.ports.endpoints.EndpointReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[EndpointView]:
        with reading(self._database) as connection:
            rows = connection.execute(select(*_ENDPOINT).order_by(EndpointRow.id)).all()
            return [_view(connection, _endpoint(row)) for row in rows]

    def endpoint(self, endpoint_id: EndpointId) -> EndpointView:
        with reading(self._database) as connection:
            return _view(connection, _get(connection, endpoint_id))

    def whole(self, endpoint_id: EndpointId) -> Endpoint:
        with reading(self._database) as connection:
            return _get(connection, endpoint_id)

    def at_work(self, at: datetime) -> list[Endpoint]:
        due = exists().where(DeliveryRow.endpoint_id == EndpointRow.id, DeliveryRow.at <= at)
        with reading(self._database) as connection:
            # The second event of the newest row may follow a cursor that stands at its first.
            follows = EndpointRow.cursor <= func.coalesce(newest, -1)
            rows = connection.execute(select(*_ENDPOINT).where(_enabled, or_(follows, due))).all()
            last = last_number(LAST_ROW.fetch(connection)) if rows else 0
            found = [_endpoint(row) for row in rows]
            return [
                each for each in found if each.cursor < last or _due(connection, each.id, at, 1)
            ]

    def deliveries(
        self,
        endpoint_id: EndpointId,
        *,
        after: int,
        limit: int,
        state: DeliveryState | None = None,
    ) -> list[Delivery]:
        query = _of(endpoint_id).where(DeliveryRow.seq > after).limit(limit)
        if state is not None:
            dead = DeliveryRow.at.is_(None)
            query = query.where(dead if state is DeliveryState.DEAD else ~dead)
        with reading(self._database) as connection:
            _get(connection, endpoint_id)
            return _deliveries(connection, query)

    def due(self, endpoint_id: EndpointId, at: datetime, limit: int) -> list[Delivery]:
        with reading(self._database) as connection:
            return _due(connection, endpoint_id, at, limit)

    def of_subject(self, endpoint_id: EndpointId, subject: str, limit: int) -> list[Delivery]:
        query = _pending(endpoint_id).where(DeliveryRow.subject == subject).limit(limit)
        with reading(self._database) as connection:
            return _deliveries(connection, query)

    def held_up(self, endpoint_id: EndpointId) -> set[str]:
        query = (
            select(DeliveryRow.subject)
            .where(DeliveryRow.endpoint_id == endpoint_id, DeliveryRow.at.is_not(None))
            .distinct()
        )
        with reading(self._database) as connection:
            return set(connection.execute(query).scalars())


def _of(endpoint_id: EndpointId) -> AnySelect:
    return (
        select(*_DELIVERY).where(DeliveryRow.endpoint_id == endpoint_id).order_by(DeliveryRow.seq)
    )


def _pending(endpoint_id: EndpointId) -> AnySelect:
    return _of(endpoint_id).where(DeliveryRow.at.is_not(None))


def _due(
    connection: Connection, endpoint_id: EndpointId, at: datetime, limit: int
) -> list[Delivery]:
    heads = (
        select(func.min(DeliveryRow.seq).label("seq"))
        .where(DeliveryRow.endpoint_id == endpoint_id, DeliveryRow.at.is_not(None))
        .group_by(DeliveryRow.subject)
        .subquery()
    )
    query = (
        _of(endpoint_id)
        .join(heads, heads.c.seq == DeliveryRow.seq)
        .where(DeliveryRow.at <= at)
        .limit(limit)
    )
    return _deliveries(connection, query)


def _deliveries(connection: Connection, query: AnySelect) -> list[Delivery]:
    return [Delivery(*row) for row in connection.execute(query)]


def _get(connection: Connection, endpoint_id: EndpointId) -> Endpoint:
    row = connection.execute(select(*_ENDPOINT).where(EndpointRow.id == endpoint_id)).one_or_none()
    if row is None:
        raise UnknownEndpoint(f"no endpoint has the id {endpoint_id}.", field="endpoint_id")
    return _endpoint(row)


def _view(connection: Connection, endpoint: Endpoint) -> EndpointView:
    return EndpointView.of(endpoint, _standing(connection, endpoint.id))


def _standing(connection: Connection, endpoint_id: EndpointId) -> Standing:
    pending = case((DeliveryRow.at.is_not(None), 1), else_=0)
    number, tried = connection.execute(
        select(func.count(), func.coalesce(func.sum(pending), 0)).where(
            DeliveryRow.endpoint_id == endpoint_id
        )
    ).one()
    last = last_number(LAST_ROW.fetch(connection))
    return Standing(last, int(tried), int(number) - int(tried))


def _values(endpoint: Endpoint) -> dict[str, Any]:
    values = {name: getattr(endpoint, name) for name in _FIELDS}
    for name in ("types", "sources", "include"):
        values[name] = json.dumps(values[name])
    return {**values, "state": endpoint.state.value}


def _endpoint(row: AnyRow) -> Endpoint:
    values = dict(row._mapping)  # noqa: SLF001 -- that is how SQLAlchemy names it
    values["types"] = tuple(map(EventType, json.loads(values["types"])))
    values["sources"] = tuple(json.loads(values["sources"]))
    values["include"] = tuple(map(Inclusion, json.loads(values["include"])))
    return Endpoint(**{**values, "state": EndpointState(values["state"])})
