"""Leads and their identities in SQL."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Function,
    and_,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from adapters.sql.contact_reader import contact_exports
from adapters.sql.engine import ReadDatabase
from adapters.sql.prepared import Prepared, PreparedInsert, among
from adapters.sql.reading import AnyRow, AnySelect, chunks, reading
from adapters.sql.tables import (
    ContactRow,
    IdempotencyKeyRow,
    IdentityRow,
    LeadRow,
    LeadWordRow,
)
from application.ports import LeadReader, Leads
from application.views import LeadExport, LeadView, Page
from domain import limits
from domain.errors import InvalidValue, UnknownLead
from domain.ids import LeadId
from domain.lead import Identity, Lead, LeadIndex, Recognition, words_of

_LEAD = (LeadRow.id, LeadRow.name, LeadRow.created_at)
_by_identity = Prepared(
    select(IdentityRow.key, *_LEAD)
    .join(LeadRow, LeadRow.id == IdentityRow.lead_id)
    .where(among(IdentityRow.key, "keys")),
    "keys",
)
_by_id = select(*_LEAD).where(LeadRow.id.in_(bindparam("ids", expanding=True)))
_insert_lead = PreparedInsert(LeadRow, "id", "name", "created_at")
_insert_word = PreparedInsert(LeadWordRow, "word", "lead_id")
_insert_identity = PreparedInsert(IdentityRow, "key", "lead_id")
_name_lead = Prepared(
    update(LeadRow).where(LeadRow.id == bindparam("lead")).values(name=bindparam("name")),
    "name",
    "lead",
)
_there = select(LeadRow.id, LeadRow.name).where(LeadRow.id == bindparam("lead"))
_forget_words = delete(LeadWordRow).where(
    LeadWordRow.word.in_(bindparam("words", expanding=True)),
    LeadWordRow.lead_id == bindparam("lead"),
)
# A fingerprint is a digest of what the person wrote: whoever guesses that can tell.
_erase = (
    update(LeadRow)
    .where(LeadRow.id == bindparam("lead"), LeadRow.name.is_not(None))
    .values(name=None),
    delete(IdentityRow).where(IdentityRow.lead_id == bindparam("lead")),
    delete(IdempotencyKeyRow).where(
        IdempotencyKeyRow.contact_id.in_(
            select(ContactRow.id).where(ContactRow.lead_id == bindparam("lead"))
        )
    ),
    update(ContactRow)
    .where(ContactRow.lead_id == bindparam("lead"), ContactRow.payload.is_not(None))
    .values(payload=None),
)


def _owners_of_value(position: Callable[..., Function[int]]) -> AnySelect:
    """Look for a value under every kind that there is.

    The kinds are found by skipping along the keys: a semicolon comes right after the colon, so
    the smallest key past `kind;` is the first one of the next kind. That is two look-ups a kind,
    however many identities there are.

    Args:
        position: the function by which the database finds one text in another.
    """
    key = IdentityRow.key
    first = select(func.min(key).label("key")).cte("kinds", recursive=True)
    kind = func.substr(first.c.key, 1, position(first.c.key, ":") - 1)
    following = select(func.min(key)).where(key > kind.concat(";")).scalar_subquery()
    kinds = first.union_all(select(following).where(first.c.key.is_not(None)))
    prefix = func.substr(kinds.c.key, 1, position(kinds.c.key, ":"))
    return select(IdentityRow.lead_id).join(kinds, key == prefix.concat(bindparam("value")))


_owners = {"sqlite": _owners_of_value(func.instr), "postgresql": _owners_of_value(func.strpos)}
_LARGEST: Final = "\U0010ffff"
"""No word goes on with anything that sorts after this: it is no letter."""


def _begins(column: InstrumentedAttribute[str], beginning: str) -> ColumnElement[bool]:
    return and_(column >= beginning, column < beginning + _LARGEST)


class SqlLeads(Leads):
    """See `application.ports.Leads`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def index(self, identities: Iterable[Identity], lead_ids: Iterable[LeadId]) -> LeadIndex:
        connection = self._connection
        by_key = {each.key: each for each in identities}
        known = [
            (by_key[key], Lead(lead_id, name, created_at))
            for key, lead_id, name, created_at in _by_identity.fetch(connection, list(by_key))
        ]
        by_id = [
            Lead(LeadId(row.id), row.name, row.created_at)
            for some in chunks(list(set(lead_ids)))
            for row in connection.execute(_by_id, {"ids": some})
        ]
        return LeadIndex(known, by_id)

    def learn(self, lessons: Sequence[Recognition]) -> None:
        connection = self._connection
        _insert_lead.run(
            connection,
            [
                (each.lead.id, each.lead.name, each.lead.created_at)
                for each in lessons
                if each.created
            ],
        )
        _name_lead.run(
            connection, [(each.lead.name, each.lead.id) for each in lessons if each.named]
        )
        _insert_word.run(
            connection,
            [
                (word, each.lead.id)
                for each in lessons
                if (each.created or each.named) and each.lead.name is not None
                for word in words_of(each.lead.name)
            ],
        )
        _insert_identity.run(
            connection,
            [(identity.key, each.lead.id) for each in lessons for identity in each.learned],
        )

    def erase(self, lead_id: LeadId) -> bool:
        there = self._connection.execute(_there, {"lead": lead_id}).first()
        if there is None:
            raise _unknown(lead_id)
        if there.name is not None:
            self._connection.execute(
                _forget_words, {"lead": lead_id, "words": list(words_of(there.name))}
            )
        return (
            sum(
                self._connection.execute(statement, {"lead": lead_id}).rowcount
                for statement in _erase
            )
            > 0
        )


