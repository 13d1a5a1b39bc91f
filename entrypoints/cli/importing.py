"""`fairlead import`: a file's rows as contacts, in a stream."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from application.fairlead import Fairlead
from application.ports import StorageUnavailable
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource
from domain import limits
from domain.errors import DomainError, SourceExists
from entrypoints.cli.rows import RefusedRows, Row, is_csv, read_rows

_BATCH: Final = 500
_SHOWN: Final = 10
"""Refused rows shown in the summary; the file has all of them."""


class _BadRow(Exception):
    """A row that cannot become a command."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what."""

    source: str
    identities: Sequence[tuple[str, str]]
    name: str | None
    payload: Sequence[str]
    key: str | None

    @classmethod
    def of(
        cls,
        source: str,
        identities: Sequence[str],
        name: str | None,
        payload: Sequence[str],
        key: str | None,
    ) -> "Columns":
        """Read the options.

        Raises:
            ValueError: an identity is not written KIND=COLUMN, or there is none.
        """
        if not identities:
            raise ValueError("name at least one identity: --identity phone=COLUMN.")
        pairs = []
        for each in identities:
            kind, equals, column = each.partition("=")
            if not equals or not column:
                raise ValueError(f"--identity {each}: write KIND=COLUMN, such as phone=Phone.")
            try:
                pairs.append((limits.identity_kind(kind), column))
            except DomainError as error:
                raise ValueError(f"--identity {each}: {error.detail}") from error
        return cls(source, pairs, name, payload, key)

    def all(self) -> set[str]:
        """Return every column named."""
        optional = {each for each in (self.name, self.key) if each is not None}
        return {self.source, *(column for _, column in self.identities), *self.payload} | optional


@dataclass(slots=True)
class Summary:
    """What became of a file.

    Attributes:
        shown: the first refused rows, as (line, reason).
        stopped: why the import ended before the file did.
    """

    rows: int = 0
    contacts: int = 0
    waiting: int = 0
    leads: int = 0
    replayed: int = 0
    refused: int = 0
    sources: list[str] = field(default_factory=list)
    shown: list[tuple[int, str]] = field(default_factory=list)
    refused_path: Path | None = None
    stopped: str | None = None


def import_file(
    fairlead: Fairlead,
    file: Path,
    columns: Columns,
    refused: Path,
    create_sources: bool,
    progress: Callable[[int, int], None],
) -> Summary:
    """Register every row.

    Args:
        fairlead: where to.
        file: CSV with a header, or NDJSON, by its name.
        columns: which column is what.
        refused: the file of refused rows; made if there is one.
        create_sources: create the sources that are missing.
        progress: called with the bytes and the rows read so far.

    Raises:
        ValueError: the file has not the columns named.
        OSError: the file cannot be read, or the refused rows cannot be written.
    """
    with file.open("rb") as raw, RefusedRows(refused, is_csv(file)) as refusals:
        rows = read_rows(raw, is_csv(file), columns.all())
        importer = _Importer(fairlead, columns, create_sources, refusals, Summary())
        for batch in _batches(rows):
            importer.register(batch)
            progress(raw.tell(), importer.summary.rows)
            if importer.summary.stopped is not None:
                break
    return importer.summary


def refused_path(file: Path) -> Path:
    """Return where refused rows go if nobody says so."""
    return Path(f"{file.stem}.refused{'.csv' if is_csv(file) else '.ndjson'}")


def show(summary: Summary, console: Console) -> None:
    """Print a summary."""
    if summary.sources:
        console.print(f"created sources  {', '.join(summary.sources)}")
    console.print(f"rows             {summary.rows:,}")
    console.print(f"contacts         {summary.contacts:,} ({summary.waiting:,} wait)")
    console.print(f"new leads        {summary.leads:,}")
    console.print(f"replayed         {summary.replayed:,}")
    console.print(f"refused          {summary.refused:,}")
    for line, reason in summary.shown:
        console.print(f"  line {line}: {reason}", markup=False)
    if summary.refused > len(summary.shown):
        console.print(f"  and {summary.refused - len(summary.shown):,} more")
    if summary.refused_path is not None:
        console.print(f"refused rows     {summary.refused_path}")


