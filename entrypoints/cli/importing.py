"""`fairlead import`: a file's rows as contacts, in a stream."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, Self, TextIO

from rich.console import Console

from application.fairlead import Fairlead
from application.ports import StorageUnavailable
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource
from domain import limits
from domain.errors import DomainError, SourceExists

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


class Row(NamedTuple):
    """A row as it stands in the file.

    Attributes:
        line: the number of its first line, from 1.
        values: by column; None if the row cannot be read.
        original: what goes to the file of refused rows.
        problem: why it cannot be read.
    """

    line: int
    values: Mapping[str, Any] | None
    original: Any
    problem: str | None = None


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
    with file.open("rb") as raw, _RefusedRows(refused, _is_csv(file)) as refusals:
        rows = _csv_rows(raw, columns) if _is_csv(file) else _json_rows(raw)
        importer = _Importer(fairlead, columns, create_sources, refusals, Summary())
        for batch in _batches(rows):
            importer.register(batch)
            progress(raw.tell(), importer.summary.rows)
            if importer.summary.stopped is not None:
                break
    return importer.summary


def refused_path(file: Path) -> Path:
    """Return where refused rows go if nobody says so."""
    return Path(f"{file.stem}.refused{'.csv' if _is_csv(file) else '.ndjson'}")


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
    refusals: "_RefusedRows"
    summary: Summary
    known_sources: set[str] = field(default_factory=set)

    def register(self, rows: Sequence[Row]) -> None:
        self.summary.rows += len(rows)
        ready: list[tuple[Row, RegisterContact]] = []
        for row in rows:
            try:
                ready.append((row, self._command(row)))
            except (_BadRow, DomainError) as error:
                self._refuse(row, str(error))
        outcomes = self.fairlead.register_contacts([command for _, command in ready])
        for (row, _), outcome in zip(ready, outcomes, strict=True):
            if isinstance(outcome, Registered):
                self._count(outcome)
            elif isinstance(outcome, StorageUnavailable):
                self.summary.stopped = self.summary.stopped or (
                    f"stopped at line {row.line}: {outcome} What is counted above is stored; run "
                    "the import again with --key to go on."
                )
                self._refuse(row, str(outcome))
            else:
                self._refuse(row, outcome.detail)

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
            column: row.values[column]
            for column in columns.payload
            if row.values.get(column) not in {None, ""}
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


class _RefusedRows:
    """The file of refused rows; it is made when the first one comes."""

    def __init__(self, path: Path, as_csv: bool) -> None:
        self.path = path
        self._as_csv = as_csv
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, row: Row, reason: str) -> None:
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
            if self._as_csv and row.values is not None:
                csv.writer(self._file).writerow([*row.values, "line", "reason"])
        if self._as_csv:
            csv.writer(self._file).writerow([*row.original, row.line, reason])
        else:
            record = {"line": row.line, "reason": reason, "row": row.original}
            self._file.write(json.dumps(record, ensure_ascii=True) + "\n")


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() not in {".ndjson", ".jsonl", ".json"}


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _csv_rows(raw: BinaryIO, columns: Columns) -> Iterator[Row]:
    # Bytes that are no UTF-8 become surrogates, which the domain refuses: one row, not the file.
    text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text)
    header = next(reader, [])
    if missing := sorted(columns.all() - set(header)):
        raise ValueError(
            f"the file has no column {', '.join(missing)}; it has {', '.join(header) or 'none'}."
        )
    while True:
        first = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield Row(first, None, [], f"the row cannot be read: {error}")
            continue
        if not values:
            continue
        if len(values) != len(header):
            problem = f"the row has {len(values)} columns, the header {len(header)}"
            yield Row(first, None, values, problem)
        else:
            yield Row(first, dict(zip(header, values, strict=True)), values)
    text.detach()


def _json_rows(raw: BinaryIO) -> Iterator[Row]:
    for line, encoded in enumerate(raw, start=1):
        text = encoded.decode("utf-8-sig" if line == 1 else "utf-8", errors="surrogateescape")
        if not text.strip():
            continue
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Row(line, None, text.rstrip("\r\n"), f"the line is not JSON: {error}")
            continue
        if isinstance(values, dict):
            yield Row(line, values, values)
        else:
            yield Row(line, None, values, "the line is not a JSON object")


def _text(values: Mapping[str, Any], column: str) -> str | None:
    """Return a value as text; None if it is empty."""
    value = values.get(column)
    if isinstance(value, bool | list | dict | float):
        raise _BadRow(f"the column {column} holds {json.dumps(value)[:50]}, which is no text")
    return None if value is None else str(value).strip() or None
