"""Any number of tabs: one of them listens for events and tells the others, on HTTP/1.1 too."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, Request, expect

from application.keys import CreateKey
from domain.access import Role
from tests.browser.conftest import ELSEWHERE, Company, Look, Looker, figure, following
from tests.e2e.server import FAIRLEAD_SERVE, migrated, opened, started

TABS: Final = 8
"""More than the six connections that browsers make to a host."""
ELECTION: Final = 15_000
"""Milliseconds. Without locks, a leading tab that vanishes is replaced when its lease of three
seconds has run out; all tabs must be told within this time, even on a busy machine."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A small company with a key, so that it also serves callers other than this machine."""
    folder = tmp_path_factory.mktemp("tabs")
    url = f"sqlite:///{folder / 'fairlead.db'}"
    migrated(url)
    with started(url, folder, FAIRLEAD_SERVE) as server:
        company = Company(server, url)
        company.hire("Ann", 50)
        company.open("telegram", "Telegram", Ann=1)
        with opened(url) as fairlead:
            company.keys = {Role.ADMIN: fairlead.create_key(CreateKey(Role.ADMIN)).secret}
        company.until_keys_count()
        yield company


class Streams:
    """Counts the event connections that a window has open."""

    def __init__(self, window: Looker) -> None:
        self._open: set[Request] = set()
        window.context.on("request", self._begin)
        for ended in ("requestfinished", "requestfailed"):
            window.context.on(ended, self._end)

    def _begin(self, request: Request) -> None:
        if request.url.endswith("/events"):
            self._open.add(request)

    def _end(self, request: Request) -> None:
        self._open.discard(request)

    def until_one(self, tab: Page) -> None:
        """Wait until one is left: the leader may change while tabs are being opened."""
        for _ in range(100):
            # A tab's connections end with it, without an event.
            if sum(not each.frame.page.is_closed() for each in self._open) == 1:
                return
            tab.wait_for_timeout(100)
        pytest.fail("never was there one")


def sign_in(guarded: Company, window: Looker, host: str) -> str:
    """Sign in; return the console's URL for that window."""
    url = guarded.url.replace("127.0.0.1", host)
    page = window.page(f"{url}/")
    page.get_by_label("API key").fill(guarded.keys[Role.ADMIN])
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".notice")).to_have_text("You are signed in.")
    page.close()
    return url


def pause(tab: Page, name: str) -> None:
    switch = tab.get_by_role("switch", name=name)
    before = switch.get_attribute("aria-checked")
    switch.click()
    expect(switch).not_to_have_attribute("aria-checked", str(before))


@pytest.mark.parametrize("host", ["127.0.0.1", ELSEWHERE], ids=["locks", "no locks"])
def test_eight_tabs_are_all_told_and_go_on_when_the_one_that_listens_is_closed(
    guarded: Company, look: Look, host: str
) -> None:
    window = look(guarded)
    window.host = guarded.server.url.replace("127.0.0.1", host)
    url = sign_in(guarded, window, host)
    streams = Streams(window)
    tabs = [window.page(f"{url}/operators") for _ in range(TABS)]
    assert tabs[0].evaluate("navigator.locks === undefined") is (host == ELSEWHERE)
    for tab in tabs:
        following(tab)
    streams.until_one(tabs[0])
    for _ in range(2):
        pause(tabs[-1], "Ann")
        said = str(tabs[-1].get_by_role("switch").get_attribute("aria-checked"))
        for tab in tabs:
            expect(tab.get_by_role("switch")).to_have_attribute(
                "aria-checked", said, timeout=ELECTION
            )
        # The first tab listens; the remaining ones elect another.
        tabs.pop(0).close()
    for tab in tabs:
        following(tab)
    streams.until_one(tabs[0])
    for tab in tabs:
        tab.get_by_role("link", name="Sources", exact=True).click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("Sources")
    # On every page, the browser complains of what it cannot do for a site without HTTPS.
    window.expected = "untrustworthy"


def test_a_tab_that_is_left_by_a_link_goes_on_telling_the_others(
    company: Company, look: Look
) -> None:
    """Its connection ends with the page, and a new one begins with the next."""
    window = look(company)
    first, second = (following(window.page(f"{company.url}/")) for _ in range(2))
    total = second.locator(".figures dd").first
    for path in ("/sources", "/operators", "/try"):
        first.goto(company.url + path)
        before = figure(total.inner_text())
        company.register("telegram", f"+7915{len(company.contacts):07d}")
        expect(total).to_have_text(str(before + 1))


def test_a_tab_that_nobody_looks_at_catches_up_when_it_is_shown(
    company: Company, look: Look
) -> None:
    page = following(look(company).page(f"{company.url}/"))
    total = page.locator(".figures dd").first
    hide = """hidden => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, arg=True)
    before = figure(total.inner_text())
    company.register("telegram", f"+7915{len(company.contacts):07d}")
    page.wait_for_timeout(1500)
    expect(total).to_have_text(str(before))
    page.evaluate(hide, arg=False)
    expect(total).to_have_text(str(before + 1))
