"""The command, run in this process on a database file of the test's own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from entrypoints.cli.main import app

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def _an_environment_of_its_own() -> Iterator[None]:
    """`serve` tells the processes that it starts what it serves by its environment."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def fairlead(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `fairlead` with these words, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAIRLEAD_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])
