"""The contract of Audit and AuditReader: entries are added, and never change."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from adapters.sql.opening import open_database
from application.ports.storage import Storage
from domain.audit import Action, AuditEntry, Values
from domain.ids import AuditId, time_of
from tests.contract.given import Given
from tests.support import World, open_world


def add(
    given: Given,
    action: Action = Action.SOURCE_CHANGED,
    subject: str = "telegram",
    before: Values | None = None,
    after: Values | None = None,
) -> AuditEntry:
    entry_id = AuditId(given.new_id())
    entry = AuditEntry(
        entry_id, time_of(entry_id), "flk_abcdefghij", action, subject, before, after
    )
    with given.storage.unit_of_work() as uow:
        uow.audit.add(entry)
    return entry


def read(
    storage: Storage,
    subject: str | None = None,
    action: Action | None = None,
    limit: int = 100,
    after: AuditId | None = None,
) -> tuple[list[AuditEntry], bool]:
    page = storage.audit.entries(subject=subject, action=action, limit=limit, after=after)
    return list(page.items), page.more


@contextmanager
def writing(world: World) -> Iterator[Connection]:
    """A transaction on the database itself."""
    database = open_database(world.container.settings().database_url)
    try:
        with database.write.begin() as connection:
            yield connection
    finally:
        database.dispose()


def test_an_empty_log_has_no_entries(storage: Storage) -> None:
    assert read(storage) == ([], False)


@pytest.mark.parametrize(
    "values", [None, {}, {"name": "Анна «A»\n", "capacity": 5, "active": True, "source": None}]
)
def test_an_entry_comes_out_as_it_went_in(
    storage: Storage, given: Given, values: Values | None
) -> None:
    entry = add(given, before=values, after={"other": 1})
    turned = add(given, before={"other": 1}, after=values)
    assert read(storage) == ([turned, entry], False)


def test_every_action_is_kept(storage: Storage, given: Given) -> None:
    added = [add(given, each) for each in Action]
    assert read(storage) == (added[::-1], False)


def test_the_newest_comes_first_and_pages_go_on(storage: Storage, given: Given) -> None:
    added = []
    for number in range(5):
        added.append(add(given, subject=f"{number}"))
        given.world.clock.advance(milliseconds=number % 2)
    newest = added[::-1]
    assert read(storage, limit=2) == (newest[:2], True)
    assert read(storage, limit=2, after=newest[1].id) == (newest[2:4], True)
    assert read(storage, limit=1, after=newest[3].id) == (newest[4:], False)
    assert read(storage, limit=5) == (newest, False)


def test_entries_are_found_by_subject_by_action_and_by_both(storage: Storage, given: Given) -> None:
    one = add(given, Action.SOURCE_CREATED, "telegram")
    two = add(given, Action.SOURCE_CHANGED, "telegram")
    three = add(given, Action.SOURCE_CHANGED, "web")
    assert read(storage, "telegram") == ([two, one], False)
    assert read(storage, action=Action.SOURCE_CHANGED) == ([three, two], False)
    assert read(storage, "telegram", Action.SOURCE_CHANGED) == ([two], False)
    assert read(storage, "telegram", after=two.id) == ([one], False)
    assert read(storage, "telegra") == ([], False)


def test_what_is_rolled_back_leaves_no_entry(storage: Storage, given: Given) -> None:
    kept = add(given)
    entry_id = AuditId(given.new_id())
    entry = AuditEntry(entry_id, given.now, "script", Action.KEY_REVOKED, "flk_a", None, None)
    with pytest.raises(ZeroDivisionError), storage.unit_of_work() as uow:  # noqa: PT012 -- what was added goes, too
        uow.audit.add(entry)
        _ = 1 / 0
    assert read(storage) == ([kept], False)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody'",
        "UPDATE audit SET after = NULL WHERE subject = 'telegram'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE subject = 'telegram'",
    ],
)
def test_the_database_itself_refuses_to_change_or_remove_an_entry(
    shared_url: str, statement: str
) -> None:
    with open_world(shared_url) as world:
        given = Given(world)
        entry = add(given, after={"name": "Telegram"})
        with (
            pytest.raises(DBAPIError, match="the audit log is append-only"),
            writing(world) as connection,
        ):
            connection.execute(text(statement))
        assert read(given.storage) == ([entry], False)


@pytest.mark.parametrize("how", ["INSERT OR REPLACE", "REPLACE"])
def test_nor_does_sqlite_replace_one(sqlite_url: str, how: str) -> None:
    """Replacing deletes the old row without firing triggers on DELETE."""
    columns = "id, at, 'nobody', action, subject, NULL, NULL"
    statement = text(f"{how} INTO audit SELECT {columns} FROM audit")  # noqa: S608
    with open_world(sqlite_url) as world:
        given = Given(world)
        entry = add(given)
        with (
            pytest.raises(DBAPIError, match="the audit log is append-only"),
            writing(world) as connection,
        ):
            connection.execute(statement)
        assert read(given.storage) == ([entry], False)


@pytest.mark.parametrize("statement", ["TRUNCATE audit", "TRUNCATE audit, leads CASCADE"])
def test_nor_does_postgresql_truncate_it(postgresql_url: str, statement: str) -> None:
    """TRUNCATE does not fire triggers on DELETE either."""
    with open_world(postgresql_url) as world:
        given = Given(world)
        entry = add(given)
        with (
            pytest.raises(DBAPIError, match="the audit log is append-only"),
            writing(world) as connection,
        ):
            connection.execute(text(statement))
        assert read(given.storage) == ([entry], False)
