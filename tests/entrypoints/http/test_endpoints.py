"""/v1/endpoints: made, changed, tried, enabled and deleted by administrators alone."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from domain.endpoint import Delivery
from domain.ids import EndpointId
from domain.limits import MAX_ENDPOINTS
from tests.application.deliveries import BROKEN, FakeReceiver, Post
from tests.entrypoints.http.client import Client, serving_world
from tests.support import START, World

NEW = {
    "url": "https://1.1.1.1/hooks?token=abc",
    "types": ["contact.assigned"],
    "sources": ["telegram"],
    "include": ["contact"],
    "description": "The chat",
}
NOBODY = "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01"


@pytest.fixture
def receiver(world: World) -> FakeReceiver:
    world.source((world.operator(), 1))
    return Post(world).receiver


@pytest.fixture
def http(world: World, receiver: FakeReceiver) -> Iterator[Client]:
    del receiver
    with serving_world(world) as client:
        yield client


def created(http: Client, **body: Any) -> dict[str, Any]:
    answer = http.post("/v1/endpoints", json={**NEW, **body})
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    assert answer.headers["Location"].endswith(f"/v1/endpoints/{shown['id']}")
    return shown


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def test_the_secret_is_shown_once(http: Client) -> None:
    shown = created(http)
    secret = shown.pop("secret")
    assert secret.startswith("whsec_")
    assert shown.items() >= NEW.items()
    assert (shown["state"], shown["behind"], shown["pending"], shown["dead"]) == (
        *("enabled", 0),
        *(0, 0),
    )
    assert http.get(f"/v1/endpoints/{shown['id']}").json() == shown
    assert http.get("/v1/endpoints").json() == {"items": [shown]}
    audit = http.get("/v1/audit").text + http.get("/v1/events").text
    assert secret not in audit
    assert "token" not in audit
    rotated = http.post(f"/v1/endpoints/{shown['id']}/rotate").json()
    assert rotated["secret"] not in {secret, ""}


def test_what_is_left_out_stays_as_it_is(http: Client) -> None:
    shown = created(http)
    path = f"/v1/endpoints/{shown['id']}"
    changed = http.patch(path, json={"types": [], "description": "A"}).json()
    assert changed.items() >= {**NEW, "types": [], "description": "A"}.items()
    assert http.patch(path, json={}).json() == changed
    assert http.patch(path, json={"description": ""}).json()["description"] is None
    problem(http.patch(path, json={"description": " "}), 422, "validation_failed")
    http.patch(path, json={"url": "https://1.1.1.1/other"})
    last = http.get("/v1/audit?limit=1").json()["items"][0]
    assert (last["action"], last["subject"]) == ("endpoint_changed", shown["id"])
    assert http.delete(path).status_code == 204
    problem(http.get(path), 404, "unknown_endpoint")
    problem(http.delete(path), 404, "unknown_endpoint")


def test_somebody_tries_it(http: Client, receiver: FakeReceiver) -> None:
    shown = created(http)
    path = f"/v1/endpoints/{shown['id']}/test"
    assert http.post(path).json() == {"delivered": True, "status": 204, "error": None}
    (message,) = receiver.messages
    assert b'"type": "endpoint.test"' in message.body
    assert message.secrets == [shown["secret"]]
    receiver.answer = lambda _: BROKEN
    tried = http.post(path).json()
    assert (tried["delivered"], tried["status"]) == (False, 500)
    # It is no delivery: nothing is tried again.
    assert http.get(f"/v1/endpoints/{shown['id']}").json()["pending"] == 0


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"url": "nonsense"}, "invalid_value", "whole address"),
        ({"url": "http://1.1.1.1/"}, "invalid_value", "must begin with https://"),
        ({"url": "https://10.0.0.1/"}, "invalid_value", "FAIRLEAD_ENDPOINT_HOSTS"),
        ({"url": "https://[::1]/"}, "invalid_value", "FAIRLEAD_ENDPOINT_HOSTS"),
        ({"url": "https://a:b@1.1.1.1/"}, "invalid_value", "password"),
        ({"url": "https://1.1.1.1/" + "a" * 2000}, "validation_failed", "2000"),
        ({"url": None}, "validation_failed", "string"),
        ({"types": ["contact.exploded"]}, "validation_failed", "contact.assigned"),
        ({"include": ["lead"]}, "validation_failed", "contact"),
        ({"secret": "mine"}, "validation_failed", "secret"),
        ({"sources": ["nowhere"]}, "unknown_source", "nowhere"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    http: Client, receiver: FakeReceiver, world: World, body: Any, code: str, said: str
) -> None:
    del receiver
    # The real sender judges the URL.
    world.container.sender.reset_override()
    refused = problem(
        http.post("/v1/endpoints", json={**NEW, **body}),
        404 if code == "unknown_source" else 422,
        code,
    )
    assert said in str(refused)
    assert http.get("/v1/endpoints").json() == {"items": []}
    kept = created(http)
    problem(
        http.patch(f"/v1/endpoints/{kept['id']}", json=body),
        404 if code == "unknown_source" else 422,
        code,
    ) if body != {"url": None} else None


def test_there_are_a_hundred_at_most(http: Client) -> None:
    for _ in range(MAX_ENDPOINTS):
        created(http)
    refused = problem(http.post("/v1/endpoints", json=NEW), 422, "invalid_value")
    assert "100 endpoints already" in refused["detail"]


def test_an_enabled_endpoint_stays_as_it_is(http: Client) -> None:
    path = f"/v1/endpoints/{created(http)['id']}"
    before = http.get(path).json()
    for body in ({}, {"from": "now"}, {"from": "cursor"}):
        assert http.post(f"{path}/enable", json=body).json() == before
    problem(http.post(f"{path}/enable", json={"from": "then"}), 422, "validation_failed")


def test_events_are_delivered_again(http: Client) -> None:
    path = f"/v1/endpoints/{created(http, types=[], sources=[])['id']}"
    for _ in range(3):
        http.post("/v1/contacts", json={"source": "telegram", "lead": {"identities": {"vk": "a"}}})
    events = http.get("/v1/events", params={"limit": 200}).json()["items"]
    problem(http.post(f"{path}/redeliver", json={}), 422, "validation_failed")
    both = {"ids": [events[0]["id"]], "after": 1}
    problem(http.post(f"{path}/redeliver", json=both), 422, "validation_failed")
    problem(http.post(f"{path}/redeliver", json={"ids": [NOBODY]}), 410, "events_gone")
    many = {"after": 0, "until": 2**50}
    assert http.post(f"{path}/redeliver", json=many).status_code == 202
    problem(http.post(f"/v1/endpoints/{NOBODY}/redeliver", json=many), 404, "unknown_endpoint")


def test_deliveries_are_listed_by_the_page(http: Client, world: World) -> None:
    shown = created(http, types=["source.created"])
    rows = [
        Delivery(seq, f"contact:{seq}", 3, None if seq == 2 else START, "it failed.")
        for seq in (1, 2, 3)
    ]
    path = f"/v1/endpoints/{shown['id']}/deliveries"
    assert http.get(path).json() == {"items": [], "next_after": None}
    with world.container.storage().unit_of_work() as uow:
        endpoint = uow.endpoints.get(EndpointId(UUID(shown["id"])))
        endpoint.disable("for a test")
        uow.endpoints.save(endpoint)
        uow.endpoints.put(endpoint.id, rows)
    first = http.get(path, params={"limit": 2}).json()
    assert first["next_after"] == 2
    assert first["items"][1] == {
        "seq": 2,
        "subject": "contact:2",
        "state": "dead",
        "attempts": 3,
        "next_attempt_at": None,
        "error": "it failed.",
    }
    rest = http.get(path, params={"after": 2}).json()
    assert ([each["seq"] for each in rest["items"]], rest["next_after"]) == ([3], None)
    dead = http.get(path, params={"state": "dead"}).json()["items"]
    assert [each["seq"] for each in dead] == [2]
    problem(http.get(path, params={"state": "lost"}), 422, "validation_failed")
    problem(http.get(path, params={"after": "x"}), 422, "validation_failed")
    problem(http.get(f"/v1/endpoints/{NOBODY}/deliveries"), 404, "unknown_endpoint")
