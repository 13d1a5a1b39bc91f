"""Erasing a person's data: nothing about the person is left, and all counts stay."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from application.contacts import ShowHistory
from application.leads import EraseLead
from application.ports.statistics import HourSpan
from application.register_contacts import RegisterContact
from domain.contact import ContactState
from domain.errors import UnknownLead
from tests.application.acts import close, now, transfer
from tests.domain.samples import lead_id
from tests.support import World, open_world

IVAN = RegisterContact(
    "telegram",
    {"phone": "+79161234567", "telegram": "ivan77"},
    lead_name="Ivan",
    payload={"text": "my telltale"},
    idempotency_key="telltale-1",
)


def test_open_contacts_stay_open_and_everything_counted_stays(world: World) -> None:
    ann = world.operator("Ann", capacity=2)
    world.source((ann, 1))
    contacts = [world.register(telegram="ivan") for _ in range(4)]
    close(world, contacts[0])
    statistics = world.fairlead.statistics
    before = statistics.distribution(sources=None, span=HourSpan()), statistics.operators()
    world.fairlead.erase_lead(EraseLead(contacts[0].lead.id))
    after = statistics.distribution(sources=None, span=HourSpan()), statistics.operators()
    assert after == before
    assert [now(world, each).state for each in contacts] == [
        "closed",
        "assigned",
        "assigned",
        "waiting",
    ]
    assert world.defects() == []
    close(world, contacts[1])
    assert now(world, contacts[3]).state is ContactState.ASSIGNED
    assert world.defects() == []


def test_what_happened_to_a_contact_is_told_as_before(world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1))
    contact = world.outcome(IVAN).contact
    transfer(world, contact, bob)
    close(world, contact)
    before = world.fairlead.show_history(ShowHistory(contact.id))
    world.fairlead.erase_lead(EraseLead(contact.lead.id))
    assert world.fairlead.show_history(ShowHistory(contact.id)) == before
    assert len(before) == 4


def test_whoever_writes_again_is_a_new_lead(world: World) -> None:
    world.source((world.operator(), 1))
    first = world.outcome(IVAN).contact
    world.fairlead.erase_lead(EraseLead(first.lead.id))
    again = world.outcome(IVAN)
    assert not again.replayed
    assert again.contact.lead.created
    assert again.contact.lead.id != first.lead.id
    assert world.fairlead.leads.lead(first.lead.id).identities == []
    assert world.outcome(IVAN).replayed
    assert world.defects() == []


def test_a_lead_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(UnknownLead):
        world.fairlead.erase_lead(EraseLead(lead_id(1)))


def test_nothing_of_the_person_is_left_in_any_table(sqlite_url: str) -> None:
    with open_world(sqlite_url) as world:
        world.source((world.operator(), 1))
        contact = world.outcome(IVAN).contact
        world.fairlead.erase_lead(EraseLead(contact.lead.id))
    with closing(sqlite3.connect(Path(sqlite_url.removeprefix("sqlite:///")))) as file:
        dump = "\n".join(file.iterdump())
    assert contact.lead.id.hex.upper() in dump.upper()
    for secret in ("79161234567", "ivan77", "Ivan", "telltale"):
        assert secret not in dump
