"""Changing weights of many operators on many sources in one transaction."""

import pytest

from application.weights import ChangeWeights, WeightChange
from domain.audit import Action
from domain.contact import ContactState
from domain.errors import ChangedMeanwhile, InvalidValue, UnknownOperator, UnknownSource
from domain.ids import OperatorId
from tests.application.test_sources import stored_credits
from tests.domain.samples import operator_id
from tests.support import World


def weights(world: World, key: str) -> dict[str, int]:
    source = world.fairlead.catalogue.source(key)
    return {each.name: each.weight for each in source.allocations}


def test_what_is_named_changes_and_the_rest_stays(world: World) -> None:
    ann, bob, cat = (world.operator(name) for name in ("Ann", "Bob", "Cat"))
    world.source((ann, 10), (bob, 30))
    world.source((bob, 1), key="vk")
    world.register()
    credits = stored_credits(world)
    views = world.fairlead.change_weights(
        ChangeWeights(
            [
                WeightChange("vk", bob.id, None),
                WeightChange("vk", cat.id, 0),
                WeightChange("telegram", ann.id, 20),
            ]
        )
    )
    assert [each.key for each in views] == ["telegram", "vk"]
    assert [world.fairlead.catalogue.source(each.key) for each in views] == views
    assert weights(world, "telegram") == {"Ann": 20, "Bob": 30}
    assert weights(world, "vk") == {"Cat": 0}
    # What is owed does not change with a weight.
    assert stored_credits(world) == credits
    assert not world.fairlead.check_invariants()


def test_whoever_waited_is_handed_out_at_once(world: World) -> None:
    ann = world.operator("Ann", 2)
    for key in ("telegram", "vk"):
        world.source(key=key)
    waiting = [world.register(key) for key in ("telegram", "vk")]
    world.fairlead.change_weights(
        ChangeWeights([WeightChange(each.source, ann.id, 1) for each in waiting])
    )
    for each in waiting:
        assert world.fairlead.contacts.contact(each.id).state is ContactState.ASSIGNED


def test_one_that_is_refused_takes_all_with_it(world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 10))
    fine = WeightChange("telegram", bob.id, 5)
    refused: list[tuple[WeightChange, type[Exception], str | None]] = [
        (WeightChange("vk", ann.id, 1), UnknownSource, "source"),
        (WeightChange("telegram", OperatorId(operator_id(9)), 1), UnknownOperator, "operator_id"),
        (WeightChange("telegram", ann.id, 1_000_001), InvalidValue, "changes.1.weight"),
        (WeightChange("telegram", ann.id, 1, frozenset({9, None})), ChangedMeanwhile, None),
    ]
    for wrong, kind, field in refused:
        with pytest.raises(kind) as refusal:
            world.fairlead.change_weights(ChangeWeights([fine, wrong]))
        assert getattr(refusal.value, "field", None) == field
        assert weights(world, "telegram") == {"Ann": 10}


def test_a_thousand_operators_are_the_most(world: World) -> None:
    crowd = [world.operator(f"Operator {number}") for number in range(1001)]
    world.source(*((each, 1) for each in crowd[:1000]))
    with pytest.raises(InvalidValue) as refusal:
        world.fairlead.change_weights(ChangeWeights([WeightChange("telegram", crowd[-1].id, 1)]))
    assert refusal.value.field == "changes"
    # One goes, and another comes.
    world.fairlead.change_weights(
        ChangeWeights(
            [
                WeightChange("telegram", crowd[-1].id, 1),
                WeightChange("telegram", crowd[0].id, None),
            ]
        )
    )


def test_a_colleague_who_was_faster_is_named_with_what_is_there_now(world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    for key in ("telegram", "vk", "site"):
        world.source((ann, 10), (bob, 30), key=key)
    world.allocate("telegram", (ann, 11), (bob, 31))
    world.allocate("vk", (ann, 10))
    seen = frozenset({10})
    # Ann's weight on vk is as it was seen, whatever happened to Bob's.
    world.fairlead.change_weights(ChangeWeights([WeightChange("vk", ann.id, 12, seen)]))
    with pytest.raises(ChangedMeanwhile) as refusal:
        world.fairlead.change_weights(
            ChangeWeights(
                [
                    WeightChange("telegram", ann.id, 12, seen),
                    WeightChange("vk", bob.id, 12, frozenset({30})),
                    WeightChange("site", ann.id, 12, seen),
                ]
            )
        )
    assert refusal.value.current == [
        world.fairlead.catalogue.source(key) for key in ("telegram", "vk")
    ]
    # Who wants what a colleague has set has it.
    world.fairlead.change_weights(ChangeWeights([WeightChange("telegram", ann.id, 11, seen)]))
    assert weights(world, "site") == {"Ann": 10, "Bob": 30}


def test_each_source_that_changed_has_its_entry_in_the_log(world: World) -> None:
    ann = world.operator("Ann")
    for key in ("telegram", "vk"):
        world.source((ann, 10), key=key)
    before = world.fairlead.audit.entries(subject=None, action=None, limit=1, after=None).items[0]
    world.fairlead.change_weights(
        ChangeWeights(
            [WeightChange("telegram", ann.id, 20), WeightChange("vk", ann.id, 10)],
        )
    )
    entry, last, *_ = world.fairlead.audit.entries(
        subject=None, action=None, limit=2, after=None
    ).items
    assert last == before
    assert (entry.action, entry.subject) == (Action.ALLOCATIONS_REPLACED, "telegram")
    assert (entry.before, entry.after) == ({str(ann.id): 10}, {str(ann.id): 20})
