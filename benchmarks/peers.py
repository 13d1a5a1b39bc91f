"""What a user might take instead: a queue that stores messages, for others to answer.

A queue recognises nobody, picks nobody and explains nothing, and its callers are in its own
process, not on the other side of HTTP. It does one thing that Fairlead does: it stores a message
durably before it says so.
"""

import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks import load
from benchmarks.queues import CALLERS
from benchmarks.report import Row, median_ratio
from benchmarks.servers import FAIRLEAD, SOURCE, database, prepare, serving
from benchmarks.sharing import SERVER
from entrypoints.scripting import open_fairlead
from tests.postgresql import Databases, postgresql_server


def on_sqlite(folder: Path, rounds: int, seconds: int) -> Row:
    """Compare with huey, whose file is on the same disk."""
    with serving(FAIRLEAD, database(folder, "peer")) as server:
        rates = [
            (load.register(server.address, CALLERS, seconds), _huey(folder, seconds))
            for _ in range(rounds)
        ]
    return _row("HTTP", rates, "huey", "SQLite, fsync=True")


def on_postgresql(rounds: int, seconds: int) -> Row:
    """Compare with procrastinate, whose tables are on the same server."""
    with postgresql_server(None, **SERVER) as postgresql:
        databases = Databases(postgresql.url)
        url = databases.empty()
        with open_fairlead(url) as fairlead:
            prepare(fairlead, [SOURCE], 10)
        with serving(FAIRLEAD, url) as server:
            rates = [
                (
                    load.register(server.address, CALLERS, seconds),
                    _queue("procrastinate", databases.empty().replace("+psycopg", ""), seconds),
                )
                for _ in range(rounds)
            ]
    return _row("PostgreSQL, one process, HTTP", rates, "procrastinate", "PostgreSQL")


def _huey(folder: Path, seconds: int) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as made:
        return _queue("huey", f"{made}/huey.db", seconds)


def _queue(name: str, where: str, seconds: int) -> float:
    command = [sys.executable, "-m", "benchmarks.queues", name, where, str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _row(where: str, rates: list[tuple[load.Load, float]], name: str, storage: str) -> Row:
    ours, theirs = [each for each, _ in rates], [each for _, each in rates]
    return Row(
        f"{where}, {CALLERS} connections, against {name} {version(name)} on {storage}, which only "
        f"stores the messages of {CALLERS} callers in its own process",
        str(load.median(ours)),
        f"{statistics.median(theirs):,.0f}/s",
        f"{median_ratio([each.rate for each in ours], theirs):.2f}",
    )
