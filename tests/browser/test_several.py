"""The list of contacts: ticking some, and doing something to them together, with a colleague."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SCREENSHOTS, Company, Look, following
from tests.e2e.server import FAIRLEAD_SERVE, migrated, started


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("busy")
    url = f"sqlite:///{folder / 'fairlead.db'}"
    migrated(url)
    with started(url, folder, FAIRLEAD_SERVE) as server:
        made = Company(server, url)
        for name in ("Ann", "Bob"):
            made.hire(name, 1000)
        made.open("telegram", "Telegram", Ann=10, Bob=30)
        yield made
        assert "Traceback" not in server.said()


@pytest.fixture
def contacts(busy: Company) -> list[str]:
    return [
        busy.register("telegram", f"+7916700{number:04d}", f"Lead {number}") for number in range(6)
    ]


@pytest.fixture
def page(busy: Company, contacts: list[str], look: Look) -> Page:
    assert contacts
    return following(look(busy).page(f"{busy.url}/contacts?state=assigned"))


def box(page: Page, contact: str) -> Locator:
    return page.locator(f"#contact-{contact} input")


def test_those_ticked_are_closed_and_no_others(
    busy: Company, contacts: list[str], page: Page
) -> None:
    close = page.get_by_role("button", name="Close those ticked")
    expect(close).to_be_hidden()
    box(page, contacts[1]).check()
    box(page, contacts[3]).check()
    expect(page.get_by_text("Ticked: 2")).to_be_visible()
    # Contacts that come in meanwhile move no box.
    busy.register("telegram", "+79167010001", "Just Come")
    page.wait_for_timeout(1200)
    expect(page.get_by_role("link", name="Just Come")).to_have_count(0)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "contacts-ticked.png")
    close.click()
    expect(page.get_by_role("heading", name="Closed: 2 of 2")).to_be_visible()
    expect(page.get_by_role("link", name="Just Come")).to_be_visible()
    expect(close).to_be_hidden()
    for number, each in enumerate(contacts):
        state = busy.call("GET", f"/contacts/{each}").json()["state"]
        assert (state == "closed") == (number in {1, 3})
    page.screenshot(path=SCREENSHOTS / "contacts-closed.png")
    assert Axe().run(page).response["violations"] == []


def test_all_are_ticked_at_once_and_transferred(
    busy: Company, contacts: list[str], page: Page
) -> None:
    page.get_by_label("Tick all").check()
    expect(page.get_by_text(f"Ticked: {page.locator('tbody input').count()}")).to_be_visible()
    page.get_by_label("Transfer to").select_option("Bob")
    page.get_by_role("button", name="Transfer those ticked").click()
    expect(page.get_by_role("heading", name="Transferred:")).to_be_visible()
    for each in contacts:
        assert busy.call("GET", f"/contacts/{each}").json()["operator"]["name"] == "Bob"


def test_what_a_colleague_has_done_meanwhile_stays(
    busy: Company, contacts: list[str], page: Page
) -> None:
    for each in contacts[:3]:
        box(page, each).check()
    mine = busy.call("GET", f"/contacts/{contacts[1]}").json()["operator"]["name"]
    other = "Ann" if mine == "Bob" else "Bob"
    body = {"operator_id": busy.operators[other]}
    busy.call("POST", f"/contacts/{contacts[1]}/transfer", body)
    page.get_by_role("button", name="Close those ticked").click()
    expect(page.get_by_role("heading", name="Closed: 2 of 3")).to_be_visible()
    first = page.locator("#outcomes li").first
    expect(first).to_contain_text(other)
    expect(first).to_contain_text("Somebody else has changed this meanwhile.")
    now = busy.call("GET", f"/contacts/{contacts[1]}").json()
    assert (now["state"], now["operator"]["name"]) == ("assigned", other)


def test_people_are_looked_for_and_the_way_back_is_a_link(page: Page) -> None:
    page.get_by_label("Person").fill("Lead 4")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name="Lead 4", exact=True).first).to_be_visible()
    expect(page.get_by_role("link", name="Lead 5", exact=True)).to_have_count(0)
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="CSV").click()
    assert "Lead 4" in downloaded.value.path().read_text("utf-8-sig")
    page.get_by_role("link", name="All contacts").click()
    expect(page.get_by_role("link", name="Lead 5", exact=True).first).to_be_visible()
