"""The check finds nothing in a sound storage, and every kind of defect that is planted.

Defects are planted behind the service's back: with plain SQL in a database, or directly in the
dictionaries of the memory store. Two owners of one identity cannot be planted, because every
storage holds identities by key.
"""

import sqlite3
import struct
from collections.abc import Callable, MutableMapping
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from adapters.memory.store import MemoryStore
from adapters.sql.decisions import encode
from application.endpoints import CreateEndpoint
from application.ports.contacts import ContactView
from application.ports.operators import OperatorView
from application.register_contacts import RegisterContact
from domain.account import Moved
from domain.availability import Availability
from domain.contact import ContactState
from domain.dispatch import hour_of
from domain.endpoint import Delivery
from domain.event_type import EventType
from domain.ids import EndpointId
from tests.application.acts import close, transfer, update
from tests.domain.samples import lead_id
from tests.support import START, World, decision_of, open_world

pytestmark = pytest.mark.every_storage


@dataclass
class Scene:
    """Ann has `held`, `moved` was transferred to Bob, `waits` waits, `closed` was Ann's."""

    world: World
    ann: OperatorView
    bob: OperatorView
    held: ContactView
    moved: ContactView
    closed: ContactView
    waits: ContactView

    def url(self) -> str:
        url: str = self.world.container.settings().database_url
        return url

    def plant(self, in_memory: Callable[[MemoryStore], object], *sql: tuple[Any, ...]) -> None:
        if self.url() == "memory://":
            unit_of_work: Any = self.world.container.storage().unit_of_work
            in_memory(unit_of_work.args[0])
        else:
            execute(self.url(), *sql)

    def change_contact(self, contact: ContactView, **values: Any) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        self.plant(
            lambda store: change(store.contacts, contact.id, **values),
            (
                f"UPDATE contacts SET {columns} WHERE id = ?",  # noqa: S608 -- names from this file
                *(
                    list(ContactState).index(each) if isinstance(each, ContactState) else each
                    for each in values.values()
                ),
                contact.id,
            ),
        )

    def change_candidate(self, operator: OperatorView, **values: Any) -> None:
        """Change what the decision on `held` says about an operator."""
        decision = self.world.fairlead.contacts.decision(self.held.id).decision
        assert decision is not None
        changed = decision_of(
            decision.strategy,
            [
                each._replace(**values) if each.operator_id == operator.id else each
                for each in decision.candidates
            ],
            decision.roll,
            decision.picked,
        )
        encoded = encode([(self.held.id, changed)], {})
        ((_, digest, in_bytes),) = encoded.decisions
        self.plant(
            lambda store: store.decisions.update({self.held.id: changed}),
            (
                """INSERT INTO lineups VALUES (?, ?)
                ON CONFLICT (digest) DO UPDATE SET lineup = excluded.lineup""",
                *encoded.lineups[0],
            ),
            (
                "UPDATE decisions SET lineup = ?, decision = ? WHERE contact_id = ?",
                digest,
                in_bytes,
                self.held.id,
            ),
        )

    def invariants(self) -> set[str]:
        """The invariants that the check finds broken."""
        return {each.invariant for each in self.world.fairlead.check_invariants()}


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def execute(url: str, *sql: tuple[Any, ...]) -> None:
    """Run statements; each must change a row, or nothing would be planted."""
    if url.startswith("postgresql"):
        with psycopg.connect(url.replace("+psycopg", "")) as server:
            # Turn foreign keys off: planted rows may refer to nothing.
            server.execute("SET session_replication_role = replica")
            for statement, *values in sql:
                assert server.execute(statement.replace("?", "%s"), values).rowcount > 0
        return
    with closing(sqlite3.connect(file_of(url))) as connection, connection:
        for statement, *values in sql:
            assert connection.execute(statement, [*map(in_sqlite, values)]).rowcount > 0


def in_sqlite(value: Any) -> Any:
    """A value as SQLite stores it; PostgreSQL has types for times and UUIDs."""
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    return value.bytes if isinstance(value, UUID) else value


@pytest.fixture
def scene(world: World) -> Scene:
    ann, bob = world.operator("Ann", 2), world.operator("Bob", 1, active=False)
    world.source((ann, 2), (bob, 1))
    held = world.register(vk="1")
    closed = world.register(vk="2")
    close(world, closed)
    moved = world.register(vk="3")
    update(world, bob, active=True)
    transfer(world, moved, bob)
    update(world, ann, capacity=1)
    waits = world.register(vk="4")
    assert waits.state is ContactState.WAITING
    return Scene(world, ann, bob, held, moved, closed, waits)


