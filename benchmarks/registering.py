"""Registrations over HTTP, one request per contact."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from application.keys import CreateKey
from benchmarks import load
from benchmarks.floor import longest_write
from benchmarks.report import Row, in_turns, median_ratio
from benchmarks.servers import (
    EMPTY,
    FAIRLEAD,
    PLAIN,
    Server,
    database,
    open_company,
    serving,
)
from domain.access import Role
from entrypoints.scripting import open_fairlead

_GOALS = {32: "0.70 (1.0)"}


def against_empty(folder: Path, connections: int, rounds: int, seconds: int) -> list[Row]:
    """Compare with an empty FastAPI POST that has the same models."""
    url = database(folder, f"http-{connections}")
    disk: list[float] = []
    with serving(FAIRLEAD, url) as ours, serving(EMPTY, url) as empty:
        mine, theirs = _loads(
            rounds,
            seconds,
            connections,
            ours,
            empty,
            between=lambda: disk.append(longest_write(folder, seconds)),
        )
    found, floor = load.median(mine), load.median(theirs)
    ratio = median_ratio([each.rate for each in mine], [each.rate for each in theirs])
    rows = [
        Row(
            f"HTTP, {connections} connections, against an empty FastAPI POST",
            str(found),
            str(floor),
            f"{ratio:.2f}",
            _GOALS.get(connections, ""),
        )
    ]
    if connections == 32:
        rows += [
            Row(
                "the same, p99 as a multiple of p50",
                f"{found.p99 / found.p50:.1f}",
                f"{floor.p99 / floor.p50:.1f}",
                "",
                "at most 4",
            ),
            Row(
                f"the same, the longest of all requests in {rounds} rounds",
                f"{found.longest:.0f} ms",
                f"{max(disk):.0f} ms for the disk alone to take a write",
                "",
                "under 100 ms",
            ),
        ]
    return rows


def real_mix(folder: Path, rounds: int, seconds: int) -> list[Row]:
    """Compare as `against_empty`, with what bots really send; see mix.lua."""
    url = f"sqlite:///{folder / 'mix'}.db"
    with open_fairlead(url) as fairlead:
        open_company(fairlead)
    with serving(FAIRLEAD, url) as ours, serving(EMPTY, url) as empty:
        return mixed_rows("HTTP, 32 connections", ours.address, empty.address, rounds, seconds)


def mixed_rows(where: str, address: str, empty: str, rounds: int, seconds: int) -> list[Row]:
    """Put the real mix on a server and on an empty FastAPI POST, in turns, at 32 connections."""
    measures = [partial(load.register, each, 32, kind="mix") for each in (address, empty)]
    for each in measures:
        each(1)
    mine, theirs = in_turns(rounds, *(partial(each, seconds) for each in measures))
    ratio = median_ratio([each.rate for each in mine], [each.rate for each in theirs])
    found, floor = load.median(mine), load.median(theirs)
    return [
        Row(
            f"{where}, the real mix, against an empty FastAPI POST with the same",
            str(found),
            str(floor),
            f"{ratio:.2f}",
            "0.75",
        ),
        Row(
            "the same, p99 as a multiple of p50, and the longest of all requests",
            f"{found.p99 / found.p50:.1f}, {found.longest:.0f} ms",
            f"{floor.p99 / floor.p50:.1f}, {floor.longest:.0f} ms",
            "",
            "at most 4, under 100 ms",
        ),
    ]


def against_plain(folder: Path, rounds: int, seconds: int) -> Row:
    """Compare with one transaction per request, at one connection."""
    with (
        serving(FAIRLEAD, database(folder, "grouped")) as ours,
        serving(PLAIN, database(folder, "plain")) as plain,
    ):
        mine, theirs = _loads(rounds, seconds, 1, ours, plain)
    ratio = median_ratio([each.rate for each in mine], [each.rate for each in theirs])
    return Row(
        "HTTP, 1 connection, against one plain transaction a request",
        str(load.median(mine)),
        str(load.median(theirs)),
        f"{ratio:.2f}",
        "1.0",
    )


def with_keys(folder: Path, rounds: int, seconds: int) -> Row:
    """Compare calls with an API key with calls to a service that has no keys."""
    url = database(folder, "with-keys")
    with open_fairlead(url) as fairlead:
        key = fairlead.create_key(CreateKey(Role.INTAKE)).secret
    with (
        serving(FAIRLEAD, url, "/healthz", key) as guarded,
        serving(FAIRLEAD, database(folder, "without-keys"), "/healthz") as local,
    ):
        mine, theirs = _loads(rounds, seconds, 32, guarded, local)
    ratio = median_ratio([each.rate for each in mine], [each.rate for each in theirs])
    return Row(
        "HTTP, 32 connections, with keys, against without",
        str(load.median(mine)),
        str(load.median(theirs)),
        f"{ratio:.2f}",
        "0.95",
    )


def idempotent(folder: Path, rounds: int, seconds: int) -> Row:
    """Compare contacts with idempotency keys, all of them new, with contacts without."""
    with serving(FAIRLEAD, database(folder, "idempotent")) as server:
        return idempotent_row("HTTP, 32 connections", server.address, rounds, seconds)


def idempotent_row(where: str, address: str, rounds: int, seconds: int) -> Row:
    """Put load on a server with and without idempotency keys, in turns, at 32 connections."""
    register = partial(load.register, address, 32)
    register(1)
    keyed, without = in_turns(
        rounds, partial(register, seconds, kind="idempotent"), partial(register, seconds)
    )
    ratio = median_ratio([each.rate for each in keyed], [each.rate for each in without])
    return Row(
        f"{where}, with idempotency keys, against without",
        str(load.median(keyed)),
        str(load.median(without)),
        f"{ratio:.2f}",
    )


def by_operators(folder: Path, rounds: int, seconds: int) -> list[Row]:
    """Compare sources of 1, 100 and 1000 operators with one of ten."""
    sizes = (10, 1, 100, 1000)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(serving(FAIRLEAD, database(folder, f"operators-{size}", size)))
            for size in sizes
        ]
        of_ten, *others = _loads(rounds, seconds, 32, *servers)
    return [
        Row(
            f"HTTP, 32 connections, {size:,} operators on the source, against ten",
            str(load.median(loads)),
            str(load.median(of_ten)),
            f"{median_ratio([each.rate for each in loads], [each.rate for each in of_ten]):.2f}",
            {1000: "0.4"}.get(size, ""),
        )
        for size, loads in zip(sizes[1:], others, strict=True)
    ]


def by_stored(folder: Path, full: dict[int, str], rounds: int, seconds: int) -> list[Row]:
    """Compare full databases, given by the number of contacts stored, with an empty one."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(serving(FAIRLEAD, url))
            for url in (database(folder, "none-stored"), *full.values())
        ]
        empty, *others = _loads(rounds, seconds, 32, *servers)
    return [
        Row(
            f"HTTP, 32 connections, {stored:,} contacts stored, against none",
            str(load.median(loads)),
            str(load.median(empty)),
            f"{median_ratio([each.rate for each in loads], [each.rate for each in empty]):.2f}",
            "0.9",
        )
        for stored, loads in zip(full, others, strict=True)
    ]


def _loads(
    rounds: int,
    seconds: int,
    connections: int,
    *servers: Server,
    between: Callable[[], None] = lambda: None,
) -> tuple[tuple[load.Load, ...], ...]:
    """Put load on servers in turns; `between` is called once in every round."""
    for each in servers:
        load.register(each.address, connections, 1, each.key)

    def measure(number: int) -> load.Load:
        if number == 0:
            between()
        return load.register(servers[number].address, connections, seconds, servers[number].key)

    return in_turns(rounds, *(partial(measure, number) for number in range(len(servers))))
