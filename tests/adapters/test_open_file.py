"""A file moved, removed or replaced while it is open: noticed before anything is answered."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.sql import descriptors, open_file
from adapters.sql.opening import open_database, open_read_database
from application.operators import CreateOperator
from application.ports.contacts import ContactFilter
from application.ports.failures import OutcomeUnknown, StorageUnavailable
from application.register_contacts import RegisterContact, Registered
from tests.adapters.statements import database_of
from tests.contract.given import everything
from tests.support import World, open_world


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fairlead.db"


@pytest.fixture
def aside(tmp_path: Path) -> Path:
    folder = tmp_path / "aside"
    folder.mkdir()
    return folder / "fairlead.db"


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    with open_world(sqlite_url) as opened:
        opened.source((opened.operator(), 1))
        opened.register()
        yield opened


def refused(world: World, reason: str) -> None:
    """Assert that no read or write works, and that each says why."""
    storage, fairlead = world.container.storage(), world.fairlead
    for use in (
        # A write transaction that begins within a millisecond of the last look finds out only at
        # its end.
        storage.health.ready,
        world.register,
        lambda: fairlead.create_operator(CreateOperator("Ann", 1)),
        lambda: fairlead.contacts.contacts(ContactFilter(), limit=1, after=None),
        fairlead.check_invariants,
        storage.changes.token,
        storage.migrate,
        storage.statistics.operators,
    ):
        with pytest.raises(StorageUnavailable, match=reason):
            use()


def works(world: World) -> None:
    world.register()
    world.container.storage().health.ready()
    world.container.storage().changes.token()
    assert world.defects() == []


def test_a_file_that_is_moved_is_missed_and_welcome_again(
    world: World, path: Path, aside: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = everything(world.container.storage())
    for _ in range(3):
        path.rename(aside)
        refused(world, "fairlead.db was moved or removed")
        assert not path.exists()
        aside.rename(path)
        assert everything(world.container.storage()) == before
    works(world)
    told = [each.getMessage() for each in caplog.records if each.name == open_file.__name__]
    assert len([each for each in told if "reads and writes have stopped" in each]) == 3
    assert len([each for each in told if "is back as it was" in each]) == 3


def test_what_was_moved_is_whole_without_its_log(world: World, path: Path, aside: Path) -> None:
    """A file moved by itself has everything, and the log left behind is empty."""
    before = everything(world.container.storage())
    database_of(world.container.storage()).checkpoints.stop()
    world.fairlead.create_operator(CreateOperator("Bob", 1))
    path.rename(aside)
    refused(world, "was moved")
    assert path.with_name("fairlead.db-wal").read_bytes() == b""
    with open_world(f"sqlite:///{aside}") as moved:
        found = everything(moved.container.storage())
        assert found != before
        assert len(moved.fairlead.catalogue.operators(active=None, limit=9, after=None).items) == 2


@pytest.mark.parametrize("notices", [True, False])
def test_what_takes_its_place_is_left_alone(
    world: World, path: Path, tmp_path: Path, aside: Path, notices: bool
) -> None:
    other = tmp_path / "other.db"
    with open_world(f"sqlite:///{other}") as elsewhere:
        elsewhere.operator("Somebody else")
    content = other.read_bytes()
    world.register()
    path.rename(aside)
    shutil.copy(other, path)
    if notices:
        refused(world, "fairlead.db was replaced")
    world.container.storage().close()
    assert path.read_bytes() == content
    with open_world(f"sqlite:///{path}") as replaced:
        (only,) = replaced.fairlead.catalogue.operators(active=None, limit=9, after=None).items
        assert only.name == "Somebody else"
    # The file that the log belonged to has everything.
    with open_world(f"sqlite:///{aside}") as moved:
        assert (
            len(moved.fairlead.contacts.contacts(ContactFilter(), limit=9, after=None).items) == 2
        )


def test_a_link_that_leads_elsewhere_is_noticed(tmp_path: Path, path: Path) -> None:
    for name in ("one.db", "two.db"):
        with open_world(f"sqlite:///{tmp_path / name}"):
            pass
    path.symlink_to("one.db")
    with open_world(f"sqlite:///{path}") as world:
        world.source((world.operator(), 1))
        path.unlink()
        path.symlink_to("two.db")
        refused(world, "was replaced")
        path.unlink()
        path.symlink_to("one.db")
        works(world)


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
@pytest.mark.parametrize("what", [Path.unlink, lambda each: each.rename(f"{each}.old")])
def test_a_log_that_goes_away_is_noticed_with_the_next_checkpoint(
    world: World, path: Path, suffix: str, what: Callable[[Path], object]
) -> None:
    checkpoints = database_of(world.container.storage()).checkpoints
    checkpoints.stop()
    world.register()
    what(Path(f"{path}{suffix}"))
    with pytest.raises(sqlite3.OperationalError, match="restart"):
        checkpoints.checkpoint()
    refused(world, f"fairlead.db{suffix} was moved, removed or replaced")
    # As after a kill -9: the file alone.
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as alone:
        assert alone.execute("SELECT count(*) FROM contacts").fetchone() == (2,)


def test_a_file_that_comes_back_changed_needs_a_restart(
    world: World, sqlite_url: str, path: Path, aside: Path
) -> None:
    path.rename(aside)
    refused(world, "was moved")
    with closing(sqlite3.connect(aside)) as other:
        other.execute("DELETE FROM contacts").connection.commit()
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    aside.rename(path)
    refused(world, "may have been changed while it was away: restart")
    refused(world, "may have been changed while it was away: restart")
    world.container.storage().close()
    with open_world(sqlite_url) as again:
        again.container.storage().health.ready()


@pytest.mark.parametrize("how", ["by a backup", "by an older copy", "by nothing"])
def test_a_file_that_is_written_over_is_noticed(
    world: World, path: Path, tmp_path: Path, how: str
) -> None:
    """`cp` keeps the inode of the file that it writes to."""
    storage, copy = world.container.storage(), tmp_path / "copy.db"
    database = database_of(storage)
    if how == "by a backup":
        storage.backup(copy)
    elif how == "by an older copy":
        # By hand, while nothing has it open: this copy keeps a log, not a journal.
        storage.close()
        shutil.copyfile(path, copy)
        with database.write.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE later (what)")
        database.checkpoints.checkpoint()
    else:
        copy.touch()
    database.checkpoints.stop()
    shutil.copyfile(copy, path)
    refused(world, "was overwritten while it was open")
    with pytest.raises(sqlite3.OperationalError, match="was overwritten"):
        database.checkpoints.checkpoint()
    assert path.read_bytes() == copy.read_bytes()


@contextmanager
def moved_within(world: World, path: Path, aside: Path) -> Iterator[None]:
    """Move the file away after a transaction has begun, before it is committed."""
    database = database_of(world.container.storage())
    commit = database.commit

    def move_and_commit(turn: object) -> None:
        path.rename(aside)
        commit(turn)  # type: ignore[arg-type]

    database.commit = move_and_commit  # type: ignore[method-assign]
    try:
        yield
    finally:
        database.commit = commit  # type: ignore[method-assign]


def test_what_is_committed_into_a_file_that_has_gone_is_not_acknowledged(
    world: World, path: Path, aside: Path
) -> None:
    command = RegisterContact("telegram", {"vk": "1"}, idempotency_key="one")
    with moved_within(world, path, aside):
        (outcome,) = world.fairlead.register_contacts([command])
    assert isinstance(outcome, OutcomeUnknown)
    with pytest.raises(StorageUnavailable, match="was moved or removed"):
        world.fairlead.create_operator(CreateOperator("Ann", 1))
    aside.rename(path)
    (again,) = world.fairlead.register_contacts([command])
    assert isinstance(again, Registered)
    assert again.replayed, "it had been stored"
    works(world)


def test_connections_are_not_opened_to_another_file(world: World, path: Path, aside: Path) -> None:
    database = database_of(world.container.storage())
    path.rename(aside)
    shutil.copy(aside, path)
    for engine in (database.write, database.read):
        engine.dispose()
        with pytest.raises(database.errors, match="was replaced"):
            engine.connect()
    assert not path.with_name("fairlead.db-journal").exists()


def test_a_service_that_has_opened_nothing_yet_takes_what_is_there(
    sqlite_url: str, path: Path, tmp_path: Path
) -> None:
    database = open_database(sqlite_url)
    with pytest.raises(database.errors, match="does not exist"):
        database.snapshot()
    path.write_text("no database" * 100)
    with pytest.raises(database.errors, match="is not an SQLite database"):
        database.snapshot()
    with open_world(f"sqlite:///{tmp_path / 'other.db'}"):
        pass
    (tmp_path / "other.db").replace(path)
    database.snapshot().close()
    database.dispose()


def test_what_is_closed_opens_what_is_there_by_then(world: World, path: Path, aside: Path) -> None:
    database = database_of(world.container.storage())
    database.dispose()
    path.rename(aside)
    shutil.copy(aside, path)
    database.snapshot().close()
    database.dispose()


def test_only_the_last_to_close_a_file_forgets_it(world: World, sqlite_url: str) -> None:
    """Closing a file drops all locks that SQLite holds on it, so only the last user closes it."""
    first = database_of(world.container.storage())
    identity = first.file.identity()
    shared = descriptors._shared[identity]
    assert shared.users == 1
    second = open_database(sqlite_url)
    second.snapshot().close()
    assert descriptors._shared[identity] is shared
    assert shared.users == 2
    second.dispose()
    os.fstat(shared.descriptor)
    first.dispose()
    assert identity not in descriptors._shared
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(shared.descriptor)


def test_a_look_costs_one_call_of_the_system(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One before a transaction, unless the last look was just now, and one after its commit."""
    real, asked = os.stat, list[object]()

    def stat(path: object) -> os.stat_result:
        asked.append(path)
        return real(path)  # type: ignore[arg-type]

    database = database_of(world.container.storage())
    database.checkpoints.stop()
    world.register()
    monkeypatch.setattr("adapters.sql.open_file._FRESH", 1000)
    monkeypatch.setattr("adapters.sql.open_file.os.stat", stat)
    world.fairlead.register_contacts(
        [RegisterContact("telegram", {"vk": f"{each}"}) for each in range(100)]
    )
    assert len(asked) == 1
    monkeypatch.setattr("adapters.sql.open_file._FRESH", -1)
    world.register()
    assert len(asked) == 3


