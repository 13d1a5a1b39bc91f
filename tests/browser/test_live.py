"""Pages follow every change, wherever it is made."""

import signal
import subprocess
import sys
import time

from playwright.sync_api import Route, expect

from tests.browser.conftest import Company, Look, figure
from tests.e2e.server import opened
from tests.processes import ROOT

REGISTER = """
import sys
from application.register_contacts import RegisterContact
from entrypoints.scripting import open_fairlead
with open_fairlead(sys.argv[1]) as fairlead:
    print(fairlead.register_contacts([RegisterContact("telegram", {"phone": sys.argv[2]})]))
"""


def test_a_registration_shows_within_a_second(company: Company, look: Look) -> None:
    page = look(company).page(f"{company.url}/")
    expect(page.locator("[data-live]")).to_be_visible()
    total = page.locator(".figures dd").first
    before = figure(total.inner_text())
    company.register("telegram", "+79162220001", "Just Come")
    # A second, plus the time that a loaded machine takes to draw.
    expect(total).to_have_text(str(before + 1), timeout=3000)
    expect(page.get_by_role("link", name="Just Come")).to_be_visible()


def test_the_last_of_several_registrations_is_not_missed(company: Company, look: Look) -> None:
    page = look(company).page(f"{company.url}/")
    expect(page.locator("[data-live]")).to_be_visible()
    total = page.locator(".figures dd").first
    for number in range(5):
        before = figure(total.inner_text())
        company.register("telegram", f"+7916333{number}001")
        # The page hears of the second while it fetches what the first has changed, or shortly
        # afterwards.
        time.sleep(0.1 + 0.1 * number)
        company.register("telegram", f"+7916333{number}002")
        expect(total).to_have_text(str(before + 2), timeout=3000)


def test_one_of_another_process_does_so_too(company: Company, look: Look) -> None:
    page = look(company).page(f"{company.url}/")
    expect(page.locator("[data-live]")).to_be_visible()
    total = page.locator(".figures dd").first
    before = figure(total.inner_text())
    subprocess.run(
        [sys.executable, "-c", REGISTER, company.database_url, "+79162220002"], cwd=ROOT, check=True
    )
    expect(total).to_have_text(str(before + 1), timeout=3000)


def test_nothing_fades_while_a_page_is_read_again(company: Company, look: Look) -> None:
    page = look(company).page(f"{company.url}/operators")
    expect(page.locator("[data-live]")).to_be_visible()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"{company.url}/operators", hold)
    company.register("telegram", "+79162220003")
    page.wait_for_selector("#main.htmx-request")
    opacities = page.locator("button").evaluate_all(
        "(all) => all.map((each) => getComputedStyle(each).opacity)"
    )
    assert set(opacities) == {"1"}
    held[0].continue_()


def test_two_windows_see_each_others_changes(company: Company, look: Look) -> None:
    mine, theirs = (look(company).page(f"{company.url}/operators") for _ in range(2))
    name = "Bob takes contacts"
    for page in (mine, theirs):
        expect(page.get_by_role("switch", name=name)).to_have_attribute("aria-checked", "true")
        expect(page.locator("[data-live]")).to_be_visible()
    mine.get_by_role("switch", name=name).click()
    expect(theirs.get_by_role("switch", name=name)).to_have_attribute("aria-checked", "false")
    with opened(company.database_url) as fairlead:
        inactive = fairlead.catalogue.operators(active=False, limit=9, after=None)
        assert [each.name for each in inactive.items] == ["Bob"]
    theirs.get_by_role("switch", name=name).click()
    expect(mine.get_by_role("switch", name=name)).to_have_attribute("aria-checked", "true")


def test_what_somebody_is_typing_is_left_alone(company: Company, look: Look) -> None:
    page = look(company).page(f"{company.url}/sources/telegram")
    expect(page.locator("[data-live]")).to_be_visible()
    field = page.get_by_label("Weight of Ann")
    field.fill("77")
    company.register("telegram", "+79162220003")
    time.sleep(1.5)
    expect(field).to_have_value("77")


def test_a_server_does_not_wait_for_open_pages_when_it_is_to_end(
    empty_server: Company, look: Look
) -> None:
    window = look(empty_server)
    page = window.page(f"{empty_server.url}/")
    expect(page.locator("[data-live]")).to_be_visible()
    process = empty_server.server.process
    process.send_signal(signal.SIGTERM)
    # Event streams never end by themselves; the server cuts requests off after thirty seconds.
    assert process.wait(15) is not None
    # The page has noticed, and the browser says so.
    expect(page.locator("[data-live]")).to_be_hidden()
    window.expected = "ERR_|htmx:"
