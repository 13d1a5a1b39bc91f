"""PostgreSQL works whatever a role, a database, a server or the environment sets."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from adapters.sql.engine import PRIMARY, Turn
from adapters.sql.migrate import migrate
from adapters.sql.opening import open_database
from adapters.sql.postgresql import PostgresqlDatabase
from adapters.sql.sessions import engine_of, setting
from application.contacts import CloseContact, TransferContact
from application.operators import CreateOperator, UpdateOperator
from application.ports.contacts import ContactFilter
from application.ports.failures import StorageAway, StorageUnavailable
from application.ports.statistics import HourSpan
from application.register_contacts import RegisterContact
from entrypoints.container import build_container
from entrypoints.settings import Settings
from tests.contract.given import everything
from tests.postgresql import Databases
from tests.support import World, open_world

HOSTILE = {
    "encoding": {"client_encoding": "WIN1251"},
    "dates": {"datestyle": "German", "intervalstyle": "sql_standard"},
    "zone": {"timezone": "<+03>-03"},
    "numbers": {"extra_float_digits": "-15", "bytea_output": "escape"},
    "arrays": {"array_nulls": "off", "standard_conforming_strings": "off"},
    "transactions": {
        "default_transaction_isolation": "serializable",
        "default_transaction_deferrable": "on",
        "exit_on_error": "on",
    },
    "rest": {"row_security": "off", "quote_all_identifiers": "on", "client_min_messages": "debug1"},
}


def run(url: str, *statements: Any) -> list[Any]:
    """Run statements by hand; return the rows of the last."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True, client_encoding="UTF8") as connection:
        for each in statements:
            done = connection.execute(each)
        return done.fetchall() if done.description else []


def test_whoever_finds_the_server_full_waits(postgresql: Databases) -> None:
    url = postgresql.empty()
    run(url, "CREATE ROLE few LOGIN CONNECTION LIMIT 1")
    try:
        engine = engine_of(make_url(url).set(username="few"), PRIMARY)
        first = engine.connect()
        threading.Timer(0.5, engine.dispose).start()
        threading.Timer(0.5, first.invalidate).start()
        started = time.monotonic()
        with engine.connect() as second:
            assert second.exec_driver_sql("SELECT 1").scalar_one() == 1
        assert time.monotonic() - started > 0.4
        engine.dispose()
    finally:
        run(url, "DROP ROLE few")


