"""Several processes that share one PostgreSQL."""

import itertools
import os
import statistics
import time
import uuid
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg

from benchmarks import load
from benchmarks.registering import idempotent_row
from benchmarks.report import Row, in_turns, median_ratio
from benchmarks.servers import EMPTY, FAIRLEAD, SOURCE, prepare, serving
from entrypoints.scripting import open_fairlead
from tests.postgresql import Databases, postgresql_server

_PROCESSES = (1, 2, 3)
_CONNECTIONS = (32, 96, 256)
SERVER = {
    "fsync": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
}


def by_processes(rounds: int, seconds: int) -> list[Row]:
    """Compare one, two and three processes, all on this machine.

    One is compared with an empty FastAPI POST and a hand-written loop; two and three with one.
    """
    rows = []
    with postgresql_server(None, **SERVER) as server, ExitStack() as stack:
        url = Databases(server.url).empty()
        with open_fairlead(url) as fairlead:
            prepare(fairlead, [SOURCE], 10)
        servers = [
            stack.enter_context(serving((*FAIRLEAD, "--workers", str(processes)), url))
            for processes in _PROCESSES
        ]
        servers.append(stack.enter_context(serving(EMPTY, url)))
        floor = stack.enter_context(_Floor(url))
        for connections in _CONNECTIONS:
            loads = [partial(load.register, each.address, connections) for each in servers]
            for each in loads:
                each(1)
            turns: Any = in_turns(
                rounds,
                *(partial(each, seconds) for each in loads),
                partial(floor.rate, connections, 60),
            )
            rows += _rows(connections, *turns)
        one, *_ = servers
        rows.append(
            idempotent_row(
                "PostgreSQL, one process, HTTP, 32 connections", one.address, rounds, seconds
            )
        )
    return rows


def _rows(connections: int, *turns: Any) -> list[Row]:
    *ours, empty, by_hand = turns
    one, *more = ours
    rates = [each.rate for each in one]
    goal = "0.5" if connections == _CONNECTIONS[0] else ""
    return [
        Row(
            f"PostgreSQL, one process, HTTP, {connections} connections, against an empty FastAPI "
            "POST",
            str(load.median(one)),
            str(load.median(empty)),
            f"{median_ratio(rates, [each.rate for each in empty]):.2f}",
            goal,
        ),
        Row(
            "the same, against a psycopg loop with the same writes, as many in a transaction",
            f"{statistics.median(rates):,.0f} contacts/s",
            f"{statistics.median(by_hand):,.0f} contacts/s",
            f"{median_ratio(rates, by_hand):.2f}",
        ),
        *(
            Row(
                f"PostgreSQL, {processes} processes, HTTP, {connections} connections, against one "
                "process",
                str(load.median(loads)),
                str(load.median(one)),
                f"{median_ratio([each.rate for each in loads], rates):.2f}",
                "1.0" if processes == _PROCESSES[-1] else "",
            )
            for processes, loads in zip(_PROCESSES[1:], more, strict=True)
        ),
    ]


_INTO_LEADS = (
    "INSERT INTO leads (id, created_at) SELECT * FROM unnest(%b::uuid[], %b::timestamptz[])"
)
_INTO_IDENTITIES = (
    "INSERT INTO identities (key, lead_id) SELECT * FROM unnest(%b::text[], %b::uuid[])"
)
_INTO_CONTACTS = (
    "INSERT INTO contacts (id, source_key, lead_id, created_at, payload, lead_created, state, "
    "operator_id, assigned_at) SELECT id, %b, lead, at, payload, true, 1, operator, at FROM "
    "unnest(%b::uuid[], %b::uuid[], %b::timestamptz[], %b::text[], %b::uuid[]) "
    "AS given (id, lead, at, payload, operator)"
)
_INTO_DECISIONS = (
    "INSERT INTO decisions (contact_id, lineup, decision) SELECT id, %b, %b FROM "
    "unnest(%b::uuid[]) AS given (id)"
)
_COUNT_REGISTERED = (
    "INSERT INTO registered_counts VALUES (%b, %b, %b, 1) ON CONFLICT "
    "(source_key, hours, start) DO UPDATE SET contacts = registered_counts.contacts + 1"
)
_COUNT_ASSIGNED = (
    "INSERT INTO assigned_counts (source_key, hours, start, operator_id, contacts) "
    "SELECT %b, %b, %b, operator, 1 FROM unnest(%b::uuid[]) AS given (operator) ON CONFLICT "
    "(source_key, hours, start, operator_id) DO UPDATE SET contacts = assigned_counts.contacts + 1"
)


class _Floor(AbstractContextManager["_Floor"]):
    """The floor of this engine: one look-up and the same writes by hand, in a pipeline.

    No picking, no validation, no objects, no HTTP.
    """

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url.replace("+psycopg", ""))
        self._operators = [row[0] for row in self._connection.execute("SELECT id FROM operators")]
        self._connection.execute("INSERT INTO lineups VALUES ('by hand', 'by hand')")
        self._connection.commit()
        self._number = itertools.count()

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rate(self, size: int, rounds: int) -> float:
        """Return contacts per second in batches of `size`; the median of `rounds`."""
        rates = []
        for _ in range(rounds):
            started = time.perf_counter()
            self._write(size)
            rates.append(size / (time.perf_counter() - started))
        return statistics.median(rates)

    def _write(self, size: int) -> None:
        run, count = self._connection.execute, len(self._operators)
        now = datetime.now(UTC)
        milliseconds, hour = int(now.timestamp() * 1000), int(now.timestamp()) // 3600
        numbers = [next(self._number) for _ in range(size)]
        contacts = [uuid.UUID(int=(milliseconds << 80) | number) for number in numbers]
        leads = [uuid.UUID(int=(milliseconds << 80) | (1 << 60) | number) for number in numbers]
        operators = [self._operators[number % count] for number in numbers]
        keys, at = [f"telegram:by-hand-{number}" for number in numbers], [now] * size
        touched, payloads = [*{*operators}], ['{"text":"hello"}'] * size
        decision = os.urandom(12 + 12 * count)
        with self._connection.pipeline():
            run("UPDATE write_lock SET version = version + 1")
            run("SELECT lead_id FROM identities WHERE key = ANY (%b::text[])", [keys]).fetchall()
            run(_INTO_LEADS, [leads, at])
            run(_INTO_IDENTITIES, [keys, leads])
            run(_INTO_CONTACTS, [SOURCE, contacts, leads, at, payloads, operators])
            run(_INTO_DECISIONS, [b"by hand", decision, contacts])
            run("UPDATE operators SET load = load + 1 WHERE id = ANY (%b::uuid[])", [touched])
            run("UPDATE sources SET credits = credits WHERE key = %b", [SOURCE])
            for hours in (1, 24):
                run(_COUNT_REGISTERED, [SOURCE, hours, hour // hours * hours])
                run(_COUNT_ASSIGNED, [SOURCE, hours, hour // hours * hours, touched])
        self._connection.commit()
