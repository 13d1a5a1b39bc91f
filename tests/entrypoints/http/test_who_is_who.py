"""Who is who, over HTTP: empty and unreadable identities, idempotency keys, byte order marks."""

import json
from typing import Any

import httpx
import pytest

from domain.access import Role
from domain.errors import Unreadable
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import answered, refused
from tests.entrypoints.http.keys import make
from tests.support import World

BOM = b"\xef\xbb\xbf"
JSON = {"content-type": "application/json"}


def body(identities: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"source": "telegram", "lead": {"identities": identities}, **more}


def send(client: Client, identities: dict[str, Any], **headers: str) -> httpx.Response:
    return client.post("/v1/contacts", json=body(identities), headers=headers)


def in_a_batch(client: Client, *items: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answered(
        client.post("/v1/contacts/batch", json={"contacts": [*items]})
    )["results"]
    return found


class TestNothing:
    """`null` and invisible text are not an identity."""

    @pytest.mark.parametrize("nothing", [None, "", " ", "\u200b\ufeff", "\u00a0", " " * 300])
    def test_it_is_as_if_it_were_not_named(
        self, caller: Client, memory: World, nothing: str | None
    ) -> None:
        memory.source()
        first = answered(send(caller, {"phone": nothing, "telegram": "x"}), 201)
        assert first["lead"]["unread"] == []
        lead = answered(caller.get(f"/v1/leads/{first['lead']['id']}"))
        assert lead["identities"] == [{"kind": "telegram", "value": "x"}]
        refused(send(caller, {"phone": nothing}), "no_identity", "lead")
        (again, none) = in_a_batch(
            caller, body({"phone": nothing, "telegram": "x"}), body({"phone": nothing})
        )
        assert again["contact"]["lead"]["id"] == first["lead"]["id"]
        assert none["error"]["code"] == "no_identity"

    @pytest.mark.parametrize("value", [5, 79161234567, True, [], {}, ["x"]])
    def test_what_is_no_text_is_refused(self, caller: Client, memory: World, value: Any) -> None:
        memory.source()
        answer = send(caller, {"phone": value, "telegram": "x"})
        refused(answer, "validation_failed", "lead.identities.phone")

    @pytest.mark.parametrize("value", [None, "", "x"])
    def test_a_kind_that_cannot_be_one_is_refused(
        self, caller: Client, memory: World, value: str | None
    ) -> None:
        memory.source()
        assert send(caller, {"Phone": value, "telegram": "x"}).status_code == 422


class TestUnread:
    """A value that cannot be read is reported, and the customer is not turned away."""

    def test_it_is_told_wherever_the_contact_is_shown(self, client: Client, world: World) -> None:
        world.source((world.operator(), 1))
        identities = {"phone": "8 916 123 45 67 Anna", "telegram": "ann", "email": "-"}
        contact = answered(send(client, identities), 201)
        unread = [
            {"kind": "email", "value": "-", "reason": "not_an_email"},
            {"kind": "phone", "value": "8 916 123 45 67 Anna", "reason": "not_a_phone"},
        ]
        assert contact["lead"]["unread"] == unread
        path = f"/v1/contacts/{contact['id']}"
        assert answered(client.get(path)) == contact
        assert answered(client.get("/v1/contacts"))["items"] == [contact]
        lead = f"/v1/leads/{contact['lead']['id']}"
        assert answered(client.get(lead))["contacts"] == [contact]
        assert answered(client.get(f"{lead}/export"))["contacts"][0]["lead"]["unread"] == unread
        closed = answered(client.post(f"{path}/close"))
        assert closed["lead"]["unread"] == unread
        assert client.delete(lead).status_code == 204
        assert answered(client.get(path))["lead"]["unread"] == []

    def test_a_replay_and_a_batch_tell_it_too(self, client: Client, world: World) -> None:
        world.source()
        identities = {"phone": "none", "telegram": "ann"}
        first = answered(send(client, identities, **{"Idempotency-Key": "k"}), 201)
        again = answered(send(client, identities, **{"Idempotency-Key": "k"}), 200)
        (item,) = in_a_batch(client, body(identities, idempotency_key="k"))
        assert first == again == item["contact"]
        assert [each["kind"] for each in first["lead"]["unread"]] == ["phone"]

    def test_it_is_empty_as_a_rule(self, client: Client, world: World) -> None:
        world.source()
        assert answered(send(client, {"phone": "+79161234567"}), 201)["lead"]["unread"] == []

    @pytest.mark.parametrize(
        ("kind", "value", "code"),
        [
            ("phone", "none", "invalid_identity"),
            ("phone", "1111111111", "invalid_identity"),
            ("phone", "+7 495 123-45-67 ext. 5", "invalid_identity"),
            ("email", "ann@", "invalid_identity"),
            ("telegram", "x" * 201, "invalid_value"),
            ("telegram", "a\0", "invalid_value"),
        ],
    )
    def test_if_nothing_can_be_read_it_is_422_with_the_field(
        self, caller: Client, memory: World, kind: str, value: str, code: str
    ) -> None:
        memory.source()
        field = f"lead.identities.{kind}"
        refused(send(caller, {kind: value, "x": None}), code, field)
        (item,) = in_a_batch(caller, body({kind: value}))
        assert item["error"]["code"] == code
        known = answered(send(caller, {"vk": "1"}), 201)["lead"]["id"]
        by_id = {"source": "telegram", "lead": {"id": known, "identities": {kind: value}}}
        answer = answered(caller.post("/v1/contacts", json=by_id), 201)
        assert [each["kind"] for each in answer["lead"]["unread"]] == [kind]

    def test_a_value_is_kept_no_longer_than_a_text(self, caller: Client, memory: World) -> None:
        memory.source()
        contact = answered(send(caller, {"phone": "7" * 60_000, "telegram": "x"}), 201)
        assert contact["lead"]["unread"] == [
            {"kind": "phone", "value": "7" * 200, "reason": "too_long"}
        ]

    def test_the_key_of_a_bot_is_told_of_its_own_call(self, caller: Client, memory: World) -> None:
        memory.source()
        key = {"Authorization": f"Bearer {make(memory, Role.INTAKE)}"}
        contact = answered(send(caller, {"phone": "none", "telegram": "x"}, **key), 201)
        assert [each["value"] for each in contact["lead"]["unread"]] == ["none"]

    def test_every_reason_stands_in_the_document(self) -> None:
        document = create_app(Settings(database_url="memory://")).openapi()
        schemas = document["components"]["schemas"]
        assert schemas["Unreadable"]["enum"] == [each.value for each in Unreadable]
        assert "unread" in schemas["ContactLead"]["required"]
        value = schemas["NewContactLead"]["properties"]["identities"]["additionalProperties"]
        assert {each["type"] for each in value["anyOf"]} == {"string", "null"}


def test_leads_are_found_by_both_forms_of_a_number(client: Client, world: World) -> None:
    world.source()
    lead = answered(send(client, {"phone": "551187654321"}), 201)["lead"]["id"]
    for text in ("+5511987654321", "551187654321", "+55 11 98765-4321"):
        found = answered(client.get("/v1/leads", params={"identity": f"phone:{text}"}))["items"]
        assert [each["id"] for each in found] == [lead]
    assert answered(send(client, {"phone": "+5511987654321"}), 201)["lead"]["id"] == lead


class TestKeys:
    """A key in the header, quoted or not, is the same as one in the field."""

    @pytest.mark.parametrize(
        ("header", "field"),
        [
            ("ключ-1".encode(), "ключ-1"),
            ("😀".encode(), "😀"),
            ("é".encode(), "é"),
            (b"\xe9", "é"),
            (b'"abc"', "abc"),
            (b' "abc" ', "abc"),
            (b'" abc "', "abc"),
            (rb'"a\"b\\c"', 'a"b\\c'),
            ('"ключ"'.encode(), "ключ"),
            (b'"abc', '"abc'),
            (b'abc"', 'abc"'),
            (b'"a"b"', '"a"b"'),
            (rb'"a\nb"', r'"a\nb"'),
            (b"\t abc\t", "abc"),
            (b"a b", "a b"),
            (b"'abc'", "'abc'"),
        ],
    )
    def test_a_header_is_the_field(
        self, caller: Client, memory: World, header: bytes, field: str
    ) -> None:
        memory.source()
        in_field = body({"telegram": "ivan"}, idempotency_key=field)
        first = answered(caller.post("/v1/contacts", json=in_field), 201)
        named = [(b"idempotency-key", header)]
        in_header = caller.post("/v1/contacts", json=body({"telegram": "ivan"}), headers=named)
        assert answered(in_header, 200) == first
        assert answered(caller.post("/v1/contacts", json=in_field, headers=named), 200) == first

    @pytest.mark.parametrize("header", [b'""', b'" "', b"", b'"' + b"x" * 201 + b'"'])
    def test_a_key_that_is_none_is_refused(
        self, caller: Client, memory: World, header: bytes
    ) -> None:
        memory.source()
        named = [(b"idempotency-key", header)]
        answer = caller.post("/v1/contacts", json=body({"telegram": "ivan"}), headers=named)
        refused(answer, "invalid_value", "idempotency_key")

    def test_quotes_in_a_field_are_a_part_of_the_key(self, caller: Client, memory: World) -> None:
        memory.source()
        keys = ("abc", '"abc"')
        made = [
            answered(
                caller.post("/v1/contacts", json=body({"telegram": "x"}, idempotency_key=key)), 201
            )
            for key in keys
        ]
        assert made[0]["id"] != made[1]["id"]


class TestMarks:
    """A byte order mark before JSON is accepted, as editors and PowerShell write one."""

    def test_wherever_json_is_read(self, caller: Client) -> None:
        def call(method: str, path: str, content: Any, status: int = 200) -> Any:
            encoded = BOM + json.dumps(content).encode()
            return answered(caller.request(method, path, content=encoded, headers=JSON), status)

        operator = call("POST", "/v1/operators", {"name": "Ann", "capacity": 5}, 201)
        call("PATCH", f"/v1/operators/{operator['id']}", {"name": "Anna"})
        call("POST", "/v1/sources", {"key": "telegram"}, 201)
        call("PATCH", "/v1/sources/telegram", {"name": "T"})
        weights = {"allocations": [{"operator_id": operator["id"], "weight": 1}]}
        call("PUT", "/v1/sources/telegram/allocations", weights)
        contact = call("POST", "/v1/contacts", body({"telegram": "x"}), 201)
        batch = call("POST", "/v1/contacts/batch", {"contacts": [body({"telegram": "x"})]})
        assert batch["results"][0]["contact"]["lead"]["id"] == contact["lead"]["id"]
        transfer = {"operator_id": operator["id"]}
        call("POST", f"/v1/contacts/{contact['id']}/transfer", transfer)
        call("POST", "/v1/keys", {"role": "admin"}, 201)

    @pytest.mark.parametrize("content", [BOM, BOM + BOM + b"{}", BOM + b" ", b"{}" + BOM])
    def test_a_mark_is_no_json(self, caller: Client, memory: World, content: bytes) -> None:
        memory.source()
        for path in ("/v1/contacts", "/v1/contacts/batch", "/v1/operators"):
            answer = caller.post(path, content=content, headers=JSON)
            assert answer.status_code == 422, (path, answer.text)
