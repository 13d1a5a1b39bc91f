"""The tables, declared once; see docs/data-model.md for why they are as they are."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BLOB,
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    Uuid,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from application.ports.events import EventType
from domain.contact import ContactState
from domain.strategy import Strategy

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
STATE_NUMBERS = {ContactState.WAITING: 0, ContactState.ASSIGNED: 1, ContactState.CLOSED: 2}
"""Written out: stored numbers must mean the same after a state is added in between."""
_EVENT_TYPES = list(EventType)
_EVENT_NUMBERS = {each: number for number, each in enumerate(_EVENT_TYPES)}
_STATES = {number: state for state, number in STATE_NUMBERS.items()}

# The types below give SQLAlchemy plain functions of one argument. The usual way,
# process_bind_param, takes two more calls per value: some 15 us of a registration.
#
# On the hot path SQLite gets bytearrays for bytes. Its driver looks for an adapter for every value
# that is not exactly a number, a text or a bytearray; a registration has nine values of bytes,
# which took 2.3 of 51 us in a batch.
Processor = Callable[[Any], Any]


def _or_none(convert: Processor) -> Processor:
    return lambda value: None if value is None else convert(value)


class _Id(TypeDecorator[UUID]):
    """A UUID: 16 bytes in SQLite, which sort as UUIDs do; PostgreSQL has a type for it."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BLOB() if dialect.name == "sqlite" else Uuid())

    def bind_processor(self, dialect: Dialect) -> Processor | None:
        if dialect.name != "sqlite":
            return None
        # What `value.bytes` does with one more call.
        return lambda value: value and bytearray(value.int.to_bytes(16, "big"))

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor | None:
        del coltype
        if dialect.name != "sqlite":
            return None
        return _or_none(lambda value: UUID(bytes=value))


class _OperatorId(_Id):
    """The id of an operator, of which there are few: each is made once and met again and again.

    60,000 allocations are read in 0.6 of the time.
    """

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor | None:
        del coltype
        return _or_none(_operator_id) if dialect.name == "sqlite" else None


@lru_cache(maxsize=8192)
def _operator_id(stored: bytes) -> UUID:
    return UUID(bytes=stored)


class _Moment(TypeDecorator[datetime]):
    """A UTC moment to the millisecond: milliseconds since 1970 in SQLite, else timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(
            BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True)
        )

    def bind_processor(self, dialect: Dialect) -> Processor | None:
        return _milliseconds if dialect.name == "sqlite" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del coltype
        if dialect.name == "sqlite":
            return _or_none(lambda value: _EPOCH + timedelta(milliseconds=value))
        # PostgreSQL returns a moment in the time zone of the session.
        return _or_none(lambda value: value.astimezone(UTC))


@lru_cache(maxsize=1024)
def _milliseconds(value: datetime | None) -> int | None:
    """Cached: most contacts in one transaction came in the same few milliseconds."""
    return None if value is None else (value - _EPOCH) // _MILLISECOND


class _Bytes(TypeDecorator[bytes]):
    """Bytes, as both drivers take and return them: SQLAlchemy's wrapping is of no use here."""

    impl = LargeBinary
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        del dialect

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        del dialect, coltype


class _StateNumber(TypeDecorator[ContactState]):
    """A contact's state: 0 waiting, 1 assigned, 2 closed."""

    impl = SmallInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        del dialect
        return STATE_NUMBERS.__getitem__

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del dialect, coltype
        return _STATES.__getitem__


class _EventNumber(TypeDecorator[EventType]):
    """The type of an event by its place in the list of types, from 0."""

    impl = SmallInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        del dialect
        return _EVENT_NUMBERS.__getitem__

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del dialect, coltype
        return _EVENT_TYPES.__getitem__


class _StrategyName(TypeDecorator[Strategy]):
    """A source's strategy by its name."""

    impl = String(16)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor | None:
        del dialect
        return str

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del dialect, coltype
        return Strategy


class _Credits(TypeDecorator[tuple[int, ...]]):
    """Whole numbers, 8 bytes each, little-endian."""

    impl = LargeBinary
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        del dialect
        return lambda values: struct.pack(f"<{len(values)}q", *values)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del dialect, coltype
        return lambda stored: struct.unpack(f"<{len(stored) // 8}q", stored)


