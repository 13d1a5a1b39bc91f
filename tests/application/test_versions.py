"""No one overwrites what they have not seen: a change may name the version its author saw."""

from collections.abc import Callable
from typing import Any

import pytest

from application.contacts import CloseContact, TransferContact
from application.operators import UpdateOperator
from application.ports.operators import OperatorView
from application.ports.sources import SourceView
from application.ports.versions import Expected
from application.sources import ReplaceAllocations, SetWeight, UpdateSource
from domain.errors import ChangedMeanwhile, ContactClosed
from domain.strategy import Strategy
from tests.support import World

Change = Callable[[World, OperatorView], object]

CHANGES: dict[str, Change] = {
    "an operator's name": lambda world, ann: world.fairlead.update_operator(
        UpdateOperator(ann.id, name="Anna")
    ),
    "a capacity": lambda world, ann: world.fairlead.update_operator(
        UpdateOperator(ann.id, capacity=7)
    ),
    "a pause": lambda world, ann: world.fairlead.update_operator(
        UpdateOperator(ann.id, active=False)
    ),
    "a source's name": lambda world, _: world.fairlead.update_source(
        UpdateSource("telegram", name="Sales")
    ),
    "a strategy": lambda world, _: world.fairlead.update_source(
        UpdateSource("telegram", strategy=Strategy.RANDOM)
    ),
    "a weight": lambda world, ann: world.allocate("telegram", (ann, 2)),
    "one weight": lambda world, ann: world.fairlead.set_weight(SetWeight("telegram", ann.id, 2)),
}
OF_OPERATOR = {"an operator's name", "a capacity", "a pause"}


@pytest.fixture
def ann(world: World) -> OperatorView:
    ann = world.operator("Ann", capacity=5)
    world.source((ann, 1))
    return ann


def versions(world: World, ann: OperatorView) -> tuple[str, str]:
    catalogue = world.fairlead.catalogue
    return catalogue.operator(ann.id).version, catalogue.source("telegram").version


@pytest.mark.parametrize("what", CHANGES)
def test_what_somebody_changes_has_another_version(
    world: World, ann: OperatorView, what: str
) -> None:
    before = versions(world, ann)
    CHANGES[what](world, ann)
    after = versions(world, ann)
    changed = [old != new for old, new in zip(before, after, strict=True)]
    assert changed == [what in OF_OPERATOR, what not in OF_OPERATOR]


def test_what_happens_by_itself_leaves_the_version(world: World, ann: OperatorView) -> None:
    before = versions(world, ann)
    contacts = [world.register() for _ in range(7)]
    world.fairlead.close_contact(CloseContact(contacts[0].id))
    assert versions(world, ann) == before


def changes_of(world: World, ann: OperatorView, expected: Expected) -> list[Callable[[], Any]]:
    fairlead = world.fairlead
    return [
        lambda: fairlead.update_operator(UpdateOperator(ann.id, name="A", expected=expected)),
        lambda: fairlead.update_source(UpdateSource("telegram", name="T", expected=expected)),
        lambda: fairlead.replace_allocations(ReplaceAllocations("telegram", [], expected=expected)),
        lambda: fairlead.set_weight(SetWeight("telegram", ann.id, 9, expected=expected)),
    ]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize(
    "expected",
    ["seen long ago", "", frozenset(), frozenset({"one", "or another"})],
    ids=["long ago", "empty", "none", "another"],
)
def test_what_is_no_longer_so_is_not_overwritten(
    world: World, ann: OperatorView, number: int, expected: Expected
) -> None:
    with pytest.raises(ChangedMeanwhile) as refused:
        changes_of(world, ann, expected)[number]()
    catalogue = world.fairlead.catalogue
    current = catalogue.operator(ann.id) if number == 0 else catalogue.source("telegram")
    assert refused.value.current == current
    assert current.name in {"Ann", "telegram"}


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("several", [False, True])
def test_what_was_seen_is_changed(
    world: World, ann: OperatorView, number: int, several: bool
) -> None:
    seen = versions(world, ann)[min(number, 1)]
    expected = frozenset({"something else", seen}) if several else seen
    changed: OperatorView | SourceView = changes_of(world, ann, expected)[number]()
    assert changed.version != seen
    assert versions(world, ann)[min(number, 1)] == changed.version


class TestContact:
    """A contact's version changes with its operator and its state."""

    @pytest.mark.usefixtures("ann")
    def test_what_went_to_somebody_else_meanwhile_is_not_transferred(self, world: World) -> None:
        bob, cid = world.operator("Bob"), world.operator("Cid")
        seen = world.register()
        moved = world.fairlead.transfer_contact(TransferContact(seen.id, bob.id))
        assert moved.version != seen.version
        with pytest.raises(ChangedMeanwhile) as refused:
            world.fairlead.transfer_contact(TransferContact(seen.id, cid.id, seen.version))
        assert refused.value.current == moved
        assert world.fairlead.contacts.contact(seen.id) == moved
        after = world.fairlead.transfer_contact(TransferContact(seen.id, cid.id, moved.version))
        assert after.operator is not None
        assert after.operator.id == cid.id

    def test_what_was_handed_out_meanwhile_is_not_transferred(self, world: World) -> None:
        world.source()
        seen = world.register()
        ann, bob = world.operator("Ann"), world.operator("Bob")
        world.allocate("telegram", (ann, 1))
        with pytest.raises(ChangedMeanwhile):
            world.fairlead.transfer_contact(TransferContact(seen.id, bob.id, seen.version))
        assert world.load(ann) == 1

    @pytest.mark.usefixtures("ann")
    def test_what_went_to_somebody_else_meanwhile_is_not_closed(self, world: World) -> None:
        bob = world.operator("Bob")
        seen = world.register()
        moved = world.fairlead.transfer_contact(TransferContact(seen.id, bob.id))
        with pytest.raises(ChangedMeanwhile):
            world.fairlead.close_contact(CloseContact(seen.id, seen.version))
        assert world.fairlead.contacts.contact(seen.id) == moved
        world.fairlead.close_contact(CloseContact(seen.id, moved.version))

    @pytest.mark.usefixtures("ann")
    def test_what_is_so_already_is_no_conflict(self, world: World) -> None:
        """Anyone who presses a button twice meant it once."""
        bob = world.operator("Bob")
        seen = world.register()
        moved = world.fairlead.transfer_contact(TransferContact(seen.id, bob.id, seen.version))
        again = world.fairlead.transfer_contact(TransferContact(seen.id, bob.id, seen.version))
        assert again == moved
        closed = world.fairlead.close_contact(CloseContact(seen.id, moved.version))
        assert world.fairlead.close_contact(CloseContact(seen.id, moved.version)) == closed

    @pytest.mark.usefixtures("ann")
    def test_a_closed_one_is_called_so(self, world: World) -> None:
        bob = world.operator("Bob")
        seen = world.register()
        world.fairlead.close_contact(CloseContact(seen.id))
        with pytest.raises(ContactClosed):
            world.fairlead.transfer_contact(TransferContact(seen.id, bob.id, seen.version))
