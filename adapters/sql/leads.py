"""Leads and their identities in SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from adapters.sql.contact_reader import contact_exports
from adapters.sql.engine import ReadDatabase
from adapters.sql.prepared import Prepared, PreparedInsert, among, among_ids, fetch_all
from adapters.sql.reading import AnyRow, AnySelect, chunks, reading
from adapters.sql.tables import (
    ContactRow,
    IdempotencyKeyRow,
    IdentityRow,
    LeadRow,
    LeadWordRow,
    UnreadIdentityRow,
)
from application.ports.leads import Acquaintance, LeadExport, LeadReader, Leads, LeadView
from application.ports.paging import Page
from domain import limits
from domain.errors import UnknownLead
from domain.ids import ContactId, LeadId
from domain.lead import Identity, Lead, LeadIndex, Recognition, words_of

LEAD = (LeadRow.id, LeadRow.name, LeadRow.created_at)
_by_identity = Prepared(
    select(IdentityRow.key, *LEAD)
    .join(LeadRow, LeadRow.id == IdentityRow.lead_id)
    .where(among(IdentityRow.key, "keys")),
    "keys",
)
_by_id = Prepared(select(*LEAD).where(among_ids(LeadRow.id, "ids")), "ids")
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
_forget_identity = delete(IdentityRow).where(
    IdentityRow.key == bindparam("key"), IdentityRow.lead_id == bindparam("lead")
)

_LOOKED_AT: Final = 32
"""How many of a lead's oldest contacts are looked at for the one that made it known."""
# Where clocks differ or step back, the contact that made a lead known need not be its very first.
_oldest = (
    select(ContactRow.lead_created, ContactRow.source_key)
    .where(ContactRow.lead_id == bindparam("lead"))
    .order_by(ContactRow.id)
    .limit(bindparam("looked_at"))
    # Without it, SQLite's dialect would add an offset parameter.
    .offset(bindparam("passed_over"))
    .subquery()
)
_made_known_by = select(func.min(_oldest.c.source_key)).where(_oldest.c.lead_created)
_its_identities = (
    select(IdentityRow.key)
    .where(IdentityRow.lead_id == bindparam("lead"))
    .limit(bindparam("most"))
    .offset(bindparam("passed_over"))
    .subquery()
)
_acquaintance = Prepared(
    select(
        _made_known_by.scalar_subquery(),
        select(func.count()).select_from(_its_identities).scalar_subquery(),
    ),
    *("lead", "looked_at", "most", "passed_over"),
)
_numbered = (
    select(
        IdentityRow.lead_id,
        IdentityRow.key,
        func.row_number()
        .over(partition_by=IdentityRow.lead_id, order_by=IdentityRow.key)
        .label("number"),
    )
    .where(IdentityRow.lead_id.in_(bindparam("leads", expanding=True)))
    .subquery()
)
# Before there was a limit, a lead could have any number of identities.
_identities_of = (
    select(_numbered.c.lead_id, _numbered.c.key)
    .where(_numbered.c.number <= limits.MAX_LEAD_IDENTITIES)
    .order_by(_numbered.c.key)
)
_every_identity = (
    select(IdentityRow.key)
    .where(IdentityRow.lead_id == bindparam("lead"))
    .order_by(IdentityRow.key)
)
_of_lead = select(ContactRow.id).where(ContactRow.lead_id == bindparam("lead"))
# A fingerprint is a digest of what the person wrote: anyone who guesses that can verify the guess.
_erase = (
    update(LeadRow)
    .where(LeadRow.id == bindparam("lead"), LeadRow.name.is_not(None))
    .values(name=None),
    delete(IdentityRow).where(IdentityRow.lead_id == bindparam("lead")),
    delete(IdempotencyKeyRow).where(IdempotencyKeyRow.contact_id.in_(_of_lead)),
    delete(UnreadIdentityRow).where(UnreadIdentityRow.contact_id.in_(_of_lead)),
    update(ContactRow)
    .where(ContactRow.lead_id == bindparam("lead"), ContactRow.payload.is_not(None))
    .values(payload=None),
)


def _owners_of(identity: Identity) -> AnySelect:
    """Select the owner of an identity; if it has none, the owners of its other spellings."""
    own = IdentityRow.key == identity.key
    if not identity.also:
        return select(IdentityRow.lead_id).where(own)
    owned = aliased(IdentityRow)
    nobodys = ~exists().where(owned.key == identity.key)
    return select(IdentityRow.lead_id).where(
        or_(own, and_(IdentityRow.key.in_(identity.also), nobodys))
    )


