"""The contract of Dispatches: what is locked, loaded and stored."""

from dataclasses import replace

import pytest

from application.ports.failures import StorageUnavailable
from application.ports.statistics import HourSpan
from application.ports.storage import Storage
from domain import limits
from domain.contact import Contact
from domain.dispatch import Dispatch
from domain.events import OperatorChanged
from domain.ids import ContactId, OperatorId, time_of
from domain.lead import Identity
from domain.operator import Operator, OperatorChange
from domain.source import Source
from domain.strategy import Strategy
from tests.contract.given import NOBODY, Given, everything, happened
from tests.support import World


class House:
    """Five operators and four sources; Eve serves none of them."""

    def __init__(self, given: Given) -> None:
        self.ann = given.operator("Ann", capacity=limits.MAX_CAPACITY, load=3)
        self.bob = given.operator("Bob", active=False)
        self.cid = given.operator("Cid", capacity=0)
        self.dan = given.operator("Dan")
        self.eve = given.operator("Eve")
        self.d = given.source("d", (self.dan, 1))
        self.b = given.source("b", (self.ann, limits.MAX_WEIGHT), (self.bob, 2), (self.cid, 3))
        self.a = given.source("a", (self.dan, 5), (self.ann, 0), strategy=Strategy.RANDOM)
        self.c = given.source("c")


@pytest.fixture
def house(given: Given) -> House:
    return House(given)


def load(storage: Storage, **what: list[str] | list[OperatorId]) -> Dispatch:
    """Load into a unit of work that keeps nothing from the one before."""
    with storage.unit_of_work() as uow:
        happened(uow)
    with storage.unit_of_work() as uow:
        return uow.dispatches.load(**what)  # type: ignore[arg-type]


def loaded(dispatch: Dispatch) -> tuple[list[Source], list[Operator]]:
    return list(dispatch.sources.values()), list(dispatch.operators.values())


class TestLoad:
    """What is loaded, and in which order."""

    def test_sources_come_by_key_with_all_their_operators_by_id(
        self, storage: Storage, house: House
    ) -> None:
        """Including those who are inactive, full or of weight 0: they may become eligible."""
        assert loaded(load(storage, sources=["b"])) == (
            [house.b],
            [house.ann, house.bob, house.cid],
        )
        assert loaded(load(storage, sources=["d", "c", "b", "a"])) == (
            [house.a, house.b, house.c, house.d],
            [house.ann, house.bob, house.cid, house.dan],
        )

    def test_who_is_served_brings_every_source_with_all_its_operators(
        self, storage: Storage, house: House
    ) -> None:
        assert loaded(load(storage, served_by=[house.dan.id])) == (
            [house.a, house.d],
            [house.ann, house.dan],
        )
        assert loaded(load(storage, served_by=[house.cid.id])) == (
            [house.b],
            [house.ann, house.bob, house.cid],
        )

    def test_an_allocation_of_weight_zero_serves_too(self, storage: Storage, house: House) -> None:
        assert loaded(load(storage, served_by=[house.ann.id])) == (
            [house.a, house.b],
            [house.ann, house.bob, house.cid, house.dan],
        )

    def test_who_serves_nothing_is_loaded_alone(self, storage: Storage, house: House) -> None:
        assert loaded(load(storage, served_by=[house.eve.id])) == ([], [house.eve])

    def test_operators_come_without_their_sources(self, storage: Storage, house: House) -> None:
        assert loaded(load(storage, operators=[house.eve.id, house.ann.id])) == (
            [],
            [house.ann, house.eve],
        )

    def test_everything_asked_for_is_loaded_together(self, storage: Storage, house: House) -> None:
        dispatch = load(
            storage, sources=["c"], served_by=[house.cid.id], operators=[house.eve.id, house.bob.id]
        )
        assert loaded(dispatch) == (
            [house.b, house.c],
            [house.ann, house.bob, house.cid, house.eve],
        )

    def test_what_is_named_twice_comes_once(self, storage: Storage, house: House) -> None:
        dispatch = load(
            storage,
            sources=["a", "a"],
            served_by=[house.dan.id, house.dan.id],
            operators=[house.dan.id, house.ann.id],
        )
        assert loaded(dispatch) == ([house.a, house.d], [house.ann, house.dan])

    def test_what_does_not_exist_is_missing(self, storage: Storage, house: House) -> None:
        dispatch = load(
            storage,
            sources=["nowhere", "c", "é😀", 'a","b'],
            served_by=[OperatorId(NOBODY)],
            operators=[OperatorId(NOBODY), house.eve.id],
        )
        assert loaded(dispatch) == ([house.c], [house.eve])

    @pytest.mark.usefixtures("house")
    def test_nothing_asked_is_nothing_loaded(self, storage: Storage) -> None:
        assert loaded(load(storage)) == ([], [])

    def test_hundreds_of_sources_are_loaded_at_once(self, storage: Storage, given: Given) -> None:
        ann = given.operator()
        sources = [given.source(f"s{number:03}", (ann, number)) for number in range(300)]
        assert loaded(load(storage, sources=[each.key for each in sources[::-1]])) == (
            sources,
            [ann],
        )
        assert loaded(load(storage, served_by=[ann.id])) == (sources, [ann])

    def test_chance_comes_from_the_storage(self, storage: Storage, given: Given) -> None:
        ann = given.operator()
        source = given.source("telegram", (ann, 1), strategy=Strategy.RANDOM)
        lead = given.lead(Identity("telegram", "first"))
        with storage.unit_of_work() as uow:
            dispatch = uow.dispatches.load(sources=["telegram"])
            contact = Contact(ContactId(given.new_id()), source.key, lead.id, given.now)
            decision = dispatch.admit(contact)
        assert decision
        assert decision.roll is not None


