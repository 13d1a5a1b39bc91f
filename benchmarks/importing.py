"""Memory of `fairlead import`: the peak of the whole process, as the system reports it."""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import Row


def generate(file: Path, rows: int) -> None:
    """Write a file with this many rows, at most a million; no phone in it is a placeholder."""
    with file.open("w", encoding="utf-8") as out:
        out.write("number,source,phone,comment\n")
        for number in range(rows):
            phone = f"+7916{1_200_000 + number}"
            out.write(f"{number},Source {number % 30},{phone},hello number {number}\n")


def importing(file: Path, url: str) -> list[str]:
    """Return the command that imports a generated file."""
    command = [sys.executable, "-c", "from entrypoints.cli.main import app; app()", "import"]
    options = ["--source", "source", "--identity", "phone=phone", "--payload", "comment"]
    options += ["--key", "number", "--create-sources", "--database-url", url]
    return [*command, str(file), *options]


def memory(folder: Path, rows: int) -> Row:
    """Import a generated file with this many rows into an empty database."""
    file = folder / f"leads-{rows}.csv"
    generate(file, rows)
    started = time.perf_counter()
    process = subprocess.Popen(
        importing(file, f"sqlite:///{folder / f'import-{rows}.db'}"), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"the import ended with {status}")
    return Row(
        f"`fairlead import` of {rows:,} rows, memory at its peak",
        f"{usage.ru_maxrss / 1024:.0f} MiB",
        f"{rows / (time.perf_counter() - started):,.0f} rows/s",
        "",
        "under 150 MiB",
    )