Id = _Id()
IdOfOperator = _OperatorId()
Moment = _Moment()
BytewiseText = Text().with_variant(Text(collation="C"), "postgresql")
"""A text that sorts by code point, as in Python and in SQLite. If it sorted by the rules of a
language, PostgreSQL could not use an index to find what begins in a certain way."""


class Row(DeclarativeBase):
    """The base of all rows: one convention for constraint names, so that errors can be read."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class PhoneTail(ColumnElement[str]):
    """The last four digits of a phone, written as each database needs it to use the index."""

    inherit_cache = True
    type = BytewiseText


@compiles(PhoneTail, "sqlite")
def _phone_tail_in_sqlite(*_: Any, **__: Any) -> str:
    return "substr(key, -4)"


@compiles(PhoneTail, "postgresql")
def _phone_tail_in_postgresql(*_: Any, **__: Any) -> str:
    return "right(key, 4)"


class Queued(ColumnElement[bool]):
    """Whether a contact waits, written as each database needs it to use the index of a queue."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: OperatorType | None = None) -> ColumnElement[Any]:
        """Stand as it is: SQLAlchemy would compare it with 1, as if SQLite had no conditions."""
        del against
        return self


@compiles(Queued, "sqlite")
def _queued_in_sqlite(*_: Any, **__: Any) -> str:
    # It would rather use an index that begins with `state`, and sort; none of these serves a sum.
    return "state + 0 = 0"


@compiles(Queued, "postgresql")
def _queued_in_postgresql(*_: Any, **__: Any) -> str:
    return "state = 0"


class Epoch(ColumnElement[datetime]):
    """The default of a moment in a column that was added to rows which existed before."""

    inherit_cache = True
    type = Moment


@compiles(Epoch, "sqlite")
def _epoch_in_sqlite(*_: Any, **__: Any) -> str:
    return "0"


@compiles(Epoch, "postgresql")
def _epoch_in_postgresql(*_: Any, **__: Any) -> str:
    return "'epoch'"


PHONES = "key >= 'phone:' AND key < 'phone;'"
"""The condition of the index of phones; a query uses that index only if it repeats it verbatim."""

_CLUSTERED = {"sqlite_with_rowid": False}
"""In SQLite the table is its primary key's index: one tree to write instead of two."""


class OperatorRow(Row):
    """An operator."""

    __tablename__ = "operators"
    __table_args__ = (
        Index("uq_operators_key", "key", unique=True),
        CheckConstraint("load >= 0", name="load"),
        CheckConstraint("capacity >= 0", name="capacity"),
        _CLUSTERED,
    )

    id: Mapped[UUID] = mapped_column(IdOfOperator, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    active: Mapped[bool]
    capacity: Mapped[int]
    load: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Moment)
    key: Mapped[str] = mapped_column(BytewiseText, server_default="")


class SourceRow(Row):
    """A source."""

    __tablename__ = "sources"
    __table_args__ = (CheckConstraint("waiting >= 0", name="waiting"), _CLUSTERED)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    strategy: Mapped[Strategy] = mapped_column(_StrategyName)
    waiting: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Moment)
    credits: Mapped[tuple[int, ...]] = mapped_column(_Credits, server_default="")


class AllocationRow(Row):
    """An operator's weight on a source.

    Its credit is in `SourceRow.credits`, in the order of operators: every contact moves the credits
    of all, so one value is written instead of a row for each.
    """

    __tablename__ = "allocations"
    __table_args__ = (CheckConstraint("weight >= 0", name="weight"), _CLUSTERED)

    source_key: Mapped[str] = mapped_column(ForeignKey("sources.key"), primary_key=True)
    operator_id: Mapped[UUID] = mapped_column(
        IdOfOperator, ForeignKey("operators.id"), primary_key=True, index=True
    )
    weight: Mapped[int]


class LeadRow(Row):
    """A lead. Most have no name."""

    __tablename__ = "leads"
    __table_args__ = (_CLUSTERED,)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str | None] = mapped_column(BytewiseText)
    created_at: Mapped[datetime] = mapped_column(Moment)


