"""Registrations over HTTP against the empty FastAPI POST, by wrk, in turns."""

import re
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import NamedTuple

from benchmarks.servers import prepare, serving
from entrypoints.scripting import open_fairlead

_SCRIPT = Path(__file__).with_name("contacts.lua")


class Load(NamedTuple):
    """What wrk saw: requests a second, and milliseconds of latency."""

    rate: float
    p50: float
    p99: float


def wrk(address: str, connections: int, seconds: int) -> Load:
    """Put load on an address.

    Raises:
        RuntimeError: wrk is not there, or a request was not answered by a contact.
    """
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not there; install it (apt-get install wrk) and run this again")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(_SCRIPT)]
    said = subprocess.run(
        [*command, f"{address}/v1/contacts"], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"some requests failed:\n{said}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None:
        raise RuntimeError(f"wrk said nothing of a rate:\n{said}")
    return Load(float(rate[1]), _latency(said, 50), _latency(said, 99))


def _latency(said: str, percentile: int) -> float:
    found = re.search(rf"{percentile}%\s+([\d.]+)(us|ms|s)", said)
    if found is None:
        raise RuntimeError(f"wrk said nothing of p{percentile}:\n{said}")
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def compare(folder: Path, connections: int, rounds: int, seconds: int) -> tuple[Load, Load, float]:
    """Measure Fairlead and the empty POST in turns; returns medians of both, and of the ratios."""
    url = f"sqlite:///{folder / f'http-{connections}.db'}"
    with open_fairlead(url) as fairlead:
        prepare(fairlead)
    with (
        serving("entrypoints.http.app:create_app", url) as ours,
        serving("benchmarks.servers:create_empty", url) as empty,
    ):
        wrk(ours, connections, 1)
        wrk(empty, connections, 1)
        pairs = [
            (wrk(ours, connections, seconds), wrk(empty, connections, seconds))
            for _ in range(rounds)
        ]
    mine, theirs = zip(*pairs, strict=True)
    return (
        _median(mine),
        _median(theirs),
        statistics.median(each.rate / floor.rate for each, floor in pairs),
    )


def _median(loads: "tuple[Load, ...]") -> Load:
    return Load(*(statistics.median(column) for column in zip(*loads, strict=True)))
