"""Every call of the application, including future ones: HEAD, OPTIONS and query parameters."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.routing import compile_path

from application.endpoints import CreateEndpoint
from entrypoints.edge.calls import Calls
from entrypoints.edge.queries import _garbled
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.contract.given import everything
from tests.entrypoints.http.client import Client, serving_world
from tests.entrypoints.http.expectations import answered, refused
from tests.entrypoints.http.keys import ENDLESS, calls
from tests.support import World, open_world

STREAM = "/console/events"
APP = create_app(Settings(database_url="memory://"))
ALL = sorted(set(calls(APP)))
GETS = [path for method, path in ALL if method == "GET" and path not in ENDLESS]
ASKED = {(method, each.path): each for each in Calls(APP) for method in each.methods - {"HEAD"}}
STRICT = sorted(call for call, each in ASKED.items() if each.parameters is not None)
MOVING = {"x-request-id", "date"}
GARBLED = ["%00", "a%00b", "%FF", "%ED%A0%80", "caf%C3", "%C0%80", "%F4%90%80%80"]


@dataclass
class House:
    """A served application with one of everything.

    Attributes:
        names: the values of path parameters.
    """

    client: Client
    world: World
    names: dict[str, str]

    def filled(self, path: str) -> str:
        if path.endswith("/{path:path}"):
            file = "console.css" if path.startswith("/console/") else "docs.js"
            return path.replace("{path:path}", file)
        return re.sub(r"{([a-z_]+)(:[a-z]+)?}", lambda each: self.names[each[1]], path)


def furnish(world: World) -> dict[str, str]:
    ann = world.operator("Ann")
    world.source((ann, 1))
    contact = world.register()
    endpoint = world.fairlead.create_endpoint(CreateEndpoint("https://1.1.1.1/")).endpoint
    return {
        "code": "unknown_source",
        "contact_id": str(contact.id),
        "endpoint_id": str(endpoint.id),
        "operator_id": str(ann.id),
        "lead_id": str(contact.lead.id),
        "key": "telegram",
        "kind": "telegram",
        "value": "nobody",
        "prefix": "flk_0000000000",
        "table": "shares",
    }


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Shared by all tests: none of their calls changes anything."""
    with open_world() as world:
        names = furnish(world)
        with serving_world(world) as client:
            yield House(client, world, names)


def told(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in MOVING}


def test_the_calls_are_those_of_the_router() -> None:
    assert ASKED.keys() == set(ALL)
    assert len(ALL) > 60


def test_the_parameters_are_those_of_the_document() -> None:
    documented = {
        (method.upper(), path): {
            each["name"]: "array" in str(each["schema"])
            for each in operation.get("parameters", [])
            if each["in"] == "query"
        }
        for path, methods in APP.openapi()["paths"].items()
        for method, operation in methods.items()
    }
    # The document names a path parameter without its converter.
    asked = {
        (method, re.sub(r":[a-z]+}", "}", path)): each.parameters
        for (method, path), each in ASKED.items()
    }
    assert {call: asked[call] for call in documented} == documented
    assert any(any(each.values()) for each in documented.values())


def test_only_pages_and_files_are_opened_with_any_query() -> None:
    lenient = {path for (_, path), each in ASKED.items() if each.parameters is None}
    assert all(each.startswith(("/console/", "/static/")) or each == "/" for each in lenient)
    assert {"/docs", "/openapi.json", "/healthz", "/readyz", "/metrics"} <= {
        path for _, path in STRICT
    }


# HEAD.


@pytest.mark.parametrize("path", GETS)
def test_head_is_get_without_the_body(house: House, path: str) -> None:
    path = house.filled(path)
    get, head = house.client.get(path), house.client.request("HEAD", path)
    assert get.status_code in {200, 307}, get.text
    assert head.status_code == get.status_code
    assert head.content == b""
    if path == "/metrics":
        # It counts the very requests for it, so there is more to report each time.
        assert head.headers["content-type"] == get.headers["content-type"]
        return
    assert told(head) == told(get)
    if not path.endswith(("/export", "/contacts.csv")):
        # These are streamed, so their length is not known in advance.
        assert int(head.headers["content-length"]) == len(get.content)


