"""A real server below a path, behind a proxy that strips the path from requests or does not."""

import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from tests.e2e.server import FAIRLEAD_SERVE, Server, contact, furnish, migrated, started, until
from tests.e2e.test_slow_clients import send
from tests.entrypoints.http.keys import bearer

ROOT = "/fairlead"
OUTSIDE = "this is another service"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Proxy(BaseHTTPRequestHandler):
    """Passes on requests below the path, as nginx would, and answers all others itself."""

    target: ClassVar[str]
    strips: ClassVar[bool]

    def forward(self) -> None:
        if not self.path.startswith(f"{ROOT}/"):
            self.send_error(404, OUTSIDE)
            return
        path = self.path.removeprefix(ROOT) if self.strips else self.path
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        upstream = http.client.HTTPConnection(self.target, timeout=30)
        upstream.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(body or None)
        # A client that has seen enough of a stream hangs up.
        with closing(upstream), suppress(BrokenPipeError):
            self.answer(upstream.getresponse())

    def answer(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.end_headers()
        while some := answer.read1(65536):
            self.wfile.write(some)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.forward
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name
        pass


@contextmanager
def proxied(server: Server, *, strips: bool) -> Iterator[httpx.Client]:
    """Run a proxy in front of a server; yield a client of that proxy."""
    about = {"target": urlsplit(server.url).netloc, "strips": strips}
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), type("Proxy", (Proxy,), about))
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{proxy.server_port}"
    try:
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            yield client
    finally:
        proxy.shutdown()
        proxy.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("below")
    url = f"sqlite:///{folder / 'fairlead.db'}"
    migrated(url)
    furnish(url, 1, 2)
    with started(url, folder, (*FAIRLEAD_SERVE, "--root-path", "fairlead/")) as server:
        assert f"{ROOT}/docs" in server.said()
        yield server
        server.stop()
        assert "Traceback" not in server.said()


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """An administrator's key that the server already knows."""
    with server.client() as client:
        made = client.post(f"{ROOT}/v1/keys", json={"role": "admin"})
        assert made.headers["location"] == f"{ROOT}/v1/keys/{made.json()['prefix']}"
        until(lambda: client.get("/v1/operators").status_code == 401, server)
    return str(made.json()["key"])


@pytest.fixture(params=[True, False], ids=["taken off", "passed on"])
def client(request: pytest.FixtureRequest, server: Server) -> Iterator[httpx.Client]:
    with proxied(server, strips=request.param) as opened_client:
        yield opened_client