class SqlLeadReader(LeadReader):
    """See `application.ports.LeadReader`."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database

    def lead(self, lead_id: LeadId) -> LeadView:
        with reading(self._database) as connection:
            return _lead_view(connection, lead_id)

    def leads(
        self, *, identity: Identity | None, limit: int, after: LeadId | None
    ) -> Page[LeadView]:
        query = select(*_LEAD).order_by(LeadRow.id.desc()).limit(limit + 1)
        if identity is not None:
            query = query.where(
                LeadRow.id.in_(select(IdentityRow.lead_id).where(IdentityRow.key == identity.key))
            )
        if after is not None:
            query = query.where(LeadRow.id < after)
        with reading(self._database) as connection:
            found = _views(connection, query)
        return Page(found[:limit], len(found) > limit)

    def leads_by_value(self, value: str, *, limit: int) -> list[LeadView]:
        if not _storable(value):
            return []
        with reading(self._database) as connection:
            owners = connection.execute(_owners[connection.dialect.name], {"value": value})
            newest = sorted(set(owners.scalars()), reverse=True)[:limit]
            return [
                view
                for some in chunks(newest)
                for view in _views(
                    connection,
                    select(*_LEAD).where(LeadRow.id.in_(some)).order_by(LeadRow.id.desc()),
                )
            ]

    def leads_by_words(self, words: Collection[str], *, limit: int) -> list[LeadView]:
        # The longest is the rarest, as a rule: it is walked along, the others are looked up.
        longest, *others = sorted(words, key=len, reverse=True)
        named = select(LeadWordRow.lead_id).where(_begins(LeadWordRow.word, longest))
        for each in others:
            other = aliased(LeadWordRow)
            named = named.where(
                exists().where(other.lead_id == LeadWordRow.lead_id, _begins(other.word, each))
            )
        with reading(self._database) as connection:
            found = connection.execute(named.distinct().limit(limit)).scalars().all()
            return _views(
                connection,
                select(*_LEAD).where(LeadRow.id.in_(found)).order_by(LeadRow.id.desc()),
            )

    def export(self, lead_id: LeadId) -> LeadExport:
        with reading(self._database) as connection:
            return LeadExport(_lead_view(connection, lead_id), contact_exports(connection, lead_id))


def _lead_view(connection: Connection, lead_id: LeadId) -> LeadView:
    found = _views(connection, select(*_LEAD).where(LeadRow.id == lead_id))
    if not found:
        raise _unknown(lead_id)
    return found[0]


def _views(connection: Connection, query: AnySelect) -> list[LeadView]:
    rows: Sequence[AnyRow] = connection.execute(query).all()
    identities: dict[Any, list[Identity]] = {row.id: [] for row in rows}
    for some in chunks(list(identities)):
        for lead_id, key in connection.execute(
            select(IdentityRow.lead_id, IdentityRow.key)
            .where(IdentityRow.lead_id.in_(some))
            .order_by(IdentityRow.key)
        ):
            identities[lead_id].append(Identity.from_key(key))
    return [LeadView(row.id, row.name, identities[row.id], row.created_at) for row in rows]


def _storable(text: str) -> bool:
    """Whether anything stored can hold this text; a database would refuse to look for it."""
    try:
        limits.storable_text(text, "text")
    except InvalidValue:
        return False
    return True


def _unknown(lead_id: LeadId) -> UnknownLead:
    return UnknownLead(f"no lead has the id {lead_id}.", field="lead_id")
