"""The contract of LeadSearch."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pytest

from application.ports.leads import LeadView
from application.ports.search import LeadSearch
from application.ports.storage import Storage
from application.ports.walks import Passed, Walk
from domain.errors import InvalidValue
from domain.ids import LeadId
from domain.lead import Identity, Recognition, begin_words, words_of
from tests.contract.given import Given


def nobody(_: LeadView) -> bool:
    return False


def walked(walk: Callable[..., Walk], *, limit: int = 200, but: Passed = nobody) -> list[LeadView]:
    """Return every lead met on a walk, stretch by stretch."""
    met: list[LeadView] = []
    walk = partial(walk, limit=limit, but=but)
    stretch = walk(after=None)
    while True:
        assert len(stretch.met) <= limit
        met += [each.lead for each in stretch.met]
        if stretch.stopped is None:
            return met
        # Going on from the last lead met gives the same as going on from where it stopped.
        assert stretch.met
        again = walk(after=stretch.met[-1].place)
        assert again == walk(after=stretch.stopped)
        stretch = again


@pytest.fixture
def search(storage: Storage) -> LeadSearch:
    return storage.lead_search


def shown(storage: Storage, *lead_ids: LeadId) -> list[LeadView]:
    return [storage.leads.lead(each) for each in lead_ids]


class TestByValues:
    """Leads that own a value, whatever its kind."""

    # Some kinds are prefixes of others.
    KINDS = ("a", "a0", "a_", "aa", "ab", "b", "phone", "phone2", "phones", "z" * 32)

    def test_a_value_is_found_under_every_kind_the_newest_lead_first(
        self, storage: Storage, given: Given, search: LeadSearch
    ) -> None:
        value = "user:1;x"
        owners = [given.lead(Identity(kind, value)).id for kind in self.KINDS]
        # Values that look like kinds.
        others = (f"{value}9", "user:1;", "USER:1;X", "a:b")
        for kind in self.KINDS:
            given.lead(*(Identity(kind, f"{each}{kind}") for each in others))
        given.lead(Identity("c", "user"), Identity("d", "1;x"))
        expected = shown(storage, *reversed(owners))
        for limit in (1, 3, 9, 10, 200):
            assert walked(partial(search.by_values, [value]), limit=limit) == expected

    def test_several_values_are_looked_for_at_once(
        self, storage: Storage, given: Given, search: LeadSearch
    ) -> None:
        first, _, third = (given.lead(Identity("vk", f"{n}")).id for n in range(3))
        assert walked(partial(search.by_values, ["0", "2", "7"])) == shown(storage, third, first)
        assert walked(partial(search.by_values, [])) == []

    def test_a_lead_that_owns_it_twice_is_met_once(
        self, storage: Storage, given: Given, search: LeadSearch
    ) -> None:
        lead = given.lead(Identity("vk", "1"), Identity("telegram", "1"), Identity("vk", "2"))
        assert walked(partial(search.by_values, ["1", "2"])) == shown(storage, lead.id)

    @pytest.mark.parametrize("value", ["", "vk", "vk:1", ":1", "%", "1\x00", "\ud800", "😀"])
    def test_what_is_nobodys_is_not_found(
        self, given: Given, search: LeadSearch, value: str
    ) -> None:
        given.lead(Identity("vk", "1"))
        assert walked(partial(search.by_values, [value])) == []

    def test_without_any_identity_nothing_is_found(self, search: LeadSearch) -> None:
        assert walked(partial(search.by_values, ["1"])) == []
        assert search.kinds() == []

    def test_the_kinds_are_those_that_there_are(self, given: Given, search: LeadSearch) -> None:
        for kind in (*self.KINDS, "vk", "vk"):
            given.lead(Identity(kind, f"{given.new_id()}:;"))
        assert search.kinds() == sorted({*self.KINDS, "vk"})


class TestByPhoneTail:
    """Leads with phone numbers that end in given digits."""

    def test_phones_are_found_by_their_last_digits_and_nothing_else_is(
        self, storage: Storage, given: Given, search: LeadSearch
    ) -> None:
        phones = ["+79161234567", "+79169994567", "+491512344567", "+79161234568", "+445671"]
        leads = {each: given.lead(Identity("phone", each)).id for each in phones}
        given.lead(Identity("whatsapp", "79161234567"), Identity("phones", "+79161234567"))
        given.lead(Identity("phon", "4567"), Identity("email", "4567@x.ru"))
        for digits in ("4567", "34567", "234567", "79161234567", "4568", "5671", "0000", "1" * 200):
            expected = shown(storage, *(leads[e] for e in sorted(phones) if e.endswith(digits)))
            for limit in (1, 2, 200):
                assert walked(partial(search.by_phone_tail, digits), limit=limit) == expected

    def test_who_has_two_such_phones_is_met_once(self, given: Given, search: LeadSearch) -> None:
        twice = given.lead(Identity("phone", "+71114567"), Identity("phone", "+73334567"))
        once = given.lead(Identity("phone", "+72224567"))
        stretch = search.by_phone_tail("4567", after=None, limit=2, but=nobody)
        assert [each.lead.id for each in stretch.met] == [twice.id, once.id]
        rest = search.by_phone_tail("4567", after=stretch.met[-1].place, limit=2, but=nobody)
        assert (list(rest.met), rest.stopped) == ([], None)


NAMES = ["Ann", "ann lee", "Anna", "An", "Lee, Ann", "Änn", "Анна", "анна Ёлкина", "McDonald Ron"]


class TestByWords:
    """Leads with names whose words begin with given texts."""

    @pytest.mark.parametrize(
        "text",
        [
            *("a", "An", "Ann", "anna", "lee AN", "ä", "АН", "елк", "ЁЛКИНА анна", "mcd", "ron m"),
            *("7", "an le", "annalee anna", "a a an"),
        ],
    )
    def test_names_are_found_by_what_begins_their_words(
        self, storage: Storage, given: Given, search: LeadSearch, text: str
    ) -> None:
        chance = random.Random(text)
        names = [*NAMES, "Ann", "a%", "A_b", None, "Anna Ko", "Zoë", "\ue000", "Ann-Lee 7"]
        names += ["Anna Annalee Anneke", "Lee Lee", "An Annalee"]
        chance.shuffle(names)
        leads = [given.lead(Identity("vk", f"{n}"), name=name) for n, name in enumerate(names)]
        words = words_of(text)
        expected = {
            each.id for each in leads if each.name and begin_words(words, words_of(each.name))
        }
        walk = partial(search.by_words, words)
        found = walked(walk)
        assert [each.id for each in found] == [*dict.fromkeys(each.id for each in found)]
        assert {each.id for each in found} == expected
        assert found == [storage.leads.lead(each.id) for each in found]
        for limit in (1, 2, len(found) or 1, len(found) + 1):
            assert walked(walk, limit=limit) == found

    def test_the_very_word_comes_first_and_of_these_the_newest(
        self, given: Given, search: LeadSearch
    ) -> None:
        names = ["Ivan A", "Ivanov B", "Petr Ivan", "Ivana", "Ivan Ivanov", "Ivana Z"]
        for number, name in enumerate(names):
            given.lead(Identity("vk", f"{number}"), name=name)
        found = walked(partial(search.by_words, ["ivan"]))
        assert [each.name for each in found] == [
            *("Ivan Ivanov", "Petr Ivan", "Ivan A"),
            *("Ivana", "Ivana Z", "Ivanov B"),
        ]

    def test_a_walk_goes_along_the_rarest_word(self, given: Given, search: LeadSearch) -> None:
        for number in range(4):
            given.lead(Identity("vk", f"{number}"), name=f"Alexander {'Li' if number else 'Lu'}")
        (met,) = search.by_words(["alexander", "lu"], after=None, limit=9, but=nobody).met
        assert met.place.startswith("lu/lu/")

    def test_a_walk_goes_on_along_the_word_that_it_began_with(
        self, given: Given, search: LeadSearch
    ) -> None:
        for number in range(3):
            given.lead(Identity("vk", f"{number}"), name="Alexander Lu")
        given.lead(Identity("vk", "other"), name="Alexander")
        first = search.by_words(["alexander", "lu"], after=None, limit=1, but=nobody)
        for number in range(9):
            given.lead(Identity("max", f"{number}"), name="Lu")
        rest = search.by_words(["alexander", "lu"], after=first.met[-1].place, limit=9, but=nobody)
        assert len(rest.met) == 2

    def test_a_name_that_came_later_is_found(self, given: Given, search: LeadSearch) -> None:
        lead = given.lead(Identity("vk", "1"))
        with given.storage.unit_of_work() as uow:
            known = replace(lead, name="Ann Lee")
            uow.leads.learn([Recognition(known, created=False, learned=[], named=True)])
        assert [each.id for each in walked(partial(search.by_words, ["lee"]))] == [lead.id]

    def test_a_name_that_was_corrected_is_found_by_what_it_is_now(
        self, given: Given, search: LeadSearch
    ) -> None:
        lead = given.lead(Identity("vk", "1"), name="Ann Lee")
        for name, found, gone in (
            ("Lee Eve", ["eve", "lee"], ["ann"]),
            ("Bob", ["bob"], ["eve", "lee"]),
            (None, [], ["bob"]),
            ("Ann", ["ann"], ["bob"]),
        ):
            previous, lead.name = lead.name, name
            with given.storage.unit_of_work() as uow:
                uow.leads.save_renamed(lead, previous)
            for word in found:
                assert [each.id for each in walked(partial(search.by_words, [word]))] == [lead.id]
            for word in gone:
                assert walked(partial(search.by_words, [word])) == []


class TestByBeginnings:
    """Leads that own an identity whose value begins with a given text."""

    def test_identities_of_every_kind_are_found_by_how_they_begin(
        self, storage: Storage, given: Given, search: LeadSearch
    ) -> None:
        keys = [
            *("email:ivan@x.ru", "email:ivan.p@x.ru", "email:iva@x.ru", "email:x@ivan.ru"),
            *("telegram:ivan77", "telegram:Ivan78", "telegram:ivan", "vk:ivan:b", "ivan:petr"),
            *("a:ivan\U0010ffff", "z:iva", "vk:ivam", "vk:ivao"),
            *("q:\ud7ff\ud7ff", "q:\ud7ff\ue000", "q:\ue000\ue000", "q:\U0010ffff\U0010ffff!"),
        ]
        random.Random(7).shuffle(keys)
        leads = {key: given.lead(Identity.from_key(key)).id for key in keys}

        def expected(*beginnings: str) -> Sequence[LeadView]:
            met = [e for e in sorted(keys) if e.partition(":")[2].startswith(beginnings)]
            return shown(storage, *(leads[each] for each in met))

        for text in ("ivan", "ivan Ivan", "ivan7", "petr", "ivan@", "b", "\ud7ff", "\U0010ffff"):
            beginnings = text.split()
            for limit in (1, 2, 200):
                walk = partial(search.by_beginnings, beginnings)
                assert walked(walk, limit=limit) == expected(*beginnings), beginnings

    def test_who_has_two_such_identities_is_met_once(
        self, given: Given, search: LeadSearch
    ) -> None:
        twice = given.lead(Identity("email", "ivan@x.ru"), Identity("vk", "ivan"))
        once = given.lead(Identity("telegram", "ivan"))
        stretch = search.by_beginnings(["ivan"], after=None, limit=2, but=nobody)
        assert [each.lead.id for each in stretch.met] == [twice.id, once.id]
        rest = search.by_beginnings(["ivan"], after=stretch.met[-1].place, limit=2, but=nobody)
        assert (list(rest.met), rest.stopped) == ([], None)

    def test_of_any_number_of_kinds(self, given: Given, search: LeadSearch) -> None:
        owners = [given.lead(Identity(f"k{number}", "value-1")).id for number in range(150)]
        assert len(walked(partial(search.by_beginnings, ["value"]), limit=49)) == len(owners)
        assert len(walked(partial(search.by_values, ["value-1"]), limit=49)) == len(owners)


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_who_is_passed_by_leaves_no_gap(given: Given, search: LeadSearch, limit: int) -> None:
    leads = [
        given.lead(Identity(f"k{n}", "1234"), Identity("phone", f"+7{n}1234"), name="Ann 1234")
        for n in range(20)
    ]
    out = {each.id for each in leads[::3]} | {leads[-1].id}
    for walk in (
        partial(search.by_words, ["1234", "ann"]),
        partial(search.by_values, ["1234"]),
        partial(search.by_beginnings, ["123"]),
        partial(search.by_phone_tail, "1234"),
    ):
        everybody = walked(walk)
        assert len(everybody) == 20
        seen = walked(walk, limit=limit, but=lambda lead: lead.id in out)
        assert seen == [each for each in everybody if each.id not in out]


def test_an_erased_lead_is_found_by_nothing(
    storage: Storage, given: Given, search: LeadSearch
) -> None:
    lead = given.lead(Identity("vk", "1234"), Identity("phone", "+79161234567"), name="Ann")
    with storage.unit_of_work() as uow:
        uow.leads.erase(lead.id)
    for walk in (
        partial(search.by_words, ["ann"]),
        partial(search.by_values, ["1234"]),
        partial(search.by_beginnings, ["123"]),
        partial(search.by_phone_tail, "4567"),
    ):
        assert walked(walk) == []


@pytest.mark.parametrize(
    "place", ["", "x", "ivan", "a/b", "a/b/c", "/ivan/0199d7a45f277c3b8c512f6d1f0a9b01", "a/b/c/d"]
)
def test_what_is_no_place_is_refused(search: LeadSearch, place: str) -> None:
    with pytest.raises(InvalidValue):
        search.by_words(["ivan"], after=place, limit=1, but=nobody)
    with pytest.raises(InvalidValue):
        search.by_values(["ivan"], after=place, limit=1, but=nobody)
