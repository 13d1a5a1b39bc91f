"""Input that is wrong in every way we know gets a 4xx with a problem, and nothing is stored."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from application.ports.contacts import ContactFilter
from application.ports.statistics import HourSpan
from domain.access import Role
from tests.entrypoints.http.client import Client, serving_world
from tests.entrypoints.http.expectations import NOBODY, answered, is_problem, refused
from tests.entrypoints.http.keys import make
from tests.support import World, open_world

JSON = {"content-type": "application/json"}
NUL = "a\0b"
LONG = "x" * 201


@dataclass
class Target:
    """A served application that holds some data, and the calls that take a body."""

    world: World
    client: Client
    operator_id: str
    contact_id: str
    before: object = None

    def bodies(self) -> dict[str, tuple[str, str, dict[str, Any]]]:
        """Return a valid body for every call that takes one, by the call's name."""
        contact = {"source": "telegram", "lead": {"identities": {"telegram": "new"}}}
        weights = [{"operator_id": self.operator_id, "weight": 5}]
        return {
            "operator": ("POST", "/v1/operators", {"name": "Bob", "capacity": 5}),
            "operator change": ("PATCH", f"/v1/operators/{self.operator_id}", {"name": "Bob"}),
            "source": ("POST", "/v1/sources", {"key": "web"}),
            "source change": ("PATCH", "/v1/sources/telegram", {"name": "T"}),
            "allocations": ("PUT", "/v1/sources/telegram/allocations", {"allocations": weights}),
            "contact": ("POST", "/v1/contacts", contact),
            "batch": ("POST", "/v1/contacts/batch", {"contacts": [contact]}),
            "key": ("POST", "/v1/keys", {"role": "viewer"}),
            "transfer": (
                "POST",
                f"/v1/contacts/{self.contact_id}/transfer",
                {"operator_id": NOBODY},
            ),
        }

    def send(self, call: str, content: Any, **options: Any) -> httpx.Response:
        method, path, _ = self.bodies()[call]
        return self.client.request(method, path, content=content, **{"headers": JSON} | options)

    def send_json(self, call: str, body: Any) -> httpx.Response:
        return self.send(call, json.dumps(body).encode())

    def stored(self) -> object:
        """Return everything that is stored, as the readers see it."""
        fairlead = self.world.fairlead
        return (
            fairlead.catalogue.operators(active=None, limit=200, after=None),
            fairlead.catalogue.sources(limit=200, after=None),
            fairlead.contacts.contacts(ContactFilter(), limit=200, after=None),
            fairlead.leads.leads(identity=None, limit=200, after=None),
            fairlead.statistics.distribution(sources=None, span=HourSpan()),
            fairlead.keys.all(),
        )