def test_head_of_what_is_not_there_is_as_get_too(house: House) -> None:
    nobody = "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01"
    for path in (
        *("/nowhere", "/v1/sources/nowhere", f"/v1/contacts/{nobody}", "/v1/operators/x"),
        *("/console/nowhere", "/console/sources/nowhere", "/static/nowhere", "/v1/keys?x=1"),
        *("/console/static/nowhere", "/v1/operators?limit=0", "/console/search?q=%00"),
    ):
        get, head = house.client.get(path), house.client.request("HEAD", path)
        assert get.status_code in {404, 422}, path
        assert (head.status_code, head.content) == (get.status_code, b"")
        # The body contains the request's own id, which may be one digit longer.
        assert told(head).keys() == told(get).keys()


def test_head_of_a_stream_that_has_no_end_ends(memory: World) -> None:
    """It ends by itself: a client that keeps its connection for the next call does not hang up."""
    app = create_app(container=memory.container)
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "HEAD",
        "path": STREAM,
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "scheme": "http",
    }

    async def ask() -> None:
        async with app.router.lifespan_context(app), asyncio.timeout(60):
            await app(scope, receive, send)

    asyncio.run(ask())
    start, end = sent
    assert start["status"] == 200
    assert b"text/event-stream" in dict(start["headers"])[b"content-type"]
    assert (end.get("body"), end.get("more_body", False)) == (b"", False)


def test_head_is_counted_as_head(memory: World) -> None:
    memory.source()
    with serving_world(memory) as client:
        client.request("HEAD", "/v1/sources/telegram")
        client.request("OPTIONS", "/v1/sources/telegram")
        metrics = client.get("/metrics").text
    for method, status in (("HEAD", 200), ("OPTIONS", 204)):
        counted = f'method="{method}",route="/v1/sources/{{key}}",status="{status}"'
        assert f"fairlead_http_requests_total{{{counted}}} 1.0" in metrics


def test_what_has_no_get_has_no_head(house: House) -> None:
    head = house.client.request("HEAD", house.filled("/v1/contacts/{contact_id}/close"))
    assert head.status_code == 405
    assert head.headers["allow"] == "OPTIONS, POST"


# OPTIONS and 405.