class TestSave:
    """What is stored of a dispatch."""

    def test_loads_credits_queues_and_counters_are_kept(
        self, storage: Storage, given: Given
    ) -> None:
        ann, bob = given.operator("Ann", capacity=2), given.operator("Bob", capacity=1)
        source, other = given.source("a", (ann, 3), (bob, 1)), given.source("b", (bob, 1))
        lead = given.lead(Identity("telegram", "first"))
        with storage.unit_of_work() as uow:
            dispatch = uow.dispatches.load(sources=["a", "b"])
            for key in "aaaab":
                contact_id = ContactId(given.new_id())
                dispatch.admit(Contact(contact_id, key, lead.id, time_of(contact_id)))
            uow.save(dispatch)
        again = load(storage, sources=["a", "b"])
        assert [each.load for each in again.operators.values()] == [2, 1]
        assert [again.source(each.key).waiting for each in (source, other)] == [1, 1]
        assert again.source("a").allocations == dispatch.source("a").allocations
        assert sum(each.credit for each in again.source("a").allocations) == 0
        assert any(each.credit for each in again.source("a").allocations)
        statistics = storage.statistics.distribution(sources=None, span=HourSpan())
        assert [(each.total, each.waiting) for each in statistics] == [(4, 1), (1, 1)]
        assert [[each.contacts for each in one.operators] for one in statistics] == [[2, 1], [0]]

    def test_counters_add_up_over_units_of_work(self, storage: Storage, given: Given) -> None:
        ann = given.operator()
        given.source("a", (ann, 1))
        lead = given.lead(Identity("telegram", "first"))
        for number in range(1, 5):
            given.world.clock.advance(minutes=25)
            with storage.unit_of_work() as uow:
                dispatch = uow.dispatches.load(sources=["a"])
                for _ in range(number):
                    contact_id = ContactId(given.new_id())
                    dispatch.admit(Contact(contact_id, "a", lead.id, time_of(contact_id)))
                uow.save(dispatch)
        (statistics,) = storage.statistics.distribution(sources=["a"], span=HourSpan())
        assert (statistics.total, statistics.operators[0].contacts) == (10, 10)
        assert storage.catalogue.operator(ann.id).load == 10

    def test_a_freed_slot_is_free_though_the_operator_is_inactive_or_above_capacity(
        self, storage: Storage, given: Given
    ) -> None:
        ann = given.operator("Ann", capacity=1, load=5)
        bob = given.operator("Bob", active=False, load=2)
        with storage.unit_of_work() as uow:
            dispatch = uow.dispatches.load(operators=[ann.id, bob.id])
            dispatch.slots.update({ann.id: -1, bob.id: -2})
            uow.save(dispatch)
        assert storage.catalogue.operator(ann.id).load == 4
        assert storage.catalogue.operator(bob.id).load == 0

    def test_the_last_slot_can_be_taken(self, storage: Storage, given: Given) -> None:
        ann = given.operator("Ann", capacity=5, load=2)
        with storage.unit_of_work() as uow:
            dispatch = uow.dispatches.load(operators=[ann.id])
            dispatch.slots[ann.id] = 3
            uow.save(dispatch)
        assert storage.catalogue.operator(ann.id).load == 5

    @pytest.mark.parametrize("change", [{"capacity": 2}, {"active": False}])
    def test_a_slot_is_refused_if_the_storage_knows_better(
        self, storage: Storage, given: Given, change: dict[str, int]
    ) -> None:
        """The last line of defence for I2: the decision used values that are no longer stored."""
        ann, bob = given.operator("Ann", capacity=3, load=2), given.operator("Bob")
        given.source("a", (ann, 1), (bob, 1))
        before = everything(storage)

        def take_both() -> None:
            with storage.unit_of_work() as uow:
                dispatch = uow.dispatches.load(sources=["a"])
                changed = replace(dispatch.operator(ann.id))
                changed.change(OperatorChange(**change))  # type: ignore[arg-type]
                happened(uow, OperatorChanged(changed))
                dispatch.slots.update({bob.id: 1, ann.id: 1})
                uow.save(dispatch)

        with pytest.raises(StorageUnavailable):
            take_both()
        assert everything(storage) == before

    def test_more_slots_than_are_free_are_refused(self, storage: Storage, given: Given) -> None:
        ann = given.operator("Ann", capacity=3, load=2)
        before = everything(storage)

        def take_two() -> None:
            with storage.unit_of_work() as uow:
                dispatch = uow.dispatches.load(operators=[ann.id])
                dispatch.slots[ann.id] = 2
                uow.save(dispatch)

        with pytest.raises(StorageUnavailable):
            take_two()
        assert everything(storage) == before

    def test_saving_what_has_not_changed_changes_nothing(
        self, storage: Storage, house: House
    ) -> None:
        before = everything(storage)
        with storage.unit_of_work() as uow:
            uow.save(uow.dispatches.load(sources=["a", "b"], served_by=[house.eve.id]))
        assert everything(storage) == before


def test_a_dispatch_holds_the_operators_of_its_sources_and_those_named_beside(world: World) -> None:
    first, second, _ = (world.operator(name) for name in ("First", "Second", "Third"))
    key = world.source((second, 1))
    dispatch = load(world.container.storage(), sources=[key], operators=[first.id])
    assert dispatch.operators.keys() == {first.id, second.id}
