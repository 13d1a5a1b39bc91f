"""Measure Fairlead on this machine: `python -m benchmarks`, or `make bench`."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks import (
    batches,
    importing,
    living,
    load,
    peers,
    picking,
    processes,
    registering,
    report,
    sharing,
    stored,
)
from benchmarks.report import Row

_HOW = (
    "SQLite in WAL mode with `synchronous=FULL`, decisions stored, ten operators on the source "
    "unless stated otherwise. Comparisons are measured in turns, A B A B; figures are medians, "
    "ratios are medians of the ratios of each turn. HTTP load is `wrk -t1`, new leads only; unless "
    "stated otherwise, each is known by a Telegram name alone and sends the word hello."
)
_FAILED = "could not be measured"


def main() -> None:
    """Measure, print the table and write RESULTS.md."""
    parser = argparse.ArgumentParser(description="Measure Fairlead on this machine.")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each comparison, in turns")
    parser.add_argument("--seconds", type=int, default=4, help="seconds of HTTP load in each turn")
    parser.add_argument("--stored", type=int, default=1_000_000, help="contacts stored at most")
    parser.add_argument("--folder", type=Path, help="where the databases go")
    parser.add_argument("--only", help="run measurements whose name contains this; writes nothing")
    options = parser.parse_args()
    load.require_wrk()
    console = Console(soft_wrap=True)
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(dir=options.folder) as made,
        console.status("measuring") as status,
    ):
        for name, measure in _measurements(Path(made), options):
            if options.only is None or options.only in name:
                status.update(name)
                for row in _measured(name, measure, console):
                    rows.append(row)
                    console.print(f"{row.what}: {row.measured} against {row.beside}")
    report.show(rows, console)
    if options.only is None:
        report.write(rows, _HOW)
        console.print(f"Written to {report.RESULTS}.")
    if any(row.measured == _FAILED for row in rows):
        sys.exit(1)


def _measured(name: str, measure: Callable[[], list[Row]], console: Console) -> list[Row]:
    """Measure, or report a failure: the other results took a quarter of an hour and are wanted."""
    try:
        return measure()
    except Exception:  # noqa: BLE001 -- whatever it is, it is shown
        console.print_exception()
        return [Row(name, _FAILED)]


def _measurements(
    folder: Path, options: argparse.Namespace
) -> Iterator[tuple[str, Callable[[], list[Row]]]]:
    """Yield each measurement with its name."""
    rounds, seconds, most = options.rounds, options.seconds, options.stored
    for connections in (1, 32, 256):
        yield (
            f"http {connections}",
            partial(registering.against_empty, folder, connections, rounds, seconds),
        )
    yield "mix", partial(registering.real_mix, folder, rounds, seconds)
    yield "life on SQLite", partial(living.on_sqlite, folder, 5 * seconds)
    yield "life on PostgreSQL", partial(living.on_postgresql, 5 * seconds)
    yield "plain", lambda: [registering.against_plain(folder, rounds, seconds)]
    yield "keys", lambda: [registering.with_keys(folder, rounds, seconds)]
    yield "idempotent", lambda: [registering.idempotent(folder, rounds, seconds)]
    yield "batches", partial(batches.against_floor, folder, rounds)
    yield "operators", partial(registering.by_operators, folder, rounds, seconds)
    yield "pickers", partial(picking.against_others, rounds)
    yield "stored", partial(_stored, folder, [most // 10, most], rounds, seconds)
    yield "start", lambda: [processes.starting(folder, rounds)]
    yield "memory", lambda: [processes.memory(folder, most)]
    yield "postgresql", partial(sharing.by_processes, rounds, seconds)
    yield "queues", lambda: [peers.on_sqlite(folder, rounds, seconds)]
    yield "queues on PostgreSQL", lambda: [peers.on_postgresql(rounds, seconds)]
    yield "import", lambda: [importing.memory(folder, most)]


def _stored(folder: Path, sizes: list[int], rounds: int, seconds: int) -> list[Row]:
    urls = stored.fill(folder, sizes)
    return [
        *registering.by_stored(folder, urls, rounds, seconds),
        *stored.reading(urls[max(sizes)], max(sizes), rounds),
        *stored.browsing(urls[max(sizes)], max(sizes), rounds),
    ]


if __name__ == "__main__":
    main()
