"""GET /v1/audit, and which actor is recorded for calls over HTTP."""

from typing import Any
from uuid import UUID

import pytest

from application.keys import CreateKey
from domain.access import Role
from domain.audit import Action
from domain.ids import EndpointId
from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import NOBODY, answered, is_moment, is_uuid7, refused
from tests.support import World


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def key(world: World, role: Role = Role.ADMIN) -> tuple[str, dict[str, str]]:
    """Create a key before the first call; return its prefix and the headers that present it."""
    made = world.fairlead.create_key(CreateKey(role))
    return made.key.prefix, bearer(made.secret)


def hire(client: Client, headers: dict[str, str] | None = None) -> str:
    body = {"name": "Ann", "capacity": 5}
    made: str = answered(client.post("/v1/operators", json=body, headers=headers), 201)["id"]
    return made


def entries(client: Client, query: str = "", **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answered(client.get(f"/v1/audit{query}", **options))["items"]
    return found


def test_an_entry_is_shown_whole(client: Client) -> None:
    operator = hire(client)
    answered(client.patch(f"/v1/operators/{operator}", json={"capacity": 6}))
    changed, created = entries(client)
    assert is_uuid7(changed.pop("id"))
    assert is_moment(changed.pop("at"))
    assert changed == {
        "actor": "local",
        "action": "operator_changed",
        "subject": operator,
        "before": {"capacity": 5},
        "after": {"capacity": 6},
    }
    assert created["before"] is None
    assert created["after"] == {
        "key": "ann",
        "name": "Ann",
        "capacity": 5,
        "active": True,
    }


def test_pages_go_on_and_filters_hold(client: Client) -> None:
    ids = [hire(client) for _ in range(3)]
    answered(client.post("/v1/sources", json={"key": "web"}), 201)
    first = answered(client.get("/v1/audit?limit=2"))
    assert [each["subject"] for each in first["items"]] == ["web", ids[2]]
    rest = answered(client.get(f"/v1/audit?limit=2&cursor={first['next_cursor']}"))
    assert [each["subject"] for each in rest["items"]] == [ids[1], ids[0]]
    assert rest["next_cursor"] is None
    assert [each["action"] for each in entries(client, "?subject=web")] == ["source_created"]
    assert len(entries(client, "?action=operator_created")) == 3
    assert len(entries(client, f"?action=operator_created&subject={ids[0]}")) == 1
    assert entries(client, "?action=key_revoked") == []
    assert entries(client, f"?subject={NOBODY}") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("subject=", "subject"),
        ("subject=%00", "subject"),
        ("subject=a%0A", "subject"),
        ("subject=%ED%A0%80", "subject"),
        ("subject=" + "x" * 65, "subject"),
        ("action=deleted", "action"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("cursor=x", "cursor"),
    ],
)
def test_what_makes_no_sense_is_refused(client: Client, query: str, field: str) -> None:
    refused(client.get(f"/v1/audit?{query}"), "validation_failed", field)


def test_the_actor_is_the_key_that_the_call_came_with(client: Client, world: World) -> None:
    """Threads that run handlers know whom they act for, even when many run at once."""
    keys = [key(world) for _ in range(4)]

    async def one(number: int, http: Any) -> Any:
        return await http.post(
            "/v1/operators", json={"name": f"{number}", "capacity": 1}, headers=keys[number % 4][1]
        )

    answers = client.together(
        *(lambda http, number=number: one(number, http) for number in range(24))
    )
    assert {each.status_code for each in answers} == {201}
    found = entries(client, "?action=operator_created", headers=keys[0][1])
    assert {int(each["after"]["name"]): each["actor"] for each in found} == {
        number: keys[number % 4][0] for number in range(24)
    }


def test_every_write_of_the_api_is_by_its_key(client: Client, world: World) -> None:
    prefix, headers = key(world)
    operator, other = hire(client, headers), hire(client, headers)
    calls = (
        ("PATCH", f"/v1/operators/{operator}", {"active": False}),
        ("POST", "/v1/sources", {"key": "web"}),
        ("PATCH", "/v1/sources/web", {"name": "Web"}),
        (
            "PUT",
            "/v1/sources/web/allocations",
            {"allocations": [{"operator_id": operator, "weight": 1}]},
        ),
        ("POST", "/v1/keys", {"role": "viewer"}),
    )
    answers = [client.request(*call[:2], json=call[2], headers=headers) for call in calls]
    assert [each.status_code for each in answers] == [200, 201, 200, 200, 201]
    viewer = answers[-1].json()["prefix"]
    contact = answered(
        client.post(
            "/v1/contacts",
            json={"source": "web", "lead": {"name": "Ivan", "identities": {"vk": "ivan"}}},
            headers=headers,
        ),
        201,
    )
    answered(
        client.post(
            f"/v1/contacts/{contact['id']}/transfer", json={"operator_id": other}, headers=headers
        )
    )
    lead = f"/v1/leads/{contact['lead']['id']}"
    answered(client.patch(lead, json={"name": "Petr"}, headers=headers))
    identity = {"kind": "telegram", "value": "petr"}
    answered(client.post(f"{lead}/identities", json=identity, headers=headers), 201)
    assert client.delete(f"{lead}/identities/telegram/petr", headers=headers).is_success
    assert client.delete(lead, headers=headers).is_success
    answered(client.delete(f"/v1/keys/{viewer}", headers=headers))
    body = {"url": "https://1.1.1.1/"}
    endpoint = answered(client.post("/v1/endpoints", json=body, headers=headers), 201)["id"]
    path = f"/v1/endpoints/{endpoint}"
    answered(client.patch(path, json={"description": "Chat"}, headers=headers))
    answered(client.post(f"{path}/rotate", headers=headers))
    with world.container.storage().unit_of_work() as uow:
        failing = uow.endpoints.get(EndpointId(UUID(endpoint)))
        failing.disable("for a test")
        uow.endpoints.save(failing)
    answered(client.post(f"{path}/redeliver", json={"after": 0}, headers=headers), 202)
    answered(client.post(f"{path}/enable", json={"from": "now"}, headers=headers))
    assert client.delete(path, headers=headers).is_success
    found = entries(client, headers=headers)
    by_hand = [each for each in found if each["subject"] != prefix]
    assert {each["actor"] for each in by_hand} == {prefix}
    assert {each["action"] for each in by_hand} == {*Action} - {
        "contacts_purged",
        "endpoint_disabled",
    }
    assert [each["actor"] for each in found if each["subject"] == prefix] == ["script"]


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.VIEWER, Role.INTAKE])
def test_only_administrators_read_it(client: Client, world: World, role: Role) -> None:
    _, headers = key(world, role)
    refused(client.get("/v1/audit", headers=headers), "forbidden")
    assert client.get("/console/audit", headers=headers).status_code == 403
    refused(client.get("/v1/audit"), "unauthenticated")


def test_what_is_refused_is_not_written(client: Client, world: World) -> None:
    _, headers = key(world, Role.VIEWER)
    before = world.fairlead.audit.entries(subject=None, action=None, limit=9, after=None)
    body = {"name": "Ann", "capacity": 5}
    refused(client.post("/v1/operators", json=body, headers=headers), "forbidden")
    refused(client.post("/v1/operators", json=body), "unauthenticated")
    after = world.fairlead.audit.entries(subject=None, action=None, limit=9, after=None)
    assert after == before
