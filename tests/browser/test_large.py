"""A thousand operators on a source: every page can still be drawn and used.

`make bench` measures that pages are fast with a million contacts besides.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from application.operators import CreateOperator
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource, ReplaceAllocations
from entrypoints.scripting import open_fairlead
from tests.browser.conftest import Company, Look
from tests.e2e.server import FAIRLEAD_SERVE, started

CROWD = 1000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A thousand operators who all serve one source, with a contact for each and one more."""
    folder = tmp_path_factory.mktemp("crowd")
    url = f"sqlite:///{folder / 'fairlead.db'}"
    with open_fairlead(url) as fairlead:
        hired = [
            fairlead.create_operator(CreateOperator(f"Operator {number}", 5))
            for number in range(CROWD)
        ]
        fairlead.create_source(CreateSource("telegram"))
        fairlead.replace_allocations(
            ReplaceAllocations("telegram", [(each.id, 1) for each in hired])
        )
        outcomes = fairlead.register_contacts(
            [
                RegisterContact("telegram", {"telegram": f"user-{number}"}, lead_name="Somebody")
                for number in range(CROWD + 1)
            ]
        )
    contacts = [str(each.contact.id) for each in outcomes if isinstance(each, Registered)]
    with started(url, folder, FAIRLEAD_SERVE) as server:
        yield Company(server, url, {each.name: str(each.id) for each in hired}, contacts)


def test_the_overview_shows_some_and_leads_to_the_others(crowd: Company, look: Look) -> None:
    page = look(crowd).page(f"{crowd.url}/")
    expect(page.get_by_text("1,000 of 1,000")).to_be_visible()
    page.get_by_role("link", name="All operators").click()
    expect(page.get_by_role("switch")).to_have_count(60)
    expect(page.get_by_role("link", name="Operator 59", exact=True)).to_be_visible()
    page.get_by_role("link", name="More").click()
    expect(page.get_by_role("link", name="Operator 60", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Operator 59", exact=True)).to_have_count(0)
    expect(page.get_by_role("switch")).to_have_count(60)


def test_a_thousand_weights_are_edited_and_saved(crowd: Company, look: Look) -> None:
    page = look(crowd).page(f"{crowd.url}/sources/telegram")
    shares = page.locator("form[data-weights] output")
    expect(shares).to_have_count(CROWD)
    page.get_by_label("Weight of Operator 7", exact=True).fill("1001")
    expect(shares.nth(7)).to_have_text("50.1%")
    page.get_by_role("button", name="Save the weights").click()
    expect(page.locator(".notice")).to_have_text(
        "The weights of telegram are changed.", timeout=30_000
    )
    allocations = crowd.call("GET", "/sources/telegram").json()["allocations"]
    assert sorted(each["weight"] for each in allocations)[-2:] == [1, 1001]


def test_a_decision_among_a_thousand_is_shown(crowd: Company, look: Look) -> None:
    page = look(crowd).page(f"{crowd.url}/contacts/{crowd.contacts[-1]}")
    expect(page.get_by_text("1000 of 1000 operators could take the contact.")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(CROWD)
    expect(page.locator("tr.picked")).to_have_count(1)


def test_statistics_of_a_thousand_tell_too(crowd: Company, look: Look) -> None:
    page = look(crowd).page(f"{crowd.url}/statistics")
    expect(page.get_by_text("as promised", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="and 980 more operators")).to_be_visible()
