"""The contract of Changes."""

import pytest

from application.contacts import CloseContact
from application.ports.storage import Storage
from domain.events import OperatorCreated
from domain.ids import OperatorId
from domain.operator import Operator
from tests.contract.given import Given, everything, happened
from tests.support import World, open_world


def add_operator(storage: Storage, given: Given, *, fail: bool = False) -> None:
    operator = Operator(OperatorId(given.new_id()), "Ann", 1, True, given.now)
    operator.key = operator.id.hex
    with storage.unit_of_work() as uow:
        before = storage.changes.token()
        happened(uow, OperatorCreated(operator))
        assert storage.changes.token() == before, "nothing is committed yet"
        if fail:
            raise LookupError


def test_every_commit_makes_it_another_one(storage: Storage, world: World) -> None:
    seen = [storage.changes.token()]
    world.source((world.operator(), 1))
    seen.append(storage.changes.token())
    for _ in range(5):
        contact = world.register()
        seen.append(storage.changes.token())
    world.fairlead.close_contact(CloseContact(contact.id))
    seen.append(storage.changes.token())
    assert all(each not in seen[:number] for number, each in enumerate(seen))


def test_it_stays_as_it_is_while_nothing_is_stored(storage: Storage, given: Given) -> None:
    add_operator(storage, given)
    before = storage.changes.token()
    everything(storage)
    with pytest.raises(LookupError):
        add_operator(storage, given, fail=True)
    assert storage.changes.token() == before
    add_operator(storage, given)
    assert storage.changes.token() != before


def test_what_another_process_stores_is_told_too(shared_url: str) -> None:
    with open_world(shared_url) as mine, open_world(shared_url, beside=mine) as other:
        changes = mine.container.storage().changes
        seen = [changes.token()]
        for number in range(3):
            other.operator(f"Operator {number}")
            seen.append(changes.token())
            mine.operator(f"Operator {number}")
            seen.append(changes.token())
        assert len(set(seen)) == len(seen)
