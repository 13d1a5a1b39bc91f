"""Measure Fairlead on this machine: `python -m benchmarks`, or `make bench`."""

import argparse
import platform
import sqlite3
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import batches, http, importing
from benchmarks import floor as floors


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="Measure Fairlead on this machine.")
    parser.add_argument("--rounds", type=int, default=5, help="of each pair, in turns")
    parser.add_argument("--seconds", type=int, default=5, help="of load in each round")
    parser.add_argument("--rows", type=int, default=1_000_000, help="to import")
    parser.add_argument("--database-folder", type=Path, help="where the databases go")
    options = parser.parse_args()
    console = Console(soft_wrap=True)
    console.print(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{platform.machine()}; medians; synchronous=FULL, ten operators, decisions stored."
    )
    table = Table("what", "measured", "beside it", "goal")
    with (
        tempfile.TemporaryDirectory(dir=options.database_folder) as made,
        console.status("measuring") as status,
    ):
        folder = Path(made)
        status.update("batches of 500")
        rate = batches.handler_rate(folder, 500, 20)
        table.add_row("handler, 500 at a time", f"{rate:,.0f} contacts/s", "", "5,000")
        rate = batches.call_rate(folder, 500, 20)
        table.add_row("batch call, 500 at a time", f"{rate:,.0f} contacts/s", "", "5,000")
        status.update("the floor")
        ours, floor, ratio = floors.compare(folder, 64, options.rounds)
        table.add_row(
            "handler, 64 at a time, against the same writes by hand",
            f"{ratio:.2f} ({ours:,.0f} contacts/s)",
            f"{floor:,.0f} contacts/s",
            "",
        )
        status.update("HTTP, 32 connections")
        ours, empty, ratio = http.compare(folder, 32, options.rounds, options.seconds)
        table.add_row(
            "HTTP, 32 connections, against the empty FastAPI POST",
            f"{ratio:.2f} ({ours.rate:,.0f}/s, p50 {ours.p50:.1f} ms, p99 {ours.p99:.1f} ms)",
            f"{empty.rate:,.0f}/s, p50 {empty.p50:.1f} ms, p99 {empty.p99:.1f} ms",
            "0.45",
        )
        status.update(f"import of {options.rows:,} rows")
        done = importing.run(folder, options.rows)
        table.add_row(
            f"import of {done.rows:,} rows, peak memory",
            f"{done.mebibytes:.0f} MiB",
            f"{done.rows / done.seconds:,.0f} rows/s",
            "150 MiB",
        )
    console.print(table)


if __name__ == "__main__":
    main()
