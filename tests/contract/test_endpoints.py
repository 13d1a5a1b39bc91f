"""The contract of Endpoints and EndpointReader: what is stored comes back, delivery by delivery."""

from dataclasses import replace
from datetime import timedelta

import pytest

from application.endpoints import CreateEndpoint, DeleteEndpoint
from application.ports.endpoints import DeliveryState
from application.ports.storage import Storage
from domain.endpoint import Delivery, Endpoint, EndpointState, Inclusion
from domain.errors import UnknownEndpoint
from domain.event_type import EventType
from domain.ids import EndpointId
from tests.contract.given import Given
from tests.support import START, World

URL = "https://1.1.1.1/"


def made(given: Given, **values: object) -> Endpoint:
    endpoint = Endpoint(EndpointId(given.world.container.ids().new()), URL, START, "whsec_AAAA", 0)
    endpoint = replace(endpoint, **values)  # type: ignore[arg-type]
    with given.storage.unit_of_work() as uow:
        uow.endpoints.add(endpoint)
    return endpoint


def put(storage: Storage, endpoint: Endpoint, *deliveries: Delivery) -> None:
    with storage.unit_of_work() as uow:
        uow.endpoints.put(endpoint.id, deliveries)


def listed(storage: Storage, endpoint: Endpoint, state: DeliveryState | None = None) -> list[int]:
    found = storage.endpoints.deliveries(endpoint.id, after=0, limit=100, state=state)
    return [each.seq for each in found]


def pending(seq: int, subject: str = "contact:1", seconds: int = 0) -> Delivery:
    return Delivery(seq, subject, 1, START + timedelta(seconds=seconds), "it failed.")


def dead(seq: int, subject: str = "contact:1") -> Delivery:
    return Delivery(seq, subject, 10, None, "it failed.")


def test_an_endpoint_is_stored_with_everything(given: Given, storage: Storage) -> None:
    plain = made(given)
    full = made(
        given,
        types=(EventType.CONTACT_CLOSED, EventType.LEAD_CHANGED),
        sources=("vk", "telegram"),
        include=(Inclusion.CONTACT,),
        description="Продажи",
        state=EndpointState.DISABLED,
        cursor=2**40,
        old_secret="whsec_BBBB",  # noqa: S106
        old_until=START + timedelta(hours=24),
        failing_since=START,
        last_error="нет ответа",
        last_success_at=START - timedelta(days=1),
        leased_by="abc",
        leased_until=START + timedelta(seconds=30),
    )
    assert storage.endpoints.whole(plain.id) == plain
    assert storage.endpoints.whole(full.id) == full
    with storage.unit_of_work() as uow:
        assert uow.endpoints.get(full.id) == full
        assert uow.endpoints.number() == 2
        full.succeed(START)
        uow.endpoints.save(full)
    assert storage.endpoints.whole(full.id) == full
    assert [each.id for each in storage.endpoints.all()] == [plain.id, full.id]


def test_an_endpoint_that_is_not_there_is_named(given: Given, storage: Storage) -> None:
    nobody = EndpointId(given.world.container.ids().new())
    with pytest.raises(UnknownEndpoint, match=str(nobody)), storage.unit_of_work() as uow:
        uow.endpoints.get(nobody)
    for ask in (storage.endpoints.endpoint, storage.endpoints.whole):
        with pytest.raises(UnknownEndpoint):
            ask(nobody)
    with pytest.raises(UnknownEndpoint):
        storage.endpoints.deliveries(nobody, after=0, limit=1)


def test_deliveries_are_put_settled_and_listed(given: Given, storage: Storage) -> None:
    endpoint, other = made(given), made(given)
    put(storage, endpoint, pending(3), pending(1), dead(2))
    put(storage, other, pending(1))
    assert listed(storage, endpoint) == [1, 2, 3]
    assert listed(storage, endpoint, DeliveryState.PENDING) == [1, 3]
    assert listed(storage, endpoint, DeliveryState.DEAD) == [2]
    found = storage.endpoints.deliveries(endpoint.id, after=1, limit=1)
    assert found == [dead(2)]
    view = storage.endpoints.endpoint(endpoint.id)
    assert (view.pending, view.dead) == (2, 1)
    again = replace(pending(3), attempts=2)
    put(storage, endpoint, again)
    with storage.unit_of_work() as uow:
        uow.endpoints.settle(endpoint.id, [1, 7])
        uow.endpoints.settle(endpoint.id, [])
    assert storage.endpoints.deliveries(endpoint.id, after=0, limit=9) == [dead(2), again]
    assert listed(storage, other) == [1]
    with storage.unit_of_work() as uow:
        uow.endpoints.remove(endpoint.id)
    assert [each.id for each in storage.endpoints.all()] == [other.id]
    assert listed(storage, other) == [1]


