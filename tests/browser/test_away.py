"""While the server is away, pages stay, say how old they are, and recover by themselves."""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Company, Look, Looker, following
from tests.e2e.server import FAIRLEAD_SERVE, migrated, started

Back = Callable[[], None]


@pytest.fixture
def mortal(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[Company, Back]]:
    """A small company whose server can be killed, and what starts it again on the same port."""
    migrated(sqlite_url)
    with ExitStack() as servers:
        server = servers.enter_context(started(sqlite_url, tmp_path, FAIRLEAD_SERVE))
        company = Company(server, sqlite_url)
        company.hire("Ann", 5)
        company.open("telegram", "Telegram", Ann=1)

        def back() -> None:
            port = int(server.url.rpartition(":")[2])
            servers.enter_context(started(sqlite_url, tmp_path, FAIRLEAD_SERVE, port))

        yield company, back


def refused_only(window: Looker) -> None:
    """Allow the browser to complain that the server was unreachable, and of nothing else."""
    window.expected = "ERR_|503|Failed to load|^htmx:"


def test_a_click_does_not_lose_the_page(mortal: tuple[Company, Back], look: Look) -> None:
    company, back = mortal
    window = look(company)
    page = following(window.page(f"{company.url}/operators"))
    typing = following(window.page(f"{company.url}/try"))
    typing.get_by_label("Message").fill("nearly done")
    company.server.kill()
    page.get_by_role("link", name="Sources", exact=True).click()
    for each in (page, typing):
        expect(each.get_by_role("alert")).to_contain_text("The server does not answer.")
        expect(each.locator("#away time")).to_have_text(re.compile("ago"))
        expect(each.locator("footer [data-live]")).to_be_hidden()
    assert page.url == f"{company.url}/operators"
    page.get_by_role("switch", name="Ann").click()
    page.get_by_role("link", name="Fairlead").click()
    typing.get_by_label("Number, address or name").fill("+79161234567")
    typing.get_by_role("button", name="Register").click()
    page.wait_for_timeout(500)
    expect(page.get_by_role("heading", level=1)).to_have_text("Operators")
    expect(page.get_by_role("switch", name="Ann")).to_have_attribute("aria-checked", "true")
    expect(typing.get_by_label("Message")).to_have_value("nearly done")
    back()
    company.hire("Bob", 5)
    expect(page.get_by_role("switch", name="Bob takes contacts")).to_be_visible()
    for each in (page, typing):
        expect(each.locator("#away")).to_be_hidden()
        following(each)
    assert page.url == f"{company.url}/operators"
    typing.get_by_role("button", name="Register").click()
    expect(typing.get_by_role("heading", level=1)).to_have_text("Contact")
    page.get_by_role("link", name="Sources", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sources")
    refused_only(window)


def test_a_server_that_stands_still_is_away(company: Company, look: Look) -> None:
    """No connection is cut: only the silence shows it."""
    window = look(company)
    page = window.context.new_page()
    page.clock.install()
    page.goto(f"{company.url}/operators")
    following(page)
    company.server.process.send_signal(signal.SIGSTOP)
    try:
        page.clock.run_for(16_000)
        expect(page.locator("#away")).to_be_visible(timeout=20_000)
        expect(page.locator("#away time")).to_have_text(re.compile("ago"))
    finally:
        company.server.process.send_signal(signal.SIGCONT)
    wake(page)
    refused_only(window)


def wake(page: Page) -> None:
    """Advance a page's clock until it has found its server again."""
    for _ in range(20):
        page.clock.run_for(3_000)
        page.wait_for_timeout(200)
        if not page.locator("#away").is_visible():
            return
    expect(page.locator("#away")).to_be_hidden()


@pytest.mark.parametrize("status", [503, 200], ids=["away", "another's page"])
def test_who_answers_for_the_server_does_not_lose_the_page(
    company: Company, look: Look, status: int
) -> None:
    """It may be a proxy, a service without its database, or the sign-in page of a network."""
    window = look(company)
    page = following(window.page(f"{company.url}/operators"))
    page.route(f"{company.url}/operators", lambda route: route.fulfill(status=status, body="x"))
    company.register("night", f"+7914{len(company.contacts):07d}")
    expect(page.locator("#away")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Operators")
    if status == 503:
        page.get_by_role("link", name="Operators", exact=True).click()
        page.wait_for_timeout(300)
        expect(page.locator("#away")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Operators")
    page.unroute_all()
    expect(page.locator("#away")).to_be_hidden()
    refused_only(window)


def test_what_got_no_answer_is_said_to_be_unknown(company: Company, look: Look) -> None:
    window = look(company)
    page = following(window.page(f"{company.url}/operators"))
    page.route("**/active", lambda route: route.abort())
    page.get_by_role("switch", name="Ann takes contacts").click()
    expect(page.locator(".toast .notice")).to_contain_text("this may or may not have been done")
    expect(page.locator("#away")).to_be_hidden()
    refused_only(window)