def source_key(text: str) -> str:
    """Make a source's key of a name: `Direct Traffic` and `direct traffic` are direct-traffic.

    Raises:
        ValueError: nothing is left of it.
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9._-]+", "-", ascii_text.lower()).strip("-._")[:64]
    if not key:
        raise ValueError(f"no key can be made of the source name {text!r}")
    return key


@dataclass(slots=True)
class _Importer:
    fairlead: Fairlead
    columns: Columns
    create_sources: bool
    refusals: RefusedRows
    summary: Summary
    known_sources: set[str] = field(default_factory=set)

    def register(self, rows: Sequence[Row]) -> None:
        self.summary.rows += len(rows)
        read = [self._read(row) for row in rows]
        outcomes = iter(
            self.fairlead.register_contacts(
                [each for each in read if isinstance(each, RegisterContact)]
            )
        )
        for row, each in zip(rows, read, strict=True):
            outcome = next(outcomes) if isinstance(each, RegisterContact) else each
            if isinstance(outcome, Registered):
                self._count(outcome)
                continue
            if isinstance(outcome, StorageUnavailable) and self.summary.stopped is None:
                self.summary.stopped = (
                    f"stopped at line {row.line}: {outcome} What is counted above is stored; run "
                    "the import again with --key to go on."
                )
            self._refuse(row, str(outcome))

    def _read(self, row: Row) -> RegisterContact | _BadRow | DomainError:
        try:
            return self._command(row)
        except (_BadRow, DomainError) as error:
            return error

    def _count(self, outcome: Registered) -> None:
        if outcome.replayed:
            self.summary.replayed += 1
            return
        self.summary.contacts += 1
        self.summary.waiting += outcome.contact.operator is None
        self.summary.leads += outcome.contact.lead.created

    def _refuse(self, row: Row, reason: str) -> None:
        self.summary.refused += 1
        if len(self.summary.shown) < _SHOWN:
            self.summary.shown.append((row.line, reason))
        self.refusals.write(row, reason)
        self.summary.refused_path = self.refusals.path

    def _command(self, row: Row) -> RegisterContact:
        if row.values is None:
            raise _BadRow(row.problem)
        columns = self.columns
        spelled = _text(row.values, columns.source)
        if spelled is None:
            raise _BadRow(f"no source: the column {columns.source} is empty")
        identities = {
            kind: value
            for kind, column in columns.identities
            if (value := _text(row.values, column)) is not None
        }
        payload = {
            column: value
            for column in columns.payload
            if (value := row.values.get(column)) is not None and value != ""
        }
        return RegisterContact(
            self._source(spelled),
            identities,
            lead_name=None if columns.name is None else _text(row.values, columns.name),
            payload=payload or None,
            idempotency_key=None if columns.key is None else self._key(row.values, columns.key),
        )

    def _key(self, values: Mapping[str, Any], column: str) -> str:
        key = _text(values, column)
        if key is None:
            raise _BadRow(f"no key: the column {column} is empty")
        return key

    def _source(self, spelled: str) -> str:
        try:
            key = source_key(spelled)
        except ValueError as error:
            raise _BadRow(str(error)) from error
        if self.create_sources and key not in self.known_sources:
            try:
                self.fairlead.create_source(CreateSource(key, spelled))
                self.summary.sources.append(key)
            except SourceExists:
                pass  # It was there before this import, which is as good.
            self.known_sources.add(key)
        return key


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _text(values: Mapping[str, Any], column: str) -> str | None:
    """Return a value as text; None if it is empty."""
    value = values.get(column)
    if isinstance(value, bool | list | dict | float):
        raise _BadRow(f"the column {column} holds {json.dumps(value)[:50]}, which is no text")
    return None if value is None else str(value).strip() or None