def test_the_first_of_each_subject_is_due(given: Given, storage: Storage) -> None:
    endpoint = made(given)
    put(
        storage,
        endpoint,
        pending(1, "contact:a", 60),
        # It waits for the one before, though its own moment has come.
        pending(2, "contact:a", 0),
        dead(3, "contact:b"),
        pending(4, "contact:b", 0),
        pending(5, "contact:b", 0),
        pending(6, "contact:c", 1),
    )
    reader = storage.endpoints

    def due(seconds: int, limit: int = 9) -> list[int]:
        at = START + timedelta(seconds=seconds)
        return sorted(each.seq for each in reader.due(endpoint.id, at, limit))

    assert due(-1) == []
    assert due(0) == [4]
    assert due(1) == [4, 6]
    assert due(60) == [1, 4, 6]
    assert len(due(60, 2)) == 2
    assert [each.seq for each in reader.of_subject(endpoint.id, "contact:b", 9)] == [4, 5]
    assert [each.seq for each in reader.of_subject(endpoint.id, "contact:b", 1)] == [4]
    assert reader.held_up(endpoint.id) == {"contact:a", "contact:b", "contact:c"}


def test_bringing_forward_leaves_the_dead_alone(given: Given, storage: Storage) -> None:
    endpoint = made(given)
    put(storage, endpoint, pending(1, seconds=3600), dead(2), Delivery(3, "contact:1", 0, START))
    with storage.unit_of_work() as uow:
        uow.endpoints.bring_forward(endpoint.id, START + timedelta(seconds=5))
    found = storage.endpoints.deliveries(endpoint.id, after=0, limit=9)
    at = START + timedelta(seconds=5)
    assert [(each.attempts, each.at) for each in found] == [(0, at), (10, None), (0, at)]


def test_an_endpoint_is_at_work_if_an_event_follows_or_a_delivery_is_due(world: World) -> None:
    storage, fairlead = world.container.storage(), world.fairlead
    world.source((world.operator(), 1))
    endpoint = fairlead.create_endpoint(CreateEndpoint(URL)).endpoint

    def at_work(seconds: int = 0) -> list[EndpointId]:
        found = storage.endpoints.at_work(world.clock.now() + timedelta(seconds=seconds))
        return [each.id for each in found]

    assert at_work() == []
    world.register()
    assert at_work() == [endpoint.id]
    last = storage.events.events(after=0, limit=1).last
    for cursor, working in ((last - 1, True), (last, False)):
        with storage.unit_of_work() as uow:
            stored = uow.endpoints.get(endpoint.id)
            stored.cursor = cursor
            uow.endpoints.save(stored)
        # The last row holds two events: the cursor may stand between them.
        assert bool(at_work()) is working
    with storage.unit_of_work() as uow:
        uow.endpoints.put(endpoint.id, [pending(1, seconds=10)])
    assert at_work(9) == []
    assert at_work(10) == [endpoint.id]
    with storage.unit_of_work() as uow:
        stored = uow.endpoints.get(endpoint.id)
        stored.disable("for a test")
        uow.endpoints.save(stored)
    assert at_work(10) == []
    fairlead.delete_endpoint(DeleteEndpoint(endpoint.id))
    assert at_work(10) == []


def test_what_an_enabled_endpoint_needs_is_kept(given: Given, storage: Storage) -> None:
    def needed() -> int | None:
        with storage.unit_of_work() as uow:
            return uow.endpoints.first_needed()

    assert needed() is None
    made(given, cursor=3, state=EndpointState.DISABLED)
    assert needed() is None
    endpoint = made(given, cursor=40)
    made(given, cursor=60)
    assert needed() == 41
    put(storage, endpoint, dead(7), pending(9))
    assert needed() == 9
    with storage.unit_of_work() as uow:
        uow.endpoints.forget(9)
    assert listed(storage, endpoint) == [9]


def test_events_that_are_needed_stay_in_the_log(world: World) -> None:
    storage = world.container.storage()
    world.source((world.operator(), 1))
    for _ in range(5):
        world.register()
    last = storage.events.events(after=0, limit=1).last
    later = world.clock.now() + timedelta(days=1)
    for needed in (last - 3, last - 2):
        with storage.unit_of_work() as uow:
            uow.events.forget(later, 100, needed)
            earliest, newest = uow.events.bounds()
            assert earliest <= needed
            assert newest == last
            found = [each.seq for each in uow.events.between(needed, last)]
            assert found == [*range(needed, last + 1)]
            assert uow.events.last() == last
