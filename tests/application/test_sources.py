"""Creating and changing sources, and replacing allocations while contacts wait."""

import pytest

from application.sources import CreateSource, ReplaceAllocations, SetWeight, UpdateSource
from domain.contact import ContactState
from domain.errors import (
    DomainError,
    DuplicateOperator,
    InvalidValue,
    SourceExists,
    UnknownOperator,
    UnknownSource,
)
from domain.ids import OperatorId
from domain.strategy import Strategy
from tests.application.acts import holder, update
from tests.domain.samples import operator_id
from tests.support import World


def stored_credits(world: World, key: str = "telegram") -> list[int]:
    with world.container.storage().auditor.facts() as facts:
        (source,) = (each for each in facts.sources() if each.key == key)
    return [each.credit for each in source.allocations]


def test_a_source_is_stored_as_it_was_answered(world: World) -> None:
    view = world.fairlead.create_source(CreateSource("vk", " VK ", Strategy.RANDOM))
    assert (view.name, view.strategy, view.waiting) == ("VK", Strategy.RANDOM, 0)
    assert (list(view.allocations), view.created_at) == ([], world.clock.now())
    assert world.fairlead.catalogue.source("vk") == view


def test_a_source_without_a_name_is_named_by_its_key_and_is_exact(world: World) -> None:
    view = world.fairlead.create_source(CreateSource("vk"))
    assert (view.name, view.strategy) == ("vk", Strategy.EXACT)


def test_a_taken_key_is_refused_and_the_first_source_stays(world: World) -> None:
    first = world.fairlead.create_source(CreateSource("vk", "First"))
    with pytest.raises(SourceExists) as refusal:
        world.fairlead.create_source(CreateSource("vk", "Second"))
    assert refusal.value.field == "key"
    assert world.fairlead.catalogue.source("vk") == first


def test_a_change_is_stored_and_leaves_the_allocations(world: World) -> None:
    ann = world.operator("Ann")
    world.source((ann, 3))
    world.register()
    view = world.fairlead.update_source(
        UpdateSource("telegram", name="Bot", strategy=Strategy.RANDOM)
    )
    assert (view.name, view.strategy) == ("Bot", Strategy.RANDOM)
    assert [(each.name, each.weight) for each in view.allocations] == [("Ann", 3)]
    assert world.fairlead.catalogue.source("telegram") == view


def test_an_unknown_source_is_refused(world: World) -> None:
    with pytest.raises(UnknownSource):
        world.fairlead.update_source(UpdateSource("vk", name="VK"))
    with pytest.raises(UnknownSource):
        world.fairlead.replace_allocations(ReplaceAllocations("vk", []))


def test_a_change_of_strategy_counts_from_the_next_contact(world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1), (bob, 1))
    exact = world.register()
    world.fairlead.update_source(UpdateSource("telegram", strategy=Strategy.RANDOM))
    chance = world.register()
    decisions = [world.fairlead.contacts.decision(each.id).decision for each in (exact, chance)]
    assert [each and each.strategy for each in decisions] == [Strategy.EXACT, Strategy.RANDOM]
    assert [each and each.roll is None for each in decisions] == [True, False]


def test_allocations_show_their_share_of_all_weights(world: World) -> None:
    ann, bob, cat = (world.operator(name) for name in ("Ann", "Bob", "Cat"))
    view = world.fairlead.create_source(CreateSource("telegram"))
    view = world.fairlead.replace_allocations(
        ReplaceAllocations("telegram", [(cat.id, 3), (ann.id, 1), (bob.id, 0)])
    )
    assert [(each.name, each.weight, each.share) for each in view.allocations] == [
        ("Ann", 1, 0.25),
        ("Bob", 0, 0.0),
        ("Cat", 3, 0.75),
    ]
    assert world.fairlead.catalogue.source("telegram") == view
    world.allocate("telegram", (ann, 0))
    (only,) = world.fairlead.catalogue.source("telegram").allocations
    assert only.share == 0.0


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        ([(1, 1), (1, 2)], DuplicateOperator),
        ([(1, -1)], InvalidValue),
        ([(1, 1_000_001)], InvalidValue),
        ([(1, 2**70)], InvalidValue),
        ([(1, 1), (None, 1)], UnknownOperator),
    ],
)
def test_a_bad_set_of_allocations_changes_nothing(
    world: World, weights: list[tuple[int | None, int]], error: type[DomainError]
) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob", capacity=0)
    world.source((bob, 5))
    waits = world.register()
    before = world.fairlead.catalogue.source("telegram")
    named: list[tuple[OperatorId, int]] = [
        (ann.id if number else operator_id(9), weight) for number, weight in weights
    ]
    with pytest.raises(error):
        world.fairlead.replace_allocations(ReplaceAllocations("telegram", named))
    assert world.fairlead.catalogue.source("telegram") == before
    assert holder(world, waits) is None
    assert world.defects() == []


