"""GET /v1/events."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from application.contacts import CloseContact
from application.leads import EraseLead
from application.register_contacts import RegisterContact
from domain.ids import LeadId
from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import answered, refused
from tests.support import World


@pytest.fixture
def told(client: Client, world: World) -> list[dict[str, Any]]:
    """Everything that was told of a contact that came in, changed hands and was closed."""
    ann = world.operator("Ann")
    world.operator("Bob")
    world.source((ann, 1))
    command = RegisterContact("telegram", {"telegram": "ivan77"}, lead_name="Ivan Petrov")
    contact = world.outcome(command).contact
    answered(client.post(f"/v1/contacts/{contact.id}/transfer", json={"operator_id": "bob"}), 200)
    answered(client.post(f"/v1/contacts/{contact.id}/close"), 200)
    items: list[dict[str, Any]] = answered(client.get("/v1/events?limit=200"), 200)["items"]
    return items


def test_events_are_in_order_and_name_nobody(told: list[dict[str, Any]], client: Client) -> None:
    assert [each["seq"] for each in told] == list(range(1, len(told) + 1))
    assert [each["type"] for each in told] == [
        "operator.created",
        "operator.created",
        "source.created",
        "allocations.replaced",
        "contact.registered",
        "contact.assigned",
        "contact.transferred",
        "contact.closed",
    ]
    registered, assigned, transferred, closed = told[4:]
    ann, bob = (each["subject"]["id"] for each in told[:2])
    assert registered["subject"] == {"kind": "contact", "id": closed["subject"]["id"]}
    assert registered["data"].keys() == {"source", "lead_id"}
    assert assigned["data"] == {"source": "telegram", "operator_id": ann}
    assert transferred["data"] == {
        "source": "telegram",
        "operator_id": bob,
        "previous_operator_id": ann,
    }
    assert closed["data"] == {"source": "telegram", "operator_id": bob}
    assert told[3]["subject"] == {"kind": "source", "id": "telegram"}
    assert told[3]["data"] == {"weights": {ann: 1}}
    whole = client.get("/v1/events?limit=200").text
    for name in ("Ivan", "ivan77", "Ann", "Bob"):
        assert name not in whole


def test_a_reader_that_goes_on_sees_each_event_once(
    told: list[dict[str, Any]], client: Client
) -> None:
    seen: list[dict[str, Any]] = []
    after = 0
    while True:
        page = answered(client.get(f"/v1/events?after={after}&limit=3"), 200)
        if not page["items"]:
            break
        seen += page["items"]
        after = page["next_after"]
    assert seen == told
    assert after == told[-1]["seq"]


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("types=contact.closed&types=contact.assigned", ["contact.assigned", "contact.closed"]),
        ("operator=bob", ["operator.created", "contact.transferred", "contact.closed"]),
        ("source=telegram&types=source.created", ["source.created"]),
        ("source=viber", []),
    ],
)
def test_what_is_not_wanted_is_left_out(
    told: list[dict[str, Any]], client: Client, query: str, types: list[str]
) -> None:
    page = answered(client.get(f"/v1/events?{query}"), 200)
    assert [each["type"] for each in page["items"]] == types
    assert page["next_after"] == told[-1]["seq"]


def test_one_contact(told: list[dict[str, Any]], client: Client) -> None:
    contact_id = told[-1]["subject"]["id"]
    page = answered(client.get(f"/v1/events?contact={contact_id}"), 200)
    assert page["items"] == told[4:]


@pytest.mark.usefixtures("told")
def test_an_operator_that_does_not_exist_is_refused(client: Client) -> None:
    refused(client.get("/v1/events?operator=nobody"), "unknown_operator")


def test_events_that_are_gone_are_not_passed_over_in_silence(
    told: list[dict[str, Any]], client: Client, world: World
) -> None:
    last = told[-1]["seq"]
    with world.container.storage().unit_of_work() as uow:
        uow.events.forget(world.clock.now().replace(year=9999), 3)
    problem = refused(client.get("/v1/events?after=1"), "events_gone")
    assert problem["earliest"] == 4
    assert "after=3" in problem["detail"]
    assert answered(client.get("/v1/events?after=3&limit=1"), 200)["items"] == [told[3]]
    assert answered(client.get("/v1/events?limit=1"), 200)["items"] == [told[3]]
    # A cursor from before a backup was restored.
    problem = refused(client.get(f"/v1/events?after={last + 1}"), "events_gone")
    assert "restored" in problem["detail"]
    assert answered(client.get(f"/v1/events?after={last}"), 200) == {
        "items": [],
        "next_after": last,
        "earliest": 4,
    }


def test_a_log_without_events_is_an_empty_page(client: Client) -> None:
    assert answered(client.get("/v1/events"), 200) == {"items": [], "next_after": 0, "earliest": 0}
    assert answered(client.get("/v1/events?after=0"), 200)["items"] == []


def test_an_erased_person_is_told_by_contact(
    told: list[dict[str, Any]], client: Client, world: World
) -> None:
    lead_id = told[4]["data"]["lead_id"]
    world.fairlead.erase_lead(EraseLead(LeadId(UUID(lead_id))))
    page = answered(client.get(f"/v1/events?after={told[-1]['seq']}"), 200)
    (erased,) = page["items"]
    assert (erased["type"], erased["subject"]["id"]) == (
        "contact.erased",
        told[4]["subject"]["id"],
    )
    assert erased["data"] == {"source": "telegram", "lead_id": lead_id}


def test_a_reader_may_wait_for_what_comes(
    told: list[dict[str, Any]], client: Client, world: World
) -> None:
    after = told[-1]["seq"]
    address = f"/v1/events?after={after}&wait=30&types=contact.closed"
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(client.get, address)
        contact = world.register()
        # What is not wanted wakes it, and is passed over.
        with pytest.raises(TimeoutError):
            waiting.result(1.5)
        world.fairlead.close_contact(CloseContact(contact.id))
        (closed,) = answered(waiting.result(20), 200)["items"]
    assert (closed["type"], closed["subject"]["id"]) == ("contact.closed", str(contact.id))
    page = answered(client.get(f"/v1/events?after={closed['seq']}&wait=1"), 200)
    assert page == {"items": [], "next_after": closed["seq"], "earliest": 1}