def allowed(path: str) -> str:
    found = {method for method, each in ALL if compile_path(each)[0].match(path)}
    found |= {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
    return ", ".join(sorted(found))


@pytest.mark.parametrize("path", sorted({path for _, path in ALL}))
def test_options_tell_the_methods_of_a_path(house: House, path: str) -> None:
    path = house.filled(path)
    answer = house.client.request("OPTIONS", path, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == allowed(path)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "path",
    [
        *("/nowhere", "/v1", "/v1/", "/v1/sources/", "/V1/sources", "/console/nowhere"),
        *("/static/nowhere", "/console/static/nowhere", "/static/", "/v1/sources/a/b"),
    ],
)
def test_options_of_what_is_not_there_are_404(house: House, path: str) -> None:
    get, options = house.client.get(path), house.client.request("OPTIONS", path)
    assert options.status_code == get.status_code == 404
    assert "allow" not in options.headers
    # The same body, but for the request's own id.
    assert options.text.replace(options.headers["x-request-id"], "") == (
        get.text.replace(get.headers["x-request-id"], "")
    )


@pytest.mark.parametrize("path", sorted({path for _, path in ALL}))
def test_405_names_every_method_that_works(house: House, path: str) -> None:
    path = house.filled(path)
    works = allowed(path)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        if method in works.split(", "):
            continue
        answer = house.client.request(method, path)
        assert answer.status_code == 405, (method, path)
        assert answer.headers["allow"] == works, method
        if not path.startswith("/console/"):
            assert works in refused(answer, "method_not_allowed")["detail"]


# Queries.


@pytest.mark.parametrize("call", STRICT, ids=" ".join)
def test_a_parameter_that_a_call_does_not_have_is_refused(
    house: House, call: tuple[str, str]
) -> None:
    method, path = call
    before = everything(house.world.container.storage())
    for query in ("nonsense=1", "nonsense", "nonsense=", "a=1&nonsense=2", "%6eonsense=1", "=1"):
        answer = house.client.request(method, f"{house.filled(path)}?{query}")
        name = "(no name)" if query == "=1" else "nonsense"
        detail = refused(answer, "validation_failed", name)["detail"]
        assert "there is no such parameter" in detail
        for known in ASKED[call].parameters or ():
            assert known in detail
    assert everything(house.world.container.storage()) == before
    if method == "GET":
        head = house.client.request("HEAD", f"{house.filled(path)}?nonsense=1")
        assert head.status_code == 422


@pytest.mark.parametrize("call", STRICT, ids=" ".join)
def test_a_parameter_that_was_misspelt_is_named(house: House, call: tuple[str, str]) -> None:
    method, path = call
    for known in ASKED[call].parameters or ():
        for wrong in (known[:-1], f"{known}s", known.upper(), known.replace("_", "")):
            if wrong == known:
                continue
            answer = house.client.request(method, house.filled(path), params={wrong: "1"})
            body = refused(answer, "validation_failed", wrong)
            assert f"did you mean {known}?" in body["detail"]
            assert f"did you mean {known}?" in body["errors"][0]["detail"]


@pytest.mark.parametrize("call", STRICT, ids=" ".join)
def test_a_parameter_of_one_value_is_given_once(house: House, call: tuple[str, str]) -> None:
    method, path = call
    for known, several in (ASKED[call].parameters or {}).items():
        answer = house.client.request(method, f"{house.filled(path)}?{known}=1&{known}=2")
        body = refused(answer, "validation_failed", known)
        assert ("is given 2 times" in body["detail"]) is not several


def test_the_first_of_a_thousand_wrong_parameters_are_told(house: House) -> None:
    query = "&".join(f"wrong{number}" for number in range(5000))
    body = refused(house.client.get(f"/v1/contacts?{query}"), "validation_failed", "wrong0")
    assert len(body["errors"]) == 5
    assert "; and more." in body["detail"]
    long = "x" * 50_000
    body = refused(house.client.get(f"/v1/contacts?{long}=1"), "validation_failed", "x" * 100)
    assert len(body["detail"]) < 400


def test_a_path_that_is_not_there_is_not_there_whatever_it_is_asked(house: House) -> None:
    refused(house.client.get("/v1/nowhere?a=1"), "not_found")
    refused(house.client.delete("/v1/operators?a=1"), "method_not_allowed")
    assert house.client.request("OPTIONS", "/v1/operators?a=1").status_code == 204


@pytest.mark.parametrize("path", ["/console/", "/console/static/console.css", "/static/docs.js"])
def test_pages_and_files_open_with_whatever_stands_behind_their_address(
    house: House, path: str
) -> None:
    assert house.client.get(f"{path}?utm_source=chat&fbclid=1&fbclid=2").status_code == 200


@pytest.mark.parametrize("path", GETS)
def test_what_is_no_text_is_refused_wherever_it_stands(house: House, path: str) -> None:
    for number, text in enumerate(GARBLED):
        query = (f"limit={text}", f"{text}=1", text, f"a=1&said={text}")[number % 4]
        answer = house.client.get(f"{house.filled(path)}?{query}")
        assert answer.status_code == 422, query
        if not path.startswith("/console/"):
            assert "cannot be stored" in refused(answer, "validation_failed")["detail"]


@pytest.mark.every_storage
@pytest.mark.parametrize(
    "path",
    [
        "/console/sources?after=",
        "/console/search?q=",
        "/console/audit?subject=",
        "/console/statistics?source=",
        "/v1/contacts?source=",
        "/v1/sources?cursor=",
        "/v1/leads?identity=telegram:",
        "/v1/audit?subject=",
        "/v1/stats/distribution?source=",
    ],
)
def test_no_storage_is_asked_for_what_is_no_text(client: Client, path: str) -> None:
    for text in GARBLED:
        assert client.get(path + text).status_code == 422, text
    assert client.get(f"{path}%2500").status_code < 500


def test_a_byte_that_is_not_escaped_is_refused_whatever_server_passes_it_on() -> None:
    """Uvicorn passes none on, but other servers may, and its meaning is anybody's guess."""
    assert list(_garbled("a=1&identity=telegram:Иван".encode())) == ["identity"]
    assert list(_garbled(b"a=1&identity=telegram:ivan")) == []


def test_letters_of_any_alphabet_are_text(house: House) -> None:
    for text in ("Иван", "😀", "é", "a b", "100%", "%", "%zz", "+7"):
        answered(house.client.get("/v1/leads", params={"identity": f"telegram:{text}"}))
        page = house.client.get("/console/search", params={"q": text})
        assert page.status_code == 200
