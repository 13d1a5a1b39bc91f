"""A real Chromium, and a real server with a small company for it to look at."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from domain.access import Role
from tests.e2e.server import FAIRLEAD_SERVE, Server, get, migrated, started, until

CHROMIUM = (
    os.environ.get("FAIRLEAD_CHROMIUM")
    # It draws no window, so it takes half the time.
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
)
REQUIRED = os.environ.get("FAIRLEAD_BROWSER_TESTS") == "required"
ELSEWHERE = "fairlead.test"
"""Another name for this machine: browsers treat it like any server without HTTPS."""
SCREENSHOTS = Path(os.environ.get("FAIRLEAD_SCREENSHOTS", "build/screenshots"))
"""Where screenshots of every page go."""


@dataclass
class Company:
    """A server, and what was created on it.

    Attributes:
        operators: ids by name.
        contacts: ids of the registered contacts, oldest first.
        keys: API keys by role, if any were created.
    """

    server: Server
    database_url: str
    operators: dict[str, str] = field(default_factory=dict)
    contacts: list[str] = field(default_factory=list)
    keys: dict[Role, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.server.url}/console"

    def call(self, method: str, path: str, json: object = None) -> httpx.Response:
        with self.server.client() as client:
            answer = client.request(method, f"/v1{path}", json=json)
        assert answer.is_success, answer.text
        return answer

    def until_keys_count(self) -> None:
        """Wait until the server knows that there are keys."""
        until(lambda: get(self.server, "/v1/operators") == 401, self.server)

    def hire(self, name: str, capacity: int) -> str:
        answer = self.call("POST", "/operators", {"name": name, "capacity": capacity})
        self.operators[name] = answer.json()["id"]
        return self.operators[name]

    def open(self, key: str, name: str, **weights: int) -> None:
        self.call("POST", "/sources", {"key": key, "name": name})
        allocations = [
            {"operator_id": self.operators[each], "weight": weight}
            for each, weight in weights.items()
        ]
        self.call("PUT", f"/sources/{key}/allocations", {"allocations": allocations})

    def register(self, source: str, phone: str, name: str | None = None) -> str:
        body = {
            "source": source,
            "lead": {"name": name, "identities": {"phone": phone}},
            "payload": {"text": "<b>Is it in stock?</b>"},
        }
        contact: str = self.call("POST", "/contacts", body).json()["id"]
        self.contacts.append(contact)
        return contact


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for one module only: while it is open, no test can run an event loop."""
    if CHROMIUM is None:
        if REQUIRED:
            pytest.fail("no chromium, and FAIRLEAD_BROWSER_TESTS=required asks for it")
        pytest.skip("no chromium on this machine; install it, or name one by FAIRLEAD_CHROMIUM")
    with sync_playwright() as playwright:
        # The sandbox needs kernel features that containers seldom offer; every page is our own.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def empty_server(sqlite_url: str, tmp_path: Path) -> Iterator[Company]:
    """A server with an empty database."""
    migrated(sqlite_url)
    with started(sqlite_url, tmp_path, FAIRLEAD_SERVE) as server:
        yield Company(server, sqlite_url)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Ann serves two sources, Bob and Cid one of them each; a third source has no operator."""
    folder = tmp_path_factory.mktemp("company")
    url = f"sqlite:///{folder / 'fairlead.db'}"
    migrated(url)
    with started(url, folder, FAIRLEAD_SERVE) as server:
        made = Company(server, url)
        for name, capacity in (("Ann", 50), ("Bob", 50), ("Cid", 2)):
            made.hire(name, capacity)
        made.open("telegram", "Telegram", Ann=10, Bob=30)
        made.open("site", "Site chat", Ann=10, Cid=10)
        made.open("night", "Night line")
        for number in range(24):
            made.register("telegram", f"+7916100{number:04d}", f"Lead {number}")
        made.register("night", "+79161110000", "Oleg Waiting")
        yield made
        server.stop()
        assert "Traceback" not in server.said()


@dataclass
class Looker:
    """A browser context that records everything that goes wrong in it.

    Attributes:
        faults: messages of the browser's console, script errors, and requests to other hosts.
        expected: a pattern for what the browser may complain about, or None.
    """

    context: BrowserContext
    host: str
    faults: list[str] = field(default_factory=list)
    expected: str | None = None

    def __post_init__(self) -> None:
        self.context.on("page", self._watch)

    def page(self, url: str) -> Page:
        page = self.context.new_page()
        page.goto(url)
        return page

    def _watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("request", lambda asked: self._check(asked.url))

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self._note(said.text)

    def _check(self, url: str) -> None:
        if not url.startswith((self.host, "data:", "blob:")):
            self._note(f"left the host: {url}")

    def _note(self, fault: str) -> None:
        self.faults.append(fault)

    def unexpected(self) -> list[str]:
        return [
            each for each in self.faults if not (self.expected and re.search(self.expected, each))
        ]


Look = Callable[..., Looker]


@pytest.fixture
def look(chromium: Browser) -> Iterator[Look]:
    """Return a function that opens a window; no window may have an unexpected fault."""
    opened: list[Looker] = []

    def opener(company: Company, **options: object) -> Looker:
        context = chromium.new_context(**{"locale": "en-GB", **options})  # type: ignore[arg-type]
        context.set_default_timeout(timedelta(seconds=15).total_seconds() * 1000)
        looker = Looker(context, company.server.url)
        opened.append(looker)
        return looker

    yield opener
    for each in opened:
        each.context.close()
    assert [fault for each in opened for fault in each.unexpected()] == []


def following(page: Page) -> Page:
    """Wait until a page receives events and has caught up."""
    expect(page.locator("footer [data-live]")).to_be_visible()
    return page


def figure(text: str) -> int:
    """Return the first whole number in a text."""
    found = re.search(r"\d+", text)
    assert found, text
    return int(found[0])