CALLS = (
    *("operator", "operator change", "source", "source change"),
    *("allocations", "contact", "batch", "transfer", "key"),
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One application for all tests in this module; each of them must leave it unchanged."""
    folder = tmp_path_factory.mktemp("bad_input")
    with open_world(f"sqlite:///{folder / 'fairlead.db'}") as world, serving_world(world) as client:
        ann = world.operator("Ann", capacity=1)
        world.source((ann, 7))
        contact = world.register(telegram="ivan")
        world.register(telegram="petr")
        target = Target(world, client, str(ann.id), str(contact.id))
        target.before = target.stored()
        yield target
        assert not world.defects()


@pytest.fixture
def target(served: Target) -> Iterator[Target]:
    """The application; afterwards, nothing in it may have changed."""
    yield served
    assert served.stored() == served.before


@pytest.mark.parametrize("call", CALLS)
def test_the_bodies_that_the_tests_below_spoil_are_good(call: str) -> None:
    with open_world() as world, serving_world(world) as client:
        ann = world.operator("Ann", capacity=1)
        world.source((ann, 7))
        target = Target(world, client, str(ann.id), str(world.register().id))
        answer = target.send_json(call, target.bodies()[call][2])
        if call == "transfer":
            refused(answer, "unknown_operator")
        else:
            assert answer.status_code in {200, 201}, answer.text


MALFORMED = {
    "nothing but a brace": b"{",
    "trailing comma": b'{"name": "a", "capacity": 1,}',
    "single quotes": b"{'name': 'a'}",
    "text after the end": b"{} {}",
    "no JSON at all": b"name=a&capacity=1",
    "white space only": b" \n\t ",
    "a comment": b'{"name": "a" /* Ann */}',
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\x80"}',
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "two byte order marks": b'\xef\xbb\xbf\xef\xbb\xbf{"name": "a"}',
    "NUL bytes": b"\0\0\0\0",
    "a NUL byte in a text": b'{"name": "a\0"}',
    "half of a surrogate pair": rb'{"name": "\ud800"}',
    "the other half": rb'{"name": "\udc00 "}',
    "half of a pair in a key": rb'{"\ud800": 1}',
    "deeper than any parser": b"[" * 60_000,
    "deep objects": b'{"a":' * 10_000,
    "deep and closed": b"[" * 30_000 + b"]" * 30_000,
    "an unfinished text": b'{"name": "a',
    "an unfinished escape": b'{"name": "\\u00',
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_body_that_is_no_json_is_422(target: Target, call: str, content: bytes) -> None:
    refused(target.send(call, content), "malformed_json")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"])
def test_a_number_that_json_does_not_have_is_refused(
    target: Target, call: str, number: bytes
) -> None:
    body = target.bodies()[call][2]
    spoiled = json.dumps(body | {"name": "@", "payload": "@"}).encode().replace(b'"@"', number)
    answer = target.send(call, spoiled)
    assert answer.status_code == 422
    is_problem(answer)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_a_payload_with_a_number_that_json_does_not_have_is_refused(
    target: Target, number: bytes
) -> None:
    """JSON has 1e999, but a float has not: only the item that holds it is refused."""
    contact = target.bodies()["contact"][2]
    content = json.dumps(contact | {"payload": {"a": ["@"]}}).encode().replace(b'"@"', number)
    answer = target.send("contact", content)
    refused(answer, "invalid_value", "payload")
    batch = target.send("batch", b'{"contacts": [' + content + b"]}")
    if number == b"1e999":
        (result,) = answered(batch)["results"]
        assert result["error"]["code"] == "invalid_value"
    else:
        refused(batch, "malformed_json")


def test_a_million_brackets_in_a_batch_are_refused(target: Target) -> None:
    refused(target.send("batch", b"[" * 1_000_000), "malformed_json")
    refused(target.send("batch", b'{"contacts":' + b"[" * 1_000_000), "malformed_json")
    refused(target.send("batch", b'{"a":' * 500_000), "malformed_json")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("content", [b"[]", b"[{}]", b"null", b"true", b"17", b'"text"', b"1e5"])
def test_a_body_that_is_no_object_is_422(target: Target, call: str, content: bytes) -> None:
    refused(target.send(call, content), "validation_failed", "body")


@pytest.mark.parametrize("call", CALLS)
def test_an_empty_body_is_422(target: Target, call: str) -> None:
    for headers in (JSON, {}):
        answer = target.send(call, b"", headers=headers)
        assert answer.status_code == 422
        is_problem(answer)


@pytest.mark.parametrize("call", CALLS)
def test_an_unknown_field_is_refused_and_named(target: Target, call: str) -> None:
    body = target.bodies()[call][2] | {"colour": "red"}
    refused(target.send_json(call, body), "validation_failed", "colour")


@pytest.mark.parametrize(
    "call", ["operator", "source", "allocations", "contact", "batch", "transfer"]
)
def test_a_missing_field_is_refused_and_named(target: Target, call: str) -> None:
    for field in target.bodies()[call][2]:
        body = {key: value for key, value in target.bodies()[call][2].items() if key != field}
        refused(target.send_json(call, body), "validation_failed", field)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonx",
        "application/problem+json",
        "json",
        "application/json, text/plain",
        "; application/json",
        "\xff\xfe",
    ],
)
def test_a_body_that_is_not_announced_as_json_is_415(
    target: Target, call: str, media_type: str | None
) -> None:
    content = json.dumps(target.bodies()[call][2]).encode()
    headers = [] if media_type is None else [(b"content-type", media_type.encode("latin-1"))]
    refused(target.send(call, content, headers=headers), "unsupported_media_type")


@pytest.mark.parametrize("call", CALLS)
def test_a_body_that_is_too_large_is_413(target: Target, call: str) -> None:
    limit = (4 * 1024 if call == "batch" else 64) * 1024
    if call == "allocations":
        limit = 4 * 1024 * 1024
    content = b" " * (limit + 1)
    refused(target.send(call, content), "body_too_large")

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 60_000):
            yield content[start : start + 60_000]

    answer = target.send(call, chunks())
    assert "content-length" not in answer.request.headers
    refused(answer, "body_too_large")


def test_a_length_that_is_announced_is_believed_before_anything_is_read(target: Target) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = JSON | {"content-length": str(10**12)}
    refused(target.send("contact", never(), headers=headers), "body_too_large")
    refused(target.send("batch", never(), headers=headers), "body_too_large")


def test_a_length_that_lies_does_not_let_a_large_body_in(target: Target) -> None:
    content = b" " * 100_000
    for announced in ("5", "-1", "abc", ""):
        answer = target.send("contact", content, headers=JSON | {"content-length": announced})
        refused(answer, "body_too_large")


WHOLE_NUMBERS: list[Any] = [
    *(-1, 1_000_001, 2**31, 2**63, 2**64, 2**70, -(2**70), 10**400),
    *(1.5, 5.0, 1e30, "5", "", True, False, None, [], [5], {}, {"a": 5}),
]


@pytest.mark.parametrize("value", WHOLE_NUMBERS, ids=lambda value: repr(value)[:12])
def test_a_capacity_out_of_its_range_is_refused(target: Target, value: Any) -> None:
    for call in ("operator", "operator change"):
        body = target.bodies()[call][2] | {"capacity": value}
        refused(target.send_json(call, body), "validation_failed", "capacity")


@pytest.mark.parametrize("value", WHOLE_NUMBERS, ids=lambda value: repr(value)[:12])
def test_a_weight_out_of_its_range_is_refused(target: Target, value: Any) -> None:
    weights = [{"operator_id": target.operator_id, "weight": value}]
    answer = target.send_json("allocations", {"allocations": weights})
    refused(answer, "validation_failed", "allocations.0.weight")


@pytest.mark.parametrize("value", ["true", "yes", 1, 0, None, [], "on"], ids=repr)
def test_an_activity_that_is_neither_true_nor_false_is_refused(target: Target, value: Any) -> None:
    for call in ("operator", "operator change"):
        body = target.bodies()[call][2] | {"active": value}
        refused(target.send_json(call, body), "validation_failed", "active")


@pytest.mark.parametrize("value", ["", " ", "\t\n", LONG, NUL, "\0", 5, None, [], {}, True])
@pytest.mark.parametrize("call", ["operator", "operator change", "source", "source change"])
def test_a_name_that_is_none_is_refused(target: Target, call: str, value: Any) -> None:
    if call == "source" and value is None:
        return  # a source without a name takes its key as its name
    answer = target.send_json(call, target.bodies()[call][2] | {"name": value})
    assert answer.status_code == 422
    assert "name" in {each["field"] for each in is_problem(answer)["errors"]}


@pytest.mark.parametrize(
    "key",
    [
        *("", " ", "A", "-a", ".a", "_a", "a b", "a/b", "ключ", "a" * 65, NUL, "a\n", "\na", "a\r"),
        *(5, None, [], {}),
    ],
    ids=repr,
)
def test_a_key_that_is_none_is_refused(target: Target, key: Any) -> None:
    refused(target.send_json("source", {"key": key}), "validation_failed", "key")
    body = target.bodies()["contact"][2] | {"source": key}
    refused(target.send_json("contact", body), "validation_failed", "source")


@pytest.mark.parametrize("strategy", ["", "EXACT", "fair", 0, None, [], True])
def test_a_strategy_that_is_none_is_refused(target: Target, strategy: Any) -> None:
    for call in ("source", "source change"):
        body = target.bodies()[call][2] | {"strategy": strategy}
        refused(target.send_json(call, body), "validation_failed", "strategy")


def test_a_set_of_allocations_with_anything_wrong_is_refused_whole(target: Target) -> None:
    mine = target.operator_id
    for allocations, code in (
        (
            [{"operator_id": mine, "weight": 1}, {"operator_id": mine, "weight": 2}],
            "duplicate_operator",
        ),
        (
            [{"operator_id": mine, "weight": 1}, {"operator_id": NOBODY, "weight": 2}],
            "unknown_operator",
        ),
        (
            [{"operator_id": mine, "weight": 1}, {"operator_id": "x", "weight": 2}],
            "unknown_operator",
        ),
        (
            [{"operator_id": mine, "weight": 1}, {"operator_id": "x y", "weight": 2}],
            "validation_failed",
        ),
        ([{"operator_id": mine, "weight": 1}, {}], "validation_failed"),
        ([{"operator_id": mine, "weight": 1, "share": 1}], "validation_failed"),
        (
            [{"operator_id": mine.upper(), "weight": 1}, {"operator_id": mine, "weight": 1}],
            "duplicate_operator",
        ),
        ([1], "validation_failed"),
        ({mine: 1}, "validation_failed"),
        (None, "validation_failed"),
    ):
        refused(target.send_json("allocations", {"allocations": allocations}), code)


def test_more_than_a_thousand_allocations_are_refused(target: Target) -> None:
    allocations = [{"operator_id": f"{n:032x}", "weight": 1} for n in range(1001)]
    answer = target.send(
        "allocations", json.dumps({"allocations": allocations}, separators=(",", ":")).encode()
    )
    assert answer.status_code in {413, 422}
    is_problem(answer)


NO_IDENTITIES: tuple[object, ...] = ("", " ", LONG, NUL, 5, None, [], {})
NO_NAMES: tuple[object, ...] = ("", LONG, NUL, 5, [])


@pytest.mark.parametrize(
    "lead",
    [
        *({}, {"identities": {}}, {"name": "Ivan"}, {"id": None}, {"identities": None}),
        *({"id": "x"}, {"id": NUL}, {"id": 5}, {"id": NOBODY + "0"}, None, [], "ivan", 5),
        *({"identities": {"telegram": value}} for value in NO_IDENTITIES),
        *({"identities": {kind: "a"}} for kind in ("", "Phone", "1a", "a b", "a:b", NUL, "a" * 33)),
        *(
            {"identities": {"phone": value}}
            for value in ("abc", "+", "123", "+7", "+79161234567" * 3)
        ),
        *(
            {"identities": {"email": value}}
            for value in ("a", "@", "a@", "a@b", "a b@c.de", "a@b@c.de")
        ),
        {"identities": {f"kind{number}": "a" for number in range(21)}},
        {"identities": [["telegram", "a"]]},
        {"identities": "telegram:a"},
        *({"name": value, "identities": {"telegram": "a"}} for value in NO_NAMES),
        {"identities": {"telegram": "a"}, "phone": "+79161234567"},
    ],
    ids=lambda lead: repr(lead)[:40],
)
def test_a_lead_that_cannot_be_known_is_refused(target: Target, lead: Any) -> None:
    contact = target.bodies()["contact"][2] | {"lead": lead}
    answer = target.send_json("contact", contact)
    assert 400 <= answer.status_code < 500, answer.text
    problem = is_problem(answer)
    assert problem["errors"]
    assert all(each["field"].startswith("lead") for each in problem["errors"])
    (result,) = answered(target.send_json("batch", {"contacts": [contact]}))["results"]
    assert result["status"] == answer.status_code
    assert result["error"]["code"] == problem["code"]


@pytest.mark.parametrize(
    "payload",
    [
        *([], "text", 5, True, [{}]),
        {"a": NUL},
        {NUL: 1},
        {"a": [{"b": NUL}]},
        {"a": "x" * 16_384},
        {"a": "ж" * 8_192},
        {"x" * 16_384: 1},
    ],
    ids=lambda payload: repr(payload)[:20],
)
def test_a_payload_that_cannot_be_kept_is_refused(target: Target, payload: Any) -> None:
    answer = target.send_json("contact", target.bodies()["contact"][2] | {"payload": payload})
    assert answer.status_code == 422
    assert [each["field"].split(".")[0] for each in is_problem(answer)["errors"]] == ["payload"]


def test_a_number_of_too_many_digits_is_refused(target: Target) -> None:
    contact = json.dumps(target.bodies()["contact"][2] | {"payload": {"a": "@"}}).encode()
    content = contact.replace(b'"@"', b"9" * 5_000)
    refused(target.send("contact", content), "malformed_json")
    refused(target.send("batch", b'{"contacts":[' + content + b"]}"), "malformed_json")


def test_an_unknown_source_is_refused(target: Target) -> None:
    contact = target.bodies()["contact"][2] | {"source": "none"}
    refused(target.send_json("contact", contact), "unknown_source", "source")


@pytest.mark.parametrize(
    "key", ["", " ", LONG, NUL, 5, [], {}, True], ids=lambda key: repr(key)[:9]
)
def test_an_idempotency_key_in_the_body_that_is_none_is_refused(target: Target, key: Any) -> None:
    answer = target.send_json("contact", target.bodies()["contact"][2] | {"idempotency_key": key})
    assert answer.status_code == 422
    assert [each["field"] for each in is_problem(answer)["errors"]] == ["idempotency_key"]


@pytest.mark.parametrize(
    "key",
    [b"", b" ", b"\t", b"x" * 201, b"x" * 60_000, b"a\0b", b"\0", "ж".encode() * 201],
    ids=lambda key: repr(key)[:9],
)
def test_an_idempotency_key_in_the_header_that_is_none_is_refused(
    target: Target, key: bytes
) -> None:
    content = json.dumps(target.bodies()["contact"][2]).encode()
    headers = [(b"content-type", b"application/json"), (b"idempotency-key", key)]
    refused(target.send("contact", content, headers=headers), "invalid_value", "idempotency_key")


@pytest.mark.parametrize("path", ["/v1/operators", "/v1/sources", "/v1/contacts", "/v1/leads"])
@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=-1", "limit=201", f"limit={2**70}", "limit=1.5", "limit=ten", "limit="),
        *("limit=1e2", "limit=%00", "limit=NaN", "limit=0x10", "limit=true", "limit=" + "9" * 5000),
        *("cursor=", "cursor=%00", "cursor=%ED%A0%80", "cursor=%FF", "cursor=" + "z" * 5000),
        *("cursor=%27%20OR%201=1--", "cursor=-1", "cursor=../../etc", "cursor=%0A"),
    ],
    ids=lambda query: query[:20],
)
def test_a_limit_or_a_cursor_that_is_none_is_refused(target: Target, path: str, query: str) -> None:
    refused(
        target.client.get(f"{path}?{query}"), "validation_failed", query.split("=", maxsplit=1)[0]
    )


@pytest.mark.parametrize("cursor", [NOBODY, "0" * 32, "f" * 32, f"urn:uuid:{NOBODY}"])
def test_a_cursor_that_is_nobodys_is_a_place_in_the_list_all_the_same(
    target: Target, cursor: str
) -> None:
    for path in ("/v1/operators", "/v1/contacts", "/v1/leads"):
        assert answered(target.client.get(f"{path}?cursor={cursor}"))["next_cursor"] is None


@pytest.mark.parametrize(
    "query",
    [
        *("source=A", "source=%00", "source=", "source=" + "a" * 65, "source=telegram%0A"),
        *("operator_id=1", "operator_id=", "operator_id=%00", "lead_id=x", "lead_id=%ED%A0%80"),
        *("state=lost", "state=", "state=WAITING", "state=0"),
        *("since=yesterday", "since=", "since=2026-01-01T00:00:00", "since=2026-13-01T00:00:00Z"),
        *("until=2026-02-30T00:00:00Z", "until=10000-01-01T00:00:00Z", "until=%00", "until=NaN"),
        *("since=0000-01-01T00:00:00Z", "until=2026-01-01T00:00:00%2B25:00", "since=1e999"),
        f"since={2**70}",
    ],
)
def test_a_filter_that_is_none_is_refused(target: Target, query: str) -> None:
    refused(
        target.client.get(f"/v1/contacts?{query}"),
        "validation_failed",
        query.split("=", maxsplit=1)[0],
    )


@pytest.mark.parametrize("path", ["/v1/contacts", "/v1/stats/distribution"])
@pytest.mark.parametrize(
    ("moment", "everything_is_later"),
    [
        ("0001-01-01T00:00:00Z", True),
        ("0001-01-01T00:00:00%2B23:59", True),
        ("0001-01-01T00:00:00-23:59", True),
        ("1969-12-31T23:59:59.999999Z", True),
        ("9999-12-31T23:59:59.999999Z", False),
        ("9999-12-31T23:59:59%2B23:59", False),
        ("9999-12-31T23:59:59-23:59", False),
    ],
)
def test_the_first_and_the_last_moments_of_the_calendar_are_moments_like_others(
    target: Target, path: str, moment: str, everything_is_later: bool
) -> None:
    def number(query: str) -> int:
        body = answered(target.client.get(f"{path}?{query}={moment}"))
        return len(body["items"]) if "items" in body else body["sources"][0]["total"]

    assert number("since") == (2 if everything_is_later else 0)
    assert number("until") == (0 if everything_is_later else 2)


@pytest.mark.parametrize(
    "identity",
    [
        *("", "ivan", ":", ":ivan", "phone:", "phone:none", "Phone:+79161234567", "email:a"),
        *("telegram:%00", "%00:a", "telegram:" + "x" * 201, "x" * 5000, "telegram:%20"),
    ],
    ids=lambda identity: identity[:20],
)
def test_an_identity_in_a_query_that_is_none_is_refused(target: Target, identity: str) -> None:
    answer = target.client.get(f"/v1/leads?identity={identity}")
    assert answer.status_code == 422
    is_problem(answer)


@pytest.mark.parametrize("value", ["maybe", "", "2", "%00", "null"])
def test_an_activity_in_a_query_that_is_none_is_refused(target: Target, value: str) -> None:
    refused(target.client.get(f"/v1/operators?active={value}"), "validation_failed", "active")


TRICKS = (
    *("%00", "telegram%00", "%0A", "telegram%0A", "%ED%A0%80", "%FF", "..%2F..%2Fetc%2Fpasswd"),
    *(
        "%2e%2e",
        "TELEGRAM",
        "telegram%20",
        "%20telegram",
        "a" * 65,
        "a" * 5000,
        "%25",
        "%3F",
        "%23",
    ),
    *("telegram;x=1", "%27%20OR%201=1--", "%F0%9F%98%80", "-", "*"),
)


@pytest.mark.parametrize("key", TRICKS, ids=lambda key: key[:20])
def test_a_trick_in_the_key_of_a_path_is_refused(target: Target, key: str) -> None:
    for method, path in (
        ("GET", f"/v1/sources/{key}"),
        ("PATCH", f"/v1/sources/{key}"),
        ("PUT", f"/v1/sources/{key}/allocations"),
    ):
        body: dict[str, list[object]] = {"allocations": []} if method == "PUT" else {}
        answer = target.client.request(method, path, **({} if method == "GET" else {"json": body}))
        assert answer.status_code in {404, 405, 422}, answer.text
        is_problem(answer)


@pytest.mark.parametrize(
    "identifier", ["1", "%00", "x" * 36, "%ED%A0%80", NOBODY + "0", NOBODY[:-1], "{}", "null", "-1"]
)
def test_an_id_in_a_path_that_is_none_is_refused(target: Target, identifier: str) -> None:
    for method, path in (
        ("GET", f"/v1/contacts/{identifier}"),
        ("GET", f"/v1/contacts/{identifier}/decision"),
        ("GET", f"/v1/contacts/{identifier}/history"),
        ("POST", f"/v1/contacts/{identifier}/close"),
        ("POST", f"/v1/contacts/{identifier}/transfer"),
        ("GET", f"/v1/leads/{identifier}"),
    ):
        options: dict[str, Any] = {} if method == "GET" else {"json": {}}
        refused(target.client.request(method, path, **options), "validation_failed")


@pytest.mark.parametrize("method", ["DELETE", "TRACE", "PROPFIND", "BREW", "X" * 200])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/operators",
        "/v1/sources/telegram",
        "/v1/contacts",
        "/v1/contacts/batch",
        "/v1/leads",
        "/healthz",
    ],
)
def test_a_method_that_nobody_knows_is_405(target: Target, method: str, path: str) -> None:
    answer = target.client.request(method, path)
    refused(answer, "method_not_allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        *("/v1", "/v2/contacts", "/V1/contacts", "/v1/contact", "/v1/contacts/a/b/c", "/admin"),
        *("/%00", "/%FF", "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"),
        *("/static/%00", "/static/" + "a" * 5000, "/static/swagger-ui", "//etc/passwd", "/a\\b"),
    ],
    ids=lambda path: path[:20],
)
def test_a_path_that_is_not_there_is_404(target: Target, path: str) -> None:
    refused(target.client.get(path), "not_found")


@pytest.mark.parametrize(
    "host", [b"[", b"", b"\xff", b"a@b:99999", b"x" * 5000, b"[::1", b"a:b:c", b"\xbd"]
)
def test_a_host_header_that_is_none_harms_nothing(target: Target, host: bytes) -> None:
    # It is not a name of this machine, and that is what counts until the first key is made.
    refused(target.client.get("/nowhere", headers=[(b"host", host)]), "protected_mode")
    with open_world() as world:
        key = make(world, Role.ADMIN).encode()
        headers = [(b"host", host), (b"authorization", b"Bearer " + key)]
        with serving_world(world) as client:
            refused(client.get("/nowhere", headers=headers), "not_found")
            answered(client.get("/v1/sources", headers=headers))


def test_keys_that_come_twice_in_an_object_count_once(target: Target) -> None:
    content = (
        b'{"source": "telegram", "source": "none", '
        b'"lead": {"identities": {"telegram": "a", "telegram": "b"}}}'
    )
    refused(target.send("contact", content), "unknown_source")
    (result,) = answered(target.send("batch", b'{"contacts":[' + content + b"]}"))["results"]
    assert result["error"]["code"] == "unknown_source"
    twice = b'{"name": "a", "capacity": 1, "capacity": -1}'
    refused(target.send("operator", twice), "validation_failed", "capacity")
