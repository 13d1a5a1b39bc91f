"""Several processes that share one PostgreSQL."""

from contextlib import ExitStack
from functools import partial

from benchmarks import load
from benchmarks.report import Row, in_turns, median_ratio
from benchmarks.servers import EMPTY, FAIRLEAD, SOURCE, prepare, serving
from entrypoints.scripting import open_fairlead
from tests.postgresql import Databases, postgresql_server

_PROCESSES = (1, 2, 3)
_GOALS = {1: "0.5", 2: "", 3: "more than one process"}
_SERVER = {
    "fsync": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
}


def by_processes(rounds: int, seconds: int) -> list[Row]:
    """Compare one, two and three processes with an empty FastAPI POST; all is on this machine."""
    with postgresql_server(**_SERVER) as server, ExitStack() as stack:
        url = Databases(server.url).empty()
        with open_fairlead(url) as fairlead:
            prepare(fairlead, [SOURCE], 10)
        servers = [
            stack.enter_context(serving((*FAIRLEAD, "--workers", str(processes)), url))
            for processes in _PROCESSES
        ]
        servers.append(stack.enter_context(serving(EMPTY, url)))
        for each in servers:
            load.register(each.address, 32, 1)
        *ours, empty = in_turns(
            rounds, *(partial(load.register, each.address, 32, seconds) for each in servers)
        )
    return [
        Row(
            f"PostgreSQL, {processes} processes, HTTP, 32 connections, against an empty FastAPI "
            "POST",
            str(load.median(loads)),
            str(load.median(empty)),
            f"{median_ratio([each.rate for each in loads], [each.rate for each in empty]):.2f}",
            _GOALS[processes],
        )
        for processes, loads in zip(_PROCESSES, ours, strict=True)
    ]
