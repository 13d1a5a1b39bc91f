"""Closing and transferring contacts, and who gets the freed slot."""

import itertools
from uuid import UUID

import pytest

from application.contacts import CloseContact, TransferContact
from application.ports.contacts import ContactView
from application.ports.operators import OperatorView
from domain.contact import ContactState
from domain.errors import (
    ContactClosed,
    DomainError,
    OperatorAtCapacity,
    OperatorInactive,
    UnknownContact,
    UnknownOperator,
)
from domain.ids import ContactId
from tests.application.acts import close, holder, now, transfer, update
from tests.domain.samples import operator_id
from tests.support import World


class TestClose:
    def test_closing_frees_the_slot(self, world: World) -> None:
        ann = world.operator("Ann")
        world.source((ann, 1))
        contact = world.register()
        world.clock.advance(minutes=5)
        closed = close(world, contact)
        assert (closed.state, closed.closed_at) == (ContactState.CLOSED, world.clock.now())
        assert (closed.operator, closed.assigned_at) == (contact.operator, contact.assigned_at)
        assert now(world, contact) == closed
        assert world.load(ann) == 0

    def test_closing_twice_changes_nothing(self, world: World) -> None:
        ann = world.operator()
        world.source((ann, 1))
        contact, _ = world.register(), world.register()
        closed = close(world, contact)
        world.clock.advance(minutes=5)
        assert close(world, contact) == closed
        assert world.load(ann) == 1
        assert world.defects() == []

    def test_closing_while_waiting_leaves_the_queue(self, world: World) -> None:
        ann = world.operator("Ann", capacity=0)
        world.source((ann, 1))
        gone, stays = world.register(), world.register()
        closed = close(world, gone)
        assert (closed.state, closed.operator, closed.assigned_at) == ("closed", None, None)
        assert world.fairlead.catalogue.source("telegram").waiting == 1
        update(world, ann, capacity=9)
        assert now(world, gone) == closed
        assert holder(world, stays) == "Ann"
        assert world.load(ann) == 1
        assert world.defects() == []

    def test_the_slot_goes_to_the_contact_that_waited_longest(self, world: World) -> None:
        ann = world.operator("Ann", capacity=1)
        world.source((ann, 1))
        contacts = [world.register() for _ in range(4)]
        for current, following in itertools.pairwise(contacts):
            assert holder(world, current) == "Ann"
            assert now(world, following).state is ContactState.WAITING
            world.clock.advance(minutes=1)
            close(world, current)
            assert now(world, following).assigned_at == world.clock.now()
            assert world.load(ann) == 1
            assert world.defects() == []

    def test_the_slot_goes_to_any_source_that_the_operator_serves(self, world: World) -> None:
        ann = world.operator("Ann", capacity=1)
        world.source((ann, 1), key="a")
        world.source((ann, 5), key="b")
        held, in_b, in_a = world.register("a"), world.register("b"), world.register("a")
        close(world, held)
        assert (holder(world, in_b), holder(world, in_a)) == ("Ann", None)
        close(world, in_b)
        assert holder(world, in_a) == "Ann"
        assert world.defects() == []

    def test_a_slot_above_a_lowered_capacity_is_not_given_away(self, world: World) -> None:
        ann = world.operator(capacity=2)
        world.source((ann, 1))
        first, second, waits = (world.register() for _ in range(3))
        update(world, ann, capacity=1)
        close(world, first)
        assert now(world, waits).state is ContactState.WAITING
        close(world, second)
        assert now(world, waits).state is ContactState.ASSIGNED
        assert world.defects() == []

    def test_a_contact_of_an_operator_who_left_the_source_can_be_closed(self, world: World) -> None:
        """The freed slot still goes to what waits on the operator's other sources."""
        ann = world.operator("Ann", capacity=1)
        world.source((ann, 1), key="a")
        world.source((ann, 1), key="b")
        held, waits = world.register("a"), world.register("b")
        world.allocate("a")
        close(world, held)
        assert holder(world, waits) == "Ann"
        assert world.defects() == []

    def test_an_unknown_contact_is_refused(self, world: World) -> None:
        with pytest.raises(UnknownContact):
            world.fairlead.close_contact(CloseContact(ContactId(UUID(int=1))))


