"""When SQLite cannot be read or written, nothing is half-done, and it works again later."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from adapters.sql.engine import BUSY_TIMEOUT, Database
from adapters.sql.opening import open_database
from application.contacts import CloseContact, TransferContact
from application.operators import CreateOperator, UpdateOperator
from application.ports.contacts import ContactFilter, ContactView
from application.ports.failures import StorageUnavailable
from application.ports.storage import Storage
from application.ports.unit_of_work import UnitOfWorkFactory
from application.register_contacts import RegisterContact, RegisterContactsHandler, Registered
from application.sources import CreateSource, ReplaceAllocations
from domain.contact import ContactState
from entrypoints.container import build_container
from entrypoints.settings import Settings
from tests.adapters.statements import database_of
from tests.adapters.units_of_work import FailingCommit, Watched, fails_on
from tests.contract.given import everything
from tests.support import World, open_world


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    with open_world(sqlite_url) as opened:
        furnish(opened)
        yield opened


def furnish(world: World) -> None:
    """Create two operators at capacity, a spare one, and waiting contacts."""
    ann, bob = world.operator("Ann", capacity=3), world.operator("Bob", capacity=3)
    world.operator("Spare", capacity=3)
    world.source((ann, 1), (bob, 1))
    for _ in range(8):
        world.register()


def writes(world: World) -> list[Callable[[], object]]:
    """Return one call of each of the main use cases that write."""
    fairlead = world.fairlead
    ann, bob, spare = fairlead.catalogue.operators(active=None, limit=3, after=None).items
    first, second = fairlead.contacts.contacts(
        ContactFilter(operator_id=ann.id, states=[ContactState.ASSIGNED]), limit=2, after=None
    ).items
    return [
        world.register,
        lambda: fairlead.close_contact(CloseContact(first.id)),
        lambda: fairlead.transfer_contact(TransferContact(second.id, spare.id)),
        lambda: fairlead.create_operator(CreateOperator("Cid", 1)),
        lambda: fairlead.update_operator(UpdateOperator(bob.id, capacity=9)),
        lambda: fairlead.create_source(CreateSource("new")),
        lambda: fairlead.replace_allocations(ReplaceAllocations("telegram", [(bob.id, 1)])),
    ]


def assert_unavailable(world: World, reason: str) -> None:
    """Assert that each of these use cases says why it cannot write, and changes nothing."""
    before = everything(world.container.storage())
    for write in writes(world):
        with pytest.raises(StorageUnavailable, match=reason) as refused:
            write()
        assert "INSERT" not in str(refused.value), "no SQL is shown"
    assert everything(world.container.storage()) == before


def assert_works_again(world: World) -> None:
    assert isinstance(world.register(), ContactView)
    for write in writes(world):
        write()
    assert world.defects() == []


@contextmanager
def before_writing(database: Database, pragma: str) -> Iterator[None]:
    """Run a pragma on every write connection before its transaction begins."""

    def set_up(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.execute(pragma)

    event.listen(database.write, "begin", set_up, insert=True)
    try:
        yield
    finally:
        event.remove(database.write, "begin", set_up)
        # A pragma lasts as long as its connection, and one that failed is back in the pool.
        database.write.dispose()


class TestReadOnly:
    """A file that cannot be written. Permissions do not stop root, so SQLite itself is told."""

    def test_a_file_opened_read_only(self, world: World, sqlite_url: str) -> None:
        path = sqlite_url.removeprefix("sqlite:///")
        container = build_container(
            Settings(database_url=f"sqlite:///file:{path}?mode=ro&uri=true")
        )
        storage = container.storage()
        fairlead = container.fairlead()
        (outcome,) = fairlead.register_contacts([RegisterContact("telegram", {"vk": "1"})])
        assert isinstance(outcome, StorageUnavailable)
        assert "read-only" in str(outcome)
        with pytest.raises(StorageUnavailable, match="read-only"):
            fairlead.create_operator(CreateOperator("Cid", 1))
        storage.health.ready()
        assert everything(storage) == everything(world.container.storage())
        storage.close()
        assert_works_again(world)

    def test_a_file_that_becomes_read_only_and_writable_again(self, world: World) -> None:
        database = database_of(world.container.storage())
        with before_writing(database, "PRAGMA query_only = ON"):
            assert_unavailable(world, "readonly")
            world.fairlead.health.ready()
        assert_works_again(world)


class TestFull:
    """A disk that is full, as SQLite sees it: no more pages can be added to the file."""

    def test_nothing_is_half_done_and_it_works_again(self, world: World) -> None:
        database = database_of(world.container.storage())
        with database.read.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        batch = [
            RegisterContact("telegram", {"vk": f"{n}"}, payload={"text": "x" * 9000})
            for n in range(30)
        ]
        with before_writing(database, f"PRAGMA max_page_count = {pages}"):
            before = everything(world.container.storage())
            outcomes = world.fairlead.register_contacts(batch)
            failures = [each for each in outcomes if isinstance(each, StorageUnavailable)]
            assert len(failures) == len(batch)
            assert {"full" in str(each) for each in failures} == {True}
            assert everything(world.container.storage()) == before
            # Reads work on a full disk, and so does closing a contact, which needs no new page.
            (mine, *_) = world.fairlead.contacts.contacts(
                ContactFilter(), limit=1, after=None
            ).items
            world.fairlead.close_contact(CloseContact(mine.id))
            assert world.defects() == []
        assert all(isinstance(each, Registered) for each in world.fairlead.register_contacts(batch))
        assert_works_again(world)


@contextmanager
def locked_by_another_process(path: str) -> Iterator[None]:
    """Hold a write transaction open in another process."""
    code = (
        "import sqlite3, sys\n"
        "file = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "file.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.readline()\n"
        "file.execute('ROLLBACK')\n"
        "file.close()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            process.communicate("\n", timeout=10)


class TestLocked:
    """A transaction of another process that lasts longer than the busy timeout."""

    @pytest.fixture
    def world(self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
        monkeypatch.setattr("adapters.sql.sqlite.BUSY_TIMEOUT", 0.05)
        with open_world(sqlite_url) as opened:
            furnish(opened)
            yield opened

    def test_writers_give_up_and_readers_do_not_notice(self, world: World, sqlite_url: str) -> None:
        with locked_by_another_process(sqlite_url.removeprefix("sqlite:///")):
            assert_unavailable(world, "locked")
            world.fairlead.health.ready()
            assert world.defects() == []
        assert_works_again(world)

    def test_migrating_gives_up_too(self, world: World, sqlite_url: str) -> None:
        with (
            locked_by_another_process(sqlite_url.removeprefix("sqlite:///")),
            pytest.raises(StorageUnavailable, match="locked"),
        ):
            world.container.storage().migrate()
        world.container.storage().migrate()


class TestNotThere:
    """A file that does not exist yet, or is not a database."""

    @pytest.mark.parametrize("there", [True, False])
    def test_one_that_was_not_migrated_says_what_to_run(
        self, sqlite_url: str, tmp_path: Path, there: bool
    ) -> None:
        if there:
            (tmp_path / "fairlead.db").touch()
        container = build_container(Settings(database_url=sqlite_url))
        storage, fairlead = container.storage(), container.fairlead()
        with pytest.raises(StorageUnavailable, match="fairlead migrate"):
            storage.health.ready()
        outcomes = fairlead.register_contacts([RegisterContact("a", {"vk": "1"})] * 2)
        assert [isinstance(each, StorageUnavailable) for each in outcomes] == [True] * 2
        for read in (
            lambda: fairlead.catalogue.source("a"),
            lambda: fairlead.contacts.contacts(ContactFilter(), limit=1, after=None),
            lambda: fairlead.leads.leads(identity=None, limit=1, after=None),
            fairlead.statistics.operators,
            fairlead.check_invariants,
        ):
            with pytest.raises(StorageUnavailable):
                read()
        assert (tmp_path / "fairlead.db").exists() == there
        storage.migrate()
        storage.health.ready()
        fairlead.create_source(CreateSource("a"))
        (outcome,) = fairlead.register_contacts([RegisterContact("a", {"vk": "1"})])
        assert isinstance(outcome, Registered)
        storage.close()

    def test_a_folder_that_is_missing_and_made_later(self, tmp_path: Path) -> None:
        folder = tmp_path / "later"
        container = build_container(Settings(database_url=f"sqlite:///{folder / 'fairlead.db'}"))
        storage, fairlead = container.storage(), container.fairlead()
        for use in (storage.health.ready, storage.migrate):
            with pytest.raises(StorageUnavailable, match=f"the folder {folder} does not exist"):
                use()
        with pytest.raises(StorageUnavailable, match=f"the folder {folder} does not exist"):
            fairlead.create_source(CreateSource("a"))
        folder.mkdir()
        storage.migrate()
        fairlead.create_source(CreateSource("a"))
        storage.close()

    def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        path = tmp_path / "fairlead.db"
        path.write_text("Dear diary, today I was taken for a database.\n" * 100)
        content = path.read_bytes()
        container = build_container(Settings(database_url=f"sqlite:///{path}"))
        storage, fairlead = container.storage(), container.fairlead()
        for use in (storage.health.ready, storage.migrate, fairlead.statistics.operators):
            with pytest.raises(StorageUnavailable, match="is not an SQLite database"):
                use()
        (outcome,) = fairlead.register_contacts([RegisterContact("a", {"vk": "1"})])
        assert isinstance(outcome, StorageUnavailable)
        storage.close()
        assert path.read_bytes() == content

    @pytest.mark.parametrize(
        "url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "sqlite:///"]
    )
    def test_a_url_that_cannot_be_used_is_refused_at_once(self, url: str) -> None:
        with pytest.raises(ValueError, match="sqlite:///"):
            build_container(Settings(database_url=url)).storage()


class TestBatch:
    """A batch on which the storage fails is rolled back and retried one by one."""

    @pytest.fixture
    def watched(self, world: World) -> Watched:
        made = Watched(world.container.storage().unit_of_work)
        made.gate.set()
        made.disk.set()
        return made

    def register(
        self, world: World, watched: Watched, commands: list[RegisterContact]
    ) -> list[object]:
        return list(registering(world, watched)(commands))

    def test_one_bad_contact_harms_no_other(self, world: World, watched: Watched) -> None:
        watched.fail = fails_on('{"number":4}')
        commands = [
            RegisterContact(
                "telegram",
                {"vk": f"{number // 2}"},
                payload={"number": number},
                idempotency_key=f"{number}",
            )
            for number in range(8)
        ]
        commands.insert(2, RegisterContact("nowhere", {"vk": "1"}))
        outcomes = self.register(world, watched, commands)
        assert isinstance(outcomes[5], StorageUnavailable)
        registered = [each for each in outcomes if isinstance(each, Registered)]
        assert [each.contact.payload for each in registered] == [
            {"number": number} for number in range(8) if number != 4
        ]
        # The fifth would have made the lead known; the sixth, of the same lead, does so instead.
        assert [each.contact.lead.created for each in registered] == [
            number in {0, 2, 5, 6} for number in range(8) if number != 4
        ]
        assert [len(batch) for batch in watched.batches] == [8, 1, 1, 0, 1, 1, 1, 1, 1, 1]
        assert world.defects() == []

        watched.fail = lambda _: None
        again = self.register(world, watched, commands)
        replayed = [isinstance(each, Registered) and each.replayed for each in again]
        assert replayed == [number not in {2, 5} for number in range(9)]

    def test_a_storage_that_fails_on_everything_leaves_nothing(
        self, world: World, watched: Watched
    ) -> None:
        def fail(_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        watched.fail = fail
        before = everything(world.container.storage())
        outcomes = self.register(world, watched, [RegisterContact("telegram", {"vk": "1"})] * 3)
        assert [type(each) for each in outcomes] == [StorageUnavailable] * 3
        assert {str(each) for each in outcomes} == {"the database is unavailable: disk I/O error."}
        assert everything(world.container.storage()) == before


def test_an_error_leaves_no_transaction_open(world: World) -> None:
    """Whatever goes wrong in a unit of work, the next one can begin, in any thread or process."""
    storage = world.container.storage()
    for error in (ZeroDivisionError(), sqlite3.OperationalError("x"), KeyboardInterrupt()):
        with pytest.raises((StorageUnavailable, type(error))), storage.unit_of_work():
            raise error
    path = str(database_of(storage).url.database)
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()
    assert_works_again(world)


def test_a_batch_on_a_locked_database_waits_once(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sql.sqlite.BUSY_TIMEOUT", 0.2)
    with open_world(sqlite_url) as world:
        world.source((world.operator(), 1))
        other = open_database(sqlite_url)
        with other.write.begin():
            began = time.monotonic()
            world.fairlead.register_contacts(
                [RegisterContact("telegram", {"vk": f"{number}"}) for number in range(40)]
            )
            assert time.monotonic() - began < 2
        other.dispose()


def test_what_could_not_be_committed_is_answered_once_and_as_not_registered(
    tmp_path: Path,
) -> None:
    """The batch fails, then each command alone: an answer for each command, none a contact."""
    with open_world(f"sqlite:///{tmp_path / 'x.db'}") as world:
        world.source((world.operator(), 1))
        storage = world.container.storage()
        handler = registering(world, lambda: FailingCommit(storage.unit_of_work()))
        outcomes = handler([RegisterContact("telegram", {"vk": f"{each}"}) for each in range(5)])
        assert [type(each) for each in outcomes] == [StorageUnavailable] * 5
        assert not storage.contacts.contacts(ContactFilter(), limit=9, after=None).items


def registering(world: World, begin: UnitOfWorkFactory) -> RegisterContactsHandler:
    """Return a handler that registers in a test's own units of work."""
    transactions = replace(world.container.transactions(), begin=begin)
    return RegisterContactsHandler(
        replace(world.fairlead.register_contact, transactions=transactions)
    )


def test_nothing_begins_at_once_while_another_process_writes(sqlite_url: str) -> None:
    with open_world(sqlite_url) as world:
        storage = world.container.storage()
        other = open_database(sqlite_url)
        with other.write.begin():
            began = time.monotonic()
            assert not storage.unit_of_work().begin_at_once()
            assert time.monotonic() - began < BUSY_TIMEOUT / 2
        other.dispose()
        # The connection is as patient as before.
        with storage.unit_of_work() as uow:
            assert uow.contacts.keyed([]) == {}
        assert_patient(storage)


def assert_patient(storage: Storage) -> None:
    with database_of(storage).write.connect() as connection:
        patience = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    assert patience == BUSY_TIMEOUT * 1000
