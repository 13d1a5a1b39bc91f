"""The contract of LeadReader."""

import pytest

from application.ports.leads import LeadView
from application.ports.storage import Storage
from domain import limits
from domain.contact import Contact
from domain.errors import UnknownLead
from domain.events import Registered
from domain.ids import ContactId, LeadId
from domain.lead import Identity
from tests.contract.given import NOBODY, Given, happened, moved_to_its_operator


def test_a_lead_is_shown_with_its_identities_by_key(storage: Storage, given: Given) -> None:
    phone, email = Identity("phone", "+79161234567"), Identity("email", "é@пример.рф")
    upper, lower = Identity("telegram", "Я😀"), Identity("telegram", "z")
    given.world.clock.advance(milliseconds=1)
    lead = given.lead(upper, phone, lower, email, name="Ann")
    assert storage.leads.lead(lead.id) == LeadView(
        lead.id, "Ann", [email, phone, lower, upper], given.now
    )


def test_a_lead_that_is_not_there_is_refused(storage: Storage) -> None:
    with pytest.raises(UnknownLead):
        storage.leads.lead(LeadId(NOBODY))


def test_leads_are_listed_the_newest_first(storage: Storage, given: Given) -> None:
    leads = [given.lead(Identity("telegram", str(number)), name=f"{number}") for number in range(5)]
    page = storage.leads.leads(identity=None, limit=5, after=None)
    assert ([each.id for each in page.items], page.more) == (
        [each.id for each in leads[::-1]],
        False,
    )
    assert page.items == [storage.leads.lead(each.id) for each in leads[::-1]]


def test_a_lead_without_identities_is_listed_too(storage: Storage, given: Given) -> None:
    lead = given.lead()
    (only,) = storage.leads.leads(identity=None, limit=5, after=None).items
    assert (only.id, list(only.identities)) == (lead.id, [])


@pytest.mark.parametrize("limit", [1, 3, 6, 200])
def test_pages_are_stable_while_rows_are_added(storage: Storage, given: Given, limit: int) -> None:
    first = [given.lead(Identity("telegram", f"{number}")).id for number in range(6)][::-1]
    seen: list[LeadId] = []
    more, added = True, 0
    while more:
        page = storage.leads.leads(identity=None, limit=limit, after=seen[-1] if seen else None)
        assert len(page.items) <= limit
        seen += [each.id for each in page.items]
        more, added = page.more, added + 1
        given.lead(Identity("vk", f"{added}"))
    assert seen == first


def test_leads_are_found_by_an_identity(storage: Storage, given: Given) -> None:
    mine = Identity("telegram", "Ann")
    lead = given.lead(mine, Identity("phone", "+79161234567"))
    given.lead(Identity("vk", "Ann"), Identity("telegram", "ann"))
    page = storage.leads.leads(identity=mine, limit=5, after=None)
    assert (page.items, page.more) == ([storage.leads.lead(lead.id)], False)
    page = storage.leads.leads(identity=mine, limit=5, after=lead.id)
    assert (list(page.items), page.more) == ([], False)
    page = storage.leads.leads(identity=Identity("telegram", "nobody"), limit=5, after=None)
    assert (list(page.items), page.more) == ([], False)


def test_leads_are_found_by_other_spellings_where_an_identity_is_nobodys(
    storage: Storage, given: Given
) -> None:
    first, second = Identity("phone", "+1"), Identity("phone", "+2")
    ann, bob = given.lead(first), given.lead(second)

    def found(identity: Identity, after: LeadId | None = None) -> list[LeadId]:
        page = storage.leads.leads(identity=identity, limit=5, after=after)
        return [each.id for each in page.items]

    assert found(Identity("phone", "+3", (first.key, "phone:+4"))) == [ann.id]
    assert found(Identity("phone", "+3", (first.key,)), after=ann.id) == []
    assert found(Identity("phone", "+3", ("phone:+4",))) == []
    assert found(Identity("phone", "+3", (first.key, second.key))) == [bob.id, ann.id]
    assert found(Identity("phone", "+1", (second.key,))) == [ann.id]


class TestExport:
    """Everything stored about a person, and nothing about anyone else."""

    def test_a_lead_is_shown_with_all_its_contacts_the_newest_first(
        self, storage: Storage, given: Given
    ) -> None:
        ann, bob = given.operator("Ann"), given.operator("Bob")
        source, web = given.source("telegram", (ann, 1)), given.source("web")
        lead = given.lead(Identity("telegram", "x"), Identity("vk", "y"), name="Ivan")
        other = given.lead(Identity("telegram", "z"))
        keyed = Contact(ContactId(given.new_id()), "telegram", lead.id, given.now)
        with storage.unit_of_work() as uow:
            happened(uow, Registered(keyed, None, ("telegram:a:b", bytes(32))))
        closed = given.contact(web, lead, ann, closed=True, payload='{"text":"hi"}')
        given.contact(source, other, ann)
        moved = given.contact(source, lead)
        for target, previous in ((ann, None), (bob, ann.id)):
            given.world.clock.advance(minutes=1)
            moved.assign(target.id, given.now)
            with storage.unit_of_work() as uow:
                happened(uow, moved_to_its_operator(moved, previous, given.now))
        found = storage.leads.export(lead.id, limit=5000)
        assert found.lead == storage.leads.lead(lead.id)
        assert [each.contact for each in found.contacts] == [
            storage.contacts.contact(each.id) for each in (moved, closed, keyed)
        ]
        assert [each.idempotency_key for each in found.contacts] == [None, None, "telegram:a:b"]
        assert [[*each.transfers] for each in found.contacts] == [
            [*storage.contacts.decision(moved.id).transfers],
            [],
            [],
        ]
        assert [each.operator.name for each in found.contacts[0].transfers] == ["Ann", "Bob"]

    def test_all_of_a_thousand_contacts_are_there(self, storage: Storage, given: Given) -> None:
        source, lead = given.source("telegram"), given.lead(Identity("telegram", "x"))
        contacts = [
            Contact(ContactId(given.new_id()), source.key, lead.id, given.now) for _ in range(1200)
        ]
        with storage.unit_of_work() as uow:
            happened(uow, *(Registered(each, None) for each in contacts))
        found = storage.leads.export(lead.id, limit=5000).contacts
        assert [each.contact.id for each in found] == [each.id for each in reversed(contacts)]
        stretch = storage.leads.export(lead.id, limit=500)
        walked = [*stretch.contacts]
        while stretch.more:
            last = walked[-1].contact.id
            stretch = storage.leads.export(lead.id, limit=500, after=last)
            walked += stretch.contacts
        assert walked == list(found)

    def test_more_identities_than_a_lead_may_have_are_exported_and_not_shown(
        self, storage: Storage, given: Given
    ) -> None:
        """Before there was a limit, a lead could have any number of identities."""
        identities = [Identity("vk", f"{number:03}") for number in range(150)]
        lead = given.lead(*identities)
        assert list(storage.leads.export(lead.id, limit=1).lead.identities) == identities
        shown = storage.leads.lead(lead.id).identities
        assert list(shown) == identities[: limits.MAX_LEAD_IDENTITIES]

    def test_a_lead_without_contacts_has_none(self, storage: Storage, given: Given) -> None:
        lead = given.lead(Identity("telegram", "x"))
        assert list(storage.leads.export(lead.id, limit=5000).contacts) == []

    def test_a_lead_that_is_not_there_is_refused(self, storage: Storage) -> None:
        with pytest.raises(UnknownLead):
            storage.leads.export(LeadId(NOBODY), limit=5000)
