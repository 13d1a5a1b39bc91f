"""A browser lets pages of the named origins call the API, and no others."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from application.keys import CreateKey
from domain.access import Role
from tests.browser.conftest import Company
from tests.e2e.server import FAIRLEAD_SERVE, migrated, opened, started

_FETCH = """async ([url, method, headers, body]) => {
    try {
        const answer = await fetch(url, { method, headers, body });
        const text = await answer.text();
        return { status: answer.status, text, ...Object.fromEntries(answer.headers) };
    } catch (error) {
        return { error: error.name };
    }
}"""


class _Blank(BaseHTTPRequestHandler):
    """Serves one page, with nothing on it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another page</title><link rel=icon href=data:,>")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name
        pass


@contextmanager
def page_of_another_origin() -> Iterator[str]:
    """Serve a page; yield its origin."""
    pages = ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{pages.server_port}"
    finally:
        pages.shutdown()
        pages.server_close()


@pytest.fixture
def origins() -> Iterator[tuple[str, str]]:
    """The origins of two pages; only the first is named in the settings."""
    with page_of_another_origin() as named, page_of_another_origin() as stranger:
        yield named, stranger


@pytest.fixture
def sharing(
    origins: tuple[str, str], sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Company]:
    """A company whose API pages of one origin may call."""
    monkeypatch.setenv("FAIRLEAD_CORS_ORIGINS", origins[0])
    migrated(sqlite_url)
    with started(sqlite_url, tmp_path, FAIRLEAD_SERVE) as server:
        company = Company(server, sqlite_url)
        company.hire("Ann", 5)
        company.open("telegram", "Telegram", Ann=1)
        with opened(sqlite_url) as fairlead:
            company.keys[Role.INTAKE] = fairlead.create_key(CreateKey(Role.INTAKE)).secret
        company.until_keys_count()
        yield company
        server.stop()
        assert "Traceback" not in server.said()


def test_a_page_of_a_named_origin_registers_and_no_other_page_does(
    sharing: Company, origins: tuple[str, str], chromium: Browser
) -> None:
    key = {"Authorization": f"Bearer {sharing.keys[Role.INTAKE]}"}
    sent = {"Content-Type": "application/json", "Idempotency-Key": "1", "X-Request-Id": "mine"}
    body = '{"source": "telegram", "lead": {"identities": {"telegram": "ivan"}}}'
    registering = [f"{sharing.server.url}/v1/contacts", "POST", key | sent, body]
    window = chromium.new_context()
    named, stranger = origins

    page = window.new_page()
    page.goto(named)
    first = page.evaluate(_FETCH, registering)
    assert (first["status"], first["x-request-id"]) == (201, "mine")
    assert first["location"].startswith("/v1/contacts/")
    assert '"name":"Ann"' in first["text"]
    again = page.evaluate(_FETCH, registering)
    assert (again["status"], again["idempotency-replayed"]) == (200, "true")
    # Errors are read, whoever refuses the call.
    refused = page.evaluate(_FETCH, [registering[0], "POST", sent, body])
    assert refused["status"] == 401
    assert '"unauthenticated"' in refused["text"]
    unknown = page.evaluate(_FETCH, [*registering[:3], body.replace("telegram", "nowhere", 1)])
    assert '"unknown_source"' in unknown["text"]
    for path in ("/console/", "/healthz", "/openapi.json"):
        hidden = page.evaluate(_FETCH, [f"{sharing.server.url}{path}", "GET", {}, None])
        assert hidden == {"error": "TypeError"}, path

    page.goto(stranger)
    assert page.evaluate(_FETCH, registering) == {"error": "TypeError"}
    read = [f"{sharing.server.url}{first['location']}", "GET", key, None]
    assert page.evaluate(_FETCH, read) == {"error": "TypeError"}
    window.close()
