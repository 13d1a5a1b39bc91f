"""Pages of other origins: what browsers are told, and that nothing is where no origin is named."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from dependency_injector import providers
from pydantic import ValidationError

from application.ports.failures import StorageUnavailable
from domain.access import Role
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving, serving_world
from tests.entrypoints.http.expectations import answered, refused
from tests.entrypoints.http.keys import bearer, make
from tests.entrypoints.http.test_access import Away, serving_at_once
from tests.support import World

CRM, DESK, STRANGER = "https://crm.example.com", "http://localhost:5173", "https://evil.example"
CONTACT = {"source": "telegram", "lead": {"identities": {"telegram": "ivan"}}}
ASKED = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
}


def sharing(world: World, **more: Any) -> None:
    """Name two origins in the settings of a wired application that is not served yet."""
    settings = Settings(database_url="memory://", cors_origins=f"{CRM}, {DESK}", **more)
    world.container.settings.override(providers.Object(settings))


@dataclass(frozen=True)
class Desk:
    """A service that two origins may call, with a key."""

    client: Client
    world: World
    key: dict[str, str]


@pytest.fixture
def desk(memory: World) -> Iterator[Desk]:
    sharing(memory)
    memory.source((memory.operator(), 1))
    key = bearer(make(memory, Role.ADMIN))
    with serving_world(memory) as client:
        yield Desk(client, memory, key)


def names(answer: httpx.Response, header: str) -> set[str]:
    """Return the names that a header lists, in lower case."""
    return {each.strip().lower() for each in answer.headers.get(header, "").split(",")}


def is_readable(answer: httpx.Response, origin: str) -> bool:
    """Tell whether a browser shows an answer to a page of an origin."""
    assert "origin" in names(answer, "vary"), "a cache would give it to pages of other origins"
    assert "access-control-allow-credentials" not in answer.headers
    shown: str | None = answer.headers.get("access-control-allow-origin")
    return shown == origin


@pytest.mark.parametrize("origin", [CRM, DESK])
def test_a_browser_that_asks_is_told_before_it_has_a_key(desk: Desk, origin: str) -> None:
    headers = {"Origin": origin, **ASKED}
    answer = desk.client.request("OPTIONS", "/v1/contacts", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert is_readable(answer, origin)
    assert names(answer, "access-control-allow-methods") == {
        *("delete", "get", "head", "patch", "post", "put")
    }
    assert names(answer, "access-control-allow-headers") >= {
        *("authorization", "content-type", "idempotency-key", "if-match", "last-event-id"),
        "x-request-id",
    }
    assert int(answer.headers["access-control-max-age"]) > 0
    assert answer.headers["x-request-id"]


def test_a_page_of_a_named_origin_reads_the_answer_and_its_headers(desk: Desk) -> None:
    headers = {"Origin": CRM, **desk.key}
    answer = desk.client.post("/v1/contacts", json=CONTACT, headers=headers)
    assert answered(answer, 201)["operator"]
    assert is_readable(answer, CRM)
    assert names(answer, "access-control-expose-headers") >= {
        *("x-request-id", "location", "retry-after", "idempotency-replayed", "etag")
    }


def test_a_page_of_another_origin_reads_nothing(desk: Desk) -> None:
    for origin in (STRANGER, "null", CRM.upper(), f"{CRM}.evil.example", f"{CRM}:8443"):
        asked = {"Origin": origin, **ASKED}
        assert not is_readable(
            desk.client.request("OPTIONS", "/v1/contacts", headers=asked), origin
        )
        answer = desk.client.get("/v1/operators", headers={"Origin": origin, **desk.key})
        assert not is_readable(answer, origin)
        assert "access-control-allow-origin" not in answer.headers


def test_errors_can_be_read_wherever_they_come_from(memory: World) -> None:
    sharing(memory, rate_limit="1/h")
    key = bearer(make(memory, Role.VIEWER))
    reader = Away(memory.fairlead.keys)
    memory.container.fairlead.override(providers.Object(replace(memory.fairlead, keys=reader)))
    origin = {"Origin": CRM}
    with serving_at_once(memory) as client:
        away = client.get("/v1/operators", headers=origin | key)
        reader.away = False
        many = {f"x-{number}": "" for number in range(101)}
        for answer, code in (
            (away, "storage_unavailable"),
            (client.get("/v1/operators", headers=origin), "unauthenticated"),
            (client.get("/v1/operators", headers=origin | many), "headers_too_large"),
            (client.post("/v1/operators", headers=origin | key), "forbidden"),
            (client.get("/v1/contacts?sate=waiting", headers=origin | key), "validation_failed"),
            (client.get("/v1/operators", headers=origin | key), "rate_limited"),
        ):
            refused(answer, code)
            assert is_readable(answer, CRM), code
    memory.container.fairlead.reset_override()


def test_a_defect_can_be_read_too(memory: World) -> None:
    sharing(memory)
    app = create_app(container=memory.container)

    @app.get("/v1/fail")
    def fail() -> None:
        raise StorageUnavailable("the disk is full.")

    @app.get("/v1/broken")
    def broken() -> None:
        raise RuntimeError("secret")

    headers = {"Origin": CRM, **bearer(make(memory, Role.VIEWER))}
    with serving(app, raise_defects=False) as client:
        for path, code in (("/v1/fail", "storage_unavailable"), ("/v1/broken", "internal_error")):
            answer = client.get(path, headers=headers)
            refused(answer, code)
            assert is_readable(answer, CRM)


@pytest.mark.parametrize(
    "path", ["/console/", "/console/sign-in", "/docs", "/openapi.json", "/healthz", "/metrics", "/"]
)
def test_nothing_but_the_api_is_shared(desk: Desk, path: str) -> None:
    origin = {"Origin": CRM, **desk.key}
    for answer in (
        desk.client.get(path, headers=origin),
        desk.client.request("OPTIONS", path, headers=origin | ASKED),
        desk.client.request("OPTIONS", path, headers={"Origin": CRM} | ASKED),
    ):
        assert not [each for each in answer.headers if each.startswith("access-control-")]


def test_a_named_origin_gets_nothing_without_a_key(memory: World) -> None:
    """Even before the first key, when this machine needs none: a page is not this machine."""
    sharing(memory)
    with serving_world(memory) as client:
        body = {"name": "Eve", "capacity": 1}
        for method in ("POST", "GET"):
            for headers in ({"Origin": CRM}, {"Origin": CRM, "Sec-Fetch-Site": "cross-site"}):
                answer = client.request(method, "/v1/operators", json=body, headers=headers)
                refused(answer, "protected_mode")
        answered(client.get("/v1/operators", headers={"Sec-Fetch-Site": "cross-site"}))
    make(memory, Role.ADMIN)
    with serving_world(memory) as client:
        refused(client.get("/v1/operators", headers={"Origin": CRM}), "unauthenticated")


def test_below_a_path_the_api_is_shared_as_well() -> None:
    settings = Settings(database_url="memory://", cors_origins=CRM, root_path="/fairlead")
    with serving(create_app(settings)) as client:
        for prefix in ("", "/fairlead"):
            headers = {"Origin": CRM, **ASKED}
            asked = client.request("OPTIONS", f"{prefix}/v1/contacts", headers=headers)
            assert is_readable(asked, CRM)
            assert is_readable(client.get(f"{prefix}/v1/sources", headers={"Origin": CRM}), CRM)
            page = client.get(f"{prefix}/docs", headers={"Origin": CRM})
            assert "access-control-allow-origin" not in page.headers


def test_where_no_origin_is_named_nothing_says_so(caller: Client) -> None:
    for answer in (
        caller.get("/v1/operators", headers={"Origin": CRM}),
        caller.request("OPTIONS", "/v1/operators", headers={"Origin": CRM, **ASKED}),
    ):
        assert not [each for each in answer.headers if each.startswith("access-control-")]
        assert "vary" not in answer.headers


def test_every_header_of_the_document_may_be_sent_and_read(desk: Desk) -> None:
    document = create_app(Settings(database_url="memory://")).openapi()
    sent, shown = set[str](), set[str]()
    for methods in document["paths"].values():
        for operation in methods.values():
            sent |= {e["name"] for e in operation.get("parameters", []) if e["in"] == "header"}
            for response in operation["responses"].values():
                shown |= set(response.get("headers", {}))
    headers = {"Origin": CRM, **ASKED}
    asked = desk.client.request("OPTIONS", "/v1/contacts", headers=headers)
    assert {each.lower() for each in sent} <= names(asked, "access-control-allow-headers")
    answer = desk.client.get("/v1/operators", headers={"Origin": CRM, **desk.key})
    assert {each.lower() for each in shown} <= names(answer, "access-control-expose-headers")


# The setting.


@pytest.mark.parametrize(
    ("given", "origins"),
    [
        (None, []),
        ("", []),
        (" , ", []),
        (CRM, [CRM]),
        (f" {CRM} ,{DESK},", [CRM, DESK]),
        ("HTTPS://CRM.Example.com", [CRM]),
        ("http://[::1]:8080", ["http://[::1]:8080"]),
        ("https://xn--e1afmkfd.example:8443", ["https://xn--e1afmkfd.example:8443"]),
    ],
)
def test_origins_are_listed_as_browsers_send_them(given: str | None, origins: list[str]) -> None:
    assert Settings(cors_origins=given).origins == origins


@pytest.mark.parametrize(
    "wrong",
    [
        "*",
        "https://*",
        "https://*.example.com",
        "null",
        "crm.example.com",
        "https://crm.example.com/",
        "https://crm.example.com/desk",
        "https://crm.example.com?x",
        "https://anna@crm.example.com",
        "https://crm.example.com:443",
        "http://crm.example.com:80",
        "https://crm.example.com:0",
        "https://пример.example",
        "ftp://crm.example.com",
        "https://crm.example.com https://desk.example.com",
        "https://crm.example.com\n",
    ],
)
def test_what_is_no_origin_is_refused_by_its_name(wrong: str) -> None:
    text = f"{DESK},{wrong}"
    if wrong.endswith("\n"):
        assert Settings(cors_origins=text).origins == [DESK, CRM]
        return
    with pytest.raises(ValidationError) as refusal:
        Settings(cors_origins=text)
    said = refusal.value.errors()[0]["msg"]
    assert wrong in said
    assert "https://crm.example.com, with a port only" in said
