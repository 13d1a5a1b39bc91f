"""PostgreSQL: the writers' lock, and what happens when the server or the connection fails."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, make_url

from adapters.sql import postgresql as adapter
from adapters.sql.contacts import SqlContacts
from adapters.sql.engine import Database
from adapters.sql.leads import SqlLeads
from adapters.sql.migrate import _config, migrate, unmigrate
from adapters.sql.opening import open_database
from adapters.sql.sessions import CONNECTIONS, to_read, to_write
from adapters.sql.tables import Row
from adapters.sql.unit_of_work import SqlUnitOfWork
from application.operators import UpdateOperator
from application.ports.failures import (
    OutcomeUnknown,
    StorageAway,
    StorageUnavailable,
    TransactionLost,
)
from application.register_contacts import RegisterContact
from domain.errors import UnknownSource
from domain.events import OperatorChanged, SourceChanged
from domain.lead import Identity
from domain.source import SourceChange
from tests.contract.given import happened
from tests.postgresql import Databases, PostgresqlServer, postgresql_server
from tests.support import World, open_world


@pytest.fixture
def world(postgresql_url: str) -> Iterator[World]:
    with open_world(postgresql_url) as opened:
        opened.source((opened.operator(), 1))
        yield opened


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresqlServer]:
    """A server that a test may stop."""
    with postgresql_server() as server:
        yield server


def connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def url_of(world: World) -> str:
    url: str = world.container.settings().database_url
    return url


def cut_off(world: World) -> None:
    """End every session of the application, as a restart of the server does."""
    with closing(connected(url_of(world))) as other:
        ended = other.execute(
            "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert ended, "there was none"
    assert all(gone for (gone,) in ended)


def only_set(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Make transactions that begin from now on set this and nothing else."""
    statement = f"SELECT set_config('{name}', '{value}', true)"
    monkeypatch.setattr(adapter, "to_write", lambda *_: statement)


def registers(world: World) -> None:
    """Assert that everything works."""
    before = len(world.fairlead.leads.leads(identity=None, limit=200, after=None).items)
    world.register()
    after = len(world.fairlead.leads.leads(identity=None, limit=200, after=None).items)
    assert after == before + 1
    assert world.defects() == []


def test_sessions_that_were_ended_meanwhile_go_unnoticed_by_writers(world: World) -> None:
    for _ in range(3):
        cut_off(world)
        world.register()
    assert world.defects() == []


def test_readers_do_not_notice_it_either(world: World) -> None:
    for _ in range(3):
        (source,) = world.fairlead.catalogue.sources(limit=2, after=None).items
        assert source.key == "telegram"
        cut_off(world)
    registers(world)


def test_a_registration_that_is_cut_off_alone_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, attempts = SqlLeads.index, 0

    def be_cut_off_once(self: SqlLeads, *wanted: Any) -> Any:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            cut_off(world)
        return index(self, *wanted)

    monkeypatch.setattr(SqlLeads, "index", be_cut_off_once)
    registers(world)
    assert attempts == 2


def test_a_deadlock_with_a_stranger_is_of_this_moment(world: World) -> None:
    """A writer that takes the lock first cannot be in one; a session opened by hand can."""
    with closing(connected(url_of(world))) as stranger:

        def want_the_source() -> None:
            # The server ends the session that has waited longest; that must be the other one.
            time.sleep(0.3)
            stranger.execute("UPDATE sources SET name = name")

        def be_in_each_others_way() -> None:
            with world.container.storage().unit_of_work() as uow:
                dispatch = uow.dispatches.load(sources=["telegram"])
                happened(uow, SourceChanged(dispatch.source("telegram")))
                stranger.execute("BEGIN")
                stranger.execute("SELECT FROM operators FOR UPDATE")
                waiting = threading.Thread(target=want_the_source)
                waiting.start()
                try:
                    happened(uow, OperatorChanged(*dispatch.operators.values()))
                finally:
                    waiting.join()

        with pytest.raises(TransactionLost, match="deadlock"):
            be_in_each_others_way()
        stranger.execute("ROLLBACK")
    registers(world)


def test_a_session_that_ends_in_a_transaction_leaves_nothing(world: World) -> None:
    def begin_and_be_cut_off() -> None:
        with world.container.storage().unit_of_work() as uow:
            dispatch = uow.dispatches.load(sources=["telegram"])
            dispatch.source("telegram").change(SourceChange(name="Changed"))
            happened(uow, SourceChanged(dispatch.source("telegram")))
            cut_off(world)

    with pytest.raises(StorageUnavailable):
        begin_and_be_cut_off()
    assert world.fairlead.catalogue.source("telegram").name == "telegram"
    registers(world)


