"""Progress on the terminal; nothing is drawn where there is none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)


@contextmanager
def counting(console: Console, what: str) -> Iterator[Callable[[int], None]]:
    """Show a growing number; yields the function that is told it."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,} {task.description}"),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task(what, total=None)
        yield lambda number: progress.update(task, completed=number)


@contextmanager
def reading_file(console: Console, file: Path) -> Iterator[Callable[[int, int], None]]:
    """Show how much of a file has been read; yields the function told (bytes, rows)."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size, rows=0)
        yield lambda read, rows: progress.update(task, completed=read, rows=rows)
