"""Copying: every row of every table, as of one moment, into an empty database; or nothing."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, select, text

from adapters.sql import copying, postgresql
from adapters.sql.engine import Database
from adapters.sql.migrate import migrate
from adapters.sql.opening import open_database
from adapters.sql.tables import Row
from application.contacts import CloseContact, TransferContact
from application.endpoints import CreateEndpoint
from application.keys import CreateKey, EndSession, RevokeKey
from application.leads import EraseLead
from application.operators import UpdateOperator
from application.ports.contacts import ContactFilter
from application.ports.due import DueItem
from application.ports.failures import StorageUnavailable
from application.ports.storage import Missed, Snapshot, Storage
from application.purging import PurgeContacts
from application.register_contacts import RegisterContact
from domain.access import Role, Session
from domain.contact import ContactState
from domain.endpoint import Delivery
from domain.strategy import Strategy
from entrypoints.container import build_container
from entrypoints.settings import Settings
from tests.postgresql import Databases
from tests.support import World, open_world

ROOT = Path(__file__).parents[2]
NOT_COPIED = {"alembic_version", "write_lock"}
"""What the target creates itself: its schema's version, and its engine's lock."""

DAY = timedelta(days=1)
Rows = Mapping[str, list[str]]


@dataclass
class Urls:
    """Databases that are still empty, without even a schema."""

    folder: Path
    server: Databases
    made: int = 0

    def new(self, engine: str) -> str:
        self.made += 1
        if engine == "postgresql":
            return self.server.empty()
        return f"sqlite:///{self.folder / f'{self.made}.db'}"


@pytest.fixture
def urls(tmp_path: Path, postgresql: Databases) -> Urls:
    return Urls(tmp_path, postgresql)


@pytest.fixture
def source(shared_url: str) -> Iterator[World]:
    """A database with something in every table, and nothing left to do in the background.

    An erasure empties SQLite's log a moment later, which looks like a commit to other connections.
    """
    with open_world(shared_url) as first:
        live(first)
    with open_world(shared_url, beside=first) as world:
        yield world


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, urls: Urls) -> str:
    return urls.new(request.param)


def live(world: World) -> None:
    """Do everything that has its own place in the storage."""
    ann, bob, eve = (world.operator(name, capacity=30) for name in ("Ann", "Боб", "Eve"))
    world.operator("Gone", capacity=0, active=False)
    world.source((ann, 3), (bob, 5), (eve, 0))
    world.source((ann, 1), (bob, 1), key="chance", strategy=Strategy.RANDOM)
    world.source(key="nobody")
    world.fairlead.create_key(CreateKey(Role.INTAKE, "Bot", "telegram"))
    world.fairlead.end_session(EndSession(Session("flk_a", "b", world.clock.now() + DAY)))
    endpoint = world.fairlead.create_endpoint(CreateEndpoint("https://1.1.1.1/")).endpoint
    with world.container.storage().unit_of_work() as uow:
        uow.due.put(DueItem(world.clock.now(), "purge", ""))
        uow.endpoints.put(endpoint.id, [Delivery(1, "source:telegram", 10, None, "нет ответа")])
    first = world.outcome(
        RegisterContact("telegram", {"phone": "+79161234501"}, payload={"text": "Да?\n'\""})
    ).contact
    world.register(telegram="ivan")
    world.outcome(
        RegisterContact(
            "chance",
            {"phone": "+79161234501", "telegram": "ivan", "email": "нет"},
            lead_name="Ivan",
            idempotency_key="both",
        )
    )
    world.register("nobody")
    waiting = world.register("nobody")
    world.fairlead.transfer_contact(TransferContact(waiting.id, eve.id))
    world.fairlead.transfer_contact(TransferContact(waiting.id, ann.id))
    erased = world.register(vk="to be forgotten")
    world.fairlead.erase_lead(EraseLead(erased.lead.id))
    world.fairlead.close_contact(CloseContact(first.id))
    world.fairlead.create_key(CreateKey(Role.INTAKE, "Бот", "telegram", world.clock.moment + DAY))
    revoked = world.fairlead.create_key(CreateKey(Role.ADMIN)).key
    world.fairlead.revoke_key(RevokeKey(revoked.prefix))
    world.clock.advance(hours=30)
    purge(world)
    for number in range(5):
        world.outcome(keyed(number))
        world.clock.advance(milliseconds=7)


def purge(world: World) -> None:
    world.fairlead.purge_contacts(PurgeContacts(world.clock.now() - timedelta(hours=1)))


def keyed(number: int) -> RegisterContact:
    return RegisterContact("telegram", {"vk": f"{number}"}, idempotency_key=f"message {number}")


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def url_of(world: World) -> str:
    url: str = world.container.settings().database_url
    return url


def storage_of(url: str) -> Storage:
    opened: Storage = build_container(Settings(database_url=url)).storage()
    return opened


def copy(
    source: str, target: str, progress: Callable[[int], None] = lambda _: None
) -> tuple[Mapping[str, int], Missed]:
    """Copy from one URL to another."""
    with (
        closing(storage_of(source)) as origin,
        closing(storage_of(target)) as storage,
        origin.snapshot() as snapshot,
    ):
        rows = storage.fill(snapshot, progress)
        snapshot.let_go()
        return rows, snapshot.missed()


def stored(url: str) -> Rows:
    """Every row of every table, in values that do not depend on the engine."""
    with reading_from(url) as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in Row.metadata.sorted_tables
        }


def tables(url: str) -> set[str]:
    with reading_from(url) as connection:
        return set(inspect(connection).get_table_names())


def version(url: str) -> str:
    with reading_from(url) as connection:
        found: str = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar_one()
        return found


@contextmanager
def reading_from(url: str) -> Iterator[Connection]:
    with closing_database(url) as database, database.read.connect() as connection:
        yield connection


@contextmanager
def closing_database(url: str) -> Iterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        database.dispose()


def test_every_row_of_every_table_arrives(source: World, target: str) -> None:
    copied, missed = copy(url_of(source), target)
    assert set(copied) == tables(url_of(source)) - NOT_COPIED
    found = stored(url_of(source))
    assert [name for name, rows in found.items() if not rows] == [], "a table that proves nothing"
    assert stored(target) == found
    assert copied == {name: len(rows) for name, rows in found.items()}
    assert missed == Missed(anything=False, registered=0)
    with open_world(target) as arrived:
        assert arrived.defects() == []


def test_there_and_back_again_is_the_same_file(urls: Urls) -> None:
    """The same bytes and the same types in every column, as SQLite itself stores them."""
    first, between, last = (urls.new(each) for each in ("sqlite", "postgresql", "sqlite"))
    with open_world(first) as world:
        live(world)
    copy(first, between)
    copy(between, last)
    assert in_the_file(last) == in_the_file(first)


def in_the_file(url: str) -> Mapping[str, list[Any]]:
    with closing(sqlite3.connect(file_of(url))) as file:
        return {
            name: sorted(file.execute(f"SELECT * FROM {name}"), key=repr)  # noqa: S608 -- our tables
            for name in (*Row.metadata.tables, "alembic_version")
        }


def test_the_copy_goes_on_with_the_operator_whom_the_source_would_pick(
    source: World, target: str
) -> None:
    copy(url_of(source), target)
    with open_world(target, beside=source) as arrived:
        for number in range(12):
            command = RegisterContact("telegram", {"vk": f"next {number}"})
            one, other = (each.outcome(command).contact for each in (source, arrived))
            assert one.operator
            assert one.operator == other.operator
            one_why, other_why = (
                world.fairlead.contacts.decision(contact.id)
                for world, contact in ((source, one), (arrived, other))
            )
            assert one_why.decision == other_why.decision, "credits to the last digit"


def test_a_retry_of_what_was_registered_in_the_source_is_replayed(
    source: World, target: str
) -> None:
    copy(url_of(source), target)
    with open_world(target, beside=source) as arrived:
        for number in range(5):
            one, other = (each.outcome(keyed(number)) for each in (source, arrived))
            assert other.replayed
            assert other.contact == one.contact


@pytest.mark.parametrize(
    "begin",
    [
        lambda world: world.operator("Ann"),
        lambda world: world.fairlead.create_key(CreateKey(Role.ADMIN)),
        lambda world: world.source(),
        lambda world: (world.source(), world.register()),
    ],
)
def test_a_target_that_is_in_use_is_left_as_it_is(
    source: World, target: str, begin: Callable[[World], object]
) -> None:
    with open_world(target) as somebodys:
        begin(somebodys)
    before = stored(target)
    with pytest.raises(ValueError, match=r"already and is left as it is; copy into an empty"):
        copy(url_of(source), target)
    assert stored(target) == before


def test_a_target_in_use_is_not_even_migrated(source: World, target: str) -> None:
    with closing_database(target) as database:
        migrate(database, "0005")
        with database.write.begin() as connection:
            connection.execute(
                text("INSERT INTO sources VALUES ('a', 'A', 'exact', 0, :moment, :credits)"),
                {"moment": 0 if "sqlite" in target else datetime.now(UTC), "credits": b""},
            )
    with pytest.raises(ValueError, match="holds sources already"):
        copy(url_of(source), target)
    assert version(target) == "0005"


def test_a_target_that_is_filled_while_it_is_migrated_is_left_as_it_is(
    source: World, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy checks again once it holds the target's lock."""

    def migrate_and_be_overtaken(database: Database) -> None:
        migrate(database)
        with open_world(target) as somebodys:
            somebodys.operator("Ann")

    monkeypatch.setattr(copying, "migrate", migrate_and_be_overtaken)
    with pytest.raises(ValueError, match="holds operators already"):
        copy(url_of(source), target)
    assert {name: len(rows) for name, rows in stored(target).items() if rows} == {
        "operators": 1,
        "audit": 1,
        "events": 1,
    }