class SqlLeads(Leads):
    """See `application.ports.leads.Leads`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.removed = False
        """Whether anything known about a person has been removed."""

    def index(self, identities: Iterable[Identity], lead_ids: Iterable[LeadId]) -> LeadIndex:
        connection = self._connection
        by_key: dict[str, Identity] = {}
        for each in identities:
            by_key[each.key] = each
            for key in each.also:
                by_key.setdefault(key, Identity.from_key(key))
        statements: list[tuple[Prepared, Sequence[Any]]] = [(_by_identity, [list(by_key)])]
        if asked := list(lead_ids):
            statements.append((_by_id, [asked]))
        owners, *named = fetch_all(connection, *statements)
        return LeadIndex(
            [(by_key[key], Lead(*lead)) for key, *lead in owners],
            [Lead(*lead) for rows in named for lead in rows],
        )

    def acquaintance(self, lead_id: LeadId) -> Acquaintance:
        (found,) = _acquaintance.fetch(
            self._connection, lead_id, _LOOKED_AT, limits.MAX_LEAD_IDENTITIES, 0
        )
        return Acquaintance(*found)

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
            # Each once: a lead that is made and named in one go has two lessons, with one name.
            list(
                {
                    (word, each.lead.id)
                    for each in lessons
                    if (each.created or each.named) and each.lead.name is not None
                    for word in words_of(each.lead.name)
                }
            ),
        )
        _insert_identity.run(
            connection,
            [(identity.key, each.lead.id) for each in lessons for identity in each.learned],
        )

    def get(self, lead_id: LeadId) -> Lead:
        for row in _by_id.fetch(self._connection, [lead_id]):
            return Lead(*row)
        raise _unknown(lead_id)

    def view(self, lead_id: LeadId) -> LeadView:
        return _lead_view(self._connection, lead_id)

    def save_renamed(self, lead: Lead, previous: str | None) -> None:
        words = frozenset() if lead.name is None else words_of(lead.name)
        former = frozenset() if previous is None else words_of(previous)
        _name_lead.run(self._connection, [(lead.name, lead.id)])
        self._connection.execute(_forget_words, {"lead": lead.id, "words": sorted(former - words)})
        self.removed = True
        _insert_word.run(self._connection, [(each, lead.id) for each in sorted(words - former)])

    def forget(self, lead_id: LeadId, identity: Identity) -> bool:
        where = {"key": identity.key, "lead": lead_id}
        self.removed = True
        return self._connection.execute(_forget_identity, where).rowcount > 0

    def erase(self, lead_id: LeadId) -> bool:
        self.removed = True
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
    """See `application.ports.leads.LeadReader`."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database

    def lead(self, lead_id: LeadId) -> LeadView:
        with reading(self._database) as connection:
            return _lead_view(connection, lead_id)

    def leads(
        self, *, identity: Identity | None, limit: int, after: LeadId | None
    ) -> Page[LeadView]:
        query = select(*LEAD).order_by(LeadRow.id.desc()).limit(limit + 1)
        if identity is not None:
            query = query.where(LeadRow.id.in_(_owners_of(identity)))
        if after is not None:
            query = query.where(LeadRow.id < after)
        with reading(self._database) as connection:
            found = lead_views(connection, query)
        return Page(found[:limit], len(found) > limit)

    def export(self, lead_id: LeadId, *, limit: int, after: ContactId | None = None) -> LeadExport:
        with reading(self._database) as connection:
            lead = _lead_view(connection, lead_id)
            # All of them, including those from before there was a limit.
            keys = connection.execute(_every_identity, {"lead": lead_id}).scalars()
            lead = replace(lead, identities=[Identity.from_key(each) for each in keys])
            contacts = contact_exports(connection, lead_id, limit + 1, after)
        return LeadExport(lead, contacts[:limit], len(contacts) > limit)


def _lead_view(connection: Connection, lead_id: LeadId) -> LeadView:
    found = lead_views(connection, select(*LEAD).where(LeadRow.id == lead_id))
    if not found:
        raise _unknown(lead_id)
    return found[0]


def lead_views(connection: Connection, query: AnySelect) -> list[LeadView]:
    """Return views of the leads that a query of the columns LEAD finds, in its order."""
    rows: Sequence[AnyRow] = connection.execute(query).all()
    identities: dict[Any, list[Identity]] = {row.id: [] for row in rows}
    for some in chunks(list(identities)):
        for lead_id, key in connection.execute(_identities_of, {"leads": some}):
            identities[lead_id].append(Identity.from_key(key))
    return [LeadView(row.id, row.name, identities[row.id], row.created_at) for row in rows]


def _unknown(lead_id: LeadId) -> UnknownLead:
    return UnknownLead(f"no lead has the id {lead_id}.", field="lead_id")
