"""A search in SQL does a bounded amount of work, however many leads there are."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from adapters.sql.lead_search import SqlLeadSearch
from application.ports.walks import Walk
from domain.ids import LeadId, time_of
from domain.lead import Identity, Lead, Recognition
from tests.adapters.statements import database_of, recording
from tests.support import World, open_world

PEOPLE = 300
FURTHEST = 100


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A crowd in which everyone is called Ivan, and only the last is called Li."""
    path = tmp_path_factory.mktemp("crowd") / "fairlead.db"
    with open_world(f"sqlite:///{path}") as world:
        lessons = []
        for number in range(PEOPLE):
            lead_id = LeadId(world.container.ids().new())
            surname = "Li" if number == PEOPLE - 1 else f"Petrov{number % 7}"
            lead = Lead(lead_id, f"Ivan {surname}", time_of(lead_id))
            identities = [
                Identity("phone", f"+7{number:03}{1 if number == PEOPLE - 1 else 0}4567"),
                Identity("telegram", f"ivan{number:03}"),
            ]
            lessons.append(Recognition(lead, True, identities, False))
        with world.container.storage().unit_of_work() as uow:
            uow.leads.learn(lessons)
        yield world


@pytest.fixture
def search(crowd: World) -> SqlLeadSearch:
    return SqlLeadSearch(database_of(crowd.container.storage()), furthest=FURTHEST)


def stretches(walk: Callable[..., Walk], *, but: object = None) -> list[Walk]:
    """Return all the stretches of a walk."""
    passes = but or (lambda _: False)
    made = [walk(after=None, limit=51, but=passes)]
    while made[-1].stopped is not None:
        made.append(walk(after=made[-1].stopped, limit=51, but=passes))
    return made


@pytest.mark.parametrize(
    ("way", "asked", "number", "parts"),
    [
        # The rarest word leads: nobody has petrov9, only Li is called li, 43 are one stretch.
        ("by_words", ["ivan", "petrov9"], 0, 1),
        ("by_words", ["iv", "pe", "li"], 0, 1),
        ("by_words", ["ivan", "petrov1"], 43, 1),
        # Neither is rare: the walk follows the longer one.
        ("by_words", ["ivan", "petrov"], 299, 6),
        ("by_phone_tail", "14567", 1, 4),
        ("by_phone_tail", "4567", 300, 6),
        ("by_beginnings", ["ivan"], 300, 6),
        ("by_words", ["ivan"], 300, 6),
    ],
)
def test_a_walk_stops_and_goes_on_until_it_has_met_everybody(
    search: SqlLeadSearch, way: str, asked: object, number: int, parts: int
) -> None:
    made = stretches(partial(getattr(search, way), asked))
    everybody = [each.lead.id for stretch in made for each in stretch.met]
    assert len(set(everybody)) == len(everybody) == number
    assert len(made) == parts


def test_a_walk_along_what_everybody_has_stops_half_way(search: SqlLeadSearch) -> None:
    made = stretches(partial(search.by_phone_tail, "14567"))
    assert [len(each.met) for each in made] == [0, 0, 1, 0]
    place = made[0].stopped
    assert place == f"phone:+7{FURTHEST - 1:03}04567"


def test_a_rare_word_is_found_at_once_beside_one_that_everybody_has(search: SqlLeadSearch) -> None:
    (only,) = stretches(partial(search.by_words, ["ivan", "li"]))
    assert [each.lead.name for each in only.met] == ["Ivan Li"]


def test_no_more_leads_are_looked_at_than_that_are_passed_by(search: SqlLeadSearch) -> None:
    """A lead also found by an identity with that text, as most are, is on an earlier page."""
    for way, asked in (("by_words", ["ivan"]), ("by_beginnings", ["ivan"])):
        looked = list[object]()

        def everybody(lead: object, looked: list[object] = looked) -> bool:
            looked.append(lead)
            return True

        made = stretches(partial(getattr(search, way), asked), but=everybody)
        assert len(looked) == PEOPLE
        assert len(made) >= PEOPLE * 10 / (FURTHEST + 51 * 10)
        assert all(each.met == [] for each in made)


@pytest.mark.parametrize(
    ("text", "most"),
    [("ivan", 20), ("ivan petrov", 20), ("iv pe", 20), ("4567", 20), ("ivan999@x.ru", 20)],
)
def test_a_search_takes_so_many_statements_and_no_more(crowd: World, text: str, most: int) -> None:
    further: str | None = None
    for _ in range(4):
        with recording(crowd.container.storage()) as recorded:
            found = crowd.fairlead.search(text, further)
        assert len([each for each in recorded if each.verb in {"SELECT", "WITH"}]) <= most
        further = found.further
        if further is None:
            break


def test_kinds_that_somebody_invented_by_the_thousand_are_not_all_looked_under(
    sqlite_url: str,
) -> None:
    with open_world(sqlite_url) as world:
        world.source()
        lessons = []
        for number in range(1000):
            lead_id = LeadId(world.container.ids().new())
            identities = [Identity(f"k{number:04}", "ivan")]
            lead = Lead(lead_id, None, time_of(lead_id))
            lessons.append(Recognition(lead, True, identities, False))
        with world.container.storage().unit_of_work() as uow:
            uow.leads.learn(lessons)
        search = world.fairlead.lead_search
        assert len(search.kinds()) == 200
        with recording(world.container.storage()) as recorded:
            found = world.fairlead.search("ivan")
        assert len(found.leads) == 50
        assert len(recorded) <= 20
