"""Registers the rows of an input, some hundreds at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from application.fairlead import Fairlead
from application.ports.failures import StorageUnavailable
from application.register_contacts import Refused, RegisterContact, Registered
from domain.actor import COMMAND
from entrypoints.cli.importing.columns import Columns
from entrypoints.cli.importing.commands import BadRow, Commands
from entrypoints.cli.importing.inputs import Input
from entrypoints.cli.importing.interrupts import Interrupts
from entrypoints.cli.importing.lines import Part
from entrypoints.cli.importing.pace import Pace
from entrypoints.cli.importing.records import Record, Records
from entrypoints.cli.importing.refused import CannotWrite, RefusedFile
from entrypoints.cli.importing.summary import AGAIN, Summary

_BATCH_BYTES: Final = 4 * 2**20
"""Bytes of rows held at once, so that hundreds of long ones do not fill the memory."""


def import_rows(
    fairlead: Fairlead,
    source: Input,
    records: Records,
    columns: Columns,
    create_sources: bool,
    refused: Path | None,
    progress: Callable[[int, int], None],
) -> Summary:
    """Register every row; each becomes a contact or goes to the file of refused rows.

    Args:
        fairlead: where they are registered.
        source: what the rows are read from.
        records: its rows.
        columns: which column is what.
        create_sources: make the sources that are missing.
        refused: the file of refused rows; if None, a new one named after the input.
        progress: called with the bytes and the rows read so far.

    Raises:
        DomainError: the one source of all rows does not exist.
        StorageUnavailable: it cannot be checked.
    """
    commands = Commands(fairlead, columns, create_sources)
    summary = Summary(sources=commands.sources)
    interrupts, pace = Interrupts(), Pace(fairlead.changes)
    with RefusedFile(refused, source, records.layout) as file, interrupts.handled():
        importer = _Importer(fairlead, commands, file, summary, pace)
        try:
            commands.check_source()
            for batch in _batches(records, pace):
                with interrupts.shielded():
                    importer.register(batch)
                progress(source.read, summary.rows)
                if summary.stopped is not None:
                    break
        except KeyboardInterrupt:
            summary.interrupted = True
        except OSError as error:
            summary.stopped = (
                f"{source.name} cannot be read after line {summary.last_line}: {error.strerror}. "
                f"What is counted above is stored. {AGAIN}"
            )
        interrupts.ignore()
        importer.end()
        summary.refused_path = file.path
    summary.read_as = records.read_as
    return summary


@dataclass(slots=True)
class _Importer:
    fairlead: Fairlead
    commands: Commands
    refused: RefusedFile
    summary: Summary
    pace: Pace
    unsaved: int | None = None

    def register(self, batch: Sequence[Record]) -> None:
        """Register rows in one transaction, and keep those that are refused."""
        rows = [each for each in batch if not each.blank and each.part <= Part.FIRST]
        outcomes = self._outcomes(rows)
        self.summary.rows += len(rows)
        for record in batch:
            if record.blank:
                self.summary.empty += 1
            elif record.part > Part.FIRST:
                self.refused.add(record, "")
            else:
                self._count(record, next(outcomes))
        self.summary.last_line = batch[-1].line
        self._keep()

    def end(self) -> None:
        """End the file of refused rows."""
        try:
            self.refused.end()
        except CannotWrite as error:
            self._lost(error)

    def _outcomes(self, rows: Sequence[Record]) -> Iterator[Registered | Refused | BadRow]:
        read = [self.commands.of(each) for each in rows]
        with self.pace.transaction():
            registered = iter(
                self.fairlead.register_contacts(
                    [each for each in read if isinstance(each, RegisterContact)], COMMAND
                )
            )
        return (next(registered) if isinstance(each, RegisterContact) else each for each in read)

    def _count(self, record: Record, outcome: Registered | Refused | BadRow) -> None:
        summary = self.summary
        if not isinstance(outcome, Registered):
            summary.refuse(record.line, str(outcome))
            self.refused.add(record, str(outcome))
            self.unsaved = self.unsaved or record.line
            if isinstance(outcome, StorageUnavailable) and summary.stopped is None:
                summary.stopped = (
                    f"stopped at line {record.line}: {outcome} What is counted above is stored; "
                    "rows that are not stored are among the refused, and the rows after them in "
                    f"the file have not been read. {AGAIN}"
                )
        elif outcome.replayed:
            summary.replayed += 1
        else:
            summary.contacts += 1
            summary.waiting += outcome.contact.operator is None
            summary.leads += bool(outcome.contact.lead.created)

    def _keep(self) -> None:
        try:
            self.refused.keep()
            self.unsaved = None
        except CannotWrite as error:
            self._lost(error)

    def _lost(self, error: CannotWrite) -> None:
        kept = f"refused rows from line {self.unsaved} on are in no file"
        self.summary.stopped = (
            f"stopped at line {self.summary.last_line}: {error}. What is counted above is stored, "
            f"but {kept if self.unsaved else 'the file of refused rows lacks its end'}. {AGAIN}"
        )


def _batches(records: Iterable[Record], pace: Pace) -> Iterator[list[Record]]:
    batch: list[Record] = []
    size = 0
    for record in records:
        batch.append(record)
        size += len(record.raw)
        if len(batch) >= pace.rows or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
