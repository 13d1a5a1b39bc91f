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


class TestCorrections:
    """A wrong name and wrong identities are corrected."""

    @pytest.fixture
    def ivan(self, client: Client, world: World) -> str:
        world.source()
        lead = {"name": "Ivan", "identities": {"telegram": "ivan", "phone": "+79161234567"}}
        body = {"source": "telegram", "lead": lead}
        contact = answered(client.post("/v1/contacts", json=body), 201)
        return f"/v1/leads/{contact['lead']['id']}"

    def test_a_name_is_changed_and_removed(self, client: Client, ivan: str) -> None:
        for name, kept in ((" Пётр ", "Пётр"), ("Пётр", "Пётр"), (None, None), (None, None)):
            changed = answered(client.patch(ivan, json={"name": name}))
            assert changed["name"] == kept
            assert set(changed) == {"id", "name", "identities", "created_at"}
            shown = answered(client.get(ivan))
            assert changed == {field: shown[field] for field in changed}

    @pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 5}, {"name": "x" * 201}, []])
    def test_what_is_no_name_is_refused(
        self, client: Client, ivan: str, body: dict[str, object]
    ) -> None:
        refused(client.patch(ivan, json=body), "validation_failed")
        assert answered(client.get(ivan))["name"] == "Ivan"

    def test_an_identity_is_added_once(self, client: Client, ivan: str) -> None:
        body = {"kind": "phone", "value": "8 (916) 000-00-07"}
        response = client.post(f"{ivan}/identities", json=body)
        lead = answered(response, 201)
        assert response.headers["location"] == ivan
        assert {"kind": "phone", "value": "+79160000007"} in lead["identities"]
        again = client.post(f"{ivan}/identities", json=body)
        assert answered(again, 200) == lead
        assert "location" not in again.headers

    def test_one_that_somebody_else_has_is_refused_and_says_who(
        self, client: Client, world: World, ivan: str
    ) -> None:
        other = world.register(vk="7").lead.id
        body = {"kind": "vk", "value": "7"}
        problem = refused(client.post(f"{ivan}/identities", json=body), "identity_taken", "value")
        assert problem["lead_id"] == str(other)
        assert str(other) in problem["detail"]
        assert answered(client.get("/v1/leads?identity=vk:7"))["items"][0]["id"] == str(other)

    @pytest.mark.parametrize(
        ("body", "code", "field"),
        [
            ({"kind": "phone", "value": "12"}, "invalid_identity", "value"),
            ({"kind": "phone"}, "validation_failed", "value"),
            ({"kind": "Phone", "value": "x"}, "validation_failed", "kind"),
            ({"kind": "vk", "value": " "}, "validation_failed", "value"),
            ({"kind": "vk", "value": None}, "validation_failed", "value"),
            ({"kind": "vk", "value": "a\0"}, "invalid_value", "value"),
            ({"kind": "vk", "value": "x", "lead": 1}, "validation_failed", "lead"),
        ],
    )
    def test_what_is_no_identity_is_refused(
        self, client: Client, ivan: str, body: dict[str, object], code: str, field: str
    ) -> None:
        refused(client.post(f"{ivan}/identities", json=body), code, field)

    @pytest.mark.parametrize(
        ("kind", "value", "spelt"),
        [
            ("phone", "+79160000007", "8 916 000-00-07"),
            ("email", "a+b@shop.ru", " A+b@Shop.RU "),
            ("telegram", "a/b//c/", "a/b//c/"),
            ("telegram", "https://t.me/ivan?start=1#x", "https://t.me/ivan?start=1#x"),
            ("telegram", "50%25 + 100%", "50%25 + 100%"),
            ("telegram", "two\nlines", "two\nlines\n"),
            ("telegram", "Ёлкин 😀", "Ёлкин 😀"),
            ("telegram", "a:b;c", "a:b;c"),
        ],
    )
    def test_an_identity_is_removed_however_it_is_spelt(
        self, client: Client, ivan: str, kind: str, value: str, spelt: str
    ) -> None:
        before = answered(client.get(ivan))["identities"]
        body = {"kind": kind, "value": value}
        lead = answered(client.post(f"{ivan}/identities", json=body), 201)
        assert body in lead["identities"]
        address = f"{ivan}/identities/{kind}/{quote(spelt, safe='')}"
        response = client.delete(address)
        assert (response.status_code, response.content) == (204, b"")
        assert answered(client.get(ivan))["identities"] == before
        refused(client.delete(address), "unknown_identity")

    def test_the_last_identity_may_go_and_the_lead_stays(
        self, client: Client, world: World, ivan: str
    ) -> None:
        for each in ("phone/%2B79161234567", "telegram/ivan"):
            assert client.delete(f"{ivan}/identities/{each}").status_code == 204
        shown = answered(client.get(ivan))
        assert (shown["name"], shown["identities"], len(shown["contacts"])) == ("Ivan", [], 1)
        assert world.defects() == []

    @pytest.mark.parametrize(
        "rest",
        ["telegram/Ivan", "vk/ivan", "phone/none", "Phone/x", "telegram/%00", "vk/%ff", "a/"],
    )
    def test_what_the_person_has_not_is_404(self, client: Client, ivan: str, rest: str) -> None:
        refused(client.delete(f"{ivan}/identities/{rest}"), "unknown_identity")

    def test_a_lead_that_is_not_there_is_404(self, client: Client) -> None:
        lead = f"/v1/leads/{NOBODY}"
        body = {"kind": "vk", "value": "1"}
        refused(client.patch(lead, json={"name": "x"}), "unknown_lead")
        refused(client.post(f"{lead}/identities", json=body), "unknown_lead")
        refused(client.delete(f"{lead}/identities/vk/1"), "unknown_lead")


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
        # Unescaped, as people write it by hand, and escaped, as they should.
        ("phone:+6591234567", "singapore"),
        ("phone:%2B6591234567", "singapore"),
        ("phone:+65 9123 4567", "singapore"),
        ("phone:+7 659 123-45-67", "russian"),
        # Singapore has such a number and Russia does not, so bare digits are read that way.
        ("phone:6591234567", "singapore"),
        ("phone:%206591234567", "singapore"),
        ("phone%3A+6591234567", "singapore"),
        # With a plus, no such number exists.
        ("phone:+89161234567", "moscow"),
        ("email:ann+shop@example.com", "ann"),
        ("email:ann%2Bshop@example.com", "ann"),
        ("email: ann+shop@example.com ", "ann"),
        ("email:%20ann+shop@example.com", "ann"),
        ("email%3AANN+shop%40example.com", "ann"),
        ("email:a+b+c@example.com", "abc"),
        # These are ambiguous, so the rules apply: an unescaped plus is a space.
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
