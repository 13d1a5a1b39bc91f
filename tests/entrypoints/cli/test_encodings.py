"""A PostgreSQL database that cannot store every name: each command says so in a sentence."""

from pathlib import Path

import pytest

from entrypoints.container import build_container
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.cli.conftest import Command
from tests.entrypoints.http.client import serving
from tests.entrypoints.http.expectations import refused
from tests.postgresql import Databases


@pytest.fixture(params=["LATIN1", "SQL_ASCII"])
def url(request: pytest.FixtureRequest, postgresql: Databases) -> str:
    return postgresql.empty(encoding=request.param)


def test_whatever_would_write_is_refused(fairlead: Command, url: str, tmp_path: Path) -> None:
    rows = tmp_path / "leads.csv"
    rows.write_text("channel,phone\nchat,+79161234501\n")
    fairlead("migrate")
    at = ("--database-url", url)
    for words in (
        ("migrate", *at),
        ("serve", "--port", 0, *at),
        ("demo", *at),
        ("import", rows, "--source", "channel", "--identity", "phone=phone", *at),
        ("copy", "--to", url),
    ):
        done = fairlead(*words)
        assert done.exit_code == 2, done.output
        (sentence,) = done.stderr.strip().splitlines()[-1:]
        assert sentence.startswith("fairlead: ")
        assert "createdb -E UTF8 -T template0" in sentence
        assert "Traceback" not in done.output


def test_a_service_that_was_started_all_the_same_says_so(url: str) -> None:
    container = build_container(Settings(database_url=url))
    with serving(create_app(container=container)) as client:
        refused(client.get("/readyz"), "storage_unavailable")
        body = {"source": "chat", "lead": {"name": "Иван", "identities": {"vk": "я"}}}
        refused(client.post("/v1/contacts", json=body), "storage_unavailable")
