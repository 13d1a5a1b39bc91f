"""Large databases: how they are filled, and what it costs to read them."""

import http.client
import json
import os
import random
import re
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from application.contacts import CloseContact
from application.fairlead import Fairlead
from application.operators import CreateOperator
from application.ports.contacts import ContactFilter
from application.ports.system import Clock
from application.register_contacts import RegisterContact
from application.sources import CreateSource, ReplaceAllocations
from benchmarks.report import Row, in_turns, median_ratio
from benchmarks.servers import FAIRLEAD, SOURCE, prepare, serving
from domain.ids import OperatorId
from entrypoints.container import build_simulation
from entrypoints.scripting import open_fairlead
from entrypoints.settings import Settings

_BATCH = 1000
_DAYS = 30
_SOURCES = [SOURCE, *(f"source-{number}" for number in range(28))]
_NOBODY = "nobody"
"""A source without operators: its contacts wait."""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


class _PastClock(Clock):
    """Goes through the last month while the database is filled."""

    def __init__(self) -> None:
        moment = datetime.now(UTC) - timedelta(days=_DAYS)
        self.moment = moment.replace(microsecond=0)

    def now(self) -> datetime:
        return self.moment


def fill(folder: Path, sizes: Sequence[int]) -> dict[int, str]:
    """Create databases with these numbers of contacts from the last month; return their URLs.

    Thirty sources, three contacts per lead; one in a hundred waits, two in a hundred are closed.
    """
    file, clock = folder / "stored.db", _PastClock()
    container = build_simulation(Settings(database_url=f"sqlite:///{file}"), clock)
    storage, fairlead = container.storage(), container.fairlead()
    storage.migrate()
    prepare(fairlead, _SOURCES, 10)
    fairlead.create_source(CreateSource(_NOBODY))
    chance = random.Random(1)
    urls, step = {}, timedelta(days=_DAYS) * _BATCH / max(sizes)
    for stored in range(_BATCH, max(sizes) + 1, _BATCH):
        fairlead.register_contacts([_contact(chance, stored) for _ in range(_BATCH)])
        _close_some(fairlead, _BATCH // 50)
        clock.moment += step
        if stored in sizes:
            copy = folder / f"stored-{stored}.db"
            with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            urls[stored] = f"sqlite:///{copy}"
    storage.close()
    file.unlink()
    # Otherwise the system would write it all to the disk while something is measured.
    os.sync()
    return urls


def _contact(chance: random.Random, stored: int) -> RegisterContact:
    waits = chance.random() < 0.01
    return RegisterContact(
        _NOBODY if waits else chance.choice(_SOURCES),
        {"telegram": f"user-{chance.randrange(stored // 3 + 1)}"},
        payload={"text": "hello"},
    )


def _close_some(fairlead: Fairlead, number: int) -> None:
    page = fairlead.contacts.contacts(ContactFilter(source=SOURCE), limit=number, after=None)
    for each in page.items:
        fairlead.close_contact(CloseContact(each.id))


def reading(url: str, stored: int, rounds: int) -> list[Row]:
    """Compare the slowest read of each kind with a call that reads nothing."""
    with (
        serving(FAIRLEAD, url) as server,
        closing(http.client.HTTPConnection(server.address.removeprefix("http://"))) as connection,
    ):
        milliseconds = partial(_milliseconds, connection)
        rows = []
        for kind, goal, calls in _calls(partial(_get, connection)):
            slowest = max(calls, key=milliseconds)
            mine, floor = in_turns(
                rounds, partial(milliseconds, slowest), partial(milliseconds, "/healthz")
            )
            rows.append(
                Row(
                    f"{kind}, {stored:,} contacts stored, the slowest of {len(calls)} calls "
                    f"(`{_ID.sub('...', slowest)}`)",
                    f"{statistics.median(mine):.1f} ms",
                    f"{statistics.median(floor):.1f} ms (`/healthz`)",
                    f"{median_ratio(mine, floor):.1f}",
                    goal,
                )
            )
        return rows


def _calls(get: Callable[[str], Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield kinds of reads, each with its goal and its calls."""
    newest = get(f"/v1/contacts?limit=1&source={SOURCE}")["items"][0]
    contact, lead, operator = newest["id"], newest["lead"]["id"], newest["operator"]["id"]
    middle = f"{datetime.now(UTC) - timedelta(days=_DAYS / 2):%Y-%m-%dT%H:30:00Z}"
    deep = get(f"/v1/contacts?limit=1&until={middle}")["next_cursor"]
    deep_lead = get(f"/v1/contacts/{deep}")["lead"]["id"]
    filters = [
        "",
        f"&source={SOURCE}",
        f"&source={_NOBODY}",
        f"&operator_id={operator}",
        f"&lead_id={lead}",
        "&state=waiting",
        "&state=assigned",
        "&state=closed",
        f"&source={SOURCE}&state=closed",
        f"&source={_NOBODY}&state=closed",
        f"&operator_id={operator}&state=closed",
        f"&source={SOURCE}&operator_id={operator}",
        f"&source={_NOBODY}&operator_id={operator}",
    ]
    pages = [f"/v1/contacts?limit=200{each}" for each in filters]
    yield (
        "a list page of 200",
        "under 20 ms",
        [
            *pages,
            *(f"{each}&cursor={deep}" for each in pages),
            *(f"{each}&since={middle}" for each in pages),
            *(f"{each}&until={middle}" for each in pages),
            "/v1/leads?limit=200",
            f"/v1/leads?limit=200&cursor={deep_lead}",
            "/v1/operators?limit=200",
            "/v1/sources?limit=200",
        ],
    )
    yield (
        "a lead or a contact looked up",
        "",
        [
            "/v1/leads?identity=telegram:user-1",
            "/v1/leads?identity=telegram:nobody",
            f"/v1/leads/{lead}",
            f"/v1/contacts/{contact}",
            f"/v1/contacts/{contact}/decision",
        ],
    )
    yield (
        "statistics",
        "under 50 ms",
        [
            "/v1/stats/distribution",
            f"/v1/stats/distribution?source={SOURCE}",
            f"/v1/stats/distribution?since={middle}",
            f"/v1/stats/distribution?until={middle}",
            "/v1/stats/operators",
        ],
    )


def browsing(url: str, stored: int, rounds: int) -> list[Row]:
    """Compare the slowest console page, with 1,000 operators on a source, with `/healthz`."""
    with open_fairlead(url) as fairlead:
        operator = _crowd(fairlead)
        contact = fairlead.contacts.contacts(ContactFilter(SOURCE), limit=1, after=None).items[0]
    pages = [
        "/console/",
        "/console/?period=all",
        "/console/minutes.json",
        "/console/sources",
        f"/console/sources/{SOURCE}",
        f"/console/sources/{SOURCE}/shares.json",
        f"/console/sources/{_NOBODY}",
        "/console/operators",
        f"/console/operators/{operator}",
        f"/console/contacts/{contact.id}",
        f"/console/leads/{contact.lead.id}",
        "/console/search?q=user-1",
        "/console/search?q=nobody",
        "/console/statistics",
        "/console/statistics?period=all",
        "/console/statistics/hours.json?period=all",
        "/console/statistics/shares.csv",
        "/console/try",
    ]
    with (
        serving(FAIRLEAD, url) as server,
        closing(http.client.HTTPConnection(server.address.removeprefix("http://"))) as connection,
    ):
        milliseconds = partial(_milliseconds, connection)
        slowest = max(pages, key=milliseconds)
        mine, floor = in_turns(
            rounds, partial(milliseconds, slowest), partial(milliseconds, "/healthz")
        )
    return [
        Row(
            f"a page of the console, {stored:,} contacts stored, 1,000 operators on each of two "
            f"sources, the slowest of {len(pages)} (`{slowest}`)",
            f"{statistics.median(mine):.0f} ms",
            f"{statistics.median(floor):.1f} ms (`/healthz`)",
            f"{median_ratio(mine, floor):.0f}",
            "under 300 ms",
        )
    ]


def _crowd(fairlead: Fairlead) -> OperatorId:
    """Add 990 more operators to two sources, and give them contacts; return one of them."""
    hired = [fairlead.create_operator(CreateOperator(f"Crowd {n}", 1000)).id for n in range(990)]
    for key in _SOURCES[:2]:
        weights = [
            (each.operator_id, each.weight) for each in fairlead.catalogue.source(key).allocations
        ]
        crowd = [(operator_id, 1 + number % 7) for number, operator_id in enumerate(hired)]
        fairlead.replace_allocations(ReplaceAllocations(key, weights + crowd))
    fairlead.register_contacts(
        [RegisterContact(SOURCE, {"telegram": f"crowd-{number}"}) for number in range(500)]
    )
    return hired[0]


def _milliseconds(connection: http.client.HTTPConnection, call: str) -> float:
    """Return the median of a few calls."""
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        _ask(connection, call)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def _get(connection: http.client.HTTPConnection, call: str) -> Any:
    return json.loads(_ask(connection, call))


def _ask(connection: http.client.HTTPConnection, call: str) -> bytes:
    connection.request("GET", call)
    answer = connection.getresponse()
    content = answer.read()
    # A search with a single result redirects to it.
    if answer.status not in {HTTPStatus.OK, HTTPStatus.SEE_OTHER}:
        raise RuntimeError(f"{call} was answered with {answer.status}: {content[:500]!r}")
    return content