def test_a_sound_storage_has_no_defects(scene: Scene) -> None:
    assert scene.world.fairlead.check_invariants() == []


def test_an_empty_storage_has_no_defects(world: World) -> None:
    assert world.fairlead.check_invariants() == []


def test_a_defect_says_where_it_is(scene: Scene) -> None:
    plant_load(scene)
    (defect,) = scene.world.fairlead.check_invariants()
    assert defect.invariant == "I1"
    assert str(scene.ann.id) in defect.detail


def test_progress_is_told_every_thousand_contacts(world: World) -> None:
    world.source((world.operator(capacity=10_000), 1))
    world.fairlead.register_contacts(
        [RegisterContact("telegram", {"vk": str(number)}) for number in range(2100)]
    )
    told: list[int] = []
    assert world.fairlead.check_invariants(told.append) == []
    assert told == [1000, 2000]


def plant_load(scene: Scene) -> None:
    scene.plant(
        lambda store: change(store.operators, scene.ann.id, load=2),
        ("UPDATE operators SET load = 2 WHERE id = ?", scene.ann.id),
    )


def plant_assignment_past_capacity(scene: Scene) -> None:
    scene.change_candidate(scene.ann, load=2)


def plant_room(scene: Scene) -> None:
    scene.plant(
        lambda store: change(store.operators, scene.ann.id, capacity=2),
        ("UPDATE operators SET capacity = 2 WHERE id = ?", scene.ann.id),
    )


def plant_credit(scene: Scene) -> None:
    def in_memory(store: MemoryStore) -> None:
        store.sources["telegram"].allocations[0].credit += 1

    with scene.world.container.storage().auditor.facts() as facts:
        ((first, *rest),) = [[each.credit for each in s.allocations] for s in facts.sources()]
    packed = struct.pack(f"<{1 + len(rest)}q", first + 1, *rest)
    scene.plant(in_memory, ("UPDATE sources SET credits = ?", packed))


def plant_other_circumstances(scene: Scene) -> None:
    """With these values, Bob would have been picked."""
    scene.change_candidate(scene.bob, availability=Availability.AVAILABLE, weight=9)


def plant_queue_length(scene: Scene) -> None:
    scene.plant(
        lambda store: change(store.sources, "telegram", waiting=2),
        ("UPDATE sources SET waiting = 2",),
    )


def plant_registered_counter(scene: Scene) -> None:
    scene.plant(
        lambda store: add(store.registered, ("telegram", hour_of(START)), 1),
        ("UPDATE registered_counts SET contacts = contacts + 1 WHERE hours = 1",),
    )


def plant_assigned_counter(scene: Scene) -> None:
    scene.plant(
        lambda store: add(store.assigned, ("telegram", scene.ann.id, hour_of(START)), -1),
        ("UPDATE assigned_counts SET contacts = contacts - 1 WHERE hours = 1",),
    )


def plant_account(scene: Scene) -> None:
    account = ("telegram", scene.ann.id, hour_of(START))
    scene.plant(
        lambda store: store.accounts.update({account: Moved(while_full=1)}),
        ("UPDATE assigned_counts SET while_full = while_full + 1 WHERE hours = 24",),
    )


def plant_account_that_sums_to_nothing(scene: Scene) -> None:
    account = ("telegram", scene.ann.id, hour_of(START))
    scene.plant(
        lambda store: store.accounts.update({account: Moved(owed=1)}),
        ("UPDATE assigned_counts SET owed = owed + 1 WHERE hours = 1",),
    )


def plant_missing_counter(scene: Scene) -> None:
    scene.plant(lambda store: store.registered.clear(), ("DELETE FROM registered_counts",))


def plant_a_counter_too_many(scene: Scene) -> None:
    scene.plant(
        lambda store: add(store.assigned, ("telegram", scene.bob.id, hour_of(START)), 1),
        (
            """INSERT INTO assigned_counts (hours, contacts, source_key, start, operator_id)
            VALUES (1, 1, 'telegram', ?, ?)""",
            hour_of(START),
            scene.bob.id,
        ),
    )


def plant_other_operator(scene: Scene) -> None:
    scene.change_contact(scene.closed, operator_id=scene.bob.id)


