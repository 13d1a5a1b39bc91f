"""The pages of endpoints: a walk with a real receiver, and how they look in every state."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from standardwebhooks import Webhook

from tests.browser.conftest import SCREENSHOTS, Company, Look, following
from tests.browser.test_narrow import LONG, OUTSIDE, WIDER
from tests.browser.test_pages import settled
from tests.e2e.server import FAIRLEAD_SERVE, migrated, started, until

LONG_PATH: Final = "x" * 1900


@dataclass
class Receiver:
    """Answers each message with the status that its path begins with, or with its own.

    Attributes:
        url: without a path.
        got: headers and body of each message.
    """

    url: str
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            first = self.path.split("/")[1]
            self.send_response(int(first) if first.isdigit() else opened.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            opened.got.append(({name.lower(): each for name, each in self.headers.items()}, body))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        opened = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield opened
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A small company whose server may send to this machine."""
    folder = tmp_path_factory.mktemp("told")
    url = f"sqlite:///{folder / 'fairlead.db'}"
    migrated(url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAIRLEAD_ENDPOINT_HOSTS", "127.0.0.1")
        with started(url, folder, FAIRLEAD_SERVE) as server:
            made = Company(server, url)
            made.hire("Ann", 1000)
            made.open("telegram", "Telegram", Ann=1)
            yield made
            server.stop()
            assert "Traceback" not in server.said()


@pytest.fixture(scope="module")
def ailing(told: Company, receiver: Receiver) -> tuple[str, str]:
    """Return the ids of two endpoints with long names, of which one fails and one is disabled."""
    ids = []
    for status in (500, 410):
        answer = told.call(
            "POST",
            "/endpoints",
            {
                "url": f"{receiver.url}/{status}/{LONG_PATH}",
                "description": f"{status} {LONG}"[:200],
            },
        )
        ids.append(answer.json()["id"])
    told.register("telegram", "+79161000001")
    for each in ids:
        until(lambda each=each: state(told, each)["last_error"] is not None, told.server)  # type: ignore[misc]
    failing, disabled = ids
    assert state(told, failing)["state"] == "enabled"
    assert state(told, disabled)["state"] == "disabled"
    return failing, disabled


def state(told: Company, endpoint: str) -> dict[str, object]:
    shown: dict[str, object] = told.call("GET", f"/endpoints/{endpoint}").json()
    return shown


def added(page: Page, url: str, description: str) -> str:
    """Add an endpoint; return its secret."""
    page.get_by_label("URL").fill(url)
    page.get_by_label("Description").fill(description)
    page.get_by_role("button", name="Add the endpoint").click()
    expect(page.locator("#secret")).to_be_visible()
    return page.locator("#secret").inner_text()


def test_an_endpoint_is_added_tried_and_seen_to_fail_and_recover(
    told: Company, receiver: Receiver, look: Look
) -> None:
    window = look(told)
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = following(window.page(f"{told.url}/endpoints"))
    secret = added(page, f"{receiver.url}/hooks", "Chat of the sales team")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret

    # What happens meanwhile takes the secret off no page; a reload does.
    other = following(look(told).page(f"{told.url}/endpoints"))
    receiver.got.clear()
    told.register("telegram", "+79162000001")
    until(lambda: len(receiver.got) >= 2, told.server)
    expect(other.get_by_role("row", name="Chat of the sales team")).to_contain_text("enabled")
    expect(page.locator("#secret")).to_have_text(secret)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Endpoints")
    assert secret not in page.content()

    page.get_by_role("link", name="Chat of the sales team").click()
    receiver.got.clear()
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_text("delivered: the receiver answered 204.")).to_be_visible()
    ((headers, body),) = receiver.got
    assert Webhook(secret).verify(body, headers)["type"] == "endpoint.test"

    receiver.status = 500
    page.get_by_role("button", name="Send a test message").click()
    expect(page.locator("#tried")).to_contain_text(
        "not delivered. The receiver answered 500 Internal Server Error."
    )
    expect(page.locator(".state")).to_have_text("enabled")
    contact = told.register("telegram", "+79162000002")
    expect(page.locator(".state")).to_contain_text("failing for")
    # It is said until something else is done.
    expect(page.locator("#tried")).to_contain_text("not delivered")
    failed = page.get_by_role("row").filter(has_text="Internal Server Error")
    expect(failed).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="after event")).to_have_count(1)
    failed.get_by_role("link").click()
    page.wait_for_url(f"{told.url}/contacts/{contact}")
    page.goto(f"{told.url}/")
    expect(page.get_by_text("Deliveries to Chat of the sales team have been")).to_be_visible()

    receiver.status = 204
    # A page that is being read again may find that its endpoint has just been deleted.
    window.expected = "404"
    page.get_by_role("link", name="Chat of the sales team").click()
    expect(page.locator(".state")).to_have_text("enabled", timeout=60_000)
    expect(page.get_by_text("None at the moment.")).to_be_visible()

    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("button", name="Delete the endpoint").click()
    expect(page.locator(".notice").first).to_have_text("The endpoint is deleted.")


