"""Registrations in batches: the handler in this process, and the batch call over HTTP."""

import itertools
import json
import statistics
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from application.register_contacts import RegisterContact
from benchmarks.servers import SOURCE, prepare, serving
from entrypoints.scripting import open_fairlead


def handler_rate(folder: Path, size: int, rounds: int) -> float:
    """Return contacts a second of the handler, in batches of `size`; the median of `rounds`."""
    names = _names()
    with open_fairlead(f"sqlite:///{folder / f'handler-{size}.db'}") as fairlead:
        prepare(fairlead)
        rates = []
        for _ in range(rounds):
            commands = [
                RegisterContact(SOURCE, {"telegram": next(names)}, payload={"text": "hello"})
                for _ in range(size)
            ]
            started = time.perf_counter()
            fairlead.register_contacts(commands)
            rates.append(size / (time.perf_counter() - started))
    return statistics.median(rates)


def call_rate(folder: Path, size: int, rounds: int) -> float:
    """Return contacts a second of POST /v1/contacts/batch, one client; the median of `rounds`."""
    names = _names()
    url = f"sqlite:///{folder / 'call.db'}"
    with open_fairlead(url) as fairlead:
        prepare(fairlead)
    rates = []
    with serving("entrypoints.http.app:create_app", url) as address:
        for _ in range(rounds):
            contacts = [
                {
                    "source": SOURCE,
                    "lead": {"identities": {"telegram": next(names)}},
                    "payload": {"text": "hello"},
                }
                for _ in range(size)
            ]
            request = urllib.request.Request(  # noqa: S310 -- loopback
                f"{address}/v1/contacts/batch",
                json.dumps({"contacts": contacts}).encode(),
                {"Content-Type": "application/json"},
            )
            started = time.perf_counter()
            with urllib.request.urlopen(request) as answer:  # noqa: S310 -- loopback
                answer.read()
            rates.append(size / (time.perf_counter() - started))
    return statistics.median(rates)


def _names() -> Iterator[str]:
    return (f"user-{number}" for number in itertools.count())