def plant_transfer_undone(scene: Scene) -> None:
    scene.plant(
        lambda store: store.transfers.clear(),
        ("DELETE FROM transfers",),
    )


def plant_closed_without_a_time(scene: Scene) -> None:
    scene.change_contact(scene.closed, closed_at=None)


def plant_open_with_a_time_of_closing(scene: Scene) -> None:
    scene.change_contact(scene.held, closed_at=START)


def plant_given_without_a_time(scene: Scene) -> None:
    scene.change_contact(scene.held, assigned_at=None)


def plant_assigned_to_nobody(scene: Scene) -> None:
    scene.change_contact(scene.waits, state=ContactState.ASSIGNED)


def plant_waiting_with_an_operator(scene: Scene) -> None:
    scene.change_contact(scene.held, state=ContactState.WAITING)


def plant_missing_event(scene: Scene) -> None:
    first, last = bounds(scene)
    assert first == 1
    scene.plant(
        lambda store: store.events.pop(first + 1),
        ("DELETE FROM events WHERE seq = ?", first + 1),
    )
    assert bounds(scene) == (first, last)


def plant_event_that_was_undone(scene: Scene) -> None:
    """The log ends before the last change: no number is missing."""
    close(scene.world, scene.held)
    _, last = bounds(scene)
    scene.plant(
        lambda store: [store.events.pop(last), store.events.pop(last - 1)],
        ("DELETE FROM events WHERE seq > ?", last - 2),
    )


def plant_event_of_somebody_else(scene: Scene) -> None:
    found = scene.world.fairlead.events.events(after=0, limit=1000)
    (seq,) = (
        each.seq
        for each in found.items
        if (each.entry.type, each.entry.contact_id)
        == (EventType.CONTACT_TRANSFERRED, scene.moved.id)
    )
    scene.plant(
        lambda store: store.events.update(
            {seq: store.events[seq]._replace(operator_id=scene.ann.id)}
        ),
        ("UPDATE events SET operator_id = ? WHERE seq = ?", scene.ann.id, seq),
    )


def bounds(scene: Scene) -> tuple[int, int]:
    page = scene.world.fairlead.events.events(after=0, limit=1)
    return page.earliest, page.last


def endpoint_at(scene: Scene, cursor: int) -> EndpointId:
    """Create an endpoint that has got events up to a number."""
    made = scene.world.fairlead.create_endpoint(CreateEndpoint("https://1.1.1.1/")).endpoint
    scene.plant(
        lambda store: change(store.endpoints, made.id, cursor=cursor),
        ("UPDATE endpoints SET cursor = ? WHERE id = ?", cursor, made.id),
    )
    return made.id


def plant_cursor_beyond_the_end(scene: Scene) -> None:
    endpoint_at(scene, 1000)


def plant_event_that_is_needed_and_gone(scene: Scene) -> None:
    endpoint_at(scene, 0)
    forget_first(scene)


def plant_pending_delivery_of_an_event_that_is_gone(scene: Scene) -> None:
    endpoint_id = endpoint_at(scene, 5)
    with scene.world.container.storage().unit_of_work() as uow:
        uow.endpoints.put(endpoint_id, [Delivery(1, "source:vk", 1, START)])
    forget_first(scene)


def forget_first(scene: Scene) -> None:
    scene.plant(lambda store: store.events.pop(1), ("DELETE FROM events WHERE seq = 1",))


def plant_lost_contact(scene: Scene) -> None:
    """In a file, this leaves behind a decision and a transfer that belong to no contact."""
    scene.plant(
        lambda store: store.contacts.pop(scene.moved.id),
        ("DELETE FROM contacts WHERE id = ?", scene.moved.id),
    )


