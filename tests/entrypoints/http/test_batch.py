"""/v1/contacts/batch."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from dependency_injector import providers

from application.sources import CreateSource
from domain.lead import Identity
from entrypoints.container import build_container
from entrypoints.edge.problem_types import STATUSES
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving
from tests.entrypoints.http.expectations import answered, is_uuid7, refused
from tests.support import World

BATCH = "/v1/contacts/batch"


def item(name: str, source: str = "telegram", **more: Any) -> dict[str, Any]:
    return {"source": source, "lead": {"identities": {"telegram": name}}, **more}


def send(client: Client, contacts: Any) -> httpx.Response:
    return client.post(BATCH, json={"contacts": contacts})


def results(client: Client, contacts: list[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answered(send(client, contacts))["results"]
    assert len(found) == len(contacts)
    for each in found:
        ok = each["status"] in {200, 201}
        assert (each.get("contact") is not None) is ok
        assert (each.get("error") is None) is ok
        if not ok:
            assert each["error"]["status"] == each["status"] == STATUSES[each["error"]["code"]]
            assert set(each["error"]) == {"type", "title", "status", "code", "detail", "errors"}
    return found


def test_a_batch_is_registered_in_the_order_given(client: Client, world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1), (bob, 1))
    found = results(client, [item(f"user-{n}", payload={"n": n}) for n in range(20)])
    assert [each["status"] for each in found] == [201] * 20
    ids = [each["contact"]["id"] for each in found]
    assert ids == sorted(ids)
    assert all(map(is_uuid7, ids))
    assert [each["contact"]["payload"]["n"] for each in found] == list(range(20))
    assert (world.load(ann), world.load(bob)) == (10, 10)
    assert answered(client.get(f"/v1/contacts/{ids[7]}")) == found[7]["contact"]
    assert not world.defects()


BAD: list[tuple[Any, str]] = [
    (item("a", source="none"), "unknown_source"),
    (item("a", source="NOT A KEY"), "validation_failed"),
    ({"source": "telegram", "lead": {}}, "no_identity"),
    ({"source": "telegram", "lead": {"identities": {"phone": "none"}}}, "invalid_identity"),
    (item("nul \0"), "invalid_value"),
    (item("a", payload={"text": "x" * 17_000}), "invalid_value"),
    (item("a", unknown=1), "validation_failed"),
    (item("a", idempotency_key=""), "validation_failed"),
    ({"source": "telegram"}, "validation_failed"),
    ({}, "validation_failed"),
    ([], "validation_failed"),
    (None, "validation_failed"),
    (17, "validation_failed"),
    (2**70, "validation_failed"),
    (True, "validation_failed"),
    ("text", "validation_failed"),
]


def test_bad_items_harm_no_other_and_each_tells_its_own_error(client: Client, world: World) -> None:
    ann = world.operator()
    world.source((ann, 1))
    contacts: list[Any] = [item("first")]
    for number, (bad, _) in enumerate(BAD):
        contacts += [bad, item(f"good-{number}")]
    found = results(client, contacts)
    assert [each["status"] for each in found[::2]] == [201] * (len(BAD) + 1)
    assert [each["error"]["code"] for each in found[1::2]] == [code for _, code in BAD]
    assert world.load(ann) == len(BAD) + 1
    page = answered(client.get("/v1/contacts?limit=200"))
    assert len(page["items"]) == len(BAD) + 1
    assert not world.defects()


def test_a_batch_of_nothing_but_bad_items_is_200_and_stores_nothing(
    client: Client, world: World
) -> None:
    world.source()
    found = results(client, [bad for bad, _ in BAD])
    assert [each["error"]["code"] for each in found] == [code for _, code in BAD]
    assert answered(client.get("/v1/contacts"))["items"] == []
    assert answered(client.get("/v1/leads"))["items"] == []


def test_an_item_names_its_fields_from_its_own_top(caller: Client, memory: World) -> None:
    memory.source()
    bad = {"source": "telegram", "lead": {"identities": {"phone": "none"}}}
    missing = {"lead": {"identities": {"phone": 5}}}
    first, second = results(caller, [bad, missing])
    assert [each["field"] for each in first["error"]["errors"]] == ["lead.identities.phone"]
    assert [each["field"] for each in second["error"]["errors"]] == [
        "source",
        "lead.identities.phone",
    ]


def test_a_key_that_comes_again_in_a_batch_or_later_is_replayed(
    client: Client, world: World
) -> None:
    world.source()
    first, again, other = results(
        client,
        [
            item("ivan", idempotency_key="k"),
            item("ivan", idempotency_key="k"),
            item("petr", idempotency_key="k"),
        ],
    )
    assert (first["status"], again["status"], other["status"]) == (201, 200, 409)
    assert again["contact"] == first["contact"]
    assert other["error"]["code"] == "idempotency_conflict"
    (later,) = results(client, [item("ivan", idempotency_key="k")])
    assert (later["status"], later["contact"]) == (200, first["contact"])
    assert len(answered(client.get("/v1/contacts"))["items"]) == 1


def test_one_unknown_person_ten_times_in_a_batch_is_one_lead(client: Client, world: World) -> None:
    world.source()
    found = results(client, [item("ivan") for _ in range(10)])
    assert len({each["contact"]["lead"]["id"] for each in found}) == 1
    assert [each["contact"]["lead"]["created"] for each in found] == [True] + [False] * 9


def test_a_batch_never_takes_an_operator_past_its_capacity(client: Client, world: World) -> None:
    ann, bob = world.operator("Ann", capacity=3), world.operator("Bob", capacity=4)
    world.source((ann, 10), (bob, 1))
    found = results(client, [item(f"user-{n}") for n in range(600)])
    states = [each["contact"]["state"] for each in found]
    assert states == ["assigned"] * 7 + ["waiting"] * 593
    assert (world.load(ann), world.load(bob)) == (3, 4)
    assert not world.defects()


def test_a_thousand_items_are_taken_and_one_more_is_refused(client: Client, world: World) -> None:
    world.source()
    refused(send(client, [item(f"u{n}") for n in range(1001)]), "validation_failed", "contacts")
    assert answered(client.get("/v1/contacts"))["items"] == []
    found = results(client, [item(f"u{n}") for n in range(1000)])
    assert len({each["contact"]["id"] for each in found}) == 1000


@pytest.mark.parametrize("contacts", [[], None, {}, "x", 5, {"0": item("a")}])
def test_a_batch_that_is_no_list_of_items_is_refused_as_a_whole(
    caller: Client, memory: World, contacts: Any
) -> None:
    memory.source()
    refused(send(caller, contacts), "validation_failed", "contacts")
    assert answered(caller.get("/v1/contacts"))["items"] == []


def test_a_batch_may_have_four_mebibytes_and_no_more(caller: Client, memory: World) -> None:
    memory.source()
    text = "x" * 15_000
    contacts = [item(f"u{n}", payload={"text": text}) for n in range(275)]
    assert {each["status"] for each in results(caller, contacts)} == {201}
    refused(send(caller, contacts + contacts[:6]), "body_too_large")


def test_a_long_batch_lets_others_have_their_turn() -> None:
    """However bad its items are, only a few are read at a time."""
    container = build_container(Settings(database_url="memory://"))
    turn, read = 0, Counter[int]()
    normalise = container.normalise()

    def noting(kind: str, value: str) -> Identity:
        read[turn] += 1
        return normalise(kind, value)

    async def go_round(_: httpx.AsyncClient) -> httpx.Response:
        nonlocal turn
        while read.total() < 1000:
            turn += 1
            await asyncio.sleep(0)
        return httpx.Response(200)

    container.normalise.override(providers.Object(noting))
    container.fairlead().create_source(CreateSource("telegram"))
    contacts = [
        {"source": "telegram", "lead": {"identities": {"phone": f"{n}"}}} for n in range(1000)
    ]
    with serving(create_app(container=container)) as client:
        answer, _ = client.together(
            lambda session: session.post(BATCH, json={"contacts": contacts}), go_round
        )
    assert len(answered(answer)["results"]) == 1000
    assert max(read.values()) <= 64
