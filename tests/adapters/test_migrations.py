"""Migrations: up, down and up again, by several processes at once, to the declared schema."""

import re
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import IntegrityError

from adapters.sql.engine import Database
from adapters.sql.migrate import SqlHealth, _config, migrate, unmigrate
from adapters.sql.opening import open_database
from adapters.sql.tables import Row
from application.ports.failures import StorageUnavailable
from application.sources import CreateSource
from entrypoints.scripting import open_fairlead

ROOT = Path(__file__).parents[2]


POSTGRESQL_ONLY = {"0005"}
"""Revisions that change nothing in SQLite."""


def revisions() -> list[str]:
    """Return every revision, oldest first."""
    found = ScriptDirectory.from_config(_config()).walk_revisions()
    return [each.revision for each in found][::-1]


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = open_database(sqlite_url)
    opened.create()
    yield opened
    opened.dispose()


def schema(engine: Engine) -> dict[str, list[str]]:
    """Return the SQL that SQLite keeps of tables and indexes, each cut into sorted parts.

    alembic's comparison sees neither check constraints nor WITHOUT ROWID nor partial indexes.
    """
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master "
            "WHERE sql IS NOT NULL AND name != 'alembic_version'"
        ).all()
    return {name: _parts(sql) for name, sql in rows}


def _parts(sql: str) -> list[str]:
    """Cut `CREATE ... (one, two) rest` into its parts; their order does not matter."""
    head, body, rest = re.fullmatch(r"([^(]*)\((.*)\)([^)]*)", sql, re.DOTALL).groups()  # type: ignore[union-attr]
    parts = [head, rest, *re.split(r",(?![^(]*\))", body)]
    return sorted(re.sub(r"\s+", " ", each).strip() for each in parts)


def test_every_revision_goes_up_down_and_up_again(database: Database) -> None:
    known = revisions()
    for below, revision in zip(["base", *known], known, strict=False):
        before = schema(database.read)
        migrate(database, revision)
        after = schema(database.read)
        assert after != before or revision in POSTGRESQL_ONLY
        unmigrate(database, below)
        assert schema(database.read) == before
        migrate(database, revision)
        assert schema(database.read) == after


def test_going_all_the_way_down_leaves_nothing(database: Database) -> None:
    migrate(database)
    unmigrate(database, "base")
    assert schema(database.read) == {}
    migrate(database)
    SqlHealth(database).ready()


def test_there_is_one_head() -> None:
    assert ScriptDirectory.from_config(_config()).get_heads() == revisions()[-1:]


# alembic does not see indexes of expressions; the comparison of texts below does.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based")
def test_the_migrated_schema_is_that_of_the_tables(database: Database, tmp_path: Path) -> None:
    migrate(database)
    with database.read.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []
    declared = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    Row.metadata.create_all(declared)
    # Only migrations create triggers.
    migrated = schema(database.read)
    assert {name for name in migrated if name not in schema(declared)} == {
        "audit_refuses_update",
        "audit_refuses_delete",
        "audit_refuses_replace",
    }
    assert {name: migrated[name] for name in schema(declared)} == schema(declared)
    declared.dispose()


def test_credits_are_kept_on_the_way_up_and_down(database: Database) -> None:
    """They were a column of the allocations before they became one value of the source."""
    migrate(database, "0001")
    given = [("a", 1, 70, 5), ("a", 2, 30, -9), ("a", 3, 0, 4), ("b", 2, 1, 0)]
    query = "SELECT source_key, operator_id, weight, credit FROM allocations ORDER BY 1, 2"
    with database.write.begin() as connection:
        for number in (1, 2, 3):
            connection.exec_driver_sql(
                "INSERT INTO operators VALUES (?, 'Ann', 1, 1, 0, 0)", (bytes([number] * 16),)
            )
        for key in ("a", "b", "nobody"):
            connection.exec_driver_sql("INSERT INTO sources VALUES (?, 'A', 'exact', 0, 0)", (key,))
        for key, number, weight, credit in given:
            connection.exec_driver_sql(
                "INSERT INTO allocations VALUES (?, ?, ?, ?)",
                (key, bytes([number] * 16), weight, credit),
            )
        before = connection.exec_driver_sql(query).all()
    migrate(database, "0002")
    with database.read.connect() as connection:
        rows = connection.exec_driver_sql("SELECT key, credits FROM sources").all()
        stored: dict[str, bytes] = dict(rows)
    assert stored == {"a": struct.pack("<3q", 5, -9, 4), "b": bytes(8), "nobody": b""}
    unmigrate(database, "0001")
    with database.read.connect() as connection:
        assert connection.exec_driver_sql(query).all() == before