class Links(HTMLParser):
    """What a page links to, loads, or sends forms to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: set[str] = set()
        self.sent: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        given = {name: value for name, value in attrs if value is not None}
        for name in ("href", "src", "hx-get", "data-from"):
            if name in given:
                self.loaded.add(given[name])
        if "action" in given:
            (self.sent if given.get("method") == "post" else self.loaded).add(given["action"])
        assert given.get("data-events", f"{ROOT}/console/events") == f"{ROOT}/console/events"


def sign_in(client: httpx.Client, key: str) -> httpx.Response:
    return client.post(f"{ROOT}/console/sign-in", content=f"key={key}", headers=FORM)


def test_every_link_of_the_console_and_the_documentation_leads_below_the_path(
    client: httpx.Client, key: str
) -> None:
    answer = client.post(f"{ROOT}/v1/contacts", json=contact("ivan"), headers=bearer(key))
    assert answer.status_code in {200, 201}
    place = answer.headers["location"]
    assert place == f"{ROOT}/v1/contacts/{answer.json()['id']}"
    assert client.get(place, headers=bearer(key)).json()["id"] == answer.json()["id"]

    signed_in = sign_in(client, key)
    assert signed_in.headers["location"].startswith(f"{ROOT}/console/")
    assert f"Path={ROOT};" in signed_in.headers["set-cookie"]

    seen, left = set[str](), [f"{ROOT}/", f"{ROOT}/docs", f"{ROOT}/docs/problems"]
    while left:
        path = left.pop()
        page = client.get(path, follow_redirects=True)
        assert page.status_code == 200, (path, page.text)
        assert OUTSIDE not in page.text
        seen.add(path)
        if not page.headers["content-type"].startswith("text/html"):
            continue
        links = Links(page.text)
        for each in links.sent:
            assert "POST" in client.options(urljoin(str(page.url), each)).headers["allow"]
        for each in links.loaded:
            address = urlsplit(urljoin(str(page.url), each))
            assert address.path.startswith(f"{ROOT}/"), (path, each)
            found = address.path + (f"?{address.query}" if address.query else "")
            if found not in seen and found not in left and not found.endswith(f"#{ROOT}"):
                left.append(found)
    kinds = ("contacts", "leads", "operators", "sources", "statistics", "static", "audit", "try")
    for kind in kinds:
        assert any(each.startswith(f"{ROOT}/console/{kind}") for each in seen), kind
    assert f"{ROOT}/static/docs.js" in seen
    assert f"{ROOT}/docs/problems/unknown_source" in seen


def test_forms_redirects_cookies_and_the_stream_stay_below_the_path(
    client: httpx.Client, key: str
) -> None:
    stranger = client.get(f"{ROOT}/console/sources", headers={"Accept": "text/html"})
    assert stranger.headers["location"] == f"{ROOT}/console/sign-in"
    part = client.get(f"{ROOT}/console/sources", headers={"HX-Request": "true"})
    assert part.headers["hx-redirect"] == f"{ROOT}/console/sign-in"

    sign_in(client, key)
    assert {each.path for each in client.cookies.jar} == {ROOT}
    page = client.get(f"{ROOT}/console/operators").text
    (token,) = {*re.findall(r'name="form-token" value="([^"]+)"', page)}
    # A browser sends this with a form that comes from this very host.
    form = FORM | {"Origin": str(client.base_url).rstrip("/")}
    chosen = client.post(
        f"{ROOT}/console/preferences",
        content=f"form-token={token}&language=ru&here={ROOT}/console/operators",
        headers=form,
    )
    assert chosen.headers["location"] == f"{ROOT}/console/operators"
    assert f"Path={ROOT}/console;" in chosen.headers["set-cookie"]
    made = client.post(
        f"{ROOT}/console/operators",
        content=f"form-token={token}&name=Anna&capacity=1",
        headers=form,
    )
    assert made.headers["location"].startswith(f"{ROOT}/console/operators/")
    assert client.get(made.headers["location"]).status_code == 200
    with client.stream("GET", f"{ROOT}/console/events") as events:
        assert events.status_code == 200
        assert "event: changed" in next(events.iter_text())
    assert client.head(f"{ROOT}/console/events").headers["content-type"].startswith("text/event")

    gone = client.post(f"{ROOT}/console/sign-out", content=f"form-token={token}", headers=form)
    assert gone.headers["location"] == f"{ROOT}/console/sign-in"
    assert "fairlead_session" not in {each.name for each in client.cookies.jar}


def test_the_document_names_the_path_and_calls_say_where_they_are(
    client: httpx.Client, key: str
) -> None:
    assert client.get(f"{ROOT}/openapi.json", headers=bearer(key)).json()["servers"] == [
        {"url": ROOT}
    ]
    missing = client.get(f"{ROOT}/nowhere", headers=bearer(key))
    assert (missing.status_code, f"{ROOT}/docs" in missing.json()["detail"]) == (404, True)
    misspelt = client.get(f"{ROOT}/v1/contacts?sate=waiting", headers=bearer(key))
    assert "did you mean state?" in misspelt.json()["detail"]
    wrong = client.delete(f"{ROOT}/v1/operators", headers=bearer(key))
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    made = client.post(
        f"{ROOT}/v1/operators", json={"name": "Eve", "capacity": 1}, headers=bearer(key)
    )
    place = made.headers["location"]
    assert place == f"{ROOT}/v1/operators/{made.json()['id']}"
    assert client.get(place, headers=bearer(key)).headers["etag"] == made.headers["etag"]


def test_what_is_refused_before_it_has_arrived_has_its_page_below_the_path_too(
    server: Server,
) -> None:
    refused = send(server, b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 5_000_000)
    assert refused.status == 431
    assert f'"type":"{ROOT}/docs/problems/headers_too_large"'.encode() in refused.answer


def test_who_looks_after_the_process_needs_no_path(server: Server, key: str) -> None:
    with server.client() as client:
        assert client.get("/healthz").json() == {"status": "alive"}
        assert client.get(f"{ROOT}/healthz").json() == {"status": "alive"}
        # Without its trailing slash, it is the same place.
        front = client.get(ROOT, headers=bearer(key))
        assert front.headers["location"] == f"{ROOT}/console/"
        assert client.get(f"{ROOT}x", headers=bearer(key)).status_code == 404
