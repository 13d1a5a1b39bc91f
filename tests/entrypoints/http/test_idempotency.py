"""The same registration sent twice."""

from typing import Any

import httpx
import pytest

from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import answered, refused
from tests.support import World

BODY: dict[str, Any] = {
    "source": "telegram",
    "lead": {"name": "Ivan", "identities": {"telegram": "ivan", "phone": "+79161234567"}},
    "payload": {"text": "hello"},
}


def send(
    client: Client, header: str | None = None, body: dict[str, Any] | None = None
) -> httpx.Response:
    headers = {} if header is None else {"Idempotency-Key": header}
    return client.post("/v1/contacts", json=BODY if body is None else body, headers=headers)


def test_the_same_key_and_body_give_the_first_contact_again(client: Client, world: World) -> None:
    world.source((world.operator(), 1))
    first = send(client, "k")
    world.clock.advance(hours=1)
    again = send(client, "k")
    assert answered(again, 200) == answered(first, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert len(answered(client.get("/v1/contacts"))["items"]) == 1


def test_a_key_in_the_body_is_the_same_as_one_in_the_header(client: Client, world: World) -> None:
    world.source()
    first = answered(send(client, None, BODY | {"idempotency_key": "k"}), 201)
    for again in (
        send(client, "k"),
        send(client, "k", BODY | {"idempotency_key": "k"}),
        send(client, None, BODY | {"idempotency_key": "k"}),
        send(client, "k", BODY | {"idempotency_key": None}),
    ):
        assert answered(again, 200) == first


def test_a_header_and_a_field_that_differ_are_refused(caller: Client, memory: World) -> None:
    memory.source()
    response = send(caller, "k", BODY | {"idempotency_key": "other"})
    refused(response, "invalid_value", "idempotency_key")
    assert answered(caller.get("/v1/contacts"))["items"] == []


@pytest.mark.parametrize(
    "changed",
    [
        {"payload": {"text": "bye"}},
        {"payload": None},
        {"lead": {"name": "Petr", "identities": BODY["lead"]["identities"]}},
        {"lead": {"name": "Ivan", "identities": {"telegram": "ivan"}}},
    ],
)
def test_the_same_key_with_another_body_is_a_conflict(
    caller: Client, memory: World, changed: dict[str, Any]
) -> None:
    memory.source()
    first = answered(send(caller, "k"), 201)
    refused(send(caller, "k", BODY | changed), "idempotency_conflict", "idempotency_key")
    assert [each["id"] for each in answered(caller.get("/v1/contacts"))["items"]] == [first["id"]]


def test_another_spelling_of_an_identity_is_the_same_body(client: Client, world: World) -> None:
    world.source()
    first = answered(send(client, "k"), 201)
    spelled = {"phone": "8 916 123-45-67", "telegram": " ivan "}
    body = BODY | {"lead": {"name": "Ivan", "identities": spelled}}
    assert answered(send(client, "k", body))["id"] == first["id"]


def test_the_same_key_on_another_source_is_another_contact(client: Client, world: World) -> None:
    world.source(key="telegram")
    world.source(key="web")
    first = answered(send(client, "k"), 201)
    assert answered(send(client, "k", BODY | {"source": "web"}), 201)["id"] != first["id"]


def test_without_a_key_every_call_is_a_contact_of_its_own(caller: Client, memory: World) -> None:
    memory.source()
    assert len({answered(send(caller), 201)["id"] for _ in range(3)}) == 3


def test_a_refused_contact_does_not_use_its_key_up(caller: Client, memory: World) -> None:
    memory.source()
    bad = {"source": "telegram", "lead": {"identities": {"phone": "none"}}}
    refused(send(caller, "k", bad), "invalid_identity")
    answered(send(caller, "k"), 201)


def test_a_replay_shows_the_contact_as_it_is_now(client: Client, world: World) -> None:
    world.source((world.operator(), 1))
    first = answered(send(client, "k"), 201)
    closed = answered(client.post(f"/v1/contacts/{first['id']}/close"))
    assert answered(send(client, "k")) == closed


def test_duplicates_that_come_together_make_one_contact(client: Client, world: World) -> None:
    world.source()

    def call(http: httpx.AsyncClient) -> Any:
        return http.post("/v1/contacts", json=BODY, headers={"Idempotency-Key": "k"})

    answers = client.together(*[call] * 20)
    assert sorted(each.status_code for each in answers) == [200] * 19 + [201]
    assert len({each.json()["id"] for each in answers}) == 1
    assert len(answered(client.get("/v1/contacts"))["items"]) == 1


@pytest.mark.parametrize("key", [b"k ", b"  k", b"\tk", b"k\t", b"\xa0k"])
def test_white_space_around_a_key_does_not_make_it_another_key(
    caller: Client, memory: World, key: bytes
) -> None:
    memory.source()
    spaced = caller.post("/v1/contacts", json=BODY, headers=[(b"idempotency-key", key)])
    assert answered(send(caller, "k"), 200) == answered(spaced, 201)
