"""/v1/contacts, one by one."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from application.operators import UpdateOperator
from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import NOBODY, answered, is_moment, is_uuid7, refused
from tests.support import World


def body(*, source: str = "telegram", **lead: Any) -> dict[str, Any]:
    return {"source": source, "lead": lead or {"identities": {"telegram": "ivan"}}}


def register(client: Client, **options: Any) -> httpx.Response:
    return client.post("/v1/contacts", **{"json": body(), **options})


def test_a_contact_is_registered_assigned_and_can_be_read_where_location_says(
    client: Client, world: World
) -> None:
    ann = world.operator("Ann")
    world.source((ann, 1))
    lead: dict[str, Any] = {
        "name": "Ivan",
        "identities": {"phone": "8 (916) 123-45-67", "email": "I@Shop.ru"},
    }
    payload = {"text": "Привет 👋", "nested": [1, 2.5, None, {"deep": True}], "big": 2**70}
    response = client.post("/v1/contacts", json={**body(**lead), "payload": payload})
    contact = answered(response, 201)

    assert set(contact) == {
        *("id", "state", "source", "lead", "operator", "payload"),
        *("created_at", "assigned_at", "closed_at"),
    }
    assert is_uuid7(contact["id"])
    assert is_uuid7(contact["lead"]["id"])
    assert is_moment(contact["created_at"])
    assert contact["assigned_at"] == contact["created_at"]
    assert contact["closed_at"] is None
    assert (contact["state"], contact["source"]) == ("assigned", "telegram")
    assert contact["lead"] | {"id": ""} == {
        "id": "",
        "name": "Ivan",
        "created": True,
        "conflicts": [],
        "unread": [],
    }
    assert contact["operator"] == {"id": str(ann.id), "name": "Ann"}
    assert contact["payload"] == payload
    assert response.headers["location"] == f"/v1/contacts/{contact['id']}"
    assert "idempotency-replayed" not in response.headers
    assert answered(client.get(response.headers["location"])) == contact


def test_a_contact_that_nobody_can_take_waits_and_is_201_all_the_same(
    client: Client, world: World
) -> None:
    world.source()
    contact = answered(register(client), 201)
    assert (contact["state"], contact["operator"], contact["assigned_at"]) == (
        "waiting",
        None,
        None,
    )


def test_a_lead_can_be_named_by_its_id(client: Client, world: World) -> None:
    world.source()
    lead_id = str(world.register().lead.id)
    contact = answered(register(client, json=body(id=lead_id)), 201)
    assert contact["lead"]["id"] == lead_id
    assert contact["lead"]["created"] is False
    refused(register(client, json=body(id=NOBODY)), "unknown_lead", "lead.id")


def test_identities_of_several_leads_are_reported_as_conflicts(
    client: Client, world: World
) -> None:
    world.source()
    phone = str(world.register(phone="+79161234567").lead.id)
    email = str(world.register(email="a@shop.ru").lead.id)
    identities = {"email": "A@shop.ru", "phone": "8 916 123 45 67"}
    lead = answered(register(client, json=body(identities=identities)), 201)["lead"]
    assert (lead["id"], lead["conflicts"], lead["created"]) == (phone, [email], False)


def test_an_unknown_source_is_404_and_names_the_field(caller: Client) -> None:
    refused(register(caller), "unknown_source", "source")


def test_a_contact_without_any_identity_is_refused(caller: Client, memory: World) -> None:
    memory.source()
    leads: list[dict[str, Any]] = [{}, {"identities": {}}, {"name": "Ivan"}]
    for lead in leads:
        refused(
            caller.post("/v1/contacts", json={"source": "telegram", "lead": lead}), "no_identity"
        )


@pytest.mark.parametrize(
    ("kind", "value"), [("phone", "not a phone"), ("phone", "+7"), ("email", "nobody@")]
)
def test_an_identity_that_is_none_is_refused_and_names_the_field(
    caller: Client, memory: World, kind: str, value: str
) -> None:
    memory.source()
    response = register(caller, json=body(identities={kind: value}))
    refused(response, "invalid_identity", f"lead.identities.{kind}")
    assert not memory.fairlead.leads.leads(identity=None, limit=10, after=None).items


def test_a_contact_is_closed_once_and_its_slot_goes_to_who_waited(
    client: Client, world: World
) -> None:
    ann = world.operator(capacity=1)
    world.source((ann, 1))
    first, second = world.register(), world.register()
    world.clock.advance(minutes=5)
    closed = answered(client.post(f"/v1/contacts/{first.id}/close"))
    assert closed["state"] == "closed"
    assert is_moment(closed["closed_at"])
    assert closed["operator"]["id"] == str(ann.id)
    handed_out = answered(client.get(f"/v1/contacts/{second.id}"))
    assert (handed_out["state"], handed_out["assigned_at"]) == ("assigned", closed["closed_at"])

    world.clock.advance(minutes=5)
    assert answered(client.post(f"/v1/contacts/{first.id}/close")) == closed


def test_a_waiting_contact_can_be_closed(client: Client, world: World) -> None:
    world.source()
    waiting = world.register()
    closed = answered(client.post(f"/v1/contacts/{waiting.id}/close"))
    assert (closed["state"], closed["operator"]) == ("closed", None)


def test_a_contact_is_transferred(client: Client, world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1))
    contact = world.register()
    path = f"/v1/contacts/{contact.id}/transfer"
    moved = answered(client.post(path, json={"operator_id": str(bob.id)}))
    assert moved["operator"] == {"id": str(bob.id), "name": "Bob"}
    assert (world.load(ann), world.load(bob)) == (0, 1)
    assert answered(client.post(path, json={"operator_id": str(bob.id)})) == moved


def test_a_transfer_to_who_cannot_take_it_is_409(client: Client, world: World) -> None:
    ann = world.operator("Ann")
    away, full = world.operator("Away", active=False), world.operator("Full", capacity=0)
    world.source((ann, 1))
    contact = world.register()
    path = f"/v1/contacts/{contact.id}/transfer"

    def to(operator_id: object) -> httpx.Response:
        return client.post(path, json={"operator_id": str(operator_id)})

    refused(to(away.id), "operator_inactive", "operator_id")
    refused(to(full.id), "operator_at_capacity", "operator_id")
    refused(to(NOBODY), "unknown_operator", "operator_id")
    answered(client.post(f"/v1/contacts/{contact.id}/close"))
    refused(to(ann.id), "contact_closed")
    assert world.fairlead.contacts.contact(contact.id).operator == contact.operator


def test_a_contact_that_is_not_there_is_404(client: Client) -> None:
    path = f"/v1/contacts/{NOBODY}"
    refused(client.get(path), "unknown_contact")
    refused(client.get(f"{path}/decision"), "unknown_contact")
    refused(client.get(f"{path}/history"), "unknown_contact")
    refused(client.post(f"{path}/close"), "unknown_contact")
    refused(client.post(f"{path}/transfer", json={"operator_id": NOBODY}), "unknown_contact")


def test_the_decision_names_everybody_and_why_not(client: Client, world: World) -> None:
    ann, full = world.operator("Ann", capacity=5), world.operator("Full", capacity=0)
    away, none = world.operator("Away", active=False), world.operator("None")
    world.source((ann, 3), (full, 2), (away, 1), (none, 0))
    contact = world.register()
    decision = answered(client.get(f"/v1/contacts/{contact.id}/decision"))
    assert decision["contact_id"] == str(contact.id)
    assert decision["strategy"] == "exact"
    assert decision["roll"] is None
    assert decision["picked"] == {"id": str(ann.id), "name": "Ann"}
    assert decision["transfers"] == []
    keys = {"operator", "weight", "active", "load", "capacity", "credit", "eligible", "reason"}
    assert all(set(each) == keys for each in decision["candidates"])
    assert [
        (each["operator"]["name"], each["weight"], each["eligible"], each["reason"])
        for each in sorted(decision["candidates"], key=lambda each: str(each["operator"]["id"]))
    ] == [
        ("Ann", 3, True, None),
        ("Full", 2, False, "at_capacity"),
        ("Away", 1, False, "inactive"),
        ("None", 0, False, "zero_weight"),
    ]


def test_the_decision_of_a_waiting_contact_is_404_until_it_is_handed_out(
    client: Client, world: World
) -> None:
    ann = world.operator(capacity=0)
    world.source((ann, 1))
    contact = world.register()
    path = f"/v1/contacts/{contact.id}/decision"
    refused(client.get(path), "no_decision")
    world.fairlead.update_operator(UpdateOperator(ann.id, capacity=1))
    assert answered(client.get(path))["picked"]["id"] == str(ann.id)


def test_the_decision_tells_of_transfers(client: Client, world: World) -> None:
    ann, bob, cat = (world.operator(name) for name in ("Ann", "Bob", "Cat"))
    world.source((ann, 1))
    contact = world.register()
    for operator in (bob, cat):
        world.clock.advance(minutes=1)
        answered(
            client.post(
                f"/v1/contacts/{contact.id}/transfer", json={"operator_id": str(operator.id)}
            )
        )
    decision = answered(client.get(f"/v1/contacts/{contact.id}/decision"))
    assert decision["picked"]["name"] == "Ann"
    assert [
        (each["previous"]["name"], each["operator"]["name"]) for each in decision["transfers"]
    ] == [("Ann", "Bob"), ("Bob", "Cat")]
    assert all(is_moment(each["at"]) for each in decision["transfers"])


def test_the_decision_of_a_contact_given_away_while_it_waited_tells_of_the_person(
    client: Client, world: World
) -> None:
    bob = world.operator("Bob")
    world.source()
    contact = world.register()
    answered(client.post(f"/v1/contacts/{contact.id}/transfer", json={"operator_id": str(bob.id)}))
    decision = answered(client.get(f"/v1/contacts/{contact.id}/decision"))
    assert (decision["strategy"], decision["picked"], decision["candidates"]) == (None, None, [])
    assert decision["transfers"][0]["previous"] is None
    assert decision["transfers"][0]["operator"] == {"id": str(bob.id), "name": "Bob"}


def test_the_history_tells_what_happened_to_a_contact(client: Client, world: World) -> None:
    ann, bob = world.operator("Ann", capacity=0), world.operator("Bob")
    world.source((ann, 3), (world.operator("Cat", active=False), 1))
    contact = world.register()
    path = f"/v1/contacts/{contact.id}"
    world.clock.advance(minutes=3)
    world.fairlead.update_operator(UpdateOperator(ann.id, capacity=1))
    answered(client.post(f"{path}/transfer", json={"operator_id": str(bob.id)}))
    answered(client.post(f"{path}/close"))
    history = answered(client.get(f"{path}/history"))
    assert set(history) == {"items"}
    assert all(is_moment(each["at"]) for each in history["items"])
    anna, boris = ({"id": str(each.id), "name": each.name} for each in (ann, bob))
    assert [{**each, "at": None} for each in history["items"]] == [
        {
            "type": "registered",
            "at": None,
            "source": "telegram",
            "lead_id": str(contact.lead.id),
        },
        {
            "type": "assigned",
            "at": None,
            "operator": anna,
            "waited_seconds": 180.0,
            "strategy": "exact",
            "allocated": 2,
            "eligible": 1,
        },
        {"type": "transferred", "at": None, "operator": boris, "previous_operator": anna},
        {"type": "closed", "at": None, "operator": boris},
    ]


def test_the_history_of_a_waiting_contact_is_its_registration(client: Client, world: World) -> None:
    bob = world.operator("Bob")
    world.source()
    taken, gone = world.register(), world.register()
    for each in (taken, gone):
        (registered,) = answered(client.get(f"/v1/contacts/{each.id}/history"))["items"]
        assert registered["type"] == "registered"
    answered(client.post(f"/v1/contacts/{taken.id}/transfer", json={"operator_id": str(bob.id)}))
    answered(client.post(f"/v1/contacts/{gone.id}/close"))
    step = answered(client.get(f"/v1/contacts/{taken.id}/history"))["items"][1]
    assert (step["type"], step["previous_operator"]) == ("transferred", None)
    step = answered(client.get(f"/v1/contacts/{gone.id}/history"))["items"][1]
    assert (step["type"], step["operator"]) == ("closed", None)


def ids(response: httpx.Response) -> list[str]:
    return [each["id"] for each in answered(response)["items"]]


def test_contacts_are_listed_newest_first_by_every_filter(client: Client, world: World) -> None:
    ann, bob = world.operator("Ann", capacity=1), world.operator("Bob", capacity=1)
    world.source((ann, 1), key="a")
    world.source((bob, 1), key="b")
    start = world.clock.now()
    made = []
    for source in ("a", "b", "a"):
        made.append(world.register(source))
        world.clock.advance(minutes=1)
    answered(client.post(f"/v1/contacts/{made[1].id}/close"))
    first, second, third = (str(each.id) for each in made)
    at = [(start + timedelta(minutes=n)).isoformat().replace("+00:00", "Z") for n in range(3)]
    local = (start + timedelta(minutes=1, hours=3)).strftime("%Y-%m-%dT%H:%M:%S%%2B03:00")

    def listed(query: str) -> list[str]:
        return ids(client.get(f"/v1/contacts?{query}"))

    assert listed("") == [third, second, first]
    assert listed("source=a") == [third, first]
    assert listed("source=none") == []
    assert listed(f"operator_id={ann.id}") == [first]
    assert listed(f"operator_id={NOBODY}") == []
    assert listed(f"lead_id={made[2].lead.id}") == [third]
    assert listed("state=waiting") == [third]
    assert listed("state=assigned") == [first]
    assert listed("state=closed") == [second]
    assert listed("state=assigned&state=waiting") == listed("state=waiting&state=assigned")
    assert listed("state=assigned&state=waiting") == [third, first]
    assert listed("state=closed&state=closed") == [second]
    assert listed("state=waiting&state=assigned&state=closed") == listed("")
    for wrong in ("state=waiting&state=open", "state=open", "state=waiting,closed", "state="):
        refused(client.get(f"/v1/contacts?{wrong}"), "validation_failed", "state")
    assert listed(f"since={at[1]}") == [third, second]
    assert listed(f"since={local}") == [third, second]
    assert listed(f"until={at[1]}") == [first]
    assert listed(f"since={at[1]}&until={at[2]}") == [second]
    assert listed(f"since={at[2]}&until={at[1]}") == []
    assert listed(f"source=a&state=assigned&operator_id={ann.id}&until={at[2]}") == [first]
    assert listed("source=b&state=waiting") == []


@pytest.mark.parametrize(
    "query", ["", "source=telegram", "state=waiting", "since=2026-01-01T00:00Z"]
)
def test_contacts_are_listed_page_by_page_while_new_ones_come(
    client: Client, world: World, query: str
) -> None:
    world.source()
    made = []
    for _ in range(5):
        made.append(str(world.register().id))
        world.clock.advance(seconds=1)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = answered(client.get(f"/v1/contacts?limit=2&{query}{cursor and '&cursor=' + cursor}"))
        assert len(page["items"]) <= 2
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        world.register()
    assert seen == made[::-1]


def test_a_payload_of_16_kib_is_kept_and_one_byte_more_is_refused(
    client: Client, world: World
) -> None:
    world.source()
    most = {"text": "x" * (16 * 1024 - len('{"text":""}'))}
    over = {"text": most["text"] + "x"}
    kept = answered(register(client, json={**body(), "payload": most}), 201)
    assert answered(client.get(f"/v1/contacts/{kept['id']}"))["payload"] == most
    refused(register(client, json={**body(), "payload": over}), "invalid_value", "payload")
