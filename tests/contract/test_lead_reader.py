"""The contract of LeadReader."""

import pytest

from application.ports import Storage
from application.views import LeadView
from domain.errors import UnknownLead
from domain.ids import LeadId
from domain.lead import Identity
from tests.contract.given import NOBODY, Given


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
