"""Registrations in batches, against a hand-written sqlite3 loop that does the same writes."""

import itertools
import json
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from application.register_contacts import RegisterContact
from benchmarks.floor import Floor
from benchmarks.report import Row, in_turns, median_ratio
from benchmarks.servers import FAIRLEAD, SOURCE, database, serving
from entrypoints.scripting import open_fairlead

_BATCHES = 40
"""Batches in one measurement; the median of their rates counts."""

Rate = Callable[[int], float]


def against_floor(folder: Path, rounds: int) -> list[Row]:
    """Compare the handler in this process and the batch call over HTTP."""
    floor = Floor(database(folder, "floor"))
    rows = []
    with _handler(database(folder, "handler")) as handler, _call(database(folder, "call")) as call:
        for what, ours, size, goal in (
            ("handler, 64 at a time", handler, 64, "0.5"),
            ("handler, 500 at a time", handler, 500, "5,000/s"),
            ("batch call, 64 a call", call, 64, ""),
            ("batch call, 500 a call", call, 500, "5,000/s"),
        ):
            mine, theirs = in_turns(
                rounds, partial(ours, size), partial(floor.rate, size, _BATCHES)
            )
            rows.append(
                Row(
                    f"{what}, against a sqlite3 loop with the same writes",
                    f"{statistics.median(mine):,.0f} contacts/s",
                    f"{statistics.median(theirs):,.0f} contacts/s",
                    f"{median_ratio(mine, theirs):.2f}",
                    goal,
                )
            )
    return rows


@contextmanager
def _handler(url: str) -> Iterator[Rate]:
    names = _names()
    with open_fairlead(url) as fairlead:

        def rate(size: int) -> float:
            rates = []
            for _ in range(_BATCHES):
                commands = [
                    RegisterContact(SOURCE, {"telegram": next(names)}, payload={"text": "hello"})
                    for _ in range(size)
                ]
                started = time.perf_counter()
                fairlead.register_contacts(commands)
                rates.append(size / (time.perf_counter() - started))
            return statistics.median(rates)

        yield rate


@contextmanager
def _call(url: str) -> Iterator[Rate]:
    names = _names()
    with serving(FAIRLEAD, url) as server:

        def rate(size: int) -> float:
            rates = []
            for _ in range(_BATCHES):
                contacts = [contact(SOURCE, next(names)) for _ in range(size)]
                content = json.dumps({"contacts": contacts}).encode()
                started = time.perf_counter()
                send(server.address, content)
                rates.append(size / (time.perf_counter() - started))
            return statistics.median(rates)

        yield rate


def contact(source: str, name: str) -> dict[str, object]:
    """Return a contact as the API takes it."""
    return {
        "source": source,
        "lead": {"identities": {"telegram": name}},
        "payload": {"text": "hello"},
    }


def send(address: str, content: bytes) -> None:
    """Make a batch call."""
    request = urllib.request.Request(  # noqa: S310 -- loopback
        f"{address}/v1/contacts/batch", content, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 -- loopback
        answer.read()


def _names() -> Iterator[str]:
    return (f"user-{number}" for number in itertools.count())
