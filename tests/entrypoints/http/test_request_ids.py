"""Every answer carries its request's id, and so do its problem and the log."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from application.keys import CreateKey
from application.ports.failures import StorageUnavailable
from domain.access import Role
from entrypoints.edge.request_ids import request_id
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving
from tests.entrypoints.http.expectations import refused
from tests.support import World

_MADE = re.compile(r"[0-9a-f]{12}-[1-9][0-9]*")
ANSWERS = (
    ("GET", "/healthz", 200),
    ("GET", "/v1/operators", 200),
    ("POST", "/v1/contacts", 422),
    ("POST", "/v1/contacts/batch", 422),
    ("GET", "/nowhere", 404),
    ("DELETE", "/v1/operators", 405),
    ("GET", "/", 307),
    ("GET", "/metrics", 200),
    ("GET", "/docs", 200),
    ("GET", "/static/docs.js", 200),
    ("GET", "/console/", 200),
    ("GET", "/console/nothing", 404),
    ("GET", "/console/static/console.css", 200),
)


def named(response: httpx.Response) -> str:
    (name,) = response.headers.get_list("x-request-id")
    return str(name)


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_has_an_id(caller: Client, method: str, path: str, status: int) -> None:
    response = caller.request(method, path)
    assert response.status_code == status
    assert _MADE.fullmatch(named(response))


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_an_id_that_came_along_is_sent_back(
    caller: Client, method: str, path: str, status: int
) -> None:
    response = caller.request(method, path, headers={"X-Request-Id": "From.a_bot-1"})
    assert response.status_code == status
    assert named(response) == "From.a_bot-1"


def test_a_registration_has_one_too(caller: Client, memory: World) -> None:
    memory.source((memory.operator(), 1))
    body = {"source": "telegram", "lead": {"identities": {"vk": "somebody"}}}
    response = caller.post("/v1/contacts", json=body, headers={"X-Request-Id": "x" * 64})
    assert response.status_code == 201
    assert named(response) == "x" * 64
    assert _MADE.fullmatch(named(caller.post("/v1/contacts", json=body)))


@pytest.mark.parametrize("given", ["", " ", "x" * 65, "a b", "a/b", "имя".encode(), "a\tb", "a;b"])
def test_what_is_no_id_is_replaced(caller: Client, given: Any) -> None:
    response = caller.get("/healthz", headers={"X-Request-Id": given})
    assert _MADE.fullmatch(named(response))


def test_no_two_requests_have_the_same(caller: Client) -> None:
    async def ask(http: httpx.AsyncClient) -> httpx.Response:
        return await http.get("/v1/operators")

    assert len({named(each) for each in caller.together(*[ask] * 50)}) == 50


@pytest.mark.parametrize(
    ("path", "code"),
    [("/v1/contacts", "validation_failed"), ("/v1/contacts/batch", "validation_failed")],
)
def test_a_problem_has_the_same_id(caller: Client, path: str, code: str) -> None:
    response = caller.post(path, json={}, headers={"X-Request-Id": "mine"})
    assert refused(response, code)["request_id"] == "mine"


def test_so_has_what_the_gate_refuses(caller: Client, memory: World) -> None:
    memory.fairlead.create_key(CreateKey(Role.ADMIN))
    response = caller.get("/v1/operators", headers={"X-Request-Id": "mine"})
    assert refused(response, "unauthenticated")["request_id"] == "mine"


def test_an_item_of_a_batch_has_none_of_its_own(caller: Client) -> None:
    (item,) = caller.post("/v1/contacts/batch", json={"contacts": [{}]}).json()["results"]
    assert set(item["error"]) == {"type", "title", "status", "code", "detail", "errors"}


class _Seen(logging.Handler):
    """Records the request id of every logged line."""

    def __init__(self) -> None:
        super().__init__()
        self.ids = list[str | None]()

    def emit(self, record: logging.LogRecord) -> None:
        del record
        self.ids.append(request_id.get())


@pytest.fixture
def seen() -> Iterator[_Seen]:
    handler = _Seen()
    logging.getLogger("tests.request_ids").addHandler(handler)
    yield handler
    logging.getLogger("tests.request_ids").removeHandler(handler)


def test_a_line_of_the_log_is_of_its_request_in_threads_too(memory: World, seen: _Seen) -> None:
    app = create_app(container=memory.container)
    logger = logging.getLogger("tests.request_ids")

    def fail() -> None:
        logger.warning("about to fail")
        raise StorageUnavailable("gone.")

    app.add_api_route("/fail", fail)

    async def ask(http: httpx.AsyncClient, number: int) -> httpx.Response:
        return await http.get("/fail", headers={"X-Request-Id": f"{number}"})

    with serving(app) as client:
        answers = client.together(
            *(lambda http, number=number: ask(http, number) for number in range(20))
        )
    assert [each.json()["request_id"] for each in answers] == [f"{each}" for each in range(20)]
    assert sorted(map(str, seen.ids), key=int) == [f"{each}" for each in range(20)]
    assert request_id.get() is None