@pytest.mark.parametrize("reads", [False, True])
def test_a_refusal_stays_one_if_the_session_ends_before_it_is_rolled_back(
    world: World, reads: bool
) -> None:
    def refuse() -> None:
        with world.container.storage().unit_of_work() as uow:
            if reads:
                uow.dispatches.load(sources=["telegram"])
            cut_off(world)
            raise UnknownSource("there is none.")

    with pytest.raises(UnknownSource):
        refuse()
    registers(world)


def test_when_the_commit_gets_no_answer_nobody_says_that_nothing_happened(world: World) -> None:
    uow = world.container.storage().unit_of_work()

    def commit() -> None:
        with uow:
            happened(
                uow, SourceChanged(uow.dispatches.load(sources=["telegram"]).source("telegram"))
            )
            # SQLAlchemy waits for each answer, so only the commit gets none.
            uow.due.cancel("nothing")
            cut_off(world)
            uow.commit()

    with pytest.raises(OutcomeUnknown):
        commit()
    registers(world)


def test_whoever_hears_of_a_contact_finds_it_on_the_disk(world: World) -> None:
    """The lock is released before the contact is on the disk; the answer is not given before.

    What PostgreSQL itself adds to its log in between would look like a contact that is not on the
    disk; what it flushes to the disk by itself, five times a second, would look like one that is.
    """
    with closing(connected(url_of(world))) as other:
        kept = 0
        for _ in range(20):
            world.register()
            row = other.execute(
                "SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()"
            ).fetchone()
            kept += row == (True,)
    assert kept > 15


def test_what_may_have_been_stored_is_not_stored_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = SqlUnitOfWork.commit

    def commit_and_lose_the_answer(self: SqlUnitOfWork) -> None:
        commit(self)
        raise OutcomeUnknown("the way back was cut.")

    with monkeypatch.context() as patched:
        patched.setattr(SqlUnitOfWork, "commit", commit_and_lose_the_answer)
        outcomes = world.fairlead.register_contacts(
            [RegisterContact("telegram", {"vk": f"{number}"}) for number in range(3)]
        )
    assert [type(each) for each in outcomes] == [OutcomeUnknown] * 3
    (operator,) = world.fairlead.catalogue.operators(active=None, limit=2, after=None).items
    assert operator.load == 3
    registers(world)