def test_a_new_set_hands_out_what_waited_by_its_weights(world: World) -> None:
    ann, bob, full = world.operator("Ann"), world.operator("Bob"), world.operator("Full", 0)
    world.source((full, 1))
    contacts = [world.register() for _ in range(8)]
    view = world.fairlead.replace_allocations(
        ReplaceAllocations("telegram", [(ann.id, 3), (bob.id, 1)])
    )
    assert view.waiting == 0
    assert (world.load(ann), world.load(bob)) == (6, 2)
    assert None not in [holder(world, each) for each in contacts]
    assert world.defects() == []


def test_a_new_set_hands_out_no_more_than_there_is_room(world: World) -> None:
    ann, bob = world.operator("Ann", 2), world.operator("Bob", 1)
    world.source()
    contacts = [world.register() for _ in range(5)]
    world.allocate("telegram", (ann, 1), (bob, 100))
    held = [holder(world, each) for each in contacts]
    assert sorted(each for each in held[:3] if each) == ["Ann", "Ann", "Bob"]
    assert held[3:] == [None, None]
    assert world.fairlead.catalogue.source("telegram").waiting == 2
    assert world.defects() == []


def test_a_new_set_without_anybody_eligible_lets_everything_wait(world: World) -> None:
    ann, off = world.operator("Ann"), world.operator("Off", active=False)
    world.source()
    contact = world.register()
    world.allocate("telegram", (ann, 0), (off, 1))
    assert world.fairlead.contacts.contact(contact.id).state is ContactState.WAITING
    assert world.defects() == []


def test_a_new_set_hands_out_nothing_of_other_sources(world: World) -> None:
    ann = world.operator("Ann")
    world.source(key="a")
    world.source(key="b")
    in_a, in_b = world.register("a"), world.register("b")
    world.allocate("b", (ann, 1))
    assert (holder(world, in_a), holder(world, in_b)) == (None, "Ann")


def test_removed_operators_keep_their_contacts_and_get_no_more(world: World) -> None:
    # On this source, ties go to the operator created second.
    bob, ann = world.operator("Bob"), world.operator("Ann")
    world.source((ann, 1), (bob, 1))
    first = world.register()
    assert holder(world, first) == "Ann"
    world.allocate("telegram", (bob, 1))
    assert {holder(world, world.register()) for _ in range(3)} == {"Bob"}
    assert (holder(world, first), world.load(ann)) == ("Ann", 1)
    assert world.defects() == []


