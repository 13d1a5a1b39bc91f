"""Checkpoints: what is committed reaches the file, and the log does not grow forever."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql import checkpoints
from application.contacts import CloseContact
from application.leads import EraseLead, RemoveIdentity, RenameLead
from application.operators import CreateOperator
from application.ports.contacts import ContactView
from application.purging import PurgeContacts
from application.register_contacts import RegisterContact
from tests.adapters.statements import database_of
from tests.support import World, open_world


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    with open_world(sqlite_url) as opened:
        yield opened


def file_of(world: World) -> Path:
    return Path(str(database_of(world.container.storage()).url.database))


def log_of(world: World) -> Path:
    file = file_of(world)
    return file.with_name(f"{file.name}-wal")


def operators_in_the_file_alone(world: World, folder: Path) -> int:
    """Count the operators in the file alone, without its log."""
    alone = folder / "alone.db"
    shutil.copyfile(file_of(world), alone)
    with closing(sqlite3.connect(alone)) as connection:
        if not connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'operators'"
        ).fetchone():
            return 0
        found: int = connection.execute("SELECT count(*) FROM operators").fetchone()[0]
        return found


def test_a_commit_is_brought_into_the_file_soon(world: World, tmp_path: Path) -> None:
    world.fairlead.create_operator(CreateOperator("Ann", 1))
    deadline = time.monotonic() + 20
    while operators_in_the_file_alone(world, tmp_path) < 1:
        assert time.monotonic() < deadline, "no checkpoint was made"
        time.sleep(0.02)


def test_no_commit_makes_a_checkpoint_itself(world: World) -> None:
    with database_of(world.container.storage()).write.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one() == 0


def test_a_long_log_is_begun_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LONGEST", 20)
    checkpointer = database_of(world.container.storage()).checkpoints
    sizes = []
    for _ in range(5):
        for number in range(30):
            world.fairlead.create_operator(CreateOperator(f"Operator {number}", 1))
        checkpointer.checkpoint()
        sizes.append(log_of(world).stat().st_size)
    # Five times as much was written.
    assert max(sizes) < 3 * sizes[0], "it is used again from its beginning"


def test_a_reader_holds_nobody_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restarting the log would have to wait for its readers, so it is left for later."""
    monkeypatch.setattr(checkpoints, "LONGEST", 0)
    database = database_of(world.container.storage())
    world.fairlead.create_operator(CreateOperator("Ann", 1))
    with database.read.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM operators").scalar_one()
        world.fairlead.create_operator(CreateOperator("Bob", 1))
        thread = threading.Thread(target=database.checkpoints.checkpoint)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
        world.fairlead.create_operator(CreateOperator("Cid", 1))


def test_a_failed_checkpoint_is_told_and_tried_again(
    world: World, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpointer = database_of(world.container.storage()).checkpoints
    failed = threading.Event()
    real = checkpointer.checkpoint

    def fail_once() -> None:
        if failed.is_set():
            real()
            return
        failed.set()
        raise sqlite3.OperationalError("the disk is full")

    monkeypatch.setattr(checkpointer, "checkpoint", fail_once)
    world.fairlead.create_operator(CreateOperator("Ann", 1))
    assert failed.wait(20)
    world.fairlead.create_operator(CreateOperator("Bob", 1))
    deadline = time.monotonic() + 20
    while operators_in_the_file_alone(world, tmp_path) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "the disk is full" in caplog.text


def test_closing_ends_the_thread(sqlite_url: str) -> None:
    with open_world(sqlite_url) as world:
        world.fairlead.create_operator(CreateOperator("Ann", 1))
        assert any(each.name == "checkpoints" for each in threading.enumerate())
    world.container.storage().close()
    assert not any(each.name == "checkpoints" for each in threading.enumerate())


class TestWhatIsRemoved:
    """It is gone from the file and the log as soon as no one reads an earlier state."""

    TOLD = (b"Telltale", b"telltale@example.com", b"told in confidence")

    def stored(self, world: World) -> list[bytes]:
        whole = file_of(world).read_bytes() + log_of(world).read_bytes()
        return [each for each in self.TOLD if each in whole]

    def told(self, world: World) -> ContactView:
        world.source((world.operator(), 1))
        return world.outcome(
            RegisterContact(
                "telegram",
                {"email": "telltale@example.com"},
                lead_name="Telltale",
                payload={"text": "told in confidence"},
            )
        ).contact

    def until_gone(self, world: World) -> None:
        deadline = time.monotonic() + 20
        while self.stored(world):
            assert time.monotonic() < deadline, self.stored(world)
            time.sleep(0.02)

    def test_a_person_that_was_erased(self, world: World) -> None:
        contact = self.told(world)
        assert self.stored(world) == list(self.TOLD)
        world.fairlead.erase_lead(EraseLead(contact.lead.id))
        self.until_gone(world)

    def test_contacts_that_were_purged(self, world: World) -> None:
        contact = self.told(world)
        world.fairlead.rename_lead(RenameLead(contact.lead.id, None))
        world.fairlead.remove_identity(
            RemoveIdentity(contact.lead.id, "email", "telltale@example.com")
        )
        world.fairlead.close_contact(CloseContact(contact.id))
        world.clock.advance(hours=2)
        purge = PurgeContacts(world.clock.now() - timedelta(hours=1))
        assert world.fairlead.purge_contacts(purge) == 1
        self.until_gone(world)

    def test_it_waits_for_whoever_reads_and_holds_up_nobody(self, world: World) -> None:
        contact = self.told(world)
        with closing(sqlite3.connect(file_of(world), isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM contacts").fetchone()
            world.fairlead.erase_lead(EraseLead(contact.lead.id))
            for _ in range(20):
                world.register()
                time.sleep(0.02)
            reader.execute("COMMIT")
        self.until_gone(world)

    def test_what_fails_again_and_again_does_not_fill_the_log(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        """While a file is moved away, its checkpoint must not fail and log ten times a second."""
        contact = self.told(world)
        file = file_of(world)
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM contacts").fetchone()
            world.fairlead.erase_lead(EraseLead(contact.lead.id))
            away = file.rename(file.with_name("away.db"))
            deadline = time.monotonic() + 20
            while "a checkpoint failed" not in caplog.text:
                assert time.monotonic() < deadline, "it still wants to empty the log"
                time.sleep(0.02)
            time.sleep(1)
            away.rename(file)
        assert caplog.text.count("a checkpoint failed") <= 2

    def test_it_is_overwritten_whatever_sqlite_is_built_to_do(self, world: World) -> None:
        with database_of(world.container.storage()).write.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1
