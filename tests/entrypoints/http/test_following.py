"""What a bot's key may read: the API documentation, and contacts of its own source by id."""

import pytest

from application.ports.statistics import HourSpan
from domain.access import Permission, Role
from entrypoints.edge.access import CALLS
from tests.application.acts import close, transfer
from tests.entrypoints.http.client import serving_world
from tests.entrypoints.http.expectations import NOBODY, answered, refused
from tests.entrypoints.http.keys import bearer, make
from tests.support import World


@pytest.fixture
def house(world: World) -> World:
    """Two sources, each with an operator."""
    for key in ("ours", "theirs"):
        world.source((world.operator(f"Ann of {key}"), 1), key=key)
    return world


def test_a_contact_of_its_source_is_shown_to_a_bot_and_none_of_another(house: World) -> None:
    ours, theirs = house.register("ours"), house.register("theirs")
    bound, free = (bearer(make(house, Role.INTAKE, source)) for source in ("ours", None))
    with serving_world(house) as client:
        assert answered(client.get(f"/v1/contacts/{ours.id}", headers=bound))["id"] == str(ours.id)
        hidden = refused(client.get(f"/v1/contacts/{theirs.id}", headers=bound), "unknown_contact")
        nothing = refused(client.get(f"/v1/contacts/{NOBODY}", headers=bound), "unknown_contact")
        # Nothing in the answer reveals whether the contact exists.
        assert hidden["detail"].replace(str(theirs.id), NOBODY) == nothing["detail"]
        assert hidden | {"detail": "", "request_id": ""} == nothing | {
            "detail": "",
            "request_id": "",
        }
        for contact in (ours, theirs):
            answered(client.get(f"/v1/contacts/{contact.id}", headers=free))
        refused(client.get(f"/v1/contacts/{NOBODY}", headers=free), "unknown_contact")


def test_a_bot_is_told_what_becomes_of_a_contact_and_nothing_about_the_person(house: World) -> None:
    house.register("theirs", telegram="ivan", phone="+79161234567")
    known = house.register("ours", email="ivan@example.com")
    body = {
        "source": "ours",
        "lead": {
            "name": "Ivan",
            "identities": {"telegram": "ivan", "email": "ivan@example.com", "phone": "ask him"},
        },
        "payload": {"text": "hello"},
    }
    keys = [bearer(make(house, Role.INTAKE, "ours")), bearer(make(house, Role.INTAKE))]
    viewer = bearer(make(house, Role.VIEWER))
    with serving_world(house) as client:
        made = answered(client.post("/v1/contacts", json=body, headers=keys[0]), 201)
        path = f"/v1/contacts/{made['id']}"
        whole = answered(client.get(path, headers=viewer))
        assert whole["lead"]["name"] == "Ivan"
        assert len(whole["lead"]["conflicts"]) == len(whole["lead"]["unread"]) == 1
        for key in keys:
            shown = answered(client.get(path, headers=key))
            assert shown["lead"] == {
                "id": str(known.lead.id),
                "name": None,
                "created": None,
                "conflicts": [],
                "unread": [],
            }
            assert {**shown, "lead": None} == {**whole, "lead": None}


def test_a_bot_follows_a_contact_to_its_end(house: World) -> None:
    key = bearer(make(house, Role.INTAKE, "ours"))
    contact = house.register("ours")
    bob = house.operator("Bob")
    with serving_world(house) as client:

        def shown() -> tuple[str, str]:
            now = answered(client.get(f"/v1/contacts/{contact.id}", headers=key))
            return now["state"], now["operator"]["name"]

        assert shown() == ("assigned", "Ann of ours")
        transfer(house, contact, bob)
        assert shown() == ("assigned", "Bob")
        close(house, contact)
        assert shown() == ("closed", "Bob")


def test_a_bot_reads_how_calls_are_made_and_lists_nothing(house: World) -> None:
    key = bearer(make(house, Role.INTAKE))
    contact = house.register("ours")
    with serving_world(house) as client:
        assert answered(client.get("/openapi.json", headers=key))["info"]["title"] == "Fairlead"
        for path in ("/docs", "/static/docs.js", "/static/swagger-ui/swagger-ui.css"):
            assert client.get(path, headers=key).status_code == 200
        for path in (
            *("/v1/contacts", f"/v1/contacts?lead_id={contact.lead.id}", "/v1/leads", "/console/"),
            *(f"/v1/contacts/{contact.id}/decision", f"/v1/contacts/{contact.id}/history"),
            *(f"/v1/leads/{contact.lead.id}", "/metrics"),
        ):
            refused(client.get(path, headers=key), "forbidden")


def test_nothing_else_is_open_to_who_may_only_follow() -> None:
    followed = {call for call, permission in CALLS.items() if permission is Permission.FOLLOW}
    assert followed == {("GET", "/v1/contacts/{contact_id}")}


def test_a_bot_tries_nothing_in_the_console(house: World) -> None:
    key = bearer(make(house, Role.INTAKE, "ours"))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with serving_world(house) as client:
        for source in ("theirs", "nowhere", "ours"):
            content = f"source={source}&kind=telegram&value=ivan"
            refused(client.post("/console/try", content=content, headers=key | form), "forbidden")
    counted = house.fairlead.statistics.distribution(sources=None, span=HourSpan())
    assert {each.source: each.total for each in counted} == {"ours": 0, "theirs": 0}
