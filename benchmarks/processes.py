"""What a process costs: time to start, and memory."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.batches import contact, send
from benchmarks.report import Row, in_turns, median_ratio
from benchmarks.servers import EMPTY, FAIRLEAD, SOURCE, database, serving

_BATCH = 1000


def starting(folder: Path, rounds: int) -> Row:
    """Compare the time from the start of the process to its first answer."""
    url = database(folder, "starting")

    def seconds(command: Sequence[str], ready: str) -> float:
        with serving(command, url, ready) as server:
            return server.seconds_to_ready

    ours, empty = in_turns(
        rounds, lambda: seconds(FAIRLEAD, "/readyz"), lambda: seconds(EMPTY, "/openapi.json")
    )
    return Row(
        "from start to ready, against an empty FastAPI application",
        f"{statistics.median(ours):.2f} s",
        f"{statistics.median(empty):.2f} s",
        f"{median_ratio(ours, empty):.1f}",
        "under 1.5 s",
    )


def memory(folder: Path, registrations: int) -> Row:
    """Measure the resident memory at rest and after this many registrations in batch calls."""
    with serving(FAIRLEAD, database(folder, "memory")) as server:
        at_rest = server.mebibytes
        for first in range(0, registrations, _BATCH):
            contacts = [contact(SOURCE, f"user-{first + number}") for number in range(_BATCH)]
            send(server.address, json.dumps({"contacts": contacts}).encode())
        after = server.mebibytes
    return Row(
        f"memory after {registrations:,} registrations, against at rest",
        f"{after:.0f} MiB",
        f"{at_rest:.0f} MiB",
        f"{after / at_rest:.2f}",
        "under 120 MiB",
    )
