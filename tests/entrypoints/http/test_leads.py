"""/v1/leads."""

from urllib.parse import quote

import pytest

from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import (
    NOBODY,
    answered,
    is_moment,
    is_problem,
    is_uuid7,
    refused,
)
from tests.support import World


@pytest.mark.parametrize(
    "identity",
    [
        "phone:+79161234567",
        "phone:8 (916) 123-45-67",
        "phone: 9161234567 ",
        "email:Ivan@Shop.RU",
        "telegram: ivan:the:first ",
    ],
)
def test_a_lead_is_found_by_an_identity_in_any_spelling(
    client: Client, world: World, identity: str
) -> None:
    world.source()
    world.register(telegram="somebody else")
    contact = world.register(
        phone="+7 916 123-45-67", email="ivan@shop.ru", telegram="ivan:the:first"
    )
    page = answered(client.get(f"/v1/leads?identity={quote(identity)}"))
    (lead,) = page["items"]
    assert set(lead) == {"id", "name", "identities", "created_at"}
    assert lead["id"] == str(contact.lead.id)
    assert is_uuid7(lead["id"])
    assert is_moment(lead["created_at"])
    assert lead["identities"] == [
        {"kind": "email", "value": "ivan@shop.ru"},
        {"kind": "phone", "value": "+79161234567"},
        {"kind": "telegram", "value": "ivan:the:first"},
    ]
    assert page["next_cursor"] is None


def test_an_identity_that_nobody_has_finds_nobody(client: Client, world: World) -> None:
    world.source()
    world.register(telegram="ivan")
    for identity in ("telegram:Ivan", "whatsapp:ivan", "telegram:iva"):
        assert answered(client.get(f"/v1/leads?identity={identity}"))["items"] == []


@pytest.mark.parametrize("identity", ["ivan", "", "phone:none", "email:nobody"])
def test_an_identity_that_is_none_is_refused(caller: Client, identity: str) -> None:
    refused(caller.get(f"/v1/leads?identity={identity}"), "invalid_identity")


def test_a_lead_is_shown_with_its_contacts_newest_first(client: Client, world: World) -> None:
    ann = world.operator("Ann", capacity=1)
    world.source((ann, 1), key="a")
    world.source(key="b")
    made = []
    for source in ("a", "b"):
        made.append(world.register(source, telegram="ivan"))
        world.clock.advance(minutes=1)
    world.register("a", telegram="somebody else")
    lead = answered(client.get(f"/v1/leads/{made[0].lead.id}"))
    assert set(lead) == {"id", "name", "identities", "created_at", "contacts", "next_cursor"}
    assert [
        (each["id"], each["source"], each["operator"] and each["operator"]["name"])
        for each in lead["contacts"]
    ] == [(str(made[1].id), "b", None), (str(made[0].id), "a", "Ann")]
    assert lead["next_cursor"] is None
    assert lead["contacts"][0] == answered(client.get(f"/v1/contacts/{made[1].id}"))


def test_the_rest_of_many_contacts_of_a_lead_is_where_its_cursor_points(
    client: Client, world: World
) -> None:
    world.source()
    made = [world.register(telegram="ivan") for _ in range(203)]
    lead_id = made[0].lead.id
    lead = answered(client.get(f"/v1/leads/{lead_id}"))
    rest = answered(
        client.get(f"/v1/contacts?lead_id={lead_id}&cursor={lead['next_cursor']}&limit=200")
    )
    seen = [each["id"] for each in lead["contacts"] + rest["items"]]
    assert seen == [str(each.id) for each in reversed(made)]


