"""The search finds what people have in their hands, by a fixed amount of work."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from application.register_contacts import RegisterContact
from application.searching import SearchHandler
from domain.errors import InvalidValue
from tests.support import World


class Counted:
    """Passes every call on, counts it, and notes the longest text that was asked for."""

    def __init__(self, behind: Any, calls: Counter[str]) -> None:
        self._behind = behind
        self._calls = calls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._behind, name)

        def call(*args: Any, **named: Any) -> Any:
            self._calls[name] += 1
            if name.startswith("leads_by"):
                assert named["limit"] <= 50
                assert len(args[0]) <= 3 * 200
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
        name: Counted(getattr(search, name), calls) for name in ("contacts", "catalogue", "leads")
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
        name: Counted(getattr(search, name), calls) for name in ("contacts", "catalogue", "leads")
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
        "nameless": RegisterContact("telegram", {"phone": "+79160000000"}),
    }
    return {name: world.outcome(each).contact.lead.id for name, each in commands.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+79161234567", {"Ivan"}),
        ("8 (916) 123-45-67", {"Ivan"}),
        ("  ivan77 ", {"Ivan"}),
        ("IVANA@X.RU", {"Ivana"}),
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
        ("89160000000", {"nameless"}),
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
