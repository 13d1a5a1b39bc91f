"""A decision is explained in sentences, and each is true of that decision."""

from uuid import UUID

import pytest

from application.ports.contacts import DecisionView
from domain.availability import Availability
from domain.decision import Candidate, Pool
from domain.ids import ContactId, OperatorId
from domain.picker import CONTACT, ROLLS
from domain.strategy import Strategy
from entrypoints.console.explaining import explain
from entrypoints.console.language import language

NAMES = {OperatorId(UUID(int=number)): name for number, name in enumerate(("Ann", "Bob", "Cid"))}


def candidate(name: str, weight: int, credit: float = 0, load: int = 0) -> Candidate:
    operator_id = next(each for each, known in NAMES.items() if known == name)
    return Candidate(operator_id, weight, Availability.AVAILABLE, load, 5, int(credit))


def said(strategy: Strategy, *candidates: Candidate, roll: int | None = None) -> list[str]:
    decision = Pool(strategy, candidates).pick(roll)
    assert decision is not None
    return explain(DecisionView(ContactId(UUID(int=9)), decision, NAMES, []), language("en"))


def test_one_who_is_alone_is_said_to_be() -> None:
    assert said(Strategy.EXACT, candidate("Ann", 1, load=5), candidate("Bob", 1)) == [
        "1 of 2 operators could take the contact.",
        "Nobody else was free, so it went to Bob.",
    ]


def test_who_would_fall_behind_first() -> None:
    """Ann is owed more, but Cid's share grows twice as fast."""
    sentences = said(
        Strategy.EXACT,
        candidate("Ann", 1, 0.4 * CONTACT),
        candidate("Bob", 1, -0.5 * CONTACT),
        candidate("Cid", 2, 0.1 * CONTACT),
    )
    assert sentences[0] == "3 of 3 operators could take the contact."
    assert sentences[1] == (
        "By the weights of the eligible operators, Cid should get 50.0% of the contacts. The "
        "credit of Cid, the part of a contact that it is owed, was 0.1 before this contact and 0.6 "
        "with it."
    )
    assert sentences[2] == (
        "Of all operators that were owed something, Cid would have been the first to fall behind "
        "its share."
    )


def test_who_is_overdue_is_owed_most() -> None:
    sentences = said(
        Strategy.EXACT,
        candidate("Ann", 1, 1.5 * CONTACT),
        candidate("Bob", 1, -1 * CONTACT),
        candidate("Cid", 1, -0.5 * CONTACT),
    )
    assert sentences[-1] == "No operator was owed more than Ann."


@pytest.mark.parametrize(
    ("part", "name", "stretch"),
    [(0.1, "Ann", "from 0 to 0.25"), (0.9, "Cid", "from 0.25 to 1")],
)
def test_chance_says_where_it_fell(part: float, name: str, stretch: str) -> None:
    full = candidate("Bob", 7, load=5)
    sentences = said(
        Strategy.RANDOM,
        candidate("Ann", 1),
        full,
        candidate("Cid", 3),
        roll=int(part * ROLLS),
    )
    assert sentences[0] == "2 of 3 operators could take the contact."
    assert f"Chance decided: {name} " in sentences[1]
    assert f"{stretch}; the number drawn was {part}." in sentences[1]


def test_nobody_picked_a_contact_that_was_given_away() -> None:
    assert explain(DecisionView(ContactId(UUID(int=9)), None, {}, []), language("en")) == []
