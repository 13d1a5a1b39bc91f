"""Lead search over a MemoryStore: it looks at everything and never stops half-way."""

from collections.abc import Callable, Collection, Iterable

from adapters.memory.readers import lead_view
from adapters.memory.store import MemoryStore
from application.ports.search import LeadSearch
from application.ports.walks import Met, Passed, Walk, WordPlace, lead_place
from domain.ids import LeadId
from domain.lead import Identity, begin_words, first_word, words_of


class MemoryLeadSearch(LeadSearch):
    """See `application.ports.search.LeadSearch`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def kinds(self) -> list[str]:
        with self._store.lock:
            return sorted({Identity.from_key(key).kind for key in self._store.identities})

    def by_values(
        self, values: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        last = None if after is None else lead_place(after)
        with self._store.lock:
            owners = {
                owner
                for key, owner in self._store.identities.items()
                if Identity.from_key(key).value in values and (last is None or owner < last)
            }
            return self._walk(
                [(each.hex, each) for each in sorted(owners, reverse=True)], limit, but
            )

    def by_phone_tail(self, digits: str, *, after: str | None, limit: int, but: Passed) -> Walk:
        return self._by_key(
            lambda each: each.kind == "phone" and each.value.endswith(digits), after, limit, but
        )

    def by_words(
        self, words: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        last = None if after is None else WordPlace.read(after)
        with self._store.lock:
            names = {
                each.id: words_of(each.name)
                for each in self._store.leads.values()
                if each.name is not None
            }
            along = last.along if last else _rarest(words, names.values())
            places = [
                WordPlace(along, word, lead_id)
                for lead_id, own in names.items()
                if begin_words(words, own) and (word := first_word(along, own)) is not None
            ]
            ahead = [
                each
                for each in sorted(places, key=_order)
                if last is None or _order(each) > _order(last)
            ]
            return self._walk([(str(each), each.lead_id) for each in ahead], limit, but)

    def by_beginnings(
        self, values: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        return self._by_key(lambda each: each.value.startswith(tuple(values)), after, limit, but)

    def _by_key(
        self, meets: Callable[[Identity], bool], after: str | None, limit: int, but: Passed
    ) -> Walk:
        with self._store.lock:
            first: dict[LeadId, str] = {}
            for key, owner in sorted(self._store.identities.items()):
                if meets(Identity.from_key(key)):
                    first.setdefault(owner, key)
            return self._walk(
                [(key, owner) for owner, key in first.items() if after is None or key > after],
                limit,
                but,
            )

    def _walk(self, ahead: list[tuple[str, LeadId]], limit: int, but: Passed) -> Walk:
        met = [
            Met(place, lead)
            for place, lead in ((place, lead_view(self._store, each)) for place, each in ahead)
            if not but(lead)
        ]
        return Walk(met[:limit], met[limit - 1].place if len(met) > limit else None)


def _rarest(words: Collection[str], names: Iterable[Collection[str]]) -> str:
    met = dict.fromkeys(sorted(words, key=lambda each: (-len(each), each))[:5], 0)
    for own in names:
        for each in met:
            met[each] += sum(word.startswith(each) for word in own)
    return min(met, key=met.__getitem__)


def _order(place: WordPlace) -> tuple[bool, str, int]:
    exact = place.word == place.along
    return not exact, place.word, -place.lead_id.int if exact else place.lead_id.int
