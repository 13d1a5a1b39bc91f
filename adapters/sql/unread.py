"""Identities that could not be read, with the contacts that they came with.

They are read as one column of their contact: hardly any contact has one, and a list of contacts
takes one statement.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Label, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from adapters.sql.prepared import PreparedInsert
from adapters.sql.tables import ContactRow, UnreadIdentityRow
from domain.contact import Contact
from domain.errors import Unreadable
from domain.lead import UnreadIdentity


class _Rows(FunctionElement[str]):
    """All rows as one JSON text, an array per row; null, or an empty list, if there are none."""

    type = Text()
    inherit_cache = True


@compiles(_Rows, "sqlite")
def _rows_in_sqlite(element: _Rows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(_Rows, "postgresql")
def _rows_in_postgresql(element: _Rows, compiler: SQLCompiler, **options: Any) -> str:
    values = compiler.process(element.clauses, **options)
    return f"CAST(json_agg(json_build_array({values})) AS TEXT)"


UNREAD: Final[Label[str]] = (
    select(_Rows(UnreadIdentityRow.kind, UnreadIdentityRow.value, UnreadIdentityRow.reason))
    .where(UnreadIdentityRow.contact_id == ContactRow.id)
    .correlate(ContactRow)
    .scalar_subquery()
    .label("unread")
)
"""A column next to those of contacts; `unread_identities` reads it."""

_insert = PreparedInsert(UnreadIdentityRow, "contact_id", "kind", "value", "reason")


def unread_identities(rows: str | None) -> tuple[UnreadIdentity, ...]:
    """Read what the column UNREAD holds."""
    if rows is None or rows == "[]":
        return ()
    return tuple(
        UnreadIdentity(kind, value, Unreadable(reason))
        for kind, value, reason in sorted(json.loads(rows))
    )


def add_unread(connection: Connection, contacts: Sequence[Contact]) -> None:
    """Store the identities of new contacts that could not be read."""
    _insert.run(
        connection,
        [
            (contact.id, each.kind, each.value, each.reason.value)
            for contact in contacts
            for each in contact.unread
        ],
    )
