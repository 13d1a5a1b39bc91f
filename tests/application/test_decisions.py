"""Why an operator has a contact: the decision, and any transfers since."""

from uuid import UUID

import pytest

from domain.availability import Obstacle
from domain.errors import NoDecision, UnknownContact
from domain.ids import ContactId
from domain.picker import CONTACT, ROLLS
from domain.strategy import Strategy
from tests.application.acts import close, transfer, update
from tests.support import World


def test_a_decision_shows_everybody_and_why_not(world: World) -> None:
    ann, bob, cat, dan, eve = (world.operator(name, 1) for name in ("A", "B", "C", "D", "E"))
    update(world, bob, active=False)
    world.source((cat, 1), key="other")
    world.register("other")
    world.source((ann, 4), (bob, 3), (cat, 2), (dan, 0), (eve, 1))
    contact = world.register()
    shown = world.fairlead.contacts.decision(contact.id)
    assert shown.contact_id == contact.id
    assert shown.transfers == []
    assert shown.names == {each.id: each.name for each in (ann, bob, cat, dan, eve)}
    decision = shown.decision
    assert decision is not None
    assert (decision.strategy, decision.roll, decision.picked) == (Strategy.EXACT, None, ann.id)
    candidates = sorted(decision.candidates)
    assert [(each.operator_id, each.weight, each.obstacle) for each in candidates] == [
        (ann.id, 4, None),
        (bob.id, 3, Obstacle.INACTIVE),
        (cat.id, 2, Obstacle.AT_CAPACITY),
        (dan.id, 0, Obstacle.ZERO_WEIGHT),
        (eve.id, 1, None),
    ]
    assert [(each.load, each.capacity) for each in candidates] == [
        (0, 1),
        (0, 1),
        (1, 1),
        (0, 1),
        (0, 1),
    ]
    assert decision.recompute() == ann.id


def test_a_decision_shows_the_credits_before_the_pick(world: World) -> None:
    # On this source, ties go to the operator created second.
    bob, ann = world.operator("Bob"), world.operator("Ann")
    world.source((ann, 3), (bob, 1))
    decisions = [world.fairlead.contacts.decision(world.register().id).decision for _ in range(3)]
    credits = [
        [each.credit for each in sorted(decision.candidates)] for decision in decisions if decision
    ]
    assert credits == [[0, 0], [CONTACT // 4, -CONTACT // 4], [CONTACT // 2, -CONTACT // 2]]
    assert [each.picked for each in decisions if each] == [ann.id, ann.id, bob.id]


def test_a_decision_is_of_its_time(world: World) -> None:
    """Later changes do not affect it, and it still recomputes."""
    # On this source, ties go to the operator created second.
    bob, ann = world.operator("Bob", 5), world.operator("Ann", 5)
    world.source((ann, 1), (bob, 1))
    contact = world.register()
    before = world.fairlead.contacts.decision(contact.id)
    update(world, ann, capacity=0, active=False)
    world.allocate("telegram", (bob, 9))
    close(world, contact)
    after = world.fairlead.contacts.decision(contact.id)
    assert after == before
    assert after.decision is not None
    assert after.decision.recompute() == ann.id


def test_a_random_decision_shows_its_roll_and_recomputes(world: World) -> None:
    operators = [world.operator(str(number)) for number in range(3)]
    world.source(*((each, 1) for each in operators), strategy=Strategy.RANDOM)
    picked = set()
    for _ in range(30):
        decision = world.fairlead.contacts.decision(world.register().id).decision
        assert decision is not None
        assert decision.roll is not None
        assert 0 <= decision.roll < ROLLS
        assert decision.recompute() == decision.picked
        picked.add(decision.picked)
    assert picked == {each.id for each in operators}


def test_a_waiting_contact_has_no_decision_until_it_is_handed_out(world: World) -> None:
    ann = world.operator("Ann", capacity=0)
    world.source((ann, 1))
    contact = world.register()
    with pytest.raises(NoDecision):
        world.fairlead.contacts.decision(contact.id)
    update(world, ann, capacity=2)
    decision = world.fairlead.contacts.decision(contact.id).decision
    assert decision is not None
    assert decision.picked == ann.id
    assert [(each.load, each.capacity) for each in decision.candidates] == [(0, 2)]


def test_a_contact_closed_while_it_waited_has_no_decision(world: World) -> None:
    world.source()
    contact = world.register()
    close(world, contact)
    with pytest.raises(NoDecision):
        world.fairlead.contacts.decision(contact.id)


def test_a_transfer_is_shown_beside_the_decision(world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1))
    contact = world.register()
    world.clock.advance(minutes=5)
    transfer(world, contact, bob)
    shown = world.fairlead.contacts.decision(contact.id)
    assert shown.decision is not None
    assert shown.decision.picked == ann.id
    (change,) = shown.transfers
    assert (change.at, change.previous and change.previous.id, change.operator.id) == (
        world.clock.now(),
        ann.id,
        bob.id,
    )


def test_a_contact_given_away_while_it_waited_has_transfers_only(world: World) -> None:
    bob = world.operator("Bob")
    world.source()
    contact = world.register()
    transfer(world, contact, bob)
    shown = world.fairlead.contacts.decision(contact.id)
    assert (shown.decision, shown.names) == (None, {})
    assert [(each.previous, each.operator.name) for each in shown.transfers] == [(None, "Bob")]


def test_an_unknown_contact_is_refused(world: World) -> None:
    with pytest.raises(UnknownContact):
        world.fairlead.contacts.decision(ContactId(UUID(int=1)))
