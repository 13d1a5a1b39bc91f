"""Keyboard shortcuts, and the icon of the tab."""

from playwright.sync_api import expect

from tests.browser.conftest import Company, Look, following


def test_keys_lead_to_pages_and_are_listed(company: Company, look: Look) -> None:
    page = following(look(company).page(f"{company.url}/"))
    shortcuts = page.get_by_role("dialog", name="Shortcuts")
    expect(shortcuts).to_be_hidden()
    page.keyboard.press("?")
    expect(shortcuts).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("w")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.keyboard.press("Escape")
    expect(shortcuts).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("w")
    expect(page.get_by_role("heading", level=1)).to_have_text("Weights")
    following(page).keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search")
    expect(search).to_be_focused()
    # Who types, types.
    page.keyboard.type("g?o/")
    expect(search).to_have_value("g?o/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Weights")


def test_the_place_of_a_key_counts_where_it_has_another_letter(
    company: Company, look: Look
) -> None:
    page = following(look(company, locale="ru-RU").page(f"{company.url}/"))
    for code, key in (("KeyG", "\u043f"), ("KeyS", "\u044b")):
        page.evaluate(
            "(init) => document.body.dispatchEvent("
            "new KeyboardEvent('keydown', {...init, bubbles: true}))",
            {"code": code, "key": key},
        )
    expect(page.get_by_role("heading", level=1)).to_have_text("Источники")


def test_the_icon_says_that_somebody_waits(empty_server: Company, look: Look) -> None:
    ann = empty_server.hire("Ann", 1)
    empty_server.open("telegram", "Telegram", Ann=1)
    window = look(empty_server)
    page = following(window.page(f"{empty_server.url}/"))
    icon = page.locator("link[rel=icon]")
    expect(icon).to_have_attribute("href", "/console/static/mark.svg")
    empty_server.register("telegram", "+79160000001")
    empty_server.register("telegram", "+79160000002")
    expect(icon).to_have_attribute("href", "/console/static/mark-waits.svg")
    assert page.request.get(f"{empty_server.server.url}/console/static/mark-waits.svg").ok
    empty_server.call("PATCH", f"/operators/{ann}", {"capacity": 5})
    expect(icon).to_have_attribute("href", "/console/static/mark.svg")
