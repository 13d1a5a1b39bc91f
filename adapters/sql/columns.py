"""What columns hold, and how each database writes it: types, and a few expressions."""

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
    ColumnElement,
    DateTime,
    Dialect,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from domain.contact import ContactState
from domain.event_type import EventType
from domain.strategy import Strategy

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
STATE_NUMBERS = {ContactState.WAITING: 0, ContactState.ASSIGNED: 1, ContactState.CLOSED: 2}
"""Written out: stored numbers must mean the same after a state is added in between."""
_EVENT_NUMBERS = {
    EventType.CONTACT_REGISTERED: 0,
    EventType.CONTACT_ASSIGNED: 1,
    EventType.CONTACT_TRANSFERRED: 2,
    EventType.CONTACT_CLOSED: 3,
    EventType.CONTACT_ERASED: 4,
    EventType.OPERATOR_CREATED: 5,
    EventType.OPERATOR_CHANGED: 6,
    EventType.SOURCE_CREATED: 7,
    EventType.SOURCE_CHANGED: 8,
    EventType.ALLOCATIONS_REPLACED: 9,
    EventType.LEAD_CHANGED: 10,
    EventType.ENDPOINT_CREATED: 11,
    EventType.ENDPOINT_CHANGED: 12,
    EventType.ENDPOINT_DISABLED: 13,
    EventType.ENDPOINT_DELETED: 14,
}
_EVENT_TYPES = {number: each for each, number in _EVENT_NUMBERS.items()}
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


class Bytes(TypeDecorator[bytes]):
    """Bytes, as both drivers take and return them: SQLAlchemy's wrapping is of no use here."""

    impl = LargeBinary
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        del dialect

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        del dialect, coltype


class StateNumber(TypeDecorator[ContactState]):
    """A contact's state: 0 waiting, 1 assigned, 2 closed."""

    impl = SmallInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        del dialect
        return STATE_NUMBERS.__getitem__

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del dialect, coltype
        return _STATES.__getitem__


class EventNumber(TypeDecorator[EventType]):
    """The type of an event."""

    impl = SmallInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        del dialect
        return _EVENT_NUMBERS.__getitem__

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del dialect, coltype
        return _EVENT_TYPES.__getitem__


class StrategyName(TypeDecorator[Strategy]):
    """A source's strategy by its name."""

    impl = String(16)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor | None:
        del dialect
        return str

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del dialect, coltype
        return Strategy


class Credits(TypeDecorator[tuple[int, ...]]):
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
