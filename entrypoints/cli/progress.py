"""Progress on the terminal; without a terminal, nothing is drawn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from entrypoints.cli.terminal import plain


@contextmanager
def counting(console: Console, what: str) -> Iterator[Callable[[int], None]]:
    """Show a growing number; yields the function to call with it."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,} {task.description}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # It would leave an empty line.
    ) as progress:
        task = progress.add_task(what, total=None)
        yield lambda number: progress.update(task, completed=number)


@contextmanager
def reading_file(
    console: Console, name: str, size: int | None
) -> Iterator[Callable[[int, int], None]]:
    """Show how much has been read; yields the function to call with (bytes, rows).

    Args:
        console: where to show it.
        name: of what is read.
        size: in bytes; None if it is unknown until the end.
    """
    how_far = (DownloadColumn(),) if size is None else (TaskProgressColumn(), TimeRemainingColumn())
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *how_far,
        TextColumn("{task.fields[rows]:,} rows"),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # It would leave an empty line.
    ) as progress:
        task = progress.add_task(plain(name), total=size, rows=0)
        yield lambda read, rows: progress.update(task, completed=read, rows=rows)
