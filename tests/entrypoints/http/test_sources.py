"""/v1/sources."""

import pytest

from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import NOBODY, answered, is_moment, refused
from tests.support import World


def test_a_source_is_created_and_can_be_read_where_location_says(client: Client) -> None:
    response = client.post("/v1/sources", json={"key": "telegram-sales"})
    source = answered(response, 201)
    assert is_moment(source.pop("created_at"))
    assert source == {
        "key": "telegram-sales",
        "name": "telegram-sales",
        "strategy": "exact",
        "waiting": 0,
        "allocations": [],
    }
    assert response.headers["location"] == "/v1/sources/telegram-sales"
    shown = answered(client.get("/v1/sources/telegram-sales"))
    assert is_moment(shown.pop("created_at"))
    assert shown == source


def test_a_source_can_have_a_name_and_the_random_strategy(caller: Client) -> None:
    body = {"key": "web.1_a-b", "name": "The web", "strategy": "random"}
    source = answered(caller.post("/v1/sources", json=body), 201)
    assert source | body == source


def test_a_key_that_is_taken_is_a_conflict(client: Client, world: World) -> None:
    world.source(key="taken")
    refused(client.post("/v1/sources", json={"key": "taken"}), "source_exists", "key")


def test_a_change_changes_what_is_given_and_leaves_the_rest(client: Client, world: World) -> None:
    world.source(key="web")
    before = answered(client.get("/v1/sources/web"))
    named = answered(client.patch("/v1/sources/web", json={"name": "Web"}))
    assert named == before | {"name": "Web"}
    rolled = answered(client.patch("/v1/sources/web", json={"strategy": "random"}))
    assert rolled == named | {"strategy": "random"}
    assert answered(client.patch("/v1/sources/web", json={})) == rolled
    assert answered(client.get("/v1/sources/web")) == rolled


@pytest.mark.parametrize("field", ["name", "strategy"])
def test_null_is_no_way_to_leave_a_field_out(caller: Client, memory: World, field: str) -> None:
    memory.source(key="web")
    before = memory.fairlead.catalogue.source("web")
    refused(caller.patch("/v1/sources/web", json={field: None}), "validation_failed", field)
    assert memory.fairlead.catalogue.source("web") == before


def test_a_key_cannot_be_changed(caller: Client, memory: World) -> None:
    memory.source(key="web")
    refused(caller.patch("/v1/sources/web", json={"key": "net"}), "validation_failed", "key")


def test_allocations_are_shown_with_the_share_of_each(client: Client, world: World) -> None:
    ann, bob, cat = (world.operator(name) for name in ("Ann", "Bob", "Cat"))
    world.source(key="web")
    body = {
        "allocations": [
            {"operator_id": str(cat.id), "weight": 0},
            {"operator_id": str(bob.id), "weight": 30},
            {"operator_id": str(ann.id), "weight": 10},
        ]
    }
    source = answered(client.put("/v1/sources/web/allocations", json=body))
    assert source["allocations"] == [
        {"operator_id": str(ann.id), "name": "Ann", "weight": 10, "share": 0.25},
        {"operator_id": str(bob.id), "name": "Bob", "weight": 30, "share": 0.75},
        {"operator_id": str(cat.id), "name": "Cat", "weight": 0, "share": 0.0},
    ]
    assert answered(client.get("/v1/sources/web")) == source


def test_the_whole_set_of_allocations_is_replaced(client: Client, world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1), key="web")
    for weights in ([{"operator_id": str(bob.id), "weight": 5}], []):
        answer = answered(client.put("/v1/sources/web/allocations", json={"allocations": weights}))
        assert [each["operator_id"] for each in answer["allocations"]] == [
            each["operator_id"] for each in weights
        ]


def test_waiting_contacts_are_handed_out_when_the_allocations_come(
    client: Client, world: World
) -> None:
    ann = world.operator(capacity=2)
    world.source(key="web")
    waiting = [world.register("web") for _ in range(3)]
    body = {"allocations": [{"operator_id": str(ann.id), "weight": 1}]}
    assert answered(client.put("/v1/sources/web/allocations", json=body))["waiting"] == 1
    states = [world.fairlead.contacts.contact(each.id).state for each in waiting]
    assert states == ["assigned", "assigned", "waiting"]
    assert not world.defects()


def test_a_bad_set_of_allocations_leaves_the_old_one(client: Client, world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 7), key="web")
    before = world.fairlead.catalogue.source("web")
    twice = [{"operator_id": str(bob.id), "weight": weight} for weight in (1, 2)]
    unknown = [{"operator_id": NOBODY, "weight": 1}]
    path = "/v1/sources/web/allocations"
    refused(client.put(path, json={"allocations": twice}), "duplicate_operator", "allocations")
    refused(client.put(path, json={"allocations": unknown}), "unknown_operator", "operator_id")
    assert world.fairlead.catalogue.source("web") == before


def test_sources_are_listed_page_by_page_in_the_order_of_keys(client: Client, world: World) -> None:
    for key in ("d", "b", "e", "a", "c"):
        world.source(key=key)
    seen, cursor = [], ""
    while cursor is not None:
        page = answered(client.get(f"/v1/sources?limit=2{cursor and '&cursor=' + cursor}"))
        seen.append([each["key"] for each in page["items"]])
        cursor = page["next_cursor"]
    assert seen == [["a", "b"], ["c", "d"], ["e"]]


def test_a_source_that_is_not_there_is_404(client: Client) -> None:
    refused(client.get("/v1/sources/none"), "unknown_source")
    refused(client.patch("/v1/sources/none", json={"name": "x"}), "unknown_source")
    refused(client.put("/v1/sources/none/allocations", json={"allocations": []}), "unknown_source")
