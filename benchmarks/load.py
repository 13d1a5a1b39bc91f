"""HTTP load, made by wrk."""

import re
import shutil
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class Load(NamedTuple):
    """What wrk measured: requests per second, and latency in milliseconds."""

    rate: float
    p50: float
    p99: float
    longest: float

    def __str__(self) -> str:
        """Return the text of a table cell."""
        return f"{self.rate:,.0f}/s, p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms"


def require_wrk() -> None:
    """Exit with a message if wrk is not installed."""
    if shutil.which("wrk") is None:
        raise SystemExit(
            "wrk, which makes the load, is not installed; install it (apt-get install wrk, "
            "brew install wrk) and run this again."
        )


def register(
    address: str,
    connections: int,
    seconds: int,
    key: str | None = None,
    *,
    kind: str | None = None,
) -> Load:
    """Register contacts as fast as they are answered, each of a new lead unless `kind` is `mix`.

    Args:
        address: the server's address.
        connections: the number of requests in flight.
        seconds: how long the load lasts.
        key: an API key, if the server needs one.
        kind: `idempotent`: each with its own idempotency key; `mix`: as in mix.lua, each with a
            key; None: one identity and a word.

    Raises:
        RuntimeError: a request was not answered with a contact.
    """
    options = [f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    if key is not None:
        options += ["-H", f"Authorization: Bearer {key}"]
    kinds = [] if kind is None else [kind]
    script = str(_FOLDER / "contacts.lua")
    return _load(
        _said([*options, "-s", script, f"{address}/v1/contacts", "--", str(_FOLDER), *kinds])
    )


def read(address: str, connections: int, seconds: float) -> Load:
    """Read lists of contacts as fast as they are answered.

    Raises:
        RuntimeError: a request was not answered with a list.
    """
    options = [f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "30s", "--latency"]
    return _load(_said([*options, f"{address}/v1/contacts?limit=50&source=bench-1"]))


def live(address: str, seconds: int) -> Mapping[str, Load]:
    """Take contacts through their whole life, on 32 connections; see life.lua.

    Returns:
        What wrk measured, for each kind of call.

    Raises:
        RuntimeError: a request failed.
    """
    options = ["-t32", "-c32", f"-d{seconds}s", "--timeout", "30s", "-s", str(_FOLDER / "life.lua")]
    said = _said([*options, address, "--", str(_FOLDER)], one_thread=False)
    if "failed: 0" not in said:
        raise RuntimeError(f"some requests failed:\n{said}")
    form = r"(\w+): \d+ calls, ([\d.]+) a second, p50 (\d+) ms, p99 (\d+) ms, longest (\d+) ms"
    return {name: Load(*map(float, figures)) for name, *figures in re.findall(form, said)}


def _said(options: Sequence[str], *, one_thread: bool = True) -> str:
    said = subprocess.run(
        ["wrk", *(["-t1"] if one_thread else []), *options],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if (one_thread and "Non-2xx" in said) or "Socket errors" in said:
        raise RuntimeError(f"some requests failed:\n{said}")
    return said


def _load(said: str) -> Load:
    return Load(
        float(_find(r"Requests/sec:\s+([\d.]+)()", said)[1]),
        _milliseconds(r"50%\s+([\d.]+)(us|ms|s|m)", said),
        _milliseconds(r"99%\s+([\d.]+)(us|ms|s|m)", said),
        _milliseconds(r"Latency\s+\S+\s+\S+\s+([\d.]+)(us|ms|s|m)", said),
    )


def median(loads: Sequence[Load]) -> Load:
    """Return the median of every figure, and the longest of all requests."""
    rate, p50, p99, longest = zip(*loads, strict=True)
    middle = statistics.median
    return Load(middle(rate), middle(p50), middle(p99), max(longest))


def _milliseconds(pattern: str, said: str) -> float:
    found = _find(pattern, said)
    return float(found[1]) * _MILLISECONDS[found[2]]


def _find(pattern: str, said: str) -> re.Match[str]:
    found = re.search(pattern, said)
    if found is None:
        raise RuntimeError(f"wrk printed nothing that matches {pattern}:\n{said}")
    return found