def test_a_replica_that_is_replaced_is_read_anew(tmp_path: Path, world: World) -> None:
    replica = tmp_path / "replica.db"
    world.container.storage().backup(replica)
    database = open_read_database(f"sqlite:///{replica}")

    def operators() -> int:
        with database.snapshot() as connection:
            found: int = connection.exec_driver_sql("SELECT count(*) FROM operators").scalar_one()
            return found

    assert operators() == 1
    world.operator("Bob")
    world.container.storage().backup(tmp_path / "newer.db")
    (tmp_path / "newer.db").replace(replica)
    assert operators() == 2
    replica.unlink()
    with pytest.raises(sqlite3.OperationalError, match=r"replica.db does not exist$"):
        operators()
    world.container.storage().backup(replica)
    assert operators() == 2
    database.dispose()


def test_the_file_stays_held_while_everything_else_is_closed(sqlite_url: str, path: Path) -> None:
    """Otherwise SQLite removes the log, and makes another one with the next connection."""
    database = open_database(sqlite_url)
    database.create()
    database.snapshot().close()
    log = path.with_name("fairlead.db-wal").stat().st_ino
    database.read.dispose()
    assert path.with_name("fairlead.db-wal").stat().st_ino == log
    database.snapshot().close()
    database.dispose()
    assert [each.name for each in path.parent.iterdir()] == ["fairlead.db"]
