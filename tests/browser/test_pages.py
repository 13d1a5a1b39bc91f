"""Every page, in both themes and languages, on a phone, and checked for accessibility."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCREENSHOTS, Company, Look

PAGES = {
    "overview": "/",
    "sources": "/sources",
    "source": "/sources/telegram",
    "contacts": "/contacts",
    "operators": "/operators",
    "weights": "/weights",
    "operator": "/operators/{operator}",
    "contact": "/contacts/{contact}",
    "waiting": "/contacts/{waiting}",
    "lead": "/leads/{lead}",
    "search": "/search?q=Lead",
    "statistics": "/statistics",
    "report": "/report?week={week}",
    "no-endpoints": "/endpoints",
    "audit": "/audit",
    "try": "/try",
    "nothing": "/search?q=nobody",
    "sign-in": "/sign-in",
}
MISSING = "/contacts/00000000-0000-7000-8000-000000000000"


def address(company: Company, path: str) -> str:
    contact = company.contacts[0]
    lead = company.call("GET", f"/contacts/{contact}").json()["lead"]["id"]
    return company.url + path.format(
        operator=company.operators["Ann"],
        contact=contact,
        waiting=company.contacts[24],
        week="{0.year}-W{0.week:02}".format(datetime.now(UTC).isocalendar()),
        lead=lead,
    )


def settled(page: Page) -> Page:
    """Wait until charts are drawn and times are in the viewer's time zone."""
    page.wait_for_function("() => !document.querySelector('time')?.textContent.includes('UTC')")
    for chart in page.query_selector_all("[data-chart]"):
        chart.wait_for_selector(".uplot, :scope:not(:empty)", state="attached")
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn_and_keeps_the_rules_of_accessibility(
    company: Company, look: Look, name: str, theme: str
) -> None:
    window = look(company, color_scheme=theme, viewport={"width": 1280, "height": 900})
    page = settled(window.page(address(company, PAGES[name])))
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{theme}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_speaks_russian_and_fits_on_a_phone(company: Company, look: Look, name: str) -> None:
    """In Russian, because its words are longer."""
    phone = {"width": 360, "height": 740}
    window = look(company, viewport=phone, is_mobile=True, has_touch=True, locale="ru-RU")
    page = settled(window.page(address(company, PAGES[name])))
    assert page.get_attribute("html", "lang") == "ru"
    expect(page.get_by_role("button", name="Светлая")).to_be_visible()
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0


def test_a_chart_writes_times_as_its_viewers_do(company: Company, look: Look) -> None:
    """Russian has no p.m.; the texts are captured as the canvas draws them."""
    page = look(company, locale="ru-RU").page(f"{company.url}/")
    settled(page)
    drawn = page.evaluate(
        """async () => {
          const drawn = [];
          const fillText = CanvasRenderingContext2D.prototype.fillText;
          CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
            drawn.push(text);
            return fillText.call(this, text, ...rest);
          };
          document.querySelector("[data-chart]").plot.redraw();
          await new Promise((drew) => setTimeout(drew, 200));
          return drawn;
        }"""
    )
    times = [each for each in drawn if ":" in each]
    assert times
    assert not [each for each in drawn if re.search(r"[a-z]m$|/", each)]


def test_language_and_colours_can_be_chosen_and_stay_chosen(company: Company, look: Look) -> None:
    page = look(company).page(f"{company.url}/operators")
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Операторы")
    page.get_by_role("button", name="Тёмная").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url == f"{company.url}/operators"
    page.goto(f"{company.url}/sources")
    expect(page.get_by_role("heading", level=1)).to_have_text("Источники")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sources")


def test_times_are_in_the_zone_of_the_viewer(company: Company, look: Look) -> None:
    shown = {
        zone: settled(look(company, timezone_id=zone).page(address(company, "/contacts/{contact}")))
        .locator("main time[title]")
        .first.text_content()
        for zone in ("Europe/Moscow", "America/New_York")
    }
    assert len(set(shown.values())) == 2


@pytest.mark.parametrize(("locale", "text"), [("en-GB", "8 h 3 min"), ("ru-RU", "8 ч 3 мин")])
def test_how_long_somebody_waits_is_counted_on(
    company: Company, look: Look, locale: str, text: str
) -> None:
    page = look(company, locale=locale).page(address(company, "/contacts/{waiting}"))
    shown = page.evaluate(
        """async () => {
          const { showTimes } = await import("/console/static/times.js");
          const waits = document.querySelector("[data-show=waited]");
          waits.dateTime = new Date(Date.now() - 28980e3).toISOString();
          showTimes(document);
          return waits.textContent;
        }"""
    )
    assert shown == text


def test_everything_can_be_reached_by_the_keyboard(company: Company, look: Look) -> None:
    page = look(company).page(f"{company.url}/sources/telegram")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    reached = set(walked(page))
    for each in page.query_selector_all(
        "main a, main button, main input:not([type=hidden]), main select"
    ):
        assert each.evaluate("each => each.outerHTML") in reached


def walked(page: Page) -> Iterator[str]:
    """Press Tab through the whole page; yield the HTML of each element that gets the focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        html = page.evaluate("document.activeElement.outerHTML")
        if html.startswith("<body"):
            return
        yield html


def test_what_is_not_there_is_said_so(company: Company, look: Look) -> None:
    window = look(company)
    page = window.page(company.url + MISSING)
    expect(page.get_by_role("alert")).to_have_text("There is no such contact.")
    # The browser itself reports the 404.
    window.expected = "404"


def test_what_people_typed_is_shown_as_text(company: Company, look: Look) -> None:
    company.register("telegram", "+79169990001", "<img src=x onerror=alert(1)>")
    page = look(company).page(f"{company.url}/contacts/{company.contacts[-1]}")
    expect(page.get_by_role("link", name="<img src=x onerror=alert(1)>")).to_be_visible()
    expect(page.locator("pre")).to_contain_text("<b>Is it in stock?</b>")


def test_no_page_may_be_kept_framed_or_scripted(company: Company) -> None:
    with company.server.client() as client:
        for path in PAGES.values():
            headers = client.get(address(company, path)).headers
            assert headers["cache-control"] == "no-store"
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