def test_credits_are_kept_when_weights_change(world: World) -> None:
    """After Ann's turn comes Bob's, even if both weights change in between."""
    # On this source, ties go to the operator created second.
    bob, ann = world.operator("Bob"), world.operator("Ann")
    world.source((ann, 1), (bob, 1))
    assert holder(world, world.register()) == "Ann"
    kept = stored_credits(world)
    assert kept == [10**12 // 2, -(10**12) // 2]
    world.allocate("telegram", (ann, 2), (bob, 2))
    assert stored_credits(world) == kept
    assert holder(world, world.register()) == "Bob"


def test_credits_sum_to_nothing_after_an_operator_is_removed(world: World) -> None:
    operators = [world.operator(str(number)) for number in range(4)]
    weighted = list(zip(operators, (7, 5, 3, 1), strict=True))
    world.source(*weighted)
    for _ in range(5):
        world.register()
    before = stored_credits(world)
    world.allocate("telegram", *weighted[1:])
    after = stored_credits(world)
    moved = [new - old for new, old in zip(after, before[1:], strict=True)]
    assert sum(after) == 0
    assert max(moved) - min(moved) <= 1
    assert moved != [0, 0, 0]
    assert world.defects() == []


def test_an_operator_on_the_shared_pool_of_two_sources_is_freed_for_both(world: World) -> None:
    ann = world.operator("Ann", capacity=0)
    world.source((ann, 1), key="a")
    world.source((ann, 1), key="b")
    contacts = [world.register(key) for key in "abab"]
    update(world, ann, capacity=3)
    assert [holder(world, each) for each in contacts] == ["Ann", "Ann", "Ann", None]


def test_credits_sum_to_nothing_after_a_replacement_that_hands_out(world: World) -> None:
    """In one transaction, Ann's credit returns to what it was before the replacement."""
    # On this source, ties go to the operator created second.
    bob, ann, cat = world.operator("Bob", 10), world.operator("Ann", 10), world.operator("Cat", 10)
    world.source((ann, 2), (bob, 1), (cat, 1))
    assert holder(world, world.register()) == "Ann"
    update(world, cat, capacity=0)
    world.allocate("telegram", (ann, 0), (bob, 0), (cat, 1))
    waits = world.register()
    world.allocate("telegram", (ann, 7), (bob, 1))
    assert holder(world, waits) == "Ann"
    assert world.defects() == []


def test_credits_that_come_back_to_where_they_were_are_stored_too(world: World) -> None:
    """I5: a credit that balancing moves and handing out moves back must still be written."""
    cid, bob, ann = world.operator("Cid"), world.operator("Bob"), world.operator("Ann")
    key = world.source((bob, 1), (ann, 1))
    world.register()
    world.allocate(key, (bob, 0), (ann, 0))
    assert world.register().state is ContactState.WAITING
    world.allocate(key, (cid, 3), (ann, 1))
    assert world.defects() == []


def test_one_weight_leaves_the_others_and_everybodys_credit(world: World) -> None:
    # On this source, ties go to the operator created second.
    bob, ann, cat = world.operator("Bob"), world.operator("Ann"), world.operator("Cat")
    world.source((ann, 1), (bob, 1))
    assert holder(world, world.register()) == "Ann"
    credits_before = stored_credits(world)
    view = world.fairlead.set_weight(SetWeight("telegram", ann.id, 3))
    assert [(each.name, each.weight, each.share) for each in view.allocations] == [
        ("Bob", 1, 0.25),
        ("Ann", 3, 0.75),
    ]
    assert world.fairlead.catalogue.source("telegram") == view
    assert stored_credits(world) == credits_before != [0, 0]
    world.fairlead.set_weight(SetWeight("telegram", cat.id, 4))
    assert stored_credits(world) == [*credits_before, 0]
    assert world.defects() == []


def test_one_weight_hands_out_what_waited_for_it(world: World) -> None:
    ann, bob = world.operator("Ann", capacity=1), world.operator("Bob", capacity=1)
    world.source((ann, 0))
    contacts = [world.register() for _ in range(3)]
    assert world.fairlead.set_weight(SetWeight("telegram", ann.id, 1)).waiting == 2
    assert world.fairlead.set_weight(SetWeight("telegram", bob.id, 1)).waiting == 1
    assert [holder(world, each) for each in contacts] == ["Ann", "Bob", None]
    assert world.defects() == []


def test_a_weight_of_nothing_keeps_the_row_and_sends_nothing(world: World) -> None:
    ann = world.operator("Ann")
    world.source((ann, 1))
    view = world.fairlead.set_weight(SetWeight("telegram", ann.id, 0))
    assert [(each.name, each.weight) for each in view.allocations] == [("Ann", 0)]
    assert holder(world, world.register()) is None


def test_a_weight_that_cannot_be_changes_nothing(world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1))
    before = world.fairlead.catalogue.source("telegram")
    for command, error in (
        (SetWeight("vk", ann.id, 1), UnknownSource),
        (SetWeight("telegram", OperatorId(operator_id(9)), 1), UnknownOperator),
        (SetWeight("telegram", bob.id, -1), InvalidValue),
        (SetWeight("telegram", ann.id, 1_000_001), InvalidValue),
    ):
        with pytest.raises(error):
            world.fairlead.set_weight(command)
    assert world.fairlead.catalogue.source("telegram") == before
