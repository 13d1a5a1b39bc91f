"""Lead search in SQL: walks along indexes, each of bounded length."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Function,
    func,
    select,
    text,
    tuple_,
    union_all,
)

from adapters.sql.columns import PhoneTail
from adapters.sql.engine import ReadDatabase
from adapters.sql.leads import LEAD, lead_views
from adapters.sql.reading import AnyRow, AnySelect, chunks, reading
from adapters.sql.tables import PHONES, IdentityRow, LeadRow, LeadWordRow
from application.ports.leads import LeadView
from application.ports.search import LeadSearch
from application.ports.walks import Met, Passed, Walk, WordPlace, lead_place
from domain import limits
from domain.errors import InvalidValue
from domain.ids import LeadId
from domain.lead import begin_words, first_word, words_of

_FURTHEST: Final = 10_000
"""Most entries of an index on one walk."""
_LOOKS: Final = 10
"""Entries that can be passed in the time it takes to look at a lead with its identities."""
_STRETCH: Final = 1_000
"""Entries read at a time if most of them are passed."""
_FEW: Final = 100
"""Entries read at a time if most of them belong to leads that are met."""
_KINDS: Final = 200
"""Kinds of identities that are searched: a client can invent any number of them."""
_RANGES: Final = 100
"""Beginnings of keys that are looked for in one statement; SQLite takes up to 500."""
_COUNTED: Final = 5
"""How many of the longest words are counted to find the rarest."""
_TAIL: Final = 4
"""Last digits of a phone that its index holds."""


def _kinds_of(position: Callable[..., Function[int]]) -> AnySelect:
    """Find the kinds that exist, by skipping along the keys.

    A semicolon comes right after the colon, so the smallest key past `kind;` is the first one of
    the next kind. That is one look-up per kind, however many identities there are.

    Args:
        position: the function by which the database finds one text in another.
    """
    key = IdentityRow.key
    first = select(func.min(key).label("key")).cte("kinds", recursive=True)
    kind = func.substr(first.c.key, 1, position(first.c.key, ":") - 1)
    following = select(func.min(key)).where(key > kind.concat(";")).scalar_subquery()
    kinds = first.union_all(select(following).where(first.c.key.is_not(None)))
    # Both databases recurse only as far as rows are asked for.
    return (
        select(func.substr(kinds.c.key, 1, position(kinds.c.key, ":") - 1))
        .where(kinds.c.key.is_not(None))
        .limit(_KINDS)
    )


_kinds = {"sqlite": _kinds_of(func.instr), "postgresql": _kinds_of(func.strpos)}
_word, _named = LeadWordRow.word, LeadWordRow.lead_id
_words = select(_word, _named, LeadRow.name).join(LeadRow, LeadRow.id == _named)
_key = IdentityRow.key
_identities = select(_key, IdentityRow.lead_id)


@dataclass(frozen=True, slots=True)
class _Path:
    """An index to walk along.

    Attributes:
        read: returns that many rows after a place, fewer if there are no more; each has a
            `lead_id`.
        place_of: the place of a row.
        wanted: whether the lead of a row is one to be met.
        first: the first place at which a lead is met; None if `wanted` takes care of that.
        stretch: rows read at a time.
    """

    read: Callable[[str | None, int], Sequence[AnyRow]]
    place_of: Callable[[AnyRow], str]
    wanted: Callable[[AnyRow], bool]
    first: Callable[[LeadView], str] | None = None
    stretch: int = _STRETCH


class SqlLeadSearch(LeadSearch):
    """See `application.ports.search.LeadSearch`.

    Args:
        database: what is searched.
        furthest: the most entries of an index that a walk passes.
    """

    def __init__(self, database: ReadDatabase, furthest: int = _FURTHEST) -> None:
        self._database = database
        self._furthest = furthest

    def kinds(self) -> list[str]:
        with reading(self._database) as connection:
            return sorted(_kinds_in(connection))

    def by_values(
        self, values: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        last = None if after is None else lead_place(after)
        with reading(self._database) as connection:
            owners = {
                LeadId(lead_id)
                for some in chunks(_keys(connection, values))
                for lead_id in connection.execute(
                    select(IdentityRow.lead_id).where(_key.in_(some))
                ).scalars()
                if last is None or lead_id < last
            }
            newest = _shown(connection, sorted(owners, reverse=True))
        met = [Met(each.id.hex, each) for each in newest if not but(each)][: limit + 1]
        return Walk(met[:limit], met[limit - 1].place if len(met) > limit else None)

    def by_phone_tail(self, digits: str, *, after: str | None, limit: int, but: Passed) -> Walk:
        def ends(key: str) -> bool:
            return key.startswith("phone:") and key.endswith(digits)

        with reading(self._database) as connection:
            phones = _identities.where(text(PHONES), PhoneTail() == digits[-_TAIL:]).order_by(_key)

            def read(place: str | None, most: int) -> Sequence[AnyRow]:
                further = phones if place is None else phones.where(_key > place)
                return connection.execute(further.limit(most)).all()

            path = _Path(read, _key_of, lambda row: ends(row.key), partial(_first_key, ends))
            return self._walk(connection, path, after, limit, but)

    def by_words(
        self, words: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        with reading(self._database) as connection:
            along = (
                self._rarest(connection, words) if after is None else WordPlace.read(after).along
            )

            def wanted(row: AnyRow) -> bool:
                own = words_of(row.name or "")
                return begin_words(words, own) and row.word == first_word(along, own)

            path = _Path(
                partial(_read_words, connection, along),
                lambda row: str(WordPlace(along, row.word, row.lead_id)),
                wanted,
                stretch=_FEW if len(words) == 1 else _STRETCH,
            )
            return self._walk(connection, path, after, limit, but)

    def by_beginnings(
        self, values: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        with reading(self._database) as connection:
            keys = tuple(sorted(_keys(connection, values)))
            path = _Path(
                partial(_read_beginnings, connection, keys),
                _key_of,
                lambda _: True,
                partial(_first_key, lambda key: key.startswith(keys)),
                stretch=_FEW,
            )
            return self._walk(connection, path, after, limit, but)

    def _rarest(self, connection: Connection, words: Collection[str]) -> str:
        """Return the word that the fewest names have, counting as far as a walk would go."""
        longest = sorted(words, key=lambda each: (-len(each), each))[:_COUNTED]
        if len(longest) == 1:
            return longest[0]
        entries = (select(_word).where(*_begins(each)).limit(self._furthest) for each in longest)
        counts = (select(func.count()).select_from(each.subquery()) for each in entries)
        row = connection.execute(select(*(each.scalar_subquery() for each in counts))).one()
        return min(zip(row, longest, strict=True), key=lambda each: each[0])[1]

    def _walk(
        self, connection: Connection, path: _Path, after: str | None, limit: int, but: Passed
    ) -> Walk:
        met: list[Met] = []
        ahead: dict[LeadId, str] = {}
        looked = 0
        for passed, row in enumerate(_rows(path, after), 1):
            if path.wanted(row):
                ahead.setdefault(row.lead_id, path.place_of(row))
            enough = len(met) + len(ahead) == limit
            if enough or passed == self._furthest:
                looked += len(ahead) * _LOOKS
                met += _look(connection, path, ahead, but)
                ahead.clear()
                if len(met) == limit or max(passed, looked) >= self._furthest:
                    return Walk(met, path.place_of(row))
        return Walk([*met, *_look(connection, path, ahead, but)], None)


def _look(
    connection: Connection, path: _Path, places: Mapping[LeadId, str], but: Passed
) -> list[Met]:
    """Look at leads, each seen at a place; leave out those that have been met before."""
    met = [Met(places[each.id], each) for each in _shown(connection, list(places))]
    return [
        each
        for each in met
        if (path.first is None or each.place == path.first(each.lead)) and not but(each.lead)
    ]


def _rows(path: _Path, place: str | None) -> Iterator[AnyRow]:
    while True:
        rows = path.read(place, path.stretch)
        yield from rows
        if len(rows) < path.stretch:
            return
        place = path.place_of(rows[-1])


def _read_words(
    connection: Connection, along: str, place: str | None, most: int
) -> Sequence[AnyRow]:
    """Read names with a word, the newest lead first, then those with a longer one."""
    last = None if place is None else WordPlace.read(place)
    longer = _words.where(_word < _end(along)).order_by(_word, _named)
    if last is not None and last.word != along:
        # Only this: with a bound on the word, too, SQLite would walk from there past all that was
        # met.
        further = tuple_(_word, _named) > (last.word, last.lead_id)
        return connection.execute(longer.where(further).limit(most)).all()
    exact = _words.where(_word == along).order_by(_named.desc())
    if last is not None:
        exact = exact.where(_named < last.lead_id)
    rows = list(connection.execute(exact.limit(most)).all())
    if len(rows) < most:
        rows += connection.execute(longer.where(_word > along).limit(most - len(rows))).all()
    return rows


def _read_beginnings(
    connection: Connection, keys: Sequence[str], place: str | None, most: int
) -> Sequence[AnyRow]:
    """Read identities whose keys begin with one of `keys`, which are sorted."""
    rows: list[AnyRow] = []
    ahead = [each for each in keys if place is None or place < _end(each)]
    for start in range(0, len(ahead), _RANGES):
        ranges = [
            _identities.where(_key > place if place and place >= each else _key >= each)
            .where(_key < _end(each))
            .order_by(_key)
            .limit(most)
            .subquery()
            for each in ahead[start : start + _RANGES]
        ]
        both = union_all(*(select(each) for each in ranges)).order_by("key")
        rows += connection.execute(both.limit(most - len(rows))).all()
        if len(rows) == most:
            break
    return rows


def _begins(beginning: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _word >= beginning, _word < _end(beginning)


def _end(beginning: str) -> str:
    """Return the smallest text that comes after everything with this beginning."""
    head = beginning.rstrip("\U0010ffff")
    following = ord(head[-1]) + 1
    # Next come halves of surrogate pairs, which no text holds.
    return head[:-1] + chr(0xE000 if following == 0xD800 else following)


def _kinds_in(connection: Connection) -> list[str]:
    return list(connection.execute(_kinds[connection.dialect.name]).scalars())


def _keys(connection: Connection, values: Collection[str]) -> list[str]:
    """Combine every kind with every value that a database would not refuse to look for."""
    known = [each for each in values if _storable(each)]
    return [f"{kind}:{value}" for kind in _kinds_in(connection) for value in known]


def _storable(value: str) -> bool:
    try:
        limits.storable_text(value, "value")
    except InvalidValue:
        return False
    return True


def _key_of(row: AnyRow) -> str:
    key: str = row.key
    return key


def _first_key(meets: Callable[[str], bool], lead: LeadView) -> str:
    return min(each.key for each in lead.identities if meets(each.key))


def _shown(connection: Connection, lead_ids: Sequence[LeadId]) -> list[LeadView]:
    """Return the views of leads, in this order."""
    views = {
        view.id: view
        for some in chunks(lead_ids)
        for view in lead_views(connection, select(*LEAD).where(LeadRow.id.in_(some)))
    }
    return [views[each] for each in lead_ids]