def test_leads_are_listed_newest_first_page_by_page(client: Client, world: World) -> None:
    world.source()
    made = [str(world.register().lead.id) for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = answered(client.get(f"/v1/leads?limit=2{cursor and '&cursor=' + cursor}"))
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        world.register()
    assert seen == made[::-1]


def test_the_first_name_that_comes_is_kept(client: Client, world: World) -> None:
    world.source()
    lead_id = ""
    for name in (None, "Ivan", "Petr"):
        lead = {"identities": {"telegram": "ivan"}} | ({} if name is None else {"name": name})
        answer = answered(
            client.post("/v1/contacts", json={"source": "telegram", "lead": lead}), 201
        )
        lead_id = answer["lead"]["id"]
    assert answered(client.get(f"/v1/leads/{lead_id}"))["name"] == "Ivan"


def test_a_lead_that_is_not_there_is_404(client: Client) -> None:
    refused(client.get(f"/v1/leads/{NOBODY}"), "unknown_lead")


def test_a_lead_that_is_erased_is_nobody(client: Client, world: World) -> None:
    world.source((world.operator("Ann"), 1))
    lead = {"name": "Ivan", "identities": {"telegram": "ivan"}}
    body = {"source": "telegram", "lead": lead, "payload": {"text": "x"}, "idempotency_key": "1"}
    contact = answered(client.post("/v1/contacts", json=body), 201)
    lead_id = contact["lead"]["id"]
    for _ in range(2):
        response = client.delete(f"/v1/leads/{lead_id}")
        assert (response.status_code, response.content) == (204, b"")
    shown = answered(client.get(f"/v1/leads/{lead_id}"))
    assert (shown["name"], shown["identities"]) == (None, [])
    nameless = {**contact["lead"], "name": None}
    assert shown["contacts"] == [contact | {"lead": nameless, "payload": None}]
    assert answered(client.get("/v1/leads?identity=telegram:ivan"))["items"] == []
    again = answered(client.post("/v1/contacts", json=body), 201)
    assert again["lead"]["created"]
    assert again["lead"]["id"] != lead_id


def test_a_lead_that_is_not_there_cannot_be_erased(client: Client) -> None:
    refused(client.delete(f"/v1/leads/{NOBODY}"), "unknown_lead")


def test_everything_stored_about_a_person_is_exported(client: Client, world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1))
    lead = {"name": "Ivan", "identities": {"telegram": "ivan"}}
    body = {"source": "telegram", "lead": lead, "payload": {"text": "x"}, "idempotency_key": "1"}
    contact = answered(client.post("/v1/contacts", json=body), 201)
    path = f"/v1/contacts/{contact['id']}"
    answered(client.post(f"{path}/transfer", json={"operator_id": str(bob.id)}))
    closed = answered(client.post(f"{path}/close"))
    world.register(telegram="somebody else")
    latest = world.register(telegram="ivan")
    address = f"/v1/leads/{contact['lead']['id']}"
    exported = answered(client.get(f"{address}/export"))
    shown = answered(client.get(address))
    assert {key: exported[key] for key in ("id", "name", "identities", "created_at")} == {
        key: shown[key] for key in ("id", "name", "identities", "created_at")
    }
    transfers = answered(client.get(f"{path}/decision"))["transfers"]
    assert [each["operator"]["name"] for each in transfers] == ["Bob"]
    assert exported["contacts"] == [
        answered(client.get(f"/v1/contacts/{latest.id}"))
        | {"idempotency_key": None, "transfers": []},
        closed | {"idempotency_key": "1", "transfers": transfers},
    ]
    client.delete(address)
    erased = answered(client.get(f"{address}/export"))
    assert (erased["name"], erased["identities"]) == (None, [])
    assert {(each["payload"], each["idempotency_key"]) for each in erased["contacts"]} == {
        (None, None)
    }


def test_a_lead_that_is_not_there_is_not_exported(client: Client) -> None:
    refused(client.get(f"/v1/leads/{NOBODY}/export"), "unknown_lead")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # Unescaped, as people write it by hand, and as they should.
        ("phone:+6591234567", "singapore"),
        ("phone:%2B6591234567", "singapore"),
        ("phone:+65 9123 4567", "singapore"),
        ("phone:+7 659 123-45-67", "russian"),
        # A space that somebody has escaped is one: a number of the service's own country.
        ("phone:6591234567", "russian"),
        ("phone:%206591234567", "russian"),
        ("phone%3A+6591234567", "russian"),
        # With a plus it would be nobody's number.
        ("phone:+89161234567", "moscow"),
        ("email:ann+shop@example.com", "ann"),
        ("email:ann%2Bshop@example.com", "ann"),
        ("email: ann+shop@example.com ", "ann"),
        ("email:%20ann+shop@example.com", "ann"),
        ("email%3AANN+shop%40example.com", "ann"),
        ("email:a+b+c@example.com", "abc"),
        # Of these nobody can know, and a space is what it is by the rules.
        ("external_id:a+b", "spaced"),
        ("external_id:a%20b", "spaced"),
        ("external_id:a%2Bb", "plus"),
        ("telegram:+ivan+", "ivan"),
    ],
)
def test_a_plus_that_was_not_escaped_is_read_as_what_it_must_have_been(
    caller: Client, memory: World, query: str, expected: str
) -> None:
    memory.source()
    people = {
        "singapore": {"phone": "+6591234567"},
        "russian": {"phone": "+76591234567"},
        "moscow": {"phone": "+79161234567"},
        "ann": {"email": "ann+shop@example.com"},
        "abc": {"email": "a+b+c@example.com"},
        "spaced": {"external_id": "a b"},
        "plus": {"external_id": "a+b"},
        "ivan": {"telegram": "ivan"},
    }
    leads = {
        name: str(memory.register(**identities).lead.id) for name, identities in people.items()
    }
    for asked in (f"identity={query}", f"limit=5&identity={query}"):
        (found,) = answered(caller.get(f"/v1/leads?{asked}"))["items"]
        assert found["id"] == leads[expected]


def test_what_can_be_no_identity_with_or_without_a_plus_is_refused(caller: Client) -> None:
    for query in ("phone:+", "phone:++", "phone:+12", "email:+", "email:a+b", "phone:+letters"):
        answer = caller.get(f"/v1/leads?identity={query}")
        assert is_problem(answer)["code"] in {"invalid_identity", "invalid_value"}, query
