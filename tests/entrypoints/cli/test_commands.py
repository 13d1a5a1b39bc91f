"""migrate, check, demo, serve: what they do and what they say."""

import sqlite3
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import make_url

from application.ports.contacts import ContactFilter
from application.ports.statistics import HourSpan
from entrypoints.scripting import open_fairlead
from tests.entrypoints.cli.conftest import Command
from tests.postgresql import Databases

WORDS = (
    "serve",
    "migrate",
    "check",
    "backup",
    "restore",
    "copy",
    "purge",
    "import",
    "demo",
    "report",
)


def test_without_words_the_command_shows_every_word_it_knows(fairlead: Command) -> None:
    done = fairlead()
    for word in WORDS:
        assert word in done.output


@pytest.mark.parametrize("word", WORDS)
def test_every_word_explains_itself(fairlead: Command, word: str) -> None:
    done = fairlead(word, "--help")
    assert done.exit_code == 0
    assert "Usage:" in done.output
    assert "--database-url" in done.output


def test_migrate_makes_the_database_and_may_be_run_again(fairlead: Command) -> None:
    assert fairlead("migrate").exit_code == 0
    again = fairlead("migrate")
    assert again.exit_code == 0
    assert "has the schema of fairlead" in again.output


def test_check_says_that_a_sound_database_is_sound(fairlead: Command) -> None:
    fairlead("migrate")
    done = fairlead("check")
    assert done.exit_code == 0
    assert "keeps every invariant" in done.output


def test_check_lists_what_is_broken_and_exits_with_1(fairlead: Command, tmp_path: Path) -> None:
    fairlead("demo", "--days", 1)
    with sqlite3.connect(tmp_path / "fairlead.db") as database:
        database.execute("UPDATE operators SET load = load + 1 WHERE name = 'Anna Petrova'")
    database.close()
    done = fairlead("check")
    assert done.exit_code == 1
    assert "I1: operator" in done.output
    assert "1 defects" in done.output


def test_check_of_a_database_that_was_never_migrated_says_what_to_do(fairlead: Command) -> None:
    done = fairlead("check")
    assert done.exit_code == 2
    assert "run `fairlead migrate`" in done.output


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("oracle://somewhere/else", "oracle is not supported"),
        ("no url at all", "is not a database URL"),
        ("sqlite://", "needs a file"),
        ("sqlite:////no/such/folder/x.db", "x.db cannot be created: the folder /no/such/folder"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_a_sentence(
    fairlead: Command, url: str, reason: str
) -> None:
    done = fairlead("migrate", "--database-url", url)
    assert done.exit_code == 2
    assert reason in done.output
    assert "Traceback" not in done.output


def test_a_setting_that_makes_no_sense_is_named(
    fairlead: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRLEAD_PHONE_REGION", "Russia")
    done = fairlead("migrate")
    assert done.exit_code == 2
    assert "FAIRLEAD_PHONE_REGION" in done.output


def test_memory_is_not_served_by_several_workers(fairlead: Command) -> None:
    done = fairlead("serve", "--workers", 2, "--database-url", "memory://")
    assert done.exit_code == 2
    assert "memory:// cannot be shared" in done.output


def test_a_read_database_that_cannot_be_used_is_refused_before_anything_is_served(
    fairlead: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRLEAD_READ_DATABASE_URL", "oracle://somewhere/else")
    done = fairlead("serve", "--port", 0)
    assert done.exit_code == 2
    assert "oracle is not supported" in done.output


def test_serve_says_where_lists_are_read_and_shows_no_password(
    fairlead: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvicorn, "run", lambda *_, **__: None)
    assert "Lists and statistics" not in fairlead("serve", "--port", 0).output
    monkeypatch.setenv("FAIRLEAD_READ_DATABASE_URL", "postgresql+psycopg://me:se-cret@replica/x")
    done = fairlead("serve", "--port", 0)
    assert done.exit_code == 0, done.output
    assert "are read from postgresql+psycopg://me:***@replica/x." in done.output


def test_demo_fills_a_database_that_keeps_every_invariant(
    fairlead: Command, sqlite_url: str
) -> None:
    done = fairlead("demo", "--days", 2)
    assert done.exit_code == 0, done.output
    assert done.output.endswith("Next: fairlead serve\n")
    with open_fairlead(sqlite_url) as opened:
        assert not opened.check_invariants()
        found = opened.statistics.distribution(sources=None, span=HourSpan())
        newest = opened.contacts.contacts(ContactFilter(), limit=1, after=None).items[0]
    assert len(found) == 6
    assert sum(each.total for each in found) > 100
    assert any(share.contacts for each in found for share in each.operators)
    assert newest.payload is not None


def test_demo_leaves_a_database_alone_that_is_in_use(fairlead: Command) -> None:
    fairlead("demo", "--days", 1)
    done = fairlead("demo", "--days", 1)
    assert done.exit_code == 2
    assert "left alone" in done.output


def test_a_password_is_shown_to_nobody(
    fairlead: Command, postgresql: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(postgresql.empty()).set(password="se-cret")  # noqa: S106 -- the test's own
    monkeypatch.setenv("FAIRLEAD_DATABASE_URL", url.render_as_string(hide_password=False))
    for command in (["migrate"], ["check"], ["demo", "--days", "1"], ["demo"]):
        said = fairlead(*command)
        assert "se-cret" not in said.output
        assert str(url.database) in said.output
    other = make_url(postgresql.empty()).set(password="se-cret")  # noqa: S106 -- likewise
    nowhere = other.set(database="nowhere")
    # Copied, then refused because it is no longer empty, then because it does not exist.
    for target, code in ((other, 0), (other, 2), (nowhere, 2)):
        said = fairlead("copy", "--to", target.render_as_string(hide_password=False))
        assert said.exit_code == code
        assert "se-cret" not in said.output
        assert str(target.database) in said.output
