"""A search accepts ids, identities and names, and does a bounded amount of work."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from application.ports.leads import LeadView
from application.register_contacts import RegisterContact
from application.searching import SearchHandler
from domain.errors import InvalidValue
from tests.support import World, open_world


@pytest.fixture
def memory() -> Iterator[World]:
    """An application on memory storage only."""
    with open_world() as opened:
        yield opened


class Counted:
    """Forwards and counts every call, and checks that what it asks for is bounded."""

    def __init__(self, behind: Any, calls: Counter[str]) -> None:
        self._behind = behind
        self._calls = calls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._behind, name)

        def call(*args: Any, **named: Any) -> Any:
            self._calls[name] += 1
            if name.startswith("by_"):
                assert named["limit"] <= 51
                assert len(args[0]) <= 200
                assert all(len(each) <= 3 * 200 for each in args[0])
            return method(*args, **named)

        return call


WORST = [
    "a",
    "%",
    "_" * 200,
    "%" * 200,
    "ß" * 200,
    "ΐ" * 200,
    "\U0010ffff" * 200,
    "0" * 200,
    "+" + "7" * 199,
    "+7" * 100,
    "(" * 200,
    "8 (916) 123-45-67 " * 11,
    "a@" * 100,
    "a." * 97 + "@b.co",
    '"' * 100 + "@example.com",
    "x@" + "a." * 98 + "b",
    "xn--" * 50,
    "x@xn--" + "a" * 190,
    "' OR 1=1 --",
    "*" * 200,
    "\\" * 200,
    "I\u0307" * 100,
    "00000000-0000-7000-8000-000000000000",
    "{" + "0" * 32 + "}",
    "urn:uuid:" + "0" * 32,
]


@pytest.mark.parametrize("text", WORST, ids=lambda text: repr(text)[:24])
def test_a_search_asks_the_storage_a_dozen_times_at_most(world: World, text: str) -> None:
    world.source()
    for number in range(60):
        world.register(telegram=f"a{number}")
    calls: Counter[str] = Counter()
    search: SearchHandler = world.fairlead.search
    counted: Any = {
        name: Counted(getattr(search, name), calls)
        for name in ("contacts", "catalogue", "leads", "lead_search")
    }
    found = replace(search, **counted)(text)
    assert len(found.leads) <= 50
    assert 1 <= calls.total() <= 7, calls


@pytest.mark.parametrize(
    "text", ["", " ", "a" * 201, "\0", "a\0", "\ud800", " " * 10**6, "%" * 10**6]
)
def test_what_is_longer_than_any_name_is_not_searched_for(world: World, text: str) -> None:
    calls: Counter[str] = Counter()
    search = world.fairlead.search
    counted: Any = {
        name: Counted(getattr(search, name), calls)
        for name in ("contacts", "catalogue", "leads", "lead_search")
    }
    with pytest.raises(InvalidValue):
        replace(search, **counted)(text)
    assert not calls


@pytest.fixture
def people(world: World) -> dict[str, UUID]:
    world.source()
    commands = {
        "Ivan": RegisterContact(
            "telegram", {"phone": "+79161234567", "telegram": "ivan77"}, lead_name="Ivan Volkov"
        ),
        "Ivana": RegisterContact("telegram", {"email": "ivana@x.ru"}, lead_name="Ivana Novak"),
        "Иван": RegisterContact("telegram", {"vk": "id 5"}, lead_name="Иван Петров"),
        "nameless": RegisterContact("telegram", {"phone": "+79160000001"}),
    }
    return {name: world.outcome(each).contact.lead.id for name, each in commands.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+79161234567", {"Ivan"}),
        ("8 (916) 123-45-67", {"Ivan"}),
        ("  ivan77 ", {"Ivan"}),
        ("@ivan77", {"Ivan"}),
        ("@IVAN77", {"Ivan"}),
        ("telegram:ivan77", {"Ivan"}),
        ("phone:89161234567", {"Ivan"}),
        ("IVANA@X.RU", {"Ivana"}),
        ("ivana@", {"Ivana"}),
        ("Ivana@X", {"Ivana"}),
        ("id 5", {"Иван"}),
        ("Ivan", {"Ivan", "Ivana"}),
        ("ivan", {"Ivan", "Ivana"}),
        ("Ivana N", {"Ivana"}),
        ("иван", {"Иван"}),
        ("Volkov", {"Ivan"}),
        ("VOLKOV iv", {"Ivan"}),
        ("ПЕТР", {"Иван"}),
        ("Ivan Novak", {"Ivana"}),
        ("%", set()),
        ("Ivn", set()),
        ("89160000001", {"nameless"}),
        ("4567", {"Ivan"}),
        ("123-45-67", {"Ivan"}),
        ("...45 67", {"Ivan"}),
        ("٤٥٦٧", {"Ivan"}),
        ("567", set()),
        ("9161234567", {"Ivan"}),
        ("79161234567", {"Ivan"}),
        ("1234567 x", set()),
        ("0001", {"nameless"}),
        ("nobody", set()),
    ],
)
def test_leads_are_found_by_identities_in_any_spelling_and_by_words_of_names(
    world: World, people: dict[str, UUID], text: str, expected: set[str]
) -> None:
    found = world.fairlead.search(text)
    assert {each.id for each in found.leads} == {people[each] for each in expected}
    assert found.contact is None
    assert found.operator is None
    assert found.further is None


def test_whatever_has_an_id_is_found_by_it(world: World, people: dict[str, UUID]) -> None:
    operator = world.operator()
    contact = world.register()
    assert world.fairlead.search(str(contact.id)).contact == contact
    found = world.fairlead.search(str(operator.id)).operator
    assert found is not None
    assert found.id == operator.id
    (lead,) = world.fairlead.search(f" {people['Ivan']} ").leads
    assert lead.id == people["Ivan"]
    nothing = world.fairlead.search("00000000-0000-7000-8000-000000000000")
    assert (nothing.contact, nothing.operator, list(nothing.leads)) == (None, None, [])


CRM = UUID("550e8400-e29b-41d4-a716-44665544a000")
SPELLINGS = [str(CRM), CRM.hex, str(CRM).upper(), CRM.hex.upper()]


@pytest.mark.parametrize("stored", SPELLINGS)
@pytest.mark.parametrize("typed", [*SPELLINGS, f"{{{CRM}}}", f"urn:uuid:{CRM}", f" {CRM} "])
def test_an_identity_that_looks_like_an_id_is_found(memory: World, stored: str, typed: str) -> None:
    memory.source()
    contact = memory.register(external_id=stored)
    (lead,) = memory.fairlead.search(typed).leads
    assert lead.id == contact.lead.id


def test_what_is_an_id_and_an_identity_is_found_as_both(world: World) -> None:
    """Some systems send our ids back to us as identities of their own."""
    world.source()
    operator, contact = world.operator(), world.register(vk="1")
    by_contact = world.register(external_id=str(contact.id)).lead.id
    by_operator = world.register(external_id=operator.id.hex).lead.id
    by_lead = world.register(external_id=str(contact.lead.id)).lead.id
    search = world.fairlead.search
    found = search(str(contact.id))
    assert (found.contact, [each.id for each in found.leads]) == (contact, [by_contact])
    found = search(str(operator.id))
    assert found.operator is not None
    assert [each.id for each in found.leads] == [by_operator]
    found = search(str(contact.lead.id))
    assert [each.id for each in found.leads] == [contact.lead.id, by_lead]


def named(world: World, name: str, **identities: str) -> UUID:
    return world.outcome(RegisterContact("telegram", identities, lead_name=name)).contact.lead.id


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("McDonald Ronald", ["mcdonald", "MCDONALD", "ronald", "ron mcd"]),
        ("de la Cruz Maria", ["De La Cruz", "cruz", "MARIA DE LA CRUZ"]),
        ("ИП Иванов", ["ип иванов", "иванов", "ип"]),
        ("Пётр Ёлкин", ["Петр", "петр елкин", "ЁЛКИН", "Пе\u0308тр"]),
        ("İbrahim Şahin", ["ibrahim", "İBRAHİM", "Ibrahim ş"]),
        ("STRASSE Groß", ["straße", "gross", "GROSS"]),
        ("\uff37\uff49\uff44\uff45 Σίσυφος", ["wide", "ΣΊΣΥΦΟΣ"]),
        ("O'Neil-Smith, J.", ["smith", "o neil", "j o'neil"]),
    ],
)
def test_a_name_is_found_whatever_its_case_by_any_of_its_words(
    memory: World, name: str, texts: list[str]
) -> None:
    memory.source()
    named(memory, "Somebody Else", vk="else")
    lead_id = named(memory, name, vk="1")
    for text in texts:
        assert [each.id for each in memory.fairlead.search(text).leads] == [lead_id], text


def test_the_nearest_come_first_and_each_once(world: World) -> None:
    world.source()
    begins = world.register(telegram="4567-and-more").lead.id
    named_so = named(world, "4567 Ivan", telegram="4567x")
    both = named(world, "4567 Both", phone="+79160004567")
    tail = world.register(phone="+79161234567").lead.id
    exact = world.register(vk="4567", phone="+79162224567").lead.id
    found = world.fairlead.search("4567")
    assert [each.id for each in found.leads] == [exact, both, tail, named_so, begins]


def pages(world: World, text: str) -> list[list[LeadView]]:
    found = world.fairlead.search(text)
    made = [list(found.leads)]
    while found.further is not None:
        found = world.fairlead.search(text, found.further)
        made.append(list(found.leads))
    return made


@pytest.mark.every_storage
@pytest.mark.parametrize("every", [1, 2, 3])
def test_whoever_is_on_no_page_is_on_the_next(world: World, every: int) -> None:
    world.source()
    commands = []
    for number in range(130):
        identities = {"telegram": f"ivan{number}", f"k{number}": "ivan"}
        if number % every:
            identities = {"telegram": f"user{number}"}
        commands.append(RegisterContact("telegram", identities, lead_name=f"Ivan {number}"))
    world.fairlead.register_contacts(commands)
    seen = pages(world, "ivan")
    assert [len(each) for each in seen] == [50, 50, 30]
    everybody = [each.id for page in seen for each in page]
    assert len(set(everybody)) == 130
    known = [any(i.value == "ivan" for i in each.identities) for page in seen for each in page]
    assert known == sorted(known, reverse=True), "an exact identity comes first"


@pytest.mark.parametrize("number", [49, 50, 51, 100, 101])
@pytest.mark.parametrize("way", ["values", "tail", "words", "beginnings"])
def test_a_page_says_truly_whether_there_is_another(memory: World, way: str, number: int) -> None:
    memory.source()
    for each in range(number):
        if way == "values":
            named(memory, "x", **{f"k{each}": "4567"})
        elif way == "tail":
            named(memory, "x", phone=f"+7916{100 + each}4567")
        elif way == "words":
            named(memory, "4567 x", telegram=f"{each}")
        else:
            named(memory, "x", telegram=f"4567-{each}")
    seen = pages(memory, "4567")
    assert [len(each) for each in seen] == [50] * (number // 50) + [number % 50] * (number % 50 > 0)


@pytest.mark.parametrize(
    "further", ["", "x", "0", "0x", "2ivan", "4ivan/ivan/0", "1+79161234567", "2\0", "²", "٢a/a/0"]
)
def test_a_search_goes_on_from_where_it_stopped_and_nowhere_else(
    world: World, people: dict[str, UUID], further: str
) -> None:
    assert people
    with pytest.raises(InvalidValue):
        world.fairlead.search("ivan", further)
