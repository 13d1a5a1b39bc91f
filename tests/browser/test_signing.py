"""Signing in and out in a browser, and what a viewer is shown."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from application.keys import CreateKey, RevokeKey
from domain.access import Role
from tests.browser.conftest import Company, Look, Looker
from tests.e2e.server import FAIRLEAD_SERVE, migrated, opened, started


@pytest.fixture
def guarded(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A small company with a key for each role; a new one each time, as one may try ten keys."""
    migrated(sqlite_url)
    with started(sqlite_url, tmp_path_factory.mktemp("guarded"), FAIRLEAD_SERVE) as server:
        company = Company(server, sqlite_url)
        company.hire("Ann", 5)
        company.open("telegram", "Telegram", Ann=1)
        company.register("telegram", "+79160000001", "Lead One")
        with opened(sqlite_url) as fairlead:
            company.keys = {
                role: fairlead.create_key(CreateKey(role, f"The {role.value}")).secret
                for role in Role
            }
        company.until_keys_count()
        yield company
        server.stop()
        assert "Traceback" not in server.said()


def fill(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def signed_in(guarded: Company, window: Looker, role: Role) -> Page:
    page = window.page(f"{guarded.url}/")
    fill(page, guarded.keys[role])
    expect(page.locator(".notice")).to_have_text("You are signed in.")
    return page


def only_statuses(window: Looker, *statuses: str) -> None:
    """Allow the browser to complain of these answers, and of nothing else."""
    window.expected = "|".join(statuses)


def test_a_key_opens_the_console_and_signing_out_closes_it(guarded: Company, look: Look) -> None:
    window = look(guarded)
    page = window.page(f"{guarded.url}/operators")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(page.get_by_role("navigation")).to_have_count(0)
    fill(page, guarded.keys[Role.ADMIN])
    expect(page.locator(".notice")).to_have_text("You are signed in.")
    expect(page.locator("[data-live]")).to_be_visible()
    expect(page.get_by_text("The admin · administrator")).to_be_visible()
    page.get_by_role("link", name="Operators", exact=True).click()
    page.get_by_label("Name").fill("Bob")
    page.get_by_role("button", name="Add the operator").click()
    expect(page.locator(".notice")).to_have_text("Added: Bob.")
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.get_by_role("button", name="Выйти").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Войти")
    page.goto(f"{guarded.url}/operators")
    expect(page.get_by_role("heading", level=1)).to_have_text("Войти")
    # The page was fetching something when its session ended.
    only_statuses(window, "401")


def test_the_documentation_can_be_read_with_a_session(guarded: Company, look: Look) -> None:
    page = signed_in(guarded, look(guarded), Role.VIEWER)
    page.get_by_role("link", name="API", exact=True).click()
    # A bundle of a megabyte is compiled and drawn first, while other tests use the processors.
    expect(page.get_by_text("/v1/contacts/batch")).to_be_visible(timeout=30_000)


def test_a_wrong_key_is_a_sentence_and_after_ten_it_is_another(
    guarded: Company, look: Look
) -> None:
    window = look(guarded)
    page = window.page(f"{guarded.url}/")
    for _ in range(10):
        fill(page, "flk_wrong")
        expect(page.get_by_role("alert")).to_contain_text("This key does not work")
    fill(page, "flk_wrong")
    expect(page.get_by_role("alert")).to_contain_text("Too many keys were tried")
    assert window.context.cookies() == []
    only_statuses(window, "401", "429")


def test_the_cookie_is_the_browsers_alone(guarded: Company, look: Look) -> None:
    window = look(guarded)
    page = signed_in(guarded, window, Role.VIEWER)
    (cookie,) = window.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)
    assert page.evaluate("document.cookie") == ""
    assert guarded.keys[Role.VIEWER][15:] not in str(cookie)


def test_a_session_ends_with_its_key(guarded: Company, look: Look) -> None:
    window = look(guarded)
    page = signed_in(guarded, window, Role.VIEWER)
    with opened(guarded.database_url) as fairlead:
        fairlead.revoke_key(RevokeKey(guarded.keys[Role.VIEWER][:14]))
    for _ in range(100):
        # The page itself may already be on its way to the sign-in.
        with suppress(PlaywrightError):
            page.goto(f"{guarded.url}/operators")
        if page.url.endswith("/sign-in"):
            break
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    only_statuses(window, "401")


def test_an_open_page_does_not_outlive_its_key(guarded: Company, look: Look) -> None:
    """Nobody touches it: the next change, or the end of its stream, takes it to the sign-in."""
    window = look(guarded)
    page = signed_in(guarded, window, Role.VIEWER)
    expect(page.locator("[data-live]")).to_be_visible()
    with opened(guarded.database_url) as fairlead:
        fairlead.revoke_key(RevokeKey(guarded.keys[Role.VIEWER][:14]))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in", timeout=40_000)
    only_statuses(window, "401")


def test_a_viewer_sees_no_button_of_what_it_may_not_do(guarded: Company, look: Look) -> None:
    page = signed_in(guarded, look(guarded), Role.VIEWER)
    own = {"Search", "Sign out", "English", "Русский", "Light", "Dark", "System"}
    for path in (
        "/",
        "/operators",
        f"/operators/{guarded.operators['Ann']}",
        "/sources",
        "/sources/telegram",
        f"/contacts/{guarded.contacts[0]}",
        "/try",
    ):
        page.goto(guarded.url + path)
        buttons = page.locator("main, header, footer").locator("button:enabled").all()
        assert {each.inner_text() for each in buttons} == own, path
        expect(page.get_by_role("link", name="Try it")).to_have_count(0)


def test_a_form_that_a_viewer_forces_is_refused_and_changes_nothing(
    guarded: Company, look: Look
) -> None:
    window = look(guarded)
    page = signed_in(guarded, window, Role.VIEWER)
    page.goto(f"{guarded.url}/contacts/{guarded.contacts[0]}")
    page.evaluate(
        """path => {
            const form = document.querySelector("form[action$=sign-out]");
            form.action = path;
            form.submit();
        }""",
        f"{guarded.url}/contacts/{guarded.contacts[0]}/close",
    )
    expect(page.get_by_role("alert")).to_have_text("Your key does not permit this.")
    with opened(guarded.database_url) as fairlead:
        held = fairlead.statistics.operators()
    assert [each.operator.load for each in held] == [1]
    only_statuses(window, "403")


def test_a_supervisor_pauses_and_closes_and_hires_nobody(guarded: Company, look: Look) -> None:
    page = signed_in(guarded, look(guarded), Role.SUPERVISOR)
    page.goto(f"{guarded.url}/operators/{guarded.operators['Ann']}")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.get_by_role("button", name="Close").first.click()
    expect(page.get_by_text("Nothing open.")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".notice")).to_contain_text("paused")
    page.goto(f"{guarded.url}/operators")
    expect(page.get_by_role("button", name="Add the operator")).to_have_count(0)
    page.get_by_role("switch").click()
    expect(page.locator(".notice")).to_contain_text("takes contacts again")


def test_the_sign_in_is_reached_by_the_keyboard(guarded: Company, look: Look) -> None:
    page = look(guarded).page(f"{guarded.url}/")
    page.get_by_label("API key").focus()
    page.keyboard.type(guarded.keys[Role.VIEWER])
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_have_text("You are signed in.")
