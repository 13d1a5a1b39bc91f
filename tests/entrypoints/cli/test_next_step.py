"""Commands that other commands suggest can be copied and run as they stand."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from entrypoints.cli.next_step import command, given, next_step
from tests.entrypoints.cli.conftest import Command
from tests.postgresql import Databases


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (None, ""),
        ("sqlite:///demo.db", " --database-url sqlite:///demo.db"),
        ("sqlite:///my demo;x.db", " --database-url 'sqlite:///my demo;x.db'"),
        ("postgresql://ann@h/x?a=b&c=d", " --database-url 'postgresql://ann@h/x?a=b&c=d'"),
    ],
)
def test_a_url_that_was_given_is_given_again(url: str | None, shown: str) -> None:
    token = given.set(url)
    try:
        line = next_step("serve")
    finally:
        given.reset(token)
    assert line == f"Next: fairlead serve{shown}"
    assert shlex.split(line)[2:] == ["serve", *(["--database-url", url] if url else [])]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://ann:se-cret@host/x",
        "postgresql+psycopg://ann:@host/x",
        "postgresql+psycopg://host/x?user=ann&password=se-cret",
        "postgresql+psycopg://host/x?sslpassword=se-cret",
        "no url, se-cret",
    ],
)
def test_a_password_is_not(url: str) -> None:
    line = command("serve", url)
    assert "se-cret" not in line
    assert "--database-url" not in line
    assert "FAIRLEAD_DATABASE_URL" in line


@pytest.mark.parametrize(
    ("called", "on_path", "shown"),
    [
        (".venv/bin/fairlead", False, ".venv/bin/fairlead"),
        ("{folder}/a folder/fairlead", False, "'{folder}/a folder/fairlead'"),
        ("{folder}/fairlead", True, "fairlead"),
        ("-c", False, "fairlead"),
        ("/somewhere/pytest", False, "fairlead"),
    ],
)
def test_it_is_called_as_it_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, on_path: bool, shown: str
) -> None:
    called, shown = called.format(folder=tmp_path), shown.format(folder=tmp_path)
    if on_path:
        Path(called).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [called, "demo"])
    assert command("serve") == f"{shown} serve"


def after(text: str, words: str) -> list[str]:
    """Return the words of the command that a text suggests."""
    found = re.search(rf"fairlead ({words}[^`\n]*)", text)
    assert found, text
    return shlex.split(found[1])


def test_every_command_that_names_another_names_the_same_database(
    fairlead: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrypoints.cli.main.uvicorn.run", lambda *_, **__: None)
    url = ["--database-url", "sqlite:///a b.db"]
    for words, line in (
        (["check"], "migrate"),
        (["demo", "--days", "1"], "serve"),
        (["keys", "list"], "keys create --role admin"),
        (["serve", "--port", "0", "--log-format", "text"], "keys create --role admin"),
        (["backup", "kept.db"], ""),
    ):
        done = fairlead(*words, *url)
        if line:
            assert after(done.output, line) == [*line.split(), *url], done.output
    other = ["--database-url", "sqlite:///c.db"]
    done = fairlead("restore", "kept.db", *other)
    assert after(done.output, "check") == ["check", *other], done.output
    done = fairlead("copy", "--to", "sqlite:///d e.db", *url)
    assert after(done.output, "serve") == ["serve", "--database-url", "sqlite:///d e.db"]


def test_the_database_of_the_environment_is_that_of_the_next_command_too(
    fairlead: Command,
) -> None:
    fairlead("demo", "--days", 1, "--database-url", "sqlite:///other.db")
    assert fairlead("demo", "--days", 1).output.endswith("Next: fairlead serve\n")


def test_a_password_on_the_command_line_is_shown_nowhere(
    fairlead: Command, postgresql: Databases
) -> None:
    url = make_url(postgresql.empty()).set(password="se-cret")  # noqa: S106 -- the test's own
    given_url = url.render_as_string(hide_password=False)
    for words in (["keys", "list"], ["demo", "--days", "1"], ["keys", "list"]):
        done = fairlead(*words, "--database-url", given_url)
        assert "se-cret" not in done.output
        assert "in FAIRLEAD_DATABASE_URL)" in done.output


@pytest.mark.parametrize(
    "words", [["demo"], ["migrate"], ["check"], ["keys", "create", "--role", "admin"]]
)
def test_what_would_be_lost_with_the_process_is_not_done(
    fairlead: Command, words: list[str]
) -> None:
    """It would create a key that opens nothing, or a month of data that nobody will see."""
    done = fairlead(*words, "--database-url", "memory://")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "data in memory ends with the process" in done.stderr