class TestTransfer:
    @pytest.fixture
    def ann(self, world: World) -> OperatorView:
        return world.operator("Ann", capacity=1)

    @pytest.fixture
    def bob(self, world: World) -> OperatorView:
        return world.operator("Bob", capacity=1)

    @pytest.fixture
    def held(self, world: World, ann: OperatorView) -> ContactView:
        """A contact that Ann holds; she is the only operator of the source."""
        world.source((ann, 1))
        return world.register()

    def test_the_contact_and_the_load_change_hands(
        self, world: World, ann: OperatorView, bob: OperatorView, held: ContactView
    ) -> None:
        """Bob is not allocated to the source: a transfer by hand may go to any operator."""
        world.clock.advance(minutes=5)
        moved = transfer(world, held, bob)
        assert moved.operator is not None
        assert (moved.operator.name, moved.assigned_at) == ("Bob", held.assigned_at)
        (change,) = world.fairlead.contacts.decision(held.id).transfers
        assert change.at == world.clock.now()
        assert now(world, held) == moved
        assert (world.load(ann), world.load(bob)) == (0, 1)
        assert world.defects() == []

    def test_the_slot_that_it_frees_goes_to_a_waiting_contact(
        self, world: World, ann: OperatorView, bob: OperatorView, held: ContactView
    ) -> None:
        waits = world.register()
        transfer(world, held, bob)
        assert (holder(world, held), holder(world, waits)) == ("Bob", "Ann")
        assert (world.load(ann), world.load(bob)) == (1, 1)
        assert world.defects() == []

    def test_the_slot_that_it_frees_goes_to_another_source(
        self, world: World, ann: OperatorView, bob: OperatorView, held: ContactView
    ) -> None:
        world.source((ann, 1), key="other")
        waits = world.register("other")
        transfer(world, held, bob)
        assert holder(world, waits) == "Ann"
        assert world.defects() == []

    def test_a_waiting_contact_can_be_given_away(
        self, world: World, bob: OperatorView, held: ContactView
    ) -> None:
        first, second = world.register(), world.register()
        moved = transfer(world, second, bob)
        assert moved.state is ContactState.ASSIGNED
        assert world.fairlead.catalogue.source("telegram").waiting == 1
        assert world.load(bob) == 1
        close(world, held)
        assert (holder(world, first), holder(world, second)) == ("Ann", "Bob")
        assert world.defects() == []

    def test_to_the_operator_who_has_it_nothing_changes(
        self, world: World, ann: OperatorView, held: ContactView
    ) -> None:
        """Not even if that operator could take no other contact."""
        update(world, ann, active=False)
        world.clock.advance(minutes=5)
        assert transfer(world, held, ann) == held
        assert world.load(ann) == 1
        assert world.fairlead.contacts.decision(held.id).transfers == []

    def test_an_inactive_operator_is_refused(
        self, world: World, bob: OperatorView, held: ContactView
    ) -> None:
        update(world, bob, active=False)
        self.refused(world, held, bob, OperatorInactive)

    def test_an_operator_at_capacity_is_refused(
        self, world: World, bob: OperatorView, held: ContactView
    ) -> None:
        world.source((bob, 1), key="other")
        world.register("other")
        self.refused(world, held, bob, OperatorAtCapacity)

    def test_a_waiting_contact_is_not_given_to_an_operator_at_capacity(
        self, world: World, ann: OperatorView, held: ContactView
    ) -> None:
        assert holder(world, held) == "Ann"
        self.refused(world, world.register(), ann, OperatorAtCapacity)

    def test_a_closed_contact_is_refused_even_to_its_own_operator(
        self, world: World, ann: OperatorView, bob: OperatorView, held: ContactView
    ) -> None:
        closed = close(world, held)
        self.refused(world, closed, bob, ContactClosed)
        self.refused(world, closed, ann, ContactClosed)

    def refused(
        self, world: World, contact: ContactView, to: OperatorView, error: type[DomainError]
    ) -> None:
        loads = [each.operator.load for each in world.fairlead.statistics.operators()]
        with pytest.raises(error):
            transfer(world, contact, to)
        assert now(world, contact) == contact
        assert [each.operator.load for each in world.fairlead.statistics.operators()] == loads
        assert world.defects() == []

    def test_what_is_not_there_is_refused(self, world: World, held: ContactView) -> None:
        with pytest.raises(UnknownOperator):
            world.fairlead.transfer_contact(TransferContact(held.id, operator_id(1)))
        with pytest.raises(UnknownContact):
            world.fairlead.transfer_contact(TransferContact(ContactId(UUID(int=1)), operator_id(1)))
        assert now(world, held) == held

    def test_a_contact_may_go_back_and_forth(
        self, world: World, ann: OperatorView, bob: OperatorView, held: ContactView
    ) -> None:
        for to in (bob, ann, bob):
            transfer(world, held, to)
            assert world.defects() == []
        assert (world.load(ann), world.load(bob)) == (0, 1)
        transfers = world.fairlead.contacts.decision(held.id).transfers
        assert [each.operator.name for each in transfers] == ["Bob", "Ann", "Bob"]
        assert [each.previous and each.previous.name for each in transfers] == ["Ann", "Bob", "Ann"]
        close(world, held)
        assert world.load(bob) == 0
        assert world.defects() == []
