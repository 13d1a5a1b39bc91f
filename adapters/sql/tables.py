"""The tables, declared once; see docs/data-model.md for why they are as they are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from adapters.sql.columns import (
    Bytes,
    BytewiseText,
    Credits,
    Epoch,
    EventNumber,
    Id,
    IdOfOperator,
    Moment,
    PhoneTail,
    Queued,
    StateNumber,
    StrategyName,
)
from domain.contact import ContactState
from domain.event_type import EventType
from domain.strategy import Strategy


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
    strategy: Mapped[Strategy] = mapped_column(StrategyName)
    waiting: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Moment)
    credits: Mapped[tuple[int, ...]] = mapped_column(Credits, server_default="")
    booked: Mapped[tuple[int, ...]] = mapped_column(Credits, server_default="")
    meanwhile: Mapped[tuple[int, ...]] = mapped_column(Credits, server_default="")
    hour: Mapped[int] = mapped_column(server_default="0")
    accounted_from: Mapped[int] = mapped_column(server_default="0")


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
    state: Mapped[ContactState] = mapped_column(StateNumber)
    lead_created: Mapped[bool]
    conflicts: Mapped[bytes | None] = mapped_column(Bytes)
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
    fingerprint: Mapped[bytes] = mapped_column(Bytes)


class LineupRow(Row):
    """What decisions on one source have in common, stored under its digest."""

    __tablename__ = "lineups"
    __table_args__ = (_CLUSTERED,)

    digest: Mapped[bytes] = mapped_column(Bytes, primary_key=True)
    lineup: Mapped[bytes] = mapped_column(Bytes)


class DecisionRow(Row):
    """Why a picker gave a contact to an operator; see adapters/sql/decisions.py."""

    __tablename__ = "decisions"
    __table_args__ = (_CLUSTERED,)

    contact_id: Mapped[UUID] = mapped_column(Id, ForeignKey("contacts.id"), primary_key=True)
    lineup: Mapped[bytes] = mapped_column(ForeignKey("lineups.digest"))
    decision: Mapped[bytes] = mapped_column(Bytes)


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
    type: Mapped[EventType] = mapped_column(EventNumber)
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text)
    source_key: Mapped[str | None] = mapped_column(String(64))
    contact_id: Mapped[UUID | None] = mapped_column(Id)
    operator_id: Mapped[UUID | None] = mapped_column(IdOfOperator)
    other_id: Mapped[UUID | None] = mapped_column(Id)
    data: Mapped[str | None] = mapped_column(Text)


class EndpointRow(Row):
    """An endpoint. The secret is stored as it is: every delivery is signed with it."""

    __tablename__ = "endpoints"
    __table_args__ = (_CLUSTERED,)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    secret: Mapped[str] = mapped_column(Text)
    cursor: Mapped[int] = mapped_column(BigInteger)
    types: Mapped[str] = mapped_column(Text)
    sources: Mapped[str] = mapped_column(Text)
    include: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    old_secret: Mapped[str | None] = mapped_column(Text)
    old_until: Mapped[datetime | None] = mapped_column(Moment)
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    last_error: Mapped[str | None] = mapped_column(Text)
    last_success_at: Mapped[datetime | None] = mapped_column(Moment)
    leased_by: Mapped[str | None] = mapped_column(Text)
    leased_until: Mapped[datetime | None] = mapped_column(Moment)


class DeliveryRow(Row):
    """An event that was not delivered at once: it is tried again at a moment, or is dead."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_subject", "endpoint_id", "subject", "seq"),
        Index("ix_deliveries_at", "endpoint_id", "at"),
        _CLUSTERED,
    )

    endpoint_id: Mapped[UUID] = mapped_column(Id, ForeignKey("endpoints.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str | None] = mapped_column(Text)


class ApiKeyRow(Row):
    """An API key: not the key itself, but a digest of it, under its visible prefix."""

    __tablename__ = "api_keys"
    __table_args__ = (_CLUSTERED,)

    prefix: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[bytes] = mapped_column(Bytes)
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
    """How many of a source's contacts its picker gave to an operator in `hours` from `start`.

    The last three columns are what its account has moved by; see `domain.account`. Of the hour that
    goes on that is in `SourceRow`: `credits` less `booked`, and `meanwhile`.
    """

    __tablename__ = "assigned_counts"
    __table_args__ = (_CLUSTERED,)

    source_key: Mapped[str] = mapped_column(ForeignKey("sources.key"), primary_key=True)
    hours: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    operator_id: Mapped[UUID] = mapped_column(
        IdOfOperator, ForeignKey("operators.id"), primary_key=True
    )
    contacts: Mapped[int] = mapped_column(BigInteger)
    owed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    while_full: Mapped[int] = mapped_column(BigInteger, server_default="0")
    while_unavailable: Mapped[int] = mapped_column(BigInteger, server_default="0")


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