class LeadWordRow(Row):
    """A word of a lead's name, as `domain.lead.words_of` returns it: any word finds the name.

    A lead's rows are found by its name, so they need no other index.
    """

    __tablename__ = "lead_words"
    __table_args__ = (_CLUSTERED,)

    word: Mapped[str] = mapped_column(BytewiseText, primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(Id, ForeignKey("leads.id"), primary_key=True)


class IdentityRow(Row):
    """An identity, as one text `kind:value`: a look-up by two columns scans, this one seeks.

    Phones are also found by their last digits, along an index of the last four and the whole key.
    """

    __tablename__ = "identities"
    __table_args__ = (
        Index(
            "ix_identities_phone_tail",
            PhoneTail(),
            "key",
            sqlite_where=text(PHONES),
            postgresql_where=text(PHONES),
        ),
        _CLUSTERED,
    )

    key: Mapped[str] = mapped_column(BytewiseText, primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(Id, ForeignKey("leads.id"), index=True)


class ContactRow(Row):
    """A contact. Its id carries the time, so every list index ends with the primary key.

    In the indexes by source, by operator and by both, the state comes before the id: open contacts
    are few compared with closed ones, and asked for more often. A list of all states merges the
    three.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        Index("ix_contacts_source_key_state_id", "source_key", "state", "id"),
        Index("ix_contacts_operator_id_state_id", "operator_id", "state", "id"),
        Index(
            "ix_contacts_operator_id_source_key_state_id",
            *("operator_id", "source_key", "state", "id"),
        ),
        # The queues: it has entries of waiting contacts alone.
        Index(
            "ix_contacts_queue",
            *("source_key", "rank", "id"),
            sqlite_where=Queued(),
            postgresql_where=Queued(),
        ),
        Index("ix_contacts_lead_id_id", "lead_id", "id"),
        Index("ix_contacts_state_id", "state", "id"),
        _CLUSTERED,
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    source_key: Mapped[str] = mapped_column(ForeignKey("sources.key"))
    lead_id: Mapped[UUID] = mapped_column(Id, ForeignKey("leads.id"))
    operator_id: Mapped[UUID | None] = mapped_column(IdOfOperator, ForeignKey("operators.id"))
    state: Mapped[ContactState] = mapped_column(_StateNumber)
    lead_created: Mapped[bool]
    conflicts: Mapped[bytes | None] = mapped_column(_Bytes)
    payload: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    assigned_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    rank: Mapped[datetime] = mapped_column(Moment, server_default=Epoch())


class UnreadIdentityRow(Row):
    """An identity that a contact came with, and that could not be read."""

    __tablename__ = "unread_identities"
    __table_args__ = (_CLUSTERED,)

    contact_id: Mapped[UUID] = mapped_column(Id, ForeignKey("contacts.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class IdempotencyKeyRow(Row):
    """A contact registered under an idempotency key, and a digest of the request.

    `key` is `source key:idempotency key` in one text, for the same reason as an identity's.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (_CLUSTERED,)

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(Id, ForeignKey("contacts.id"), index=True)
    fingerprint: Mapped[bytes] = mapped_column(_Bytes)


class LineupRow(Row):
    """What decisions on one source have in common, stored under its digest."""

    __tablename__ = "lineups"
    __table_args__ = (_CLUSTERED,)

    digest: Mapped[bytes] = mapped_column(_Bytes, primary_key=True)
    lineup: Mapped[bytes] = mapped_column(_Bytes)


class DecisionRow(Row):
    """Why a picker gave a contact to an operator; see adapters/sql/decisions.py."""

    __tablename__ = "decisions"
    __table_args__ = (_CLUSTERED,)

    contact_id: Mapped[UUID] = mapped_column(Id, ForeignKey("contacts.id"), primary_key=True)
    lineup: Mapped[bytes] = mapped_column(ForeignKey("lineups.digest"))
    decision: Mapped[bytes] = mapped_column(_Bytes)


class TransferRow(Row):
    """A contact that a person gave to an operator; `previous_id` is null if it was waiting."""

    __tablename__ = "transfers"
    __table_args__ = (_CLUSTERED,)

    contact_id: Mapped[UUID] = mapped_column(Id, ForeignKey("contacts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    previous_id: Mapped[UUID | None] = mapped_column(IdOfOperator, ForeignKey("operators.id"))
    operator_id: Mapped[UUID] = mapped_column(IdOfOperator, ForeignKey("operators.id"))


class EventRow(Row):
    """An event. Nothing refers to it and it refers to nothing: it outlives what it tells of.

    In SQLite the number is the row's own, the cheapest key there is.
    """

    __tablename__ = "events"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    )
    type: Mapped[EventType] = mapped_column(_EventNumber)
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text)
    source_key: Mapped[str | None] = mapped_column(String(64))
    contact_id: Mapped[UUID | None] = mapped_column(Id)
    operator_id: Mapped[UUID | None] = mapped_column(IdOfOperator)
    other_id: Mapped[UUID | None] = mapped_column(Id)
    data: Mapped[str | None] = mapped_column(Text)


class ApiKeyRow(Row):
    """An API key: not the key itself, but a digest of it, under its visible prefix."""

    __tablename__ = "api_keys"
    __table_args__ = (_CLUSTERED,)

    prefix: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[bytes] = mapped_column(_Bytes)
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Moment)
    name: Mapped[str | None] = mapped_column(Text)
    source_key: Mapped[str | None] = mapped_column(ForeignKey("sources.key"))
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class EndedSessionRow(Row):
    """A console session that somebody has ended, kept until it would have ended by itself."""

    __tablename__ = "ended_sessions"
    __table_args__ = (_CLUSTERED,)

    id: Mapped[str] = mapped_column(BytewiseText, primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(Moment)


class DueRow(Row):
    """Something that is to happen by itself at a certain moment."""

    __tablename__ = "due"
    __table_args__ = (Index("ix_due_at", "at"), _CLUSTERED)

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)


class AuditRow(Row):
    """An entry of the audit log. Triggers, made by migrations, refuse UPDATE, DELETE, TRUNCATE."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject_id", "subject", "id"), _CLUSTERED)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(64))
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)


COUNTED_HOURS = (1, 24)
"""Whole hours per counter: statistics read days, and hours at both ends of a period."""


class RegisteredCountRow(Row):
    """How many contacts came in on a source in `hours` (1 or 24) whole hours from `start`."""

    __tablename__ = "registered_counts"
    __table_args__ = (_CLUSTERED,)

    source_key: Mapped[str] = mapped_column(ForeignKey("sources.key"), primary_key=True)
    hours: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    contacts: Mapped[int] = mapped_column(BigInteger)


class AssignedCountRow(Row):
    """How many of a source's contacts its picker gave to an operator in `hours` from `start`."""

    __tablename__ = "assigned_counts"
    __table_args__ = (_CLUSTERED,)

    source_key: Mapped[str] = mapped_column(ForeignKey("sources.key"), primary_key=True)
    hours: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    operator_id: Mapped[UUID] = mapped_column(
        IdOfOperator, ForeignKey("operators.id"), primary_key=True
    )
    contacts: Mapped[int] = mapped_column(BigInteger)


class PurgedRegisteredRow(Row):
    """How many of a source's contacts have been purged; they stay in `registered_counts`."""

    __tablename__ = "purged_registered"
    __table_args__ = (_CLUSTERED,)

    source_key: Mapped[str] = mapped_column(ForeignKey("sources.key"), primary_key=True)
    contacts: Mapped[int] = mapped_column(BigInteger)


class PurgedAssignedRow(Row):
    """How many of those its picker had given to an operator; they stay in `assigned_counts`."""

    __tablename__ = "purged_assigned"
    __table_args__ = (_CLUSTERED,)

    source_key: Mapped[str] = mapped_column(ForeignKey("sources.key"), primary_key=True)
    operator_id: Mapped[UUID] = mapped_column(
        IdOfOperator, ForeignKey("operators.id"), primary_key=True
    )
    contacts: Mapped[int] = mapped_column(BigInteger)
