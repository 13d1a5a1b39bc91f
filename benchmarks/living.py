"""The whole life of contacts, while everything else in a company goes on, too."""

import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from application.register_contacts import RegisterContact
from benchmarks import load
from benchmarks.importing import generate, importing
from benchmarks.report import Row
from benchmarks.servers import FAIRLEAD, open_company, serving
from entrypoints.scripting import open_fairlead
from tests.postgresql import Databases, postgresql_server

_COMMAND = (sys.executable, "-c", "from entrypoints.cli.main import app; app()")
_CAPACITY = 60
"""Of each operator: 2,400 in total, which the waves of life.lua exceed and fall short of."""
_READERS = 32
_WATCHED = ("/console/", "/console/contacts", "/v1/stats/distribution", "/metrics")
_POSTGRESQL = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "512MB"}


def on_sqlite(folder: Path, seconds: int) -> list[Row]:
    """Measure on SQLite."""
    url = f"sqlite:///{folder / 'life'}.db"
    with open_fairlead(url) as fairlead:
        open_company(fairlead, _CAPACITY)
    with serving(FAIRLEAD, url) as server:
        return [
            *_beside_readers("SQLite", server.address, seconds),
            _beside_import("SQLite", folder, server.address, url, seconds),
            *_life("SQLite", server.address, url, seconds),
            _beside_purge(folder, seconds),
        ]


def on_postgresql(seconds: int) -> list[Row]:
    """Measure on PostgreSQL, with one, two and three processes."""
    rows = []
    with postgresql_server(None, **_POSTGRESQL) as server:
        for processes in (1, 2, 3):
            url = Databases(server.url).empty()
            with open_fairlead(url) as fairlead:
                open_company(fairlead, _CAPACITY)
            with serving((*FAIRLEAD, "--workers", str(processes)), url) as served:
                where = f"PostgreSQL, {processes} process{'es' if processes > 1 else ''}"
                rows += _life(where, served.address, url, seconds)
    return rows


def _life(where: str, address: str, url: str, seconds: int) -> list[Row]:
    load.live(address, 2)
    alone = load.live(address, seconds)
    with _everything_else(address, url, seconds) as looks:
        beside = load.live(address, seconds)
    return [
        Row(
            f"{where}, the whole life of contacts, 32 connections",
            _told(alone),
        ),
        Row(
            f"the same beside {_READERS} readers, pages, statistics, an import and a backup",
            _told(beside),
            f"the slowest page {max(looks, default=0) * 1000:.0f} ms",
            f"{_rate(beside) / _rate(alone):.2f}",
            "p99 under 60 ms",
        ),
    ]


def _beside_readers(where: str, address: str, seconds: int) -> list[Row]:
    alone = load.register(address, 32, seconds, kind="mix")
    with _reading(address, seconds):
        beside = load.register(address, 32, seconds, kind="mix")
    return [
        Row(
            f"{where}, registrations of the real mix beside {_READERS} readers, against alone",
            str(beside),
            str(alone),
            f"{beside.rate / alone.rate:.2f}",
            "0.5",
        )
    ]


def _beside_import(where: str, folder: Path, address: str, url: str, seconds: int) -> Row:
    alone = load.register(address, 32, seconds, kind="mix")
    import_ = _importing(folder / "beside.csv", url)
    try:
        # The import reads the beginning of the file first.
        time.sleep(1)
        beside = load.register(address, 32, seconds, kind="mix")
    finally:
        import_.terminate()
        import_.wait()
    return Row(
        f"{where}, registrations of the real mix beside an import, against alone",
        str(beside),
        str(alone),
        f"{beside.rate / alone.rate:.2f}",
        "0.6, p99 60 ms",
    )


def _beside_purge(folder: Path, seconds: int) -> Row:
    """Remove 200,000 contacts that were closed, more than there is time for."""
    file = folder / "purge.db"
    url = f"sqlite:///{file}"
    with open_fairlead(url) as fairlead:
        open_company(fairlead)
        for start in range(0, 200_000, 1000):
            fairlead.register_contacts(
                [
                    RegisterContact(f"bench-{number % 30 + 1}", {"telegram": f"old-{number}"})
                    for number in range(start, start + 1000)
                ]
            )
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE contacts SET state = 2, closed_at = created_at")
        database.execute("UPDATE operators SET load = 0")
    with serving(FAIRLEAD, url) as server:
        alone = load.register(server.address, 32, seconds, kind="mix")
        before = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        purge = subprocess.Popen(
            [*_COMMAND, "purge", "--before", before, "--database-url", url],
            stdout=subprocess.DEVNULL,
        )
        try:
            time.sleep(1)
            beside = load.register(server.address, 32, seconds, kind="mix")
        finally:
            purge.terminate()
            purge.wait()
    return Row(
        "SQLite, registrations of the real mix beside a purge, against alone",
        str(beside),
        str(alone),
        f"{beside.rate / alone.rate:.2f}",
        "0.6, p99 60 ms",
    )


def _rate(lives: Mapping[str, load.Load]) -> float:
    return sum(each.rate for each in lives.values())


def _told(lives: Mapping[str, load.Load]) -> str:
    each = ", ".join(
        f"{kind} {found.rate:,.0f} (p99 {found.p99:.0f} ms)" for kind, found in lives.items()
    )
    return f"{_rate(lives):,.0f} changes/s: {each}"


@contextmanager
def _everything_else(address: str, url: str, seconds: int) -> Iterator[list[float]]:
    """Read, look, import and back up meanwhile; yield how many seconds each look has taken."""
    looks: list[float] = []
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(address, looks, stop))
    with tempfile.TemporaryDirectory() as made, _reading(address, seconds):
        beside = [_importing(Path(made, "leads.csv"), url)]
        if url.startswith("sqlite"):
            backup = [*_COMMAND, "backup", str(Path(made, "backup.db")), "--database-url", url]
            beside.append(subprocess.Popen(backup, stdout=subprocess.DEVNULL))
        watcher.start()
        try:
            yield looks
        finally:
            stop.set()
            watcher.join()
            for each in beside:
                each.terminate()
                each.wait()


@contextmanager
def _reading(address: str, seconds: int) -> Iterator[None]:
    with ThreadPoolExecutor(1) as readers:
        done = readers.submit(load.read, address, _READERS, seconds)
        yield
        done.result()


def _watch(address: str, looks: list[float], stop: threading.Event) -> None:
    number = 0
    while not stop.wait(1):
        started = time.perf_counter()
        path = _WATCHED[number % len(_WATCHED)]
        urllib.request.urlopen(f"{address}{path}").close()  # noqa: S310 -- loopback
        looks.append(time.perf_counter() - started)
        number += 1


def _importing(file: Path, url: str) -> "subprocess.Popen[bytes]":
    """Start to import more rows than there is time for."""
    generate(file, 300_000)
    return subprocess.Popen(
        [*importing(file, url)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
