"""Imports without a terminal: into memory, with every refused row recorded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from entrypoints.cli.importing.columns import Columns
from entrypoints.cli.importing.importer import import_rows
from entrypoints.cli.importing.inputs import opened
from entrypoints.cli.importing.kinds import Reading, records_of
from entrypoints.cli.importing.records import Layout, Record, Records
from entrypoints.cli.importing.summary import Summary
from entrypoints.scripting import open_fairlead

COLUMNS = Columns("channel", None, [("phone", "phone")], None, ["comment"], None)
AS_IT_IS = Reading(None, None, None)


@dataclass
class Imported:
    """The result of importing a file.

    Attributes:
        records: all records as they were read, including empty ones.
        written: for each refused row, its own text and everything that was written for it.
        refused: the content of the file of refused rows; empty if there is none.
    """

    summary: Summary
    records: list[Record] = field(default_factory=list)
    written: list[tuple[bytes, bytes]] = field(default_factory=list)
    refused: bytes = b""


@dataclass
class _Watched(Records, Layout):
    """Records and their layout, with a record of what passes through them."""

    records: Records
    seen: list[Record]
    written: list[tuple[bytes, bytes]]

    def __post_init__(self) -> None:
        self.layout = self
        self.suffix = self.records.layout.suffix

    @property
    def read_as(self) -> str | None:
        return self.records.read_as

    def __iter__(self) -> Iterator[Record]:
        for each in self.records:
            self.seen.append(each)
            yield each

    def opening(self) -> bytes:
        return self.records.layout.opening()

    def row(self, record: Record, reason: str) -> bytes:
        written = self.records.layout.row(record, reason)
        self.written.append((record.raw, written))
        return written

    def closing(self) -> bytes:
        return self.records.layout.closing()


def without_lines(refused: bytes) -> bytes:
    """Return refused rows without their line numbers, which change from round to round."""
    return re.sub(rb'(?m)^(\{"line": )?\d+([,;])', rb"\2", refused)


def imported(
    file: Path, columns: Columns = COLUMNS, reading: Reading = AS_IT_IS, create: bool = True
) -> Imported:
    """Import a file into a fresh storage; refused rows are written next to it, then removed."""
    refused = file.with_name(f"refused-{file.name}")
    with open_fairlead("memory://") as fairlead, opened(file) as source:
        watched = _Watched(records_of(source, columns, reading), [], [])
        summary = import_rows(
            fairlead, source, watched, columns, create, refused, lambda _read, _rows: None
        )
    done = Imported(summary, watched.seen, watched.written)
    if refused.exists():
        done.refused = refused.read_bytes()
        refused.unlink()
    return done
