"""backup and restore: a complete copy of one moment, even while others write, or no copy."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from application.ports.statistics import HourSpan
from application.register_contacts import RegisterContact, Registered
from entrypoints.scripting import open_fairlead
from tests.entrypoints.cli.conftest import Command
from tests.postgresql import Databases


def test_what_is_restored_is_what_was_backed_up(
    fairlead: Command, tmp_path: Path, sqlite_url: str
) -> None:
    fairlead("demo", "--days", "2")
    made = fairlead("backup", tmp_path / "copy.db")
    assert made.exit_code == 0, made.output
    assert sorted(each.name for each in tmp_path.glob("copy*")) == ["copy.db"]
    url = f"sqlite:///{tmp_path / 'again.db'}"
    again = fairlead("restore", tmp_path / "copy.db", "--database-url", url)
    assert again.exit_code == 0, again.output
    with open_fairlead(sqlite_url) as first, open_fairlead(url) as second:
        assert second.check_invariants() == []
        one, other = (
            each.statistics.distribution(sources=None, span=HourSpan()) for each in (first, second)
        )
        assert one == other
        key = one[0].source
        # Credits, too: both continue with the same operator.
        command = RegisterContact(key, {"telegram": "whoever comes next"})
        picked = []
        for each in (first, second):
            (outcome,) = each.register_contacts([command])
            assert isinstance(outcome, Registered)
            picked.append(outcome.contact.operator)
        assert picked[0] == picked[1]


def test_a_copy_made_under_load_is_of_one_moment(
    fairlead: Command, tmp_path: Path, sqlite_url: str
) -> None:
    fairlead("demo", "--days", "1")
    stop, acknowledged = threading.Event(), list[str]()

    def register() -> None:
        with open_fairlead(sqlite_url) as opened:
            key = opened.catalogue.sources(limit=1, after=None).items[0].key
            number = 0
            while not stop.is_set():
                number += 1
                (outcome,) = opened.register_contacts(
                    [RegisterContact(key, {"telegram": f"under-load-{number}"})]
                )
                assert isinstance(outcome, Registered)
                acknowledged.append(str(outcome.contact.id))

    writer = threading.Thread(target=register)
    writer.start()
    try:
        for number in range(5):
            before = list(acknowledged)
            assert fairlead("backup", tmp_path / f"copy-{number}.db").exit_code == 0
            with open_fairlead(f"sqlite:///{tmp_path / f'copy-{number}.db'}") as copy:
                assert copy.check_invariants() == []
            with closing(sqlite3.connect(tmp_path / f"copy-{number}.db")) as file:
                rows = file.execute("SELECT lower(hex(id)) FROM contacts")
                assert {each.replace("-", "") for each in before} <= {row[0] for row in rows}
    finally:
        stop.set()
        writer.join()


def test_nothing_is_overwritten(fairlead: Command, tmp_path: Path) -> None:
    fairlead("migrate")
    there = tmp_path / "there"
    there.write_text("dear to somebody")
    for words in (["backup", there], ["restore", there]):
        done = fairlead(*words)
        assert done.exit_code == 2
        assert "already exists" in done.output
    assert there.read_text() == "dear to somebody"


@pytest.mark.parametrize("content", [b"", b"no database" * 1000])
def test_what_is_no_backup_is_refused_and_nothing_is_left(
    fairlead: Command, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "other").write_bytes(content)
    done = fairlead("restore", tmp_path / "other")
    assert done.exit_code == 2
    assert "database" in done.output
    assert sorted(each.name for each in tmp_path.iterdir()) == ["other"]


def test_what_is_not_there_is_said(fairlead: Command, tmp_path: Path) -> None:
    assert "does not exist" in fairlead("restore", tmp_path / "nowhere").output
    assert "fairlead.db does not exist" in fairlead("backup", tmp_path / "copy").output
    assert list(tmp_path.iterdir()) == []


def test_other_storages_say_what_to_do(
    fairlead: Command, tmp_path: Path, postgresql: Databases
) -> None:
    for word in ("backup", "restore"):
        for url, advice in ((postgresql.empty(), "pg_dump"), ("memory://", "sqlite:///FILE")):
            done = fairlead(word, tmp_path / "copy", "--database-url", url)
            assert done.exit_code == 2
            assert advice in done.output
