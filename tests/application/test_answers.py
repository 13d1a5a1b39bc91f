"""Answers come from inside the transaction: no failing read can make a change look undone."""

import dataclasses
from typing import Any, get_type_hints

import pytest
from dependency_injector import providers

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.keys import CreateKey, RevokeKey
from application.leads import AddIdentity, RemoveIdentity, RenameLead
from application.operators import CreateOperator, UpdateOperator
from application.ports.audit import AuditReader
from application.ports.catalogue import CatalogueReader
from application.ports.contacts import ContactReader
from application.ports.failures import StorageUnavailable
from application.ports.keys import KeyReader
from application.ports.leads import LeadReader
from application.ports.search import LeadSearch
from application.ports.statistics import StatisticsReader
from application.ports.storage import Readers, Storage
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource, ReplaceAllocations, UpdateSource
from domain.access import Role
from domain.contact import ContactState
from tests.support import World, open_world

READERS = {
    AuditReader,
    CatalogueReader,
    ContactReader,
    KeyReader,
    LeadReader,
    LeadSearch,
    Readers,
    StatisticsReader,
    Storage,
}


def test_whoever_writes_has_nothing_else_to_read_from() -> None:
    """Every use case that changes anything, including those yet to be written."""
    writing = {
        name: hints
        for name, handler in get_type_hints(Fairlead).items()
        if dataclasses.is_dataclass(handler)
        and {"transactions", "register"} & (hints := get_type_hints(handler)).keys()
    }
    assert {"close_contact", "transfer_contact", "register_contacts", "erase_lead"} <= set(writing)
    for name, hints in writing.items():
        assert not READERS & set(hints.values()), name


class Fails:
    """Fails at every read."""

    def __getattr__(self, name: str) -> Any:
        def fail(*_: object, **__: object) -> Any:
            raise StorageUnavailable(f"nobody can read {name} just now.")

        return fail


@pytest.fixture
def blind() -> Any:
    """An application whose readers all fail, and a working one on the same storage."""
    with open_world("memory://") as seeing:
        storage = seeing.container.storage()
        readers = ("catalogue", "contacts", "leads", "lead_search", "statistics", "keys", "audit")
        failing: dict[str, Any] = dict.fromkeys(readers, Fails())
        seeing.container.storage.override(providers.Object(dataclasses.replace(storage, **failing)))
        blind = seeing.container.fairlead()
        seeing.container.storage.override(providers.Object(storage))
        yield blind, seeing


def test_everything_that_is_done_is_answered_though_no_read_works(
    blind: tuple[Fairlead, World],
) -> None:
    fairlead, seeing = blind
    ann = fairlead.create_operator(CreateOperator("Ann", 5))
    bob = fairlead.create_operator(CreateOperator("Bob", 5))
    fairlead.create_source(CreateSource("telegram"))
    fairlead.update_source(UpdateSource("telegram", name="Telegram"))
    fairlead.replace_allocations(ReplaceAllocations("telegram", [(ann.id, 1)]))
    (outcome,) = fairlead.register_contacts(
        [RegisterContact("telegram", {"vk": "1"}, lead_name="Ivan", payload={"n": 1})]
    )
    assert isinstance(outcome, Registered)
    contact = outcome.contact
    assert contact.operator is not None
    moved = fairlead.transfer_contact(TransferContact(contact.id, bob.id))
    assert moved.operator is not None
    assert (moved.operator.name, moved.lead.name, moved.payload) == ("Bob", "Ivan", {"n": 1})
    closed = fairlead.close_contact(CloseContact(contact.id))
    assert closed.state is ContactState.CLOSED
    assert fairlead.close_contact(CloseContact(contact.id)) == closed
    assert fairlead.update_operator(UpdateOperator(bob.id, active=False)).active is False
    lead_id = contact.lead.id
    assert fairlead.rename_lead(RenameLead(lead_id, "Petr")).name == "Petr"
    added = fairlead.add_identity(AddIdentity(lead_id, "vk", "2"))
    assert [each.value for each in added.lead.identities] == ["1", "2"]
    left = fairlead.remove_identity(RemoveIdentity(lead_id, "vk", "1"))
    assert [each.value for each in left.identities] == ["2"]
    made = fairlead.create_key(CreateKey(Role.VIEWER))
    assert fairlead.revoke_key(RevokeKey(made.key.prefix)).revoked_at is not None
    assert seeing.fairlead.contacts.contact(contact.id).closed_at == closed.closed_at
    assert seeing.fairlead.leads.lead(lead_id) == left
