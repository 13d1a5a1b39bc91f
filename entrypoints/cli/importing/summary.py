"""What became of a file, and how people are told."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console

AGAIN: Final = "Run the import again with --key, which adds nothing twice."
SHOWN: Final = 10
"""Refused rows shown in the summary; the file has all of them."""


@dataclass(slots=True)
class Summary:
    """What became of a file.

    Attributes:
        rows: read, except the empty ones.
        replayed: contacts that had been registered before, under the same key.
        shown: the first refused rows, as (line, reason).
        last_line: the line on which the last row with a known outcome begins.
        stopped: why the import ended before the file did.
        interrupted: Ctrl-C was pressed.
    """

    rows: int = 0
    empty: int = 0
    contacts: int = 0
    waiting: int = 0
    leads: int = 0
    replayed: int = 0
    refused: int = 0
    sources: list[str] = field(default_factory=list)
    shown: list[tuple[int, str]] = field(default_factory=list)
    refused_path: Path | None = None
    read_as: str | None = None
    last_line: int = 0
    stopped: str | None = None
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0: all rows are in; 3: some were refused; 1: stopped part-way; 130: by Ctrl-C."""
        if self.interrupted:
            return 130
        if self.stopped is not None:
            return 1
        return 3 if self.refused else 0

    def refuse(self, line: int, reason: str) -> None:
        """Count a refused row."""
        self.refused += 1
        if len(self.shown) < SHOWN:
            self.shown.append((line, reason))


def show(summary: Summary, out: Console, err: Console) -> None:
    """Print a summary; why the import ended early goes to standard error."""
    if summary.sources:
        out.print(f"created sources  {', '.join(summary.sources)}")
    if summary.read_as is not None:
        out.print(f"read as          {summary.read_as}")
    out.print(f"rows             {summary.rows:,}")
    if summary.empty:
        out.print(f"empty rows       {summary.empty:,}, skipped")
    out.print(f"contacts         {summary.contacts:,} ({summary.waiting:,} wait)")
    out.print(f"new leads        {summary.leads:,}")
    out.print(f"replayed         {summary.replayed:,}")
    out.print(f"refused          {summary.refused:,}")
    for line, reason in summary.shown:
        out.print(f"  line {line}: {reason}")
    if summary.refused > len(summary.shown):
        out.print(f"  and {summary.refused - len(summary.shown):,} more")
    if summary.refused_path is not None:
        out.print(f"refused rows     {summary.refused_path}")
    if summary.stopped is not None:
        err.print(f"fairlead: {summary.stopped}")
    if summary.interrupted:
        err.print(
            f"fairlead: interrupted; {_after(summary)} What is counted above is stored. {AGAIN}"
        )


def _after(summary: Summary) -> str:
    if summary.last_line:
        return f"nothing after the row on line {summary.last_line} was registered."
    return "nothing was registered."
