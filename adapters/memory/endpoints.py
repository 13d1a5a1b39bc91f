"""Endpoints and their deliveries, in memory."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime

from adapters.memory.events import MemoryEvents
from adapters.memory.store import MemoryStore
from application.ports.endpoints import (
    DeliveryState,
    EndpointReader,
    Endpoints,
    EndpointView,
    Standing,
)
from domain.endpoint import Delivery, Endpoint, EndpointState
from domain.errors import UnknownEndpoint
from domain.ids import EndpointId


class MemoryEndpoints(Endpoints):
    """See `application.ports.endpoints.Endpoints`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def number(self) -> int:
        return len(self._store.endpoints)

    def add(self, endpoint: Endpoint) -> None:
        self.save(endpoint)

    def get(self, endpoint_id: EndpointId) -> Endpoint:
        return _get(self._store, endpoint_id)

    def save(self, endpoint: Endpoint) -> None:
        self._store.put(self._store.endpoints, endpoint.id, copy(endpoint))

    def remove(self, endpoint_id: EndpointId) -> None:
        self._store.remove(self._store.endpoints, endpoint_id)
        self._remove(key for key in self._store.deliveries if key[0] == endpoint_id)

    def standing(self, endpoint_id: EndpointId) -> Standing:
        return _standing(self._store, endpoint_id)

    def put(self, endpoint_id: EndpointId, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            self._store.put(self._store.deliveries, (endpoint_id, each.seq), each)

    def settle(self, endpoint_id: EndpointId, seqs: Sequence[int]) -> None:
        wanted = {(endpoint_id, each) for each in seqs}
        self._remove(key for key in self._store.deliveries if key in wanted)

    def bring_forward(self, endpoint_id: EndpointId, at: datetime) -> None:
        for each in _of(self._store, endpoint_id):
            if each.at is not None:
                attempts = max(each.attempts - 1, 0)
                self.put(endpoint_id, [replace(each, at=at, attempts=attempts)])

    def give_up(self, endpoint_id: EndpointId) -> None:
        self.put(
            endpoint_id, [replace(each, at=None) for each in _pending(self._store, endpoint_id)]
        )

    def first_pending(self, endpoint_id: EndpointId) -> int | None:
        return min((each.seq for each in _pending(self._store, endpoint_id)), default=None)

    def first_needed(self) -> int | None:
        enabled = [
            each for each in self._store.endpoints.values() if each.state is EndpointState.ENABLED
        ]
        pending = [self.first_pending(each.id) or each.cursor + 1 for each in enabled]
        return min([*pending, *(each.cursor + 1 for each in enabled)], default=None)

    def forget(self, before: int) -> None:
        stored = self._store.deliveries
        self._remove(key for key, each in stored.items() if key[1] < before and each.at is None)

    def _remove(self, keys: Iterable[tuple[EndpointId, int]]) -> None:
        for key in list(keys):
            self._store.remove(self._store.deliveries, key)


class MemoryEndpointReader(EndpointReader):
    """See `application.ports.endpoints.EndpointReader`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def all(self) -> list[EndpointView]:
        with self._store.lock:
            return [
                EndpointView.of(each, _standing(self._store, each.id))
                for _, each in sorted(self._store.endpoints.items())
            ]

    def endpoint(self, endpoint_id: EndpointId) -> EndpointView:
        with self._store.lock:
            endpoint = _get(self._store, endpoint_id)
            return EndpointView.of(endpoint, _standing(self._store, endpoint_id))

    def whole(self, endpoint_id: EndpointId) -> Endpoint:
        with self._store.lock:
            return _get(self._store, endpoint_id)

    def at_work(self, at: datetime) -> list[Endpoint]:
        with self._store.lock:
            last = MemoryEvents(self._store).last()
            return [
                copy(each)
                for each in self._store.endpoints.values()
                if each.state is EndpointState.ENABLED
                and (each.cursor < last or self.due(each.id, at, 1))
            ]

    def deliveries(
        self,
        endpoint_id: EndpointId,
        *,
        after: int,
        limit: int,
        state: DeliveryState | None = None,
    ) -> list[Delivery]:
        with self._store.lock:
            _get(self._store, endpoint_id)
            return [
                each
                for each in _of(self._store, endpoint_id)
                if each.seq > after and state in {None, _state(each)}
            ][:limit]

    def due(self, endpoint_id: EndpointId, at: datetime, limit: int) -> list[Delivery]:
        with self._store.lock:
            heads: dict[str, Delivery] = {}
            for each in _pending(self._store, endpoint_id):
                heads.setdefault(each.subject, each)
            return [each for each in heads.values() if each.at is not None and each.at <= at][
                :limit
            ]

    def of_subject(self, endpoint_id: EndpointId, subject: str, limit: int) -> list[Delivery]:
        with self._store.lock:
            pending = _pending(self._store, endpoint_id)
            return [each for each in pending if each.subject == subject][:limit]

    def held_up(self, endpoint_id: EndpointId) -> set[str]:
        with self._store.lock:
            return {each.subject for each in _pending(self._store, endpoint_id)}


def _get(store: MemoryStore, endpoint_id: EndpointId) -> Endpoint:
    try:
        return copy(store.endpoints[endpoint_id])
    except KeyError:
        raise UnknownEndpoint(
            f"no endpoint has the id {endpoint_id}.", field="endpoint_id"
        ) from None


def _of(store: MemoryStore, endpoint_id: EndpointId) -> list[Delivery]:
    return [each for key, each in sorted(store.deliveries.items()) if key[0] == endpoint_id]


def _pending(store: MemoryStore, endpoint_id: EndpointId) -> list[Delivery]:
    return [each for each in _of(store, endpoint_id) if each.at is not None]


def _standing(store: MemoryStore, endpoint_id: EndpointId) -> Standing:
    of = _of(store, endpoint_id)
    dead = sum(each.at is None for each in of)
    return Standing(MemoryEvents(store).last(), len(of) - dead, dead)


def _state(delivery: Delivery) -> DeliveryState:
    return DeliveryState.DEAD if delivery.at is None else DeliveryState.PENDING