def test_a_target_of_an_older_schema_that_nothing_is_in_is_migrated(
    source: World, target: str
) -> None:
    with closing_database(target) as database:
        migrate(database, "0003")
    copy(url_of(source), target)
    assert stored(target) == stored(url_of(source))


@pytest.mark.parametrize("after", [1, 30])
def test_an_interrupted_copy_leaves_an_empty_database_to_begin_again_with(
    source: World, target: str, after: int
) -> None:
    def interrupted(rows: int) -> None:
        if rows >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(url_of(source), target, interrupted)
    assert not any(stored(target).values())
    with closing(storage_of(target)) as storage:
        storage.health.ready()
    copy(url_of(source), target)
    assert stored(target) == stored(url_of(source))


def test_a_copy_may_take_longer_than_any_other_transaction(
    source: World, urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = "SELECT set_config('transaction_timeout', '100ms', true)"
    monkeypatch.setattr(postgresql, "to_write", lambda *_: limit)
    target = urls.new("postgresql")
    copy(url_of(source), target, lambda _: time.sleep(0.02))
    assert stored(target) == stored(url_of(source))


def test_a_copy_that_is_killed_leaves_nothing(source: World, target: str) -> None:
    code = (
        "import sys, time\n"
        "from tests.adapters.test_copying import copy\n"
        "def linger(rows):\n"
        "    if rows > 30:\n"
        "        print(rows, flush=True)\n"
        "        time.sleep(60)\n"
        "copy(*sys.argv[1:], linger)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, url_of(source), target], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert int(process.stdout.readline()) > 30
        process.send_signal(signal.SIGKILL)
    copy(url_of(source), target)
    assert stored(target) == stored(url_of(source))


class Losing(Snapshot):
    """Loses the last row of the registration counters, which nothing refers to."""

    def __init__(self, whole: Snapshot) -> None:
        self._whole = whole

    def sizes(self) -> Mapping[str, int]:
        return self._whole.sizes()

    def rows(self, table: str) -> Generator[Sequence[Sequence[Any]]]:
        for rows in self._whole.rows(table):
            yield rows[:-1] if table == "registered_counts" else rows

    def let_go(self) -> None:
        self._whole.let_go()

    def missed(self) -> Missed:
        return self._whole.missed()


def test_a_row_that_does_not_arrive_is_noticed_and_nothing_is_kept(
    source: World, target: str
) -> None:
    with (
        closing(storage_of(target)) as storage,
        source.container.storage().snapshot() as snapshot,
        pytest.raises(ValueError, match=r"registered_counts has \d+ rows and \d+ of them arrived"),
    ):
        storage.fill(Losing(snapshot), lambda _: None)
    assert not any(stored(target).values())


def test_a_moment_that_was_let_go_holds_nothing_up(sqlite_url: str) -> None:
    """SQLite cannot restart its log while a reader uses an earlier state."""
    with open_world(sqlite_url) as world:
        live(world)
        storage = world.container.storage()
        with storage.snapshot() as snapshot, closing(sqlite3.connect(file_of(sqlite_url))) as file:
            world.register()
            held = file.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
            snapshot.let_go()
            assert held[0] == 1
            deadline = time.monotonic() + 20
            # A checkpoint of the service itself may be in the way for a moment.
            while file.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0]:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert snapshot.missed() == Missed(anything=True, registered=1)


class TestAWriterMeanwhile:
    """The copy is of one moment, and reports what came after it."""

    def test_registrations_are_counted_and_not_copied(self, source: World, target: str) -> None:
        before = stored(url_of(source))
        written = list[object]()

        def write(rows: int) -> None:
            if rows > 10 and len(written) < 3:
                written.append(source.register())

        _, missed = copy(url_of(source), target, write)
        assert missed == Missed(anything=True, registered=3)
        assert stored(target) == before
        with open_world(target) as arrived:
            assert arrived.defects() == []

    @pytest.mark.parametrize("what", ["close", "purge", "rename"])
    def test_so_is_any_other_change(self, source: World, target: str, what: str) -> None:
        (contact,) = source.fairlead.contacts.contacts(
            ContactFilter(states=[ContactState.ASSIGNED]), limit=1, after=None
        ).items
        (operator,) = source.fairlead.catalogue.operators(active=None, limit=1, after=None).items
        if what == "purge":
            source.fairlead.close_contact(CloseContact(contact.id))
            source.clock.advance(hours=2)
        acts: dict[str, Callable[[], object]] = {
            "close": partial(source.fairlead.close_contact, CloseContact(contact.id)),
            "purge": partial(purge, source),
            "rename": partial(
                source.fairlead.update_operator, UpdateOperator(operator.id, name="Anna")
            ),
        }
        before = stored(url_of(source))
        written = list[object]()

        def write(rows: int) -> None:
            if rows > 10 and not written:
                written.append(acts[what]())

        _, missed = copy(url_of(source), target, write)
        assert missed == Missed(anything=True, registered=0)
        assert stored(target) == before


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_source_of_an_older_schema_is_refused_and_no_target_is_made(
    urls: Urls, engine: str
) -> None:
    old, target = urls.new(engine), urls.new("sqlite")
    with closing_database(old) as database:
        migrate(database, "0005")
    with pytest.raises(StorageUnavailable, match=r"has schema 0005.*run `fairlead migrate`"):
        copy(old, target)
    assert version(old) == "0005"
    assert not file_of(target).exists()


def test_a_file_that_is_not_there_is_not_made_to_be_copied(urls: Urls, target: str) -> None:
    nowhere = urls.new("sqlite")
    with pytest.raises(StorageUnavailable, match="does not exist"):
        copy(nowhere, target)
    assert not file_of(nowhere).exists()
    if target.startswith("sqlite:"):
        assert not file_of(target).exists()
    else:
        assert tables(target) == set()


def test_many_rows_are_held_a_few_at_a_time(source: World) -> None:
    source.fairlead.register_contacts(
        [RegisterContact("telegram", {"vk": f"one of many {number}"}) for number in range(2500)]
    )
    with source.container.storage().snapshot() as snapshot:
        sizes = [len(rows) for rows in snapshot.rows("contacts")]
    assert sizes[:2] == [1000, 1000]
    assert len(sizes) == 3


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_what_is_in_memory_is_neither_copied_nor_copied_into(urls: Urls, engine: str) -> None:
    url = urls.new(engine)
    with open_world(url) as world:
        live(world)
    for source, target in ((url, "memory://"), ("memory://", url)):
        with pytest.raises(ValueError, match="ends with the process"):
            copy(source, target)
