"""The contract of how a storage keeps sources."""

import pytest

from application.ports.storage import Storage
from domain import limits
from domain.errors import SourceExists
from domain.events import AllocationsChanged, OperatorCreated, SourceChanged, SourceCreated
from domain.ids import OperatorId
from domain.operator import Operator
from domain.source import Allocation, Source, SourceChange
from domain.strategy import Strategy
from tests.contract.given import Given, everything, happened
from tests.contract.test_operators import TEXTS


def stored(storage: Storage, key: str) -> Source:
    with storage.unit_of_work() as uow:
        return uow.dispatches.load(sources=[key]).source(key)


@pytest.mark.parametrize("strategy", list(Strategy))
def test_what_is_added_is_read_back(storage: Storage, given: Given, strategy: Strategy) -> None:
    source = Source("0" + "z" * 63, "Чат 🤖", strategy, given.now)
    with storage.unit_of_work() as uow:
        happened(uow, SourceCreated(source))
    assert stored(storage, source.key) == source


@pytest.mark.parametrize("name", TEXTS)
def test_names_of_any_text_are_kept(storage: Storage, given: Given, name: str) -> None:
    source = given.source("telegram")
    source.change(SourceChange(name=name))
    with storage.unit_of_work() as uow:
        happened(uow, SourceChanged(source))
    assert storage.catalogue.source("telegram").name == name


def test_a_key_is_taken_once(storage: Storage, given: Given) -> None:
    given.source("telegram")
    before = everything(storage)
    again = Source("telegram", "Another", Strategy.RANDOM, given.now)
    with storage.unit_of_work() as uow, pytest.raises(SourceExists) as raised:
        uow.dispatches.load(sources=["telegram"]).add_source(again)
    assert raised.value.field == "key"
    assert everything(storage) == before


def test_save_keeps_name_and_strategy_and_nothing_else(storage: Storage, given: Given) -> None:
    ann = given.operator()
    source, other = given.source("telegram", (ann, 3)), given.source("whatsapp", (ann, 4))
    changed = source.copy()
    changed.change(SourceChange(name="Bot", strategy=Strategy.RANDOM))
    changed.replace_allocations([])
    changed.waiting = 9
    with storage.unit_of_work() as uow:
        happened(uow, SourceChanged(changed))
    found = stored(storage, "telegram")
    assert (found.name, found.strategy) == ("Bot", Strategy.RANDOM)
    assert (found.allocations, found.waiting) == (source.allocations, 0)
    assert stored(storage, "whatsapp") == other


def test_allocations_are_replaced_as_a_whole(storage: Storage, given: Given) -> None:
    ann, bob, cid = (given.operator(name) for name in ("Ann", "Bob", "Cid"))
    source = given.source("telegram", (ann, 3), (bob, 4))
    untouched = given.source("whatsapp", (ann, 1))
    source.replace_allocations([(cid.id, 0), (bob.id, limits.MAX_WEIGHT)])
    with storage.unit_of_work() as uow:
        happened(uow, AllocationsChanged(source))
    assert [
        (each.operator_id, each.weight) for each in stored(storage, "telegram").allocations
    ] == [
        (bob.id, limits.MAX_WEIGHT),
        (cid.id, 0),
    ]
    assert stored(storage, "whatsapp") == untouched
    source.replace_allocations([])
    with storage.unit_of_work() as uow:
        happened(uow, AllocationsChanged(source))
    assert stored(storage, "telegram").allocations == []


@pytest.mark.parametrize("credit", [0, 1, -1, 10**12, 10**15])
def test_credits_of_any_size_are_kept(storage: Storage, given: Given, credit: int) -> None:
    ann, bob = given.operator("Ann"), given.operator("Bob")
    source = given.source("telegram", (ann, 1), (bob, 1))
    given.credits(source, credit, -credit)
    assert stored(storage, "telegram").allocations == [
        Allocation(ann.id, 1, credit),
        Allocation(bob.id, 1, -credit),
    ]


def test_a_source_may_have_a_thousand_allocations(storage: Storage, given: Given) -> None:
    operators = [
        Operator(OperatorId(given.new_id()), f"Operator {number}", 1, True, given.now)
        for number in range(limits.MAX_ALLOCATIONS)
    ]
    with storage.unit_of_work() as uow:
        for each in operators:
            happened(uow, OperatorCreated(each))
    source = given.source("telegram", *((each, 1) for each in operators))
    assert stored(storage, "telegram") == source
    view = storage.catalogue.source("telegram")
    assert [each.operator_id for each in view.allocations] == [each.id for each in operators]
