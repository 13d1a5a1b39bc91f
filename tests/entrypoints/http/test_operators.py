"""/v1/operators."""

from typing import Any

import pytest

from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import NOBODY, answered, is_moment, is_uuid7, refused
from tests.support import World


def test_an_operator_is_created_and_can_be_read_where_location_says(client: Client) -> None:
    response = client.post("/v1/operators", json={"name": "Anna", "capacity": 5})
    operator = answered(response, 201)

    assert set(operator) == {"id", "key", "name", "active", "capacity", "load", "created_at"}
    assert is_uuid7(operator["id"])
    assert is_moment(operator["created_at"])
    assert response.headers["location"] == f"/v1/operators/{operator['id']}"
    assert {**operator, "id": "", "created_at": ""} == {
        "id": "",
        "key": "anna",
        "name": "Anna",
        "active": True,
        "capacity": 5,
        "load": 0,
        "created_at": "",
    }
    assert answered(client.get(response.headers["location"])) == operator


def test_an_operator_can_be_created_inactive_and_its_name_is_trimmed(caller: Client) -> None:
    body = {"name": "  Анна \t", "capacity": 0, "active": False}
    operator = answered(caller.post("/v1/operators", json=body), 201)
    assert (operator["name"], operator["capacity"], operator["active"]) == ("Анна", 0, False)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "Bella"}, {"name": "Bella"}),
        ({"capacity": 9}, {"capacity": 9}),
        ({"active": False}, {"active": False}),
        ({"name": "B", "capacity": 0, "active": False},) * 2,
        ({}, {}),
    ],
)
def test_a_change_changes_what_is_given_and_leaves_the_rest(
    caller: Client, memory: World, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    operator = memory.operator("Ann", capacity=3)
    before = answered(caller.get(f"/v1/operators/{operator.id}"))
    after = answered(caller.patch(f"/v1/operators/{operator.id}", json=change))
    assert after == before | expected
    assert answered(caller.get(f"/v1/operators/{operator.id}")) == after


@pytest.mark.parametrize("field", ["name", "capacity", "active"])
def test_null_is_no_way_to_leave_a_field_out(caller: Client, memory: World, field: str) -> None:
    operator = memory.operator()
    refused(
        caller.patch(f"/v1/operators/{operator.id}", json={field: None}),
        "validation_failed",
        field,
    )
    assert memory.fairlead.catalogue.operator(operator.id) == operator


def test_capacity_that_is_raised_is_filled_with_waiting_contacts_at_once(
    client: Client, world: World
) -> None:
    operator = world.operator(capacity=0)
    world.source((operator, 1))
    waiting = [world.register() for _ in range(3)]
    answer = answered(client.patch(f"/v1/operators/{operator.id}", json={"capacity": 2}))
    assert answer["load"] == 2
    states = [world.fairlead.contacts.contact(each.id).state for each in waiting]
    assert states == ["assigned", "assigned", "waiting"]


def test_operators_are_listed_page_by_page_in_the_order_of_creation(
    client: Client, world: World
) -> None:
    ids = [str(world.operator(f"Operator {number}").id) for number in range(5)]
    first = answered(client.get("/v1/operators?limit=2"))
    assert [each["id"] for each in first["items"]] == ids[:2]

    # Rows added between pages neither repeat nor hide others.
    ids.append(str(world.operator("Late").id))
    seen = [each["id"] for each in first["items"]]
    cursor = first["next_cursor"]
    while cursor:
        page = answered(client.get(f"/v1/operators?limit=2&cursor={cursor}"))
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ids


def test_a_page_that_ends_the_list_exactly_has_no_next_cursor(client: Client, world: World) -> None:
    for _ in range(2):
        world.operator()
    assert answered(client.get("/v1/operators?limit=2"))["next_cursor"] is None
    assert answered(client.get("/v1/operators?limit=1"))["next_cursor"] is not None


def test_operators_are_listed_by_activity(client: Client, world: World) -> None:
    on, off = world.operator("On"), world.operator("Off", active=False)
    assert [
        [each["id"] for each in answered(client.get(f"/v1/operators{query}"))["items"]]
        for query in ("?active=true", "?active=false", "")
    ] == [[str(on.id)], [str(off.id)], [str(on.id), str(off.id)]]


def test_fifty_operators_are_on_a_page_unless_another_limit_is_asked_for(
    caller: Client, memory: World
) -> None:
    for _ in range(52):
        memory.operator()
    assert len(answered(caller.get("/v1/operators"))["items"]) == 50
    assert len(answered(caller.get("/v1/operators?limit=200"))["items"]) == 52


def test_an_operator_that_is_not_there_is_404(client: Client) -> None:
    refused(client.get(f"/v1/operators/{NOBODY}"), "unknown_operator")
    refused(client.patch(f"/v1/operators/{NOBODY}", json={"capacity": 1}), "unknown_operator")
