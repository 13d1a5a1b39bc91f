"""The command, run in this process on the test's own database file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from entrypoints.cli.main import app
from entrypoints.cli.next_step import given

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def _nothing_given() -> Iterator[None]:
    """A command remembers its database URL until its process ends, so reset it."""
    token = given.set(None)
    yield
    given.reset(token)


@pytest.fixture
def fairlead(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `fairlead` with these arguments, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAIRLEAD_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])