def test_a_writer_waits_for_another_no_longer_than_its_patience(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_set(monkeypatch, "lock_timeout", "200ms")
    with closing(connected(url_of(world))) as other:
        other.execute("BEGIN")
        other.execute("UPDATE write_lock SET version = version + 1")
        began = time.monotonic()
        with pytest.raises(StorageAway, match="lock timeout"):
            world.operator("Late")
        outcomes = world.fairlead.register_contacts(
            [RegisterContact("telegram", {"vk": f"{number}"}) for number in range(40)]
        )
        assert time.monotonic() - began < 5, "they wait together, not one after the other"
        assert {type(each) for each in outcomes} == {StorageAway}
        # Readers do not wait.
        assert world.fairlead.catalogue.source("telegram").waiting == 0
        other.execute("ROLLBACK")
    registers(world)


@pytest.mark.parametrize("reads", [False, True])
def test_a_writer_that_falls_silent_loses_the_lock(
    world: World, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    """A host that has gone cannot release the lock, whether or not it has run a statement."""
    only_set(monkeypatch, "idle_in_transaction_session_timeout", "300ms")
    silent = world.container.storage().unit_of_work()

    def fall_silent() -> None:
        with silent:
            if reads:
                silent.dispatches.load(sources=["telegram"])
                silent.leads.index([Identity("vk", "somebody")], [])
            with open_world(postgresql_url, beside=world) as other:
                other.register()

    with pytest.raises(StorageUnavailable):
        fall_silent()
    registers(world)


def test_the_server_looks_after_a_writer_that_has_gone_or_stands_still(postgresql_url: str) -> None:
    """The settings also work in the middle of a message, and do not outlast a transaction."""
    looking = [f"tcp_keepalives_{name}" for name in ("idle", "interval", "count")]

    def probes(connection: Connection) -> list[str]:
        # Ask the driver itself: what SQLAlchemy executes is waited for, and has no limit.
        driver: Any = connection.connection.driver_connection
        return [
            driver.execute(f"SHOW {name}").fetchone()[0]
            for name in (*looking, "transaction_timeout")
        ]

    database = adapter.PostgresqlDatabase(make_url(postgresql_url))
    with database.write.connect() as connection:
        usual = probes(connection)
    turn = database.begin()
    try:
        assert probes(turn.connection) == ["5", "2", "3", "30s"]
        turn.connection.exec_driver_sql("SELECT")
        assert probes(turn.connection) == ["5", "2", "3", "0"]
    finally:
        database.end(turn)
    assert not set(usual) & {"5", "2", "3", "30s"}
    with database.write.connect() as connection:
        assert probes(connection) == usual
    database.dispose()


def test_a_transaction_that_stands_still_in_the_midst_of_sending_is_ended(
    world: World, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the server it is working: like a long query, it does not count as idle."""
    only_set(monkeypatch, "transaction_timeout", "300ms")
    still = world.container.storage().unit_of_work()
    assert isinstance(still, SqlUnitOfWork)

    def stand_still() -> None:
        with still:
            monkeypatch.undo()
            driver: Any = still._turn.connection.connection.driver_connection
            # The rest of the pipeline never arrives.
            driver.execute("SELECT")
            with open_world(postgresql_url, beside=world) as other:
                other.register()

    with pytest.raises(StorageUnavailable):
        stand_still()
    registers(world)


def test_a_long_queue_is_handed_out_however_long_it_takes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise, what takes longer than the limit would be tried and rolled back forever."""
    (ann,) = world.fairlead.catalogue.operators(active=None, limit=2, after=None).items
    world.fairlead.update_operator(UpdateOperator(ann.id, active=False))
    for _ in range(4):
        world.fairlead.register_contacts([RegisterContact("telegram", {"vk": "1"})] * 500)
    only_set(monkeypatch, "transaction_timeout", "1s")
    save = SqlContacts.store

    def take_time(contacts: SqlContacts, registered: Any, others: Any) -> None:
        save(contacts, registered, others)
        time.sleep(0.3)

    monkeypatch.setattr(SqlContacts, "store", take_time)
    world.fairlead.update_operator(UpdateOperator(ann.id, active=True, capacity=2000))
    assert world.fairlead.catalogue.source("telegram").waiting == 0
    assert world.defects() == []


def test_an_older_server_is_not_told_what_it_does_not_know(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def note(version: int, schema: str | None = None) -> str:
        told.append(to_write(version, schema))
        return told[-1]

    monkeypatch.setattr(adapter, "to_write", note)
    registers(world)
    assert "transaction_timeout" in told[-1]
    monkeypatch.setattr(psycopg.ConnectionInfo, "server_version", 160009)
    registers(world)
    assert "transaction_timeout" not in told[-1]
    assert "transaction_timeout" not in to_read(160009)


def test_a_server_that_is_away_is_told_at_once_and_found_again(
    own_server: PostgresqlServer,
) -> None:
    with open_world(Databases(own_server.url).empty()) as world:
        world.source((world.operator(), 1))
        world.register()
        own_server.stop()
        for _ in range(2):
            with pytest.raises(StorageAway):
                world.operator("Late")
            with pytest.raises(StorageUnavailable):
                world.fairlead.health.ready()
        own_server.start()
        world.fairlead.health.ready()
        registers(world)


def test_what_is_kept_in_memory_is_dropped_when_another_process_has_written(
    world: World, postgresql_url: str
) -> None:
    with open_world(postgresql_url, beside=world) as other:
        for _ in range(3):
            world.register()
            other.register()
            other.operator("Another")
    assert world.defects() == []


@pytest.mark.parametrize("key", [None, "message-1"])
def test_a_registration_never_waits_between_its_writes(world: World, key: str | None) -> None:
    """Whatever SQLAlchemy executes itself has to be waited for, and so does everything after."""
    storage = world.container.storage()
    executed: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        executed.append(statement)

    with storage.unit_of_work() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        engine = uow._turn.connection.engine
        event.listen(engine, "before_cursor_execute", note)
    world.fairlead.register_contacts(
        [RegisterContact("telegram", {"vk": "somebody"}, idempotency_key=key)]
    )
    event.remove(engine, "before_cursor_execute", note)
    assert executed == []


def test_statements_are_not_prepared_if_the_url_says_so(postgresql_url: str) -> None:
    """A pool that hands out connections per transaction may not support them."""
    with open_world(f"{postgresql_url}?prepare_threshold=none") as world:
        world.source((world.operator(), 1))
        for _ in range(8):
            world.register()
        with world.container.storage().unit_of_work() as uow:
            assert isinstance(uow, SqlUnitOfWork)
            found = uow._turn.connection.exec_driver_sql(
                "SELECT count(*) FROM pg_prepared_statements"
            ).scalar_one()
    assert found == 0


def test_every_revision_goes_up_down_and_up_again(postgresql: Databases) -> None:
    database = open_database(postgresql.empty())
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    known = [each.revision for each in scripts][::-1]
    before = described(database)
    for below, revision in zip(["base", *known], known, strict=False):
        migrate(database, revision)
        after = described(database)
        assert after != before
        unmigrate(database, below)
        assert described(database) == before
        migrate(database, revision)
        before = after
    with database.read.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Row.metadata)
    database.dispose()
    assert [(what, table.name) for what, table in differences] == [("remove_table", "write_lock")]


_DESCRIBED = (
    """SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1, 2""",
    """SELECT indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    AND conrelid::regclass::text <> 'alembic_version' ORDER BY 1, 2""",
)


def described(database: Database) -> list[Any]:
    """What PostgreSQL says about columns, indexes and constraints."""
    with database.read.connect() as connection:
        return [connection.exec_driver_sql(query).all() for query in _DESCRIBED]


def test_changes_are_told_after_the_server_was_restarted(world: World) -> None:
    changes = world.container.storage().changes
    before = changes.token()
    cut_off(world)
    assert changes.token() == before
    world.register()
    assert changes.token() != before


def test_names_and_values_are_found_by_index_whatever_the_language_of_the_database(
    postgresql: Databases,
) -> None:
    """In the sort order of a language, the semicolon may come before the colon."""
    url = postgresql.empty()
    with open_world(url) as world:
        world.source((world.operator(), 1))
        for number in range(300):
            world.register(phone=f"+7916{1_000_000 + number}", vk=f"{number}")
        search = world.fairlead.lead_search
        met = search.by_values(["7"], after=None, limit=5, but=lambda _: False).met
        assert [each.lead.identities[-1].value for each in met] == ["7"]
        with closing(connected(url)) as other:
            rows = other.execute(
                "SELECT attrelid::regclass::text, attname, collname FROM pg_attribute "
                "JOIN pg_collation ON pg_collation.oid = attcollation "
                "WHERE attname IN ('name', 'key') AND attrelid::regclass::text "
                "IN ('leads', 'identities', 'sources') ORDER BY 1, 2"
            ).fetchall()
    assert rows == [
        ("identities", "key", "C"),
        ("leads", "name", "C"),
        ("sources", "key", "default"),
        ("sources", "name", "default"),
    ]


def test_threads_that_find_no_connection_free_wait_for_one(world: World) -> None:
    """More threads than a process takes connections, each in its own transaction."""
    together = threading.Barrier(3 * CONNECTIONS)

    def read() -> int:
        together.wait(30)
        return len(world.fairlead.catalogue.sources(limit=2, after=None).items)

    with ThreadPoolExecutor(3 * CONNECTIONS) as pool:
        found = [pool.submit(read) for _ in range(3 * CONNECTIONS)]
    assert {each.result() for each in found} == {1}
    with closing(connected(url_of(world))) as stranger:
        used = stranger.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        ).fetchone()
    assert used
    assert used[0] <= CONNECTIONS


def test_events_are_told_once_they_are_on_disk(world: World, postgresql_url: str) -> None:
    """Fairlead's own commits can be seen before they are on disk, as this one can."""
    reader = world.fairlead.events
    with connected(postgresql_url) as server:
        # It would be written by itself some 200 ms later.
        server.execute("SET synchronous_commit = off")
        for _ in range(5):
            after = reader.events(after=0, limit=1000).last
            server.execute(
                "INSERT INTO events (seq, type, at, actor) VALUES (%s, 7, now(), 'test')",
                [after + 1],
            )
            written, on_disk = log_of(server)
            assert on_disk < written, "otherwise there is nothing to wait for"
            (told,) = reader.events(after=after, limit=9).items
            assert told.seq == after + 1
            _, on_disk = log_of(server)
            assert on_disk >= written


def log_of(server: psycopg.Connection) -> tuple[int, int]:
    """Return how far the server's log has been written, and how much of it is on disk."""
    found = server.execute(
        """SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0'),
        pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')"""
    ).fetchone()
    assert found is not None
    return int(found[0]), int(found[1])
