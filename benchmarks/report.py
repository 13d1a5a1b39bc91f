"""The result: rows on screen and in RESULTS.md, with the machine they were measured on."""

import os
import platform
import sqlite3
import statistics
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple, TypeVar

from rich.console import Console
from rich.table import Table

Measured = TypeVar("Measured")

RESULTS = Path(__file__).with_name("RESULTS.md")
_LIBRARIES = ("fastapi", "starlette", "uvicorn", "pydantic", "sqlalchemy")
_COLUMNS = ("what", "measured", "for comparison", "ratio", "goal")


class Row(NamedTuple):
    """One figure.

    Attributes:
        beside: the floor that it is compared with, in the same run.
        ratio: to the floor; empty where there is none.
        goal: empty where there is none.
    """

    what: str
    measured: str
    beside: str = ""
    ratio: str = ""
    goal: str = ""


def in_turns(rounds: int, *measures: Callable[[], Measured]) -> "tuple[tuple[Measured, ...], ...]":
    """Measure A B A B; return what each gave, in the order of rounds."""
    return tuple(zip(*([measure() for measure in measures] for _ in range(rounds)), strict=True))


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of each round."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def machine() -> list[str]:
    """Return the machine that was measured on, and the versions that were measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    system = f"{platform.system()} {platform.release()}"
    return [
        f"{datetime.now(UTC):%Y-%m-%d}, commit {_commit()}",
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {system}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {libraries}",
    ]


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the table."""
    table = Table(*_COLUMNS)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def write(rows: Sequence[Row], how: str) -> None:
    """Write RESULTS.md.

    Args:
        rows: the figures.
        how: the way they were measured, in a few sentences.
    """
    lines = [
        "# Results",
        "",
        "Written by `make bench`. Ratios matter, not absolute figures: the machine may be noisy.",
        "",
        *(f"- {each}" for each in machine()),
        "",
        how,
        "",
        "| " + " | ".join(_COLUMNS) + " |",
        "| " + " | ".join("---" for _ in _COLUMNS) + " |",
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]
    RESULTS.write_text("\n".join(lines), encoding="utf-8")


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