@pytest.mark.parametrize(
    ("plant", "found", "found_in_file"),
    [
        (plant_load, "I1", "I1"),
        (plant_assignment_past_capacity, "I2 I6 accounts", "I2 I6 accounts"),
        (plant_room, "I3", "I3"),
        (plant_credit, "I5 accounts", "I5 accounts"),
        (plant_other_circumstances, "I6 accounts", "I6 accounts"),
        (plant_queue_length, "counters", "counters"),
        (plant_registered_counter, "counters", "counters"),
        (plant_assigned_counter, "counters", "counters"),
        (plant_missing_counter, "counters", "counters"),
        (plant_account, "accounts", "accounts"),
        (plant_account_that_sums_to_nothing, "accounts", "accounts"),
        (plant_a_counter_too_many, "counters", "counters"),
        (plant_other_operator, "I7 I8", "I7 I8"),
        (plant_transfer_undone, "I7", "I7"),
        (plant_closed_without_a_time, "I7", "I7"),
        (plant_open_with_a_time_of_closing, "I7", "I7"),
        (plant_given_without_a_time, "I7", "I7"),
        (plant_assigned_to_nobody, "I7 I8 counters", "I7 I8 counters"),
        (plant_waiting_with_an_operator, "I1 I7 I8 counters", "I1 I7 I8 counters"),
        (plant_missing_event, "I8", "I8"),
        (plant_event_that_was_undone, "I8", "I8"),
        (plant_event_of_somebody_else, "I8", "I8"),
        (plant_cursor_beyond_the_end, "I10", "I10"),
        (plant_event_that_is_needed_and_gone, "I10", "I10"),
        (plant_pending_delivery_of_an_event_that_is_gone, "I10", "I10"),
        (plant_lost_contact, "I1 accounts counters", "I1 I7 accounts counters"),
    ],
)
def test_a_planted_defect_is_found_and_nothing_else(
    scene: Scene, plant: Callable[[Scene], None], found: str, found_in_file: str
) -> None:
    plant(scene)
    expected = found_in_file if scene.url().startswith("sqlite") else found
    assert scene.invariants() == set(expected.split())


def test_an_identity_without_its_lead_is_found(scene: Scene) -> None:
    """SQLite reports it too: the foreign key refers to nothing."""
    scene.plant(
        lambda store: store.identities.update({"vk:1": lead_id(1)}),
        ("UPDATE identities SET lead_id = ? WHERE key = 'vk:1'", lead_id(1)),
    )
    in_file = scene.url().startswith("sqlite")
    assert scene.invariants() == ({"I4", "I7"} if in_file else {"I4"})


def test_a_row_that_refers_to_nothing_is_found_in_the_file(sqlite_url: str) -> None:
    with open_world(sqlite_url) as world:
        world.source((world.operator(), 1))
        world.register(vk="1")
        execute(sqlite_url, ("DELETE FROM identities",), ("DELETE FROM leads",))
        (defect,) = world.fairlead.check_invariants()
    assert defect.invariant == "I7"
    assert "contacts" in defect.detail
    assert "leads" in defect.detail


@pytest.mark.parametrize(("credits", "number"), [("x''", 0), ("zeroblob(24)", 3)])
def test_credits_that_are_not_as_many_as_the_allocations_are_found(
    sqlite_url: str, credits: str, number: int
) -> None:
    with open_world(sqlite_url) as world:
        world.source((world.operator(), 1), (world.operator("Bob"), 1))
        execute(sqlite_url, (f"UPDATE sources SET credits = {credits}",))  # noqa: S608 -- ours
        (defect,) = world.fairlead.check_invariants()
    assert defect.invariant == "I7"
    assert f"has {number} credits, 2 booked and 4 counters for 2 allocations" in defect.detail


def test_a_damaged_file_is_found(sqlite_url: str) -> None:
    """Overwrites the first page of an index that no query of the check reads."""
    with open_world(sqlite_url) as world:
        world.source((world.operator(), 1))
        world.register()
    find = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_contacts_lead_id_id'"
    with closing(sqlite3.connect(file_of(sqlite_url))) as connection:
        ((page,),) = connection.execute(find)
        ((size,),) = connection.execute("PRAGMA page_size")
    with file_of(sqlite_url).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with open_world(sqlite_url) as world:
        defects = world.fairlead.check_invariants()
    assert {each.invariant for each in defects} == {"I7"}
    assert all("the file is damaged" in each.detail for each in defects)


def change(mapping: MutableMapping[Any, Any], key: object, **values: object) -> None:
    """Replace an entity with a changed copy, bypassing every rule."""
    entity = copy(mapping[key])
    for name, value in values.items():
        setattr(entity, name, value)
    mapping[key] = entity


def add(counters: MutableMapping[Any, int], key: object, number: int) -> None:
    counters[key] = counters.get(key, 0) + number


def test_the_check_looks_at_the_counters_of_days_too(sqlite_url: str) -> None:
    """Statistics are read from them."""
    with open_world(sqlite_url) as world:
        world.source((world.operator(), 1))
        world.register()
        assert world.defects() == []
        path = sqlite_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE registered_counts SET contacts = 5 WHERE hours = 24")
        assert world.defects() == ["counters: registered telegram: 5 counted, 1 stored"]
