"""Which database a URL names, in every spelling that people use."""

import pytest
from sqlalchemy import URL

from adapters.sql.opening import open_database
from adapters.sql.postgresql import PostgresqlDatabase
from adapters.sql.sessions import engine_of
from entrypoints.settings import Settings


def connected(url: str) -> dict[str, object]:
    """The arguments that the driver would get."""
    database = open_database(url)
    assert isinstance(database, PostgresqlDatabase)
    _, told = database.write.dialect.create_connect_args(database.write.url)
    return {name: value for name, value in told.items() if name != "context"}


@pytest.mark.parametrize("name", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_known_by_its_own_names(name: str) -> None:
    assert connected(f"{name}://me:p%40ss@host:5433/fairlead?sslmode=require") == {
        "user": "me",
        "password": "p@ss",
        "host": "host",
        "port": 5433,
        "dbname": "fairlead",
        "sslmode": "require",
    }


@pytest.mark.parametrize(
    ("url", "hosts", "ports"),
    [
        ("postgresql://me@a,b/fairlead", "a,b", None),
        ("postgresql://me@a:5432,b:5433/fairlead", "a,b", "5432,5433"),
        ("postgresql://me@a,b:5433/fairlead", "a,b", ",5433"),
        ("postgresql://me@[::1]:5432,[::2]:5433/fairlead", "::1,::2", "5432,5433"),
        ("postgresql://me@/fairlead?host=a,b&port=5432,5433", "a,b", "5432,5433"),
        ("postgresql+psycopg://me@/fairlead?host=a:5432&host=b:5433", "a,b", "5432,5433"),
    ],
)
def test_several_hosts(url: str, hosts: str, ports: str | None) -> None:
    told = connected(url)
    assert (told["host"], told["user"], told["dbname"]) == (hosts, "me", "fairlead")
    if ports is not None:
        assert told["port"] == ports


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://me@host/x",
        "postgresql+psycopg2://me@host/x",
        "postgres+psycopg://me@host/x",
        "mysql://me@host/x",
        "postgresql://me@host:port/x",
        "postgresql://me@a:1,b:x/x",
        "postgresql://me@/x?host=a,b&port=1,2,3",
        "fairlead.db",
        "",
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"use sqlite:///FILE, or postgresql://USER"):
        open_database(url)
    assert Settings(database_url=url).shown_database_url == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:se-cret@host/x", "postgresql://me:***@host/x"),
        ("postgresql://me:se-cret@a:1,b:2/x", "postgresql://me:***@a:1,b:2/x"),
        ("postgresql://me:se/c@ret@host/x", "postgresql://me:***@host/x"),
        ("postgresql://me@host/x?password=se-cret&a=b", "postgresql://me@host/x?password=***&a=b"),
        ("postgresql://h/x?sslpassword=se-cret", "postgresql://h/x?sslpassword=***"),
        ("sqlite:///folder/file.db", "sqlite:///folder/file.db"),
    ],
)
def test_no_password_is_shown(url: str, shown: str) -> None:
    assert Settings(database_url=url).shown_database_url == shown


def test_no_password_of_the_query_is_shown_where_a_copy_names_its_databases() -> None:
    url = "postgresql://me@host/x?password=se-cret"
    assert connected(url).get("password") == "se-cret"
    assert "se-cret" not in open_database(url).url.render_as_string(hide_password=True)


def test_what_a_url_says_of_the_connection_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Except for the encoding, which Fairlead sets itself."""
    given: list[dict[str, object]] = []

    def note(url: URL, **options: object) -> object:
        given.append({**url.query, **dict(options["connect_args"])})  # type: ignore[call-overload]
        raise LookupError

    monkeypatch.setattr("adapters.sql.sessions.create_engine", note)
    asked = "connect_timeout=2&client_encoding=latin1&schema=x&prepare_threshold=none"
    several = {"host": "a,b", **dict(each.split("=") for each in asked.split("&"))}
    for role in ("the database", "the read database"):
        with pytest.raises(LookupError):
            engine_of(URL.create("postgresql+psycopg", query=several), role)
    primary, replica = given
    assert primary["connect_timeout"] == "2"
    assert primary["client_encoding"] == "UTF8"
    assert primary["prepare_threshold"] is None
    assert "schema" not in primary
    # Connect to whichever host is the primary now; a replica never is one.
    assert primary["target_session_attrs"] == "read-write"
    assert "target_session_attrs" not in replica
