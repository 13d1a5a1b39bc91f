"""copy: what it prints, on which stream, and with which exit code."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from application.operators import UpdateOperator
from application.ports.statistics import HourSpan
from application.register_contacts import RegisterContact, Registered
from entrypoints.cli import main
from entrypoints.cli.progress import counting
from entrypoints.scripting import open_fairlead
from tests.entrypoints.cli.conftest import Command
from tests.postgresql import Databases


def test_a_database_moves_to_postgresql_and_back(
    fairlead: Command, tmp_path: Path, sqlite_url: str, postgresql: Databases
) -> None:
    fairlead("demo", "--days", "2")
    there, back = postgresql.empty(), f"sqlite:///{tmp_path / 'back.db'}"
    for words in (("--to", there), ("--database-url", there, "--to", back)):
        done = fairlead("copy", *words)
        assert done.exit_code == 0, done.output
        assert "holds 8 operators, 6 sources, " in done.stdout
        assert "It keeps every invariant." in done.stdout
        assert "Nothing was written to " in done.stdout
        assert "point FAIRLEAD_DATABASE_URL at the copy" in done.stdout
        assert done.stderr.strip() == ""
    with open_fairlead(sqlite_url) as first, open_fairlead(back) as last:
        one, other = (
            each.statistics.distribution(sources=None, span=HourSpan()) for each in (first, last)
        )
        assert one == other


@contextmanager
def while_it_runs(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> Iterator[None]:
    """Let the service do something once, after the first rows have been copied."""
    done = list[object]()

    @contextmanager
    def counting_and_acting(console: Console, what: str) -> Iterator[Callable[[int], None]]:
        with counting(console, what) as progress:

            def tell(number: int) -> None:
                if not done:
                    done.append(act())
                progress(number)

            yield tell

    with monkeypatch.context() as patched:
        patched.setattr(main, "counting", counting_and_acting)
        yield
    assert done


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1 contact was registered in "), (12, "12 contacts were registered in ")],
)
def test_contacts_registered_meanwhile_are_said_to_be_left_out(
    fairlead: Command,
    sqlite_url: str,
    postgresql: Databases,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    said: str,
) -> None:
    fairlead("demo", "--days", "1")
    with open_fairlead(sqlite_url) as opened:
        key = opened.catalogue.sources(limit=1, after=None).items[0].key

        def register() -> None:
            for outcome in opened.register_contacts(
                [RegisterContact(key, {"vk": f"late {each}"}) for each in range(number)]
            ):
                assert isinstance(outcome, Registered)

        with while_it_runs(monkeypatch, register):
            done = fairlead("copy", "--to", postgresql.empty())
    assert done.exit_code == 1
    assert "It keeps every invariant." in done.stdout
    assert said in done.stderr
    assert "not in the copy: stop the service and copy into an empty database again" in done.stderr
    assert "FAIRLEAD_DATABASE_URL" not in done.output


def test_any_other_change_meanwhile_is_said_as_well(
    fairlead: Command, sqlite_url: str, postgresql: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    fairlead("demo", "--days", "1")
    with open_fairlead(sqlite_url) as opened:
        (operator,) = opened.catalogue.operators(active=None, limit=1, after=None).items

        def rename() -> None:
            opened.update_operator(UpdateOperator(operator.id, name="Somebody else"))

        with while_it_runs(monkeypatch, rename):
            done = fairlead("copy", "--to", postgresql.empty())
    assert done.exit_code == 1
    assert "was changed while this ran, and the change is not in the copy" in done.stderr


def test_a_copy_of_something_broken_says_what_is_broken(
    fairlead: Command, tmp_path: Path, postgresql: Databases
) -> None:
    fairlead("demo", "--days", "1")
    with closing(sqlite3.connect(tmp_path / "fairlead.db")) as file:
        file.execute("UPDATE operators SET load = load + 1 WHERE name = 'Anna Petrova'")
        file.commit()
    done = fairlead("copy", "--to", postgresql.empty())
    assert done.exit_code == 1
    assert "I1: operator" in done.stdout
    assert "keeps every invariant" not in done.stdout
    assert "FAIRLEAD_DATABASE_URL" not in done.output


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("sqlite:///nowhere.db", "sqlite:///copy.db", "nowhere.db does not exist"),
        ("sqlite:///old.db", "sqlite:///copy.db", "has schema none and this release needs"),
        ("sqlite:///fairlead.db", "oracle://somewhere/else", "oracle is not supported"),
        ("sqlite:///fairlead.db", "memory://", "ends with the process"),
        ("sqlite:///fairlead.db", "sqlite:////no/such/folder/x.db", "folder/x.db: the database"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    fairlead: Command, tmp_path: Path, source: str, target: str, reason: str
) -> None:
    fairlead("migrate")
    (tmp_path / "old.db").touch()
    done = fairlead("copy", "--database-url", source, "--to", target)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert "Traceback" not in done.output
    assert not (tmp_path / "copy.db").exists()
    assert not (tmp_path / "nowhere.db").exists()


def test_a_database_is_not_copied_into_itself(fairlead: Command, sqlite_url: str) -> None:
    fairlead("demo", "--days", "1")
    done = fairlead("copy", "--to", sqlite_url)
    assert done.exit_code == 2
    assert "holds operators, sources, leads, contacts already" in done.stderr
    assert fairlead("check").exit_code == 0