class TestHealth:
    """Ready only with the schema of this release."""

    def test_an_empty_database_is_not_ready(self, database: Database) -> None:
        with pytest.raises(StorageUnavailable, match="fairlead migrate"):
            SqlHealth(database).ready()

    def test_a_migrated_one_is(self, database: Database) -> None:
        health = SqlHealth(database)
        with pytest.raises(StorageUnavailable):
            health.ready()
        migrate(database)
        health.ready()

    def test_one_of_an_earlier_release_is_not(self, database: Database) -> None:
        migrate(database, "0009")
        with pytest.raises(StorageUnavailable, match=r"0009.*fairlead migrate"):
            SqlHealth(database).ready()

    def test_one_of_a_later_release_is_not_to_be_migrated(self, database: Database) -> None:
        migrate(database)
        with database.write.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StorageUnavailable, match=r"9999, which this.*or a later one"):
            SqlHealth(database).ready()

    def test_one_taken_back_is_not(self, database: Database) -> None:
        migrate(database)
        unmigrate(database, "base")
        with pytest.raises(StorageUnavailable, match="none"):
            SqlHealth(database).ready()


def test_a_schema_of_a_later_release_is_left_to_that_release(database: Database) -> None:
    migrate(database)
    with database.write.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = schema(database.read)
    with pytest.raises(StorageUnavailable, match=r"does not know.*9999.*or a later one"):
        migrate(database)
    assert schema(database.read) == before


def test_migrating_what_is_migrated_changes_nothing(database: Database) -> None:
    migrate(database)
    before = schema(database.read)
    migrate(database)
    assert schema(database.read) == before


def test_a_migration_that_fails_leaves_the_schema_as_it_was(database: Database) -> None:
    """DDL is part of the transaction: there is no half-made schema to clean up by hand."""
    with database.write.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE transfers (x)")
    before = schema(database.read)
    with pytest.raises(StorageUnavailable):
        migrate(database)
    assert schema(database.read) == before


def test_two_processes_migrate_at_once(database: Database, sqlite_url: str) -> None:
    # Create the file first, so that both processes compete for the schema.
    database.read.connect().close()
    code = (
        "import sys\n"
        "from entrypoints.scripting import open_fairlead\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "with open_fairlead(sys.argv[1]) as fairlead:\n"
        "    fairlead.health.ready()\n"
    )
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code, sqlite_url],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(2)
        ]
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        errors = [process.communicate(timeout=30)[1] for process in processes]
        assert [process.returncode for process in processes] == [0, 0], errors
    SqlHealth(database).ready()


@pytest.mark.parametrize("role", ["write", "read"])
def test_every_pooled_connection_is_set_up(database: Database, role: str) -> None:
    engine: Engine = getattr(database, role)
    pooled = [engine.raw_connection() for _ in range(3)]
    for each in pooled:
        found = [
            each.cursor().execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
        assert found == ["wal", 2, 1, 10_000]
        each.close()


def test_a_writer_holds_the_write_lock_from_its_first_moment(database: Database) -> None:
    """BEGIN IMMEDIATE: a writer also reads under the lock; readers take none."""
    migrate(database)
    other = sqlite3.connect(str(database.url.database), timeout=0)
    with database.read.connect() as connection:
        connection.exec_driver_sql("SELECT 1 FROM leads")
        other.execute("BEGIN IMMEDIATE").connection.rollback()
    with (
        database.write.begin(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")
    other.close()


def test_an_identity_has_one_owner_by_the_schema(database: Database) -> None:
    migrate(database)
    with database.write.begin() as connection:
        connection.exec_driver_sql("INSERT INTO leads (id, created_at) VALUES (x'01', 0)")
        insert = "INSERT INTO identities (key, lead_id) VALUES ('phone:1', x'01')"
        connection.exec_driver_sql(insert)
        with pytest.raises(IntegrityError):
            connection.exec_driver_sql(insert)
        with pytest.raises(IntegrityError):
            connection.exec_driver_sql("INSERT INTO identities VALUES ('phone:2', x'02')")


def test_threads_open_databases_at_once(tmp_path: Path) -> None:
    """Alembic keeps its work in globals; one thread's must not end up in another's file."""

    def opened(number: int) -> list[str]:
        with open_fairlead(f"sqlite:///{tmp_path / f'{number}.db'}") as fairlead:
            fairlead.create_source(CreateSource(f"source-{number}"))
            return [each.key for each in fairlead.catalogue.sources(limit=9, after=None).items]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(opened, range(24)))
    assert found == [[f"source-{number}"] for number in range(24)]


def test_processes_open_a_new_file_at_once(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from entrypoints.scripting import open_fairlead\n"
        "print('ready', flush=True)\n"
        "for url in sys.stdin:\n"
        "    with open_fairlead(url.strip()) as fairlead:\n"
        "        fairlead.health.ready()\n"
        "    print('done', flush=True)\n"
    )
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for number in range(15):
            for process in processes:
                assert process.stdin
                process.stdin.write(f"sqlite:///{tmp_path / f'{number}.db'}\n")
                process.stdin.flush()
            for process in processes:
                assert process.stdout
                if process.stdout.readline() != "done\n":
                    pytest.fail(process.communicate()[1].splitlines()[-1])
        for process in processes:
            process.communicate()
