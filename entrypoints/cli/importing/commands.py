"""Turns each row into a registration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from application.fairlead import Fairlead
from application.ports.failures import StorageUnavailable
from application.register_contacts import RegisterContact
from application.sources import CreateSource
from domain.actor import COMMAND
from domain.errors import DomainError, SourceExists
from entrypoints.cli.importing.columns import Columns, source_key
from entrypoints.cli.importing.numbers import CERTAIN, DigitsLost, phone_digits, with_digits
from entrypoints.cli.importing.records import Record, quoted


class BadRow(Exception):
    """A row that cannot become a command."""


@dataclass(slots=True)
class Commands:
    """Turns each row into a registration.

    Args:
        fairlead: where sources are made.
        columns: which column is what.
        create_sources: make the sources that are missing.

    Attributes:
        sources: the keys of the sources that were made.
    """

    fairlead: Fairlead
    columns: Columns
    create_sources: bool
    sources: list[str] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)
    _away: StorageUnavailable | None = None

    def of(self, record: Record) -> RegisterContact | BadRow | DomainError | StorageUnavailable:
        """Return the command of a row, or why there is none."""
        try:
            return self._command(record)
        except (BadRow, DomainError) as error:
            return error
        except DigitsLost as error:
            return BadRow(str(error))
        except StorageUnavailable as error:
            # The next row would wait for it just as long.
            self._away = error
            return error

    def check_source(self) -> None:
        """Check that the one source of all rows exists; make it if sources are to be made.

        Raises:
            DomainError: it does not exist.
            StorageUnavailable: it cannot be checked.
        """
        key = self.columns.source_key
        if key is not None:
            self._make(key, key)
            self.fairlead.catalogue.source(key)

    def _command(self, record: Record) -> RegisterContact:
        values = record.values
        if values is None:
            raise BadRow(record.problem)
        columns = self.columns
        source = self._source(values, record.problem)
        identities = {
            kind: value
            for kind, column in columns.identities
            if (value := _identity(values, kind, column)) is not None
        }
        if not identities and record.problem is not None:
            raise BadRow(record.problem)
        key = None if columns.key is None else _required(values, columns.key, "key", record.problem)
        payload = {
            column: value
            for column in columns.payload
            if (value := values.get(column)) is not None and value != ""
        }
        return RegisterContact(
            source,
            identities,
            lead_name=None if columns.name is None else _text(values, columns.name),
            payload=payload or None,
            idempotency_key=None if key is None else with_digits(key),
        )

    def _source(self, values: Mapping[str, Any], problem: str | None) -> str:
        if self.columns.source_key is not None:
            return self.columns.source_key
        spelled = _required(values, self.columns.source or "", "source", problem)
        try:
            key = source_key(spelled)
        except ValueError as error:
            raise BadRow(str(error)) from error
        self._make(key, spelled)
        return key

    def _make(self, key: str, name: str) -> None:
        if not self.create_sources or key in self._known:
            return
        if self._away is not None:
            raise self._away
        try:
            self.fairlead.create_source(CreateSource(key, name), COMMAND)
            self.sources.append(key)
        except SourceExists:
            pass  # It existed before this import, which is just as good.
        self._known.add(key)


def _required(values: Mapping[str, Any], column: str, what: str, problem: str | None) -> str:
    value = _text(values, column)
    if value is not None:
        return value
    if problem is not None:
        raise BadRow(problem)
    if column not in values:
        raise BadRow(f"no {what}: the row has no {quoted([column])}; it has {quoted([*values])}")
    raise BadRow(f"no {what}: the column {quoted([column])} is empty")


def _identity(values: Mapping[str, Any], kind: str, column: str) -> str | None:
    text = _text(values, column)
    if text is None:
        return None
    text = with_digits(text)
    return phone_digits(text) if kind == "phone" else text


def _text(values: Mapping[str, Any], column: str) -> str | None:
    """Return a value as text; None if it is empty."""
    value = values.get(column)
    if isinstance(value, float) and value.is_integer() and abs(value) < CERTAIN:
        value = int(value)
    if isinstance(value, bool | list | dict | float):
        shown = json.dumps(value)[:50]
        raise BadRow(f"the column {quoted([column])} holds {shown}, which is not text")
    return None if value is None else str(value).strip() or None
