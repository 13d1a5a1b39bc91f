"""The floor of any storage: a hand-written sqlite3 loop that does the same writes, and no more.

No reading, no picking, no validation, no objects: where possible, the rows are made beforehand.
Ids and decisions are bound as bytes, the obvious way to write it. The driver binds a bytearray
faster, and Fairlead uses one; with that, this loop would be 1.12 times as fast.
"""

import itertools
import os
import sqlite3
import statistics
import time
import uuid
from pathlib import Path
from typing import Any

from benchmarks.servers import SOURCE

_OPERATORS = 10
_DECISION = os.urandom(12 + 12 * _OPERATORS)
"""As large as the stored decision of a contact on a source with ten operators."""
_LINEUP = os.urandom(16)


class Floor:
    """A database like Fairlead's, written to by hand."""

    def __init__(self, url: str) -> None:
        self._database = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute("INSERT INTO lineups VALUES (?, ?)", (_LINEUP, _LINEUP))
        self._operators = [
            row[0] for row in self._database.execute("SELECT id FROM operators ORDER BY id")
        ]
        self._number = itertools.count()

    def rate(self, size: int, rounds: int) -> float:
        """Return contacts per second in batches of `size`; the median of `rounds`."""
        rates = []
        for _ in range(rounds):
            rows = [self._row() for _ in range(size)]
            started = time.perf_counter()
            self._write(rows)
            rates.append(size / (time.perf_counter() - started))
        return statistics.median(rates)

    def _row(self) -> tuple[Any, ...]:
        number = next(self._number)
        now = int(time.time() * 1000)
        # Ordered by time like a UUIDv7, without the cost of making one.
        contact = uuid.UUID(int=(now << 80) | number).bytes
        lead = uuid.UUID(int=(now << 80) | (1 << 60) | number).bytes
        operator = self._operators[number % _OPERATORS]
        return contact, lead, operator, now, f"telegram:user-{number}", '{"text":"hello"}'

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        run, many = self._database.execute, self._database.executemany
        hour = int(time.time()) // 3600
        run("BEGIN IMMEDIATE")
        many(
            "INSERT INTO leads (id, name, created_at) VALUES (?, NULL, ?)",
            [(lead, now) for _, lead, _, now, _, _ in rows],
        )
        many(
            "INSERT INTO identities (key, lead_id) VALUES (?, ?)",
            [(key, lead) for _, lead, _, _, key, _ in rows],
        )
        many(
            "INSERT INTO contacts (id, source_key, lead_id, created_at, payload, lead_created, "
            "conflicts, state, operator_id, assigned_at, closed_at) "
            "VALUES (?, ?, ?, ?, ?, 1, NULL, 1, ?, ?, NULL)",
            [
                (contact, SOURCE, lead, now, payload, operator, now)
                for contact, lead, operator, now, _, payload in rows
            ],
        )
        many(
            "INSERT INTO decisions (contact_id, lineup, decision) VALUES (?, ?, ?)",
            [(contact, _LINEUP, _DECISION) for contact, *_ in rows],
        )
        touched = {operator for _, _, operator, *_ in rows}
        many(
            "UPDATE operators SET load = load + 1 WHERE id = ? AND active AND load + 1 <= capacity",
            [(operator,) for operator in touched],
        )
        run("UPDATE sources SET credits = ? WHERE key = ?", (os.urandom(8 * _OPERATORS), SOURCE))
        many(
            "INSERT INTO registered_counts VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE "
            "SET contacts = contacts + 1",
            [(SOURCE, hours, hour) for hours in (1, 24)],
        )
        many(
            "INSERT INTO assigned_counts VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE "
            "SET contacts = contacts + 1",
            [(SOURCE, hours, hour, operator) for operator in touched for hours in (1, 24)],
        )
        run("COMMIT")


def longest_write(folder: Path, seconds: float) -> float:
    """Return how many milliseconds the longest of many writes takes, each flushed to the disk.

    Each is as large as a transaction of 32 contacts, into a file that already has its full length.
    """
    data, length = os.urandom(160 * 1024), 64 * 2**20
    file = folder / "disk"
    longest, position = 0.0, 0
    with file.open("wb", buffering=0) as opened:
        opened.write(bytes(length))
        os.fsync(opened.fileno())
        end = time.perf_counter() + seconds
        while (started := time.perf_counter()) < end:
            os.pwrite(opened.fileno(), data, position)
            os.fdatasync(opened.fileno())
            longest = max(longest, time.perf_counter() - started)
            position = (position + len(data)) % (length - len(data))
            time.sleep(0.005)
    file.unlink()
    return longest * 1000