def test_a_page_says_that_a_colleague_has_deleted_its_endpoint(
    told: Company, receiver: Receiver, look: Look
) -> None:
    made = told.call(
        "POST", "/endpoints", {"url": f"{receiver.url}/gone", "description": "Of last year"}
    )
    window = look(told)
    window.expected = "404"
    page = following(window.page(f"{told.url}/endpoints/{made.json()['id']}"))
    told.call("DELETE", f"/endpoints/{made.json()['id']}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such endpoint.")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Of last year")


def test_a_form_keeps_what_is_ticked_while_the_page_changes(
    told: Company, receiver: Receiver, look: Look
) -> None:
    window = look(told)
    page = following(window.page(f"{told.url}/endpoints"))
    page.get_by_text("Only some types of events").click()
    page.get_by_label("assigned contact.assigned").check()
    page.get_by_label("URL").fill("http://10.0.0.1/hooks")
    told.call("POST", "/endpoints", {"url": f"{receiver.url}/other", "description": "Other one"})
    expect(page.get_by_role("row", name="Other one")).to_be_visible()
    expect(page.get_by_label("assigned contact.assigned")).to_be_checked()
    page.get_by_role("button", name="Add the endpoint").click()
    expect(page.get_by_role("alert")).to_contain_text("10.0.0.1 is not public.")
    expect(page.get_by_label("URL")).to_be_focused()
    expect(page.get_by_label("URL")).to_have_value("http://10.0.0.1/hooks")
    expect(page.get_by_label("assigned contact.assigned")).to_be_checked()
    assert Axe().run(page).response["violations"] == []
    # The browser itself reports the 422.
    window.expected = "422"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "locale"), [(390, "ru-RU"), (1440, "en-GB")])
def test_every_state_can_be_read_by_everybody_on_every_screen(
    told: Company, ailing: tuple[str, str], look: Look, width: int, locale: str, theme: str
) -> None:
    phone = width < 400
    view = {"width": width, "height": 844}
    window = look(
        told,
        color_scheme=theme,
        viewport=view,
        is_mobile=phone,
        has_touch=phone,
        locale=locale,
    )
    failing, disabled = ailing
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = window.page(f"{told.url}/endpoints")
    for name, path in (
        ("endpoints", "/endpoints"),
        ("endpoint-failing", f"/endpoints/{failing}"),
        ("endpoint-disabled", f"/endpoints/{disabled}"),
        ("overview-failing", "/"),
    ):
        page.goto(told.url + path)
        settled(page)
        for each in page.locator("main details").all():
            each.locator("summary").click()
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{theme}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name
        assert page.evaluate(WIDER) <= 0, name
        assert page.evaluate(OUTSIDE) == [], name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_secret_can_be_read_by_everybody(
    told: Company, ailing: tuple[str, str], look: Look, theme: str
) -> None:
    view = {"width": 390, "height": 844}
    window = look(told, color_scheme=theme, viewport=view, is_mobile=True, has_touch=True)
    page = window.page(f"{told.url}/endpoints/{ailing[0]}")
    page.get_by_text("New secret", exact=True).click()
    page.get_by_role("button", name="Make a new secret").click()
    expect(page.locator("#secret")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / f"endpoint-secret-390-{theme}.png", full_page=True)
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate(WIDER) <= 0
    assert page.evaluate(OUTSIDE) == []