def test_whoever_finds_it_full_for_too_long_is_told(
    postgresql: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sql.sessions.BUSY_TIMEOUT", 0.3)
    url = postgresql.empty()
    run(url, "CREATE ROLE fewer LOGIN CONNECTION LIMIT 0")
    try:
        engine = engine_of(make_url(url).set(username="fewer"), PRIMARY)
        with pytest.raises(OperationalError, match="too many connections"):
            engine.connect()
        engine.dispose()
    finally:
        run(url, "DROP ROLE fewer")


@contextmanager
def by_default(url: str, **settings: str) -> Iterator[None]:
    """Make every new session in a database begin with these settings."""
    database = sql.Identifier(make_url(url).database or "")
    changes = [
        sql.SQL("ALTER DATABASE {} SET {} = {}").format(
            database, sql.Identifier(name), sql.Literal(value)
        )
        for name, value in settings.items()
    ]
    run(url, *changes)
    try:
        yield
    finally:
        run(url, sql.SQL("ALTER DATABASE {} RESET ALL").format(database))


def lead_a_path(url: str, path: str) -> None:
    """Make every new session in a database begin with a search path, permanently."""
    run(url, f'ALTER DATABASE "{make_url(url).database}" SET search_path = {path}')


def works(url: str, tmp_path: Path) -> None:
    """Assert that a database is written, read, checked and copied without distortion."""
    with open_world(url) as world:
        ann, boris = world.operator("Анна", 2), world.operator("Boris 😀", 1)
        world.source((ann, 1), (boris, 3))
        commands = [
            RegisterContact(
                "telegram",
                {"phone": f"+7916123450{number}", "vk": f"имя {number}"},
                lead_name="Иван 😀 \\ ' \" %",
                payload={"text": "Привет \\n"},
                idempotency_key=f"ключ {number}",
            )
            for number in range(4)
        ]
        made = []
        for each in commands:
            made.append(world.outcome(each).contact)
            world.clock.advance(milliseconds=1234)
        again = world.outcome(commands[0])
        assert again.replayed
        assert again.contact == made[0]
        fairlead = world.fairlead
        assert fairlead.contacts.contact(made[0].id) == made[0]
        fairlead.close_contact(CloseContact(made[0].id))
        fairlead.update_operator(UpdateOperator(ann.id, capacity=50))
        fairlead.transfer_contact(TransferContact(made[1].id, ann.id))
        now = world.clock.now()
        (waits,) = fairlead.statistics.waits({"telegram": 9}, span=HourSpan(), now=now)
        assert list(waits.seconds) == [0.0, 0.0, 0.0, 1.234]
        assert len(fairlead.statistics.operators()) == 2
        fairlead.health.ready()
        assert world.defects() == []
        copied(world, f"sqlite:///{tmp_path / 'copy.db'}")


def copied(world: World, to: str) -> None:
    """Copy a world; assert that the copy is the same."""
    storage = build_container(Settings(database_url=to)).storage()
    with world.container.storage().snapshot() as snapshot:
        storage.fill(snapshot, lambda _: None)
    assert everything(storage) == everything(world.container.storage())
    storage.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_hangs_on_what_a_session_begins_with(
    postgresql_url: str, tmp_path: Path, name: str
) -> None:
    with by_default(postgresql_url, **HOSTILE[name]):
        works(postgresql_url, tmp_path)


def test_nothing_hangs_on_the_environment(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "WIN1251")
    monkeypatch.setenv("PGDATESTYLE", "German")
    monkeypatch.setenv("PGTZ", "Asia/Kathmandu")
    monkeypatch.setenv("PGOPTIONS", "-c extra_float_digits=-15 -c search_path=nowhere")
    works(postgresql_url, tmp_path)


def test_time_outs_for_others_end_no_transaction(postgresql_url: str) -> None:
    """A migration, a copy and a check take as long as they take."""
    limits = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
    if run(postgresql_url, "SHOW server_version_num")[0][0] >= "170000":
        limits.append("transaction_timeout")
    database = PostgresqlDatabase(make_url(postgresql_url))
    with by_default(postgresql_url, **dict.fromkeys(limits, "400ms")):

        def take_time(connection: Any) -> None:
            connection.exec_driver_sql("SELECT pg_sleep(0.5)")
            time.sleep(0.5)
            connection.exec_driver_sql("SELECT")

        with database.snapshot() as connection:
            take_time(connection)
        with database.migrating() as connection:
            take_time(connection)
        turn = database.begin()
        take_time(turn.connection)
        database.end(turn)
    database.dispose()


@pytest.mark.parametrize("usual", ["serializable", "repeatable read"])
def test_who_waited_for_the_lock_goes_on_whatever_the_usual_isolation(
    postgresql_url: str, usual: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With such a default, a waiting writer would be turned away once the lock is free.

    It could try again, but under load it would be turned away again.
    """
    database = PostgresqlDatabase(make_url(postgresql_url))
    monkeypatch.setattr(database, "_once_more", lambda attempt: attempt())
    with by_default(postgresql_url, default_transaction_isolation=usual):
        holder = database.begin()
        begun: list[object] = []

        def wait() -> None:
            turn = database.begin()
            begun.append(turn.found)
            database.end(turn)

        waiting = threading.Thread(target=wait)
        waiting.start()
        while not run(postgresql_url, "SELECT 1 FROM pg_locks WHERE NOT granted"):
            time.sleep(0.01)
        database.commit(holder)
        database.end(holder)
        waiting.join()
    assert begun == [holder.left]
    database.dispose()


def test_what_was_acknowledged_is_on_the_disk_though_the_server_waits_for_none(
    postgresql_url: str,
) -> None:
    where = "SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()"
    with (
        by_default(postgresql_url, synchronous_commit="off"),
        open_world(postgresql_url) as world,
    ):
        world.source((world.operator(), 1))
        kept = 0
        for _ in range(20):
            world.register()
            kept += run(postgresql_url, where) == [(True,)]
    # PostgreSQL also writes its log by itself, five times a second.
    assert kept > 15


class TestEncoding:
    """A database that cannot store every name."""

    @pytest.fixture(params=["LATIN1", "SQL_ASCII"])
    def url(self, request: pytest.FixtureRequest, postgresql: Databases) -> str:
        return postgresql.empty(encoding=request.param)

    def test_it_is_refused_before_anything_is_made_in_it(self, url: str) -> None:
        container = build_container(Settings(database_url=url))
        storage = container.storage()
        with pytest.raises(StorageUnavailable, match="createdb -E UTF8 -T template0"):
            storage.migrate()
        assert run(url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
        storage.close()

    def test_what_it_holds_is_read_and_copied_and_nothing_is_added(
        self, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Anyone who has one from before must be able to leave it."""
        with monkeypatch.context() as patched:
            patched.setattr("adapters.sql.postgresql.require_fit", lambda _: 150000)
            container = build_container(Settings(database_url=url))
            container.storage().migrate()
            with open_world(url) as world:
                world.source((world.operator("Zoe"), 1))
                world.register()
        storage, fairlead = container.storage(), container.fairlead()
        storage.health.readable()
        assert fairlead.check_invariants() == []
        with pytest.raises(StorageAway, match="has the encoding"):
            storage.health.ready()
        with pytest.raises(StorageAway, match="has the encoding"):
            fairlead.create_operator(CreateOperator("Анна", 1))
        outcomes = fairlead.register_contacts([RegisterContact("telegram", {"vk": "я"})] * 2)
        assert [type(each) for each in outcomes] == [StorageAway] * 2
        target = build_container(Settings(database_url=f"sqlite:///{tmp_path / 'x.db'}")).storage()
        with storage.snapshot() as snapshot:
            target.fill(snapshot, lambda _: None)
        assert len(target.contacts.contacts(ContactFilter(), limit=9, after=None).items) == 1
        target.close()
        storage.close()


def test_a_server_that_is_too_old_is_refused(
    postgresql: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg.ConnectionInfo, "server_version", 100023)
    storage = build_container(Settings(database_url=postgresql.empty())).storage()
    with pytest.raises(StorageAway, match="PostgreSQL 10, which is too old: Fairlead needs 11"):
        storage.migrate()
    storage.close()


def test_tables_of_somebody_else_are_left_alone(postgresql: Databases) -> None:
    url = postgresql.empty()
    run(url, "CREATE TABLE leads (name text)")
    database = open_database(url)
    with pytest.raises(StorageUnavailable, match="is not Fairlead's"):
        migrate(database)
    assert run(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [("leads",)]
    database.dispose()


class TestRole:
    """A role that may do less than an owner."""

    @pytest.fixture
    def role(self, postgresql: Databases) -> Iterator[tuple[str, str]]:
        """A database's URL for its owner, and for a role without any rights."""
        url = postgresql.empty()
        name = make_url(url).database or ""
        run(url, f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
        # The default since PostgreSQL 15.
        run(url, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        mine = make_url(url).set(username=name, password=name)
        yield url, mine.render_as_string(hide_password=False)
        run(url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")

    def test_one_that_may_make_no_tables_is_told_so(self, role: tuple[str, str]) -> None:
        url, mine = role
        database = open_database(mine)
        with pytest.raises(StorageUnavailable, match="schema public; to migrate, a role needs"):
            migrate(database)
        run(url, f"GRANT CREATE ON SCHEMA public TO {make_url(mine).username}")
        migrate(database)
        database.dispose()

    def test_one_that_may_only_read_is_not_ready(self, role: tuple[str, str]) -> None:
        url, mine = role
        name = make_url(mine).username
        with open_world(url) as owner:
            owner.source((owner.operator(), 1))
        run(url, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
        with open_world(mine) as world:
            world.fairlead.health.readable()
            with pytest.raises(StorageAway, match="does not let this role write"):
                world.fairlead.health.ready()
            with pytest.raises(StorageAway, match="permission denied"):
                world.register()
            run(url, f"GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}")
            world.register()
            world.fairlead.health.ready()
            assert world.defects() == []


class TestLock:
    """A session opened by hand that keeps everyone else from writing."""

    def test_the_service_is_not_ready_as_long_as_nobody_gets_the_lock(
        self, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        patience = setting({"lock_timeout": "200ms"})
        monkeypatch.setattr("adapters.sql.postgresql.to_write", lambda *_: patience)
        address = make_url(postgresql_url).set(drivername="postgresql")
        with (
            open_world(postgresql_url) as world,
            psycopg.connect(address.render_as_string(hide_password=False)) as other,
        ):
            other.execute("UPDATE write_lock SET version = version + 1")
            # Other writers are normal: no reason to wait for them, or to give up.
            world.fairlead.health.ready()
            with pytest.raises(StorageAway, match="lock timeout"):
                world.operator()
            with pytest.raises(StorageAway, match="lock timeout"):
                world.fairlead.health.ready()
            other.rollback()
            world.fairlead.health.ready()
            world.operator()


class TestSchema:
    """Where the tables are, whatever search path a session begins with."""

    def homes(self, url: str) -> list[str]:
        found = run(url, "SELECT schemaname FROM pg_tables WHERE tablename = 'contacts' ORDER BY 1")
        return [each for (each,) in found]

    @pytest.mark.parametrize("path", ["other", "nowhere", "''", "pg_catalog", "pg_temp, other"])
    def test_another_path_does_not_make_a_second_set(
        self, postgresql: Databases, path: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        url = postgresql.empty()
        run(url, "CREATE SCHEMA other")
        with open_world(url) as world:
            world.source((world.operator(), 1))
        lead_a_path(url, path)
        with open_world(url) as world:
            world.register()
            assert world.defects() == []
        assert self.homes(url) == ["public"]
        assert "tables are in the schema public, which the search path" in caplog.text

    def test_the_tables_are_made_where_the_path_leads_first(self, postgresql: Databases) -> None:
        url = postgresql.empty()
        name = 'It\'s "100 %s" \\ odd'
        run(url, sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        lead_a_path(url, sql.SQL("nowhere, {}, public").format(sql.Identifier(name)).as_string())
        with open_world(url) as world:
            world.source((world.operator(), 1))
            world.register()
        assert self.homes(url) == [name]

    def test_an_empty_path_leads_to_public(self, postgresql: Databases) -> None:
        url = postgresql.empty()
        lead_a_path(url, "''")
        with open_world(url) as world:
            world.operator()
        assert self.homes(url) == ["public"]

    def test_a_path_to_nowhere_is_said(self, postgresql: Databases) -> None:
        url = postgresql.empty()
        lead_a_path(url, "fairlead")
        database = open_database(url)
        with pytest.raises(StorageAway, match=r"the search path \(fairlead\) leads to no schema"):
            migrate(database)
        run(url, "CREATE SCHEMA fairlead")
        migrate(database)
        assert self.homes(url) == ["fairlead"]
        database.dispose()

    def test_a_later_migration_goes_where_the_tables_are(self, postgresql: Databases) -> None:
        """A schema with the role's name comes first in the default path."""
        url = postgresql.empty()
        database = open_database(url)
        migrate(database, "0008")
        run(url, f'CREATE SCHEMA "{make_url(url).username}"')
        database.dispose()
        migrate(database)
        database.dispose()
        assert run(url, "SELECT schemaname FROM pg_tables WHERE tablename = 'audit'") == [
            ("public",)
        ]

    def test_a_second_set_is_made_only_where_the_url_says_so(self, postgresql: Databases) -> None:
        url = postgresql.empty()
        second = f"{url}?schema=second"
        with open_world(url) as world:
            world.source((world.operator(), 1))
            world.register()
        database = open_database(second)
        with pytest.raises(StorageAway, match="no schema second; create it"):
            migrate(database)
        run(url, "CREATE SCHEMA second")
        migrate(database)
        database.dispose()
        with open_world(second) as world:
            assert not world.fairlead.contacts.contacts(ContactFilter(), limit=1, after=None).items
            world.operator()
        assert self.homes(url) == ["public", "second"]
        lead_a_path(url, "nowhere")
        lost = open_database(url)
        with pytest.raises(StorageAway, match=r"several schemas \(public, second\)"):
            migrate(lost)
        with pytest.raises(StorageAway, match="several schemas"):
            lost.begin()
        lost.dispose()
        lead_a_path(url, "nowhere, second")
        with open_world(url) as world:
            assert len(world.fairlead.statistics.operators()) == 1
            assert not world.fairlead.catalogue.sources(limit=1, after=None).items

    def test_a_schema_that_gets_another_name_is_found_again(self, postgresql: Databases) -> None:
        url = postgresql.empty()
        with open_world(url) as world:
            world.source((world.operator(), 1))
            world.register()
            run(url, "ALTER SCHEMA public RENAME TO another")
            world.register()
            assert world.defects() == []


def test_what_is_in_memory_is_dropped_when_a_standby_without_it_takes_over(
    postgresql_url: str,
) -> None:
    """It lacks the latest writes, and others go on counting from where it stands."""
    here, other = (PostgresqlDatabase(make_url(postgresql_url)) for _ in range(2))

    def written(database: PostgresqlDatabase) -> Turn:
        turn = database.begin()
        database.commit(turn)
        database.end(turn)
        return turn

    before = written(here).left
    kept = written(here).left
    run(postgresql_url, sql.SQL("UPDATE write_lock SET version = {}").format(before))
    assert written(other).found == before
    assert written(here).found != kept
    for each in (here, other):
        each.dispose()
