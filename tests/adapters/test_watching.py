"""SQLite's watcher recovers when its connection or its file fails."""

import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from adapters.sql.sqlite import SqliteDatabase
from application.ports.failures import StorageUnavailable
from application.ports.storage import Changes
from tests.adapters.statements import database_of
from tests.support import World, open_world


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    with open_world(sqlite_url) as opened:
        yield opened


@pytest.fixture
def database(world: World) -> SqliteDatabase:
    return database_of(world.container.storage())


@pytest.fixture
def changes(world: World) -> Changes:
    return world.container.storage().changes


def test_many_threads_ask_one_connection(changes: Changes, database: SqliteDatabase) -> None:
    token = changes.token()
    with ThreadPoolExecutor(8) as threads:
        assert {*threads.map(lambda _: changes.token(), range(200))} == {token}
    assert token == (1, token[1]), "it was opened once"  # type: ignore[index]
    assert database.read.pool.status().endswith("Current Checked out connections: 0")


def test_no_snapshot_is_held_between_two_questions(
    world: World, changes: Changes, database: SqliteDatabase
) -> None:
    changes.token()
    world.operator()
    changes.token()
    path = world.container.settings().database_url.removeprefix("sqlite:///")
    # SQLite runs one checkpoint at a time, and does not wait for another to end.
    database.checkpoints.stop()
    other = sqlite3.connect(path, timeout=0)
    busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    other.close()
    assert busy == 0


def test_a_connection_that_fails_is_opened_anew(
    world: World, changes: Changes, database: SqliteDatabase
) -> None:
    watcher: Any = database._watcher
    before = changes.token()
    watcher._driver.close()
    after = changes.token()
    assert after != before, "what was stored in between cannot be known"
    assert changes.token() == after
    world.operator()
    assert changes.token() != after


def test_a_file_that_is_replaced_is_told_and_not_watched(
    world: World, changes: Changes, tmp_path: Path
) -> None:
    path = Path(world.container.settings().database_url.removeprefix("sqlite:///"))
    world.container.storage().backup(tmp_path / "other.db")
    before = changes.token()
    path.rename(tmp_path / "first.db")
    shutil.move(tmp_path / "other.db", path)
    with pytest.raises(StorageUnavailable, match="was replaced"):
        changes.token()
    shutil.move(tmp_path / "first.db", path)
    after = changes.token()
    assert after != before
    world.operator()
    assert changes.token() not in {before, after}


def test_a_file_that_goes_away_is_not_made_anew(
    world: World, changes: Changes, tmp_path: Path
) -> None:
    path = Path(world.container.settings().database_url.removeprefix("sqlite:///"))
    before = changes.token()
    path.rename(tmp_path / "away.db")
    with pytest.raises(StorageUnavailable, match="was moved or removed"):
        changes.token()
    assert not path.exists()
    (tmp_path / "away.db").rename(path)
    assert changes.token() != before


def test_closing_closes_it(changes: Changes, world: World, database: SqliteDatabase) -> None:
    changes.token()
    watcher: Any = database._watcher
    driver = watcher._driver
    world.container.storage().close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        driver.execute("SELECT 1")


def test_a_file_named_by_an_address_is_watched(world: World) -> None:
    path = world.container.settings().database_url.removeprefix("sqlite:///")
    with open_world(f"sqlite:///file:{path}?uri=true", beside=world) as other:
        before = other.container.storage().changes.token()
        world.operator()
        assert other.container.storage().changes.token() != before
