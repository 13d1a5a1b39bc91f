"""What an attacker sends is treated as data or refused; only what was asked for changes."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from markupsafe import escape

from application.keys import CreateKey
from application.ports.contacts import ContactFilter
from application.ports.statistics import HourSpan
from domain import limits
from domain.access import Role
from tests.entrypoints.http.client import Client, serving_world
from tests.entrypoints.http.expectations import NOBODY, answered, is_problem, refused
from tests.support import World

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

INJECTIONS = [
    "'; DROP TABLE contacts; --",
    "' OR '1'='1",
    '" OR ""="',
    "1; UPDATE operators SET capacity = 0",
    "') UNION SELECT digest FROM api_keys --",
    "\\'; DELETE FROM leads; --",
    "$$; DROP TABLE leads; $$",
    "%' AND 1=CAST((SELECT version()) AS int) --",
    ":name %(name)s %s ? $1 {name}",
    "{{ 7 * 7 }}",
    "{% for x in range(10**9) %}{% endfor %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "\r\nX-Evil: 1\r\n\r\n<html>",
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "$(touch /tmp/x) `id` ; id | id && id",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe",
    "\ufeff\u200bAnna",
    "\u0410\u043dn\u0430",
    "\U0001f9d1\u200d\U0001f4bb" * 20,
    "a" + "\u0301" * 199,
    "=1+1",
    "__proto__",
]


@dataclass
class House:
    """A served application that already has people in it."""

    world: World
    client: Client

    def stored(self) -> dict[str, Any]:
        """Return everything that is stored, by kind."""
        fairlead = self.world.fairlead
        return {
            "operators": fairlead.catalogue.operators(active=None, limit=200, after=None).items,
            "sources": fairlead.catalogue.sources(limit=200, after=None).items,
            "contacts": fairlead.contacts.contacts(ContactFilter(), limit=200, after=None).items,
            "leads": fairlead.leads.leads(identity=None, limit=200, after=None).items,
            "counted": fairlead.statistics.distribution(sources=None, span=HourSpan()),
            "keys": fairlead.keys.all(),
            "endpoints": fairlead.endpoints.all(),
        }

    def form(self, path: str, **fields: str) -> httpx.Response:
        return self.client.post(f"/console{path}", content=urlencode(fields), headers=FORM)


@pytest.fixture
def house(world: World) -> Iterator[House]:
    """On every storage for what could hurt a database: nothing hurts a dictionary in memory."""
    with serving_world(world) as client:
        world.source((world.operator("Ann", capacity=2), 7))
        world.register(telegram="ivan")
        yield House(world, client)
        assert not world.defects()


@pytest.fixture
def unmoved(house: House) -> Iterator[House]:
    """A house in which nothing may change."""
    before = house.stored()
    yield house
    assert house.stored() == before


@pytest.mark.every_storage
def test_a_text_is_kept_to_the_letter_and_does_nothing(house: House) -> None:
    for number, text in enumerate(INJECTIONS):
        before = house.stored()
        made = keep(house, text, f"web-{number}")
        after = house.stored()
        for what in ("operators", "sources", "contacts", "leads"):
            assert len(after[what]) == len(before[what]) + 1, (what, text)
            assert {*map(repr, before[what])} < {*map(repr, after[what])}, (what, text)
        for path in ("/operators", f"/sources/web-{number}", f"/contacts/{made}", "/statistics"):
            page = house.client.get(f"/console{path}")
            assert page.status_code == 200
            assert "script-src 'self'" in page.headers["content-security-policy"]
            shown, name = str(escape(text.strip())), text.strip()
            assert path == "/statistics" or shown in page.text, (path, text)
            assert shown == name or name not in page.text, (path, text)
        assert house.stored() == after, text


def keep(house: House, text: str, key: str) -> str:
    """Store a text in every field that takes one; return the id of the contact that has it."""
    client, kept, seen = house.client, text.strip(), limits.visible(text)
    operator = answered(client.post("/v1/operators", json={"name": text, "capacity": 9}), 201)
    source = answered(client.post("/v1/sources", json={"key": key, "name": text}), 201)
    weights = {"allocations": [{"operator_id": operator["id"], "weight": 1}]}
    answered(client.put(f"/v1/sources/{key}/allocations", json=weights))
    assert operator["name"] == source["name"] == kept
    lead = {"name": text, "identities": {"telegram": text, "x": f"{kept[:190]}2"}}
    body = {"source": key, "lead": lead, "payload": {text: [text]}, "idempotency_key": text}
    contact = answered(client.post("/v1/contacts", json=body), 201)
    assert contact["lead"]["name"] == kept
    assert contact["payload"] == {text: [text]}
    assert answered(client.post("/v1/contacts", json=body))["id"] == contact["id"]
    found = answered(client.get("/v1/leads", params={"identity": f"telegram:{text}"}))["items"]
    assert [each["id"] for each in found] == [contact["lead"]["id"]]
    assert answered(client.get(f"/v1/contacts/{contact['id']}")) == contact
    for path in (f"/v1/operators/{operator['id']}", f"/v1/sources/{key}"):
        assert answered(client.get(path))["name"] == kept
    shown = answered(client.get(f"/v1/leads/{contact['lead']['id']}"))
    assert shown["name"] == kept
    known = {seen, limits.visible(f"{kept[:190]}2")}
    assert {each["value"] for each in shown["identities"]} == known
    return str(contact["id"])


@pytest.mark.every_storage
def test_a_search_for_anything_finds_only_what_is_called_so(unmoved: House) -> None:
    for text in INJECTIONS:
        for path, parameters in (
            ("/v1/leads", {"identity": f"telegram:{text}"}),
            ("/v1/leads", {"identity": f"phone:{text}"}),
            ("/v1/leads", {"identity": text}),
            ("/v1/contacts", {"source": text}),
            ("/v1/contacts", {"operator_id": text}),
            ("/v1/contacts", {"state": text}),
            ("/v1/contacts", {"since": text}),
            ("/v1/contacts", {"cursor": text}),
            ("/v1/stats/distribution", {"source": text}),
        ):
            answer = unmoved.client.get(path, params=parameters)
            if answer.status_code == 200:
                assert answer.json()["items"] == [], (path, parameters)
            else:
                assert answer.status_code == 422, answer.text
                is_problem(answer)
        for parameters in ({"q": text}, {"q": "nobody", "after": text}):
            page = unmoved.client.get("/console/search", params=parameters)
            assert page.status_code in {200, 422}, text
            assert "ivan" not in page.text, text
        for parameters in ({"state": text}, {"source": text}, {"operator": text}, {"after": text}):
            page = unmoved.client.get("/console/contacts", params=parameters)
            assert page.status_code == 422, parameters


@pytest.mark.every_storage
def test_a_field_of_a_form_that_is_no_number_or_key_changes_nothing(unmoved: House) -> None:
    for text in (*INJECTIONS, " ", "\0", "a\0", "9" * 100_000, "x" * 100_000):
        for path, fields in (
            ("/operators", {"name": "Bob", "capacity": text}),
            ("/sources", {"key": text, "strategy": "exact"}),
            ("/sources", {"key": "web", "strategy": text}),
            ("/sources/telegram/weights", {"operator": text, "weight": "1"}),
            ("/try", {"source": text, "kind": "telegram", "value": "x"}),
            ("/try", {"source": "telegram", "kind": text, "value": "x"}),
            ("/endpoints", {"url": text}),
            ("/endpoints", {"url": "https://1.1.1.1/", f"source:{text}": "yes"}),
            ("/endpoints", {"url": "https://1.1.1.1/", f"type:{text}": "yes"}),
        ):
            answer = unmoved.form(path, **fields)
            assert 400 <= answer.status_code < 500, (path, answer.status_code, text[:99])
            assert answer.headers["content-type"].startswith("text/html")
            assert "x-evil" not in answer.headers


@pytest.mark.every_storage
def test_a_correction_keeps_a_text_to_the_letter_and_does_nothing_else(house: House) -> None:
    (lead,) = house.stored()["leads"]
    path, form = f"/v1/leads/{lead.id}", f"/leads/{lead.id}"
    for text in INJECTIONS:
        before, kept = house.stored(), text.strip()
        renamed = answered(house.client.patch(path, json={"name": text}))
        assert renamed["name"] == kept
        # Invisible characters are not part of an identity.
        seen = limits.visible(text)
        identity = {"kind": "vk", "value": text}
        added = answered(house.client.post(f"{path}/identities", json=identity), 201)
        assert {"kind": "vk", "value": seen} in added["identities"]
        shown = house.client.get(f"/console{form}")
        assert str(escape(kept)) in shown.text
        assert str(escape(kept)) == kept or kept not in shown.text, text
        answer = house.client.delete(f"{path}/identities/vk/{quote(text, safe='')}")
        assert answer.status_code == 204, text
        assert house.form(form, act="add", kind="vk", value=text).status_code == 303
        assert house.form(form, act="remove", kind="vk", value=text).status_code == 303
        assert house.form(form, act="name", name="").status_code == 303
        assert house.stored() == before, text
        for kind in (text, f"{text}:x"):
            body = {"kind": kind, "value": "x"}
            answer = house.client.post(f"{path}/identities", json=body)
            refused(answer, "validation_failed", "kind")
            assert house.form(form, act="add", kind=kind, value="x").status_code == 422
            answer = house.client.delete(f"{path}/identities/{quote(kind, safe='')}/x")
            assert answer.status_code == 404, kind
        assert house.stored() == before, text


TRAVERSALS = [
    "..",
    "../operators",
    "..%2foperators",
    "%2e%2e%2foperators",
    "..%252foperators",
    "telegram%00",
    "telegram%2f..%2f..%2foperators",
    "telegram;a=b",
    "telegram%0d%0aX-Evil:%201",
    "..%5c..%5cpyproject.toml",
    "..%c0%af..%c0%afpyproject.toml",
    "%ff%fe",
    "../../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "....//....//pyproject.toml",
    "/etc/passwd",
    "file:%2f%2f%2fetc%2fpasswd",
]


STARTS = (
    *("/v1/sources/", "/v1/operators/", "/v1/contacts/", "/v1/leads/", "/v1/keys/"),
    f"/v1/leads/{NOBODY}/identities/vk/",
    *("/static/", "/console/static/", "/console/sources/", "/console/statistics/", "/docs/"),
)


def test_a_path_leads_nowhere_but_where_it_says(unmoved: House) -> None:
    for start, trick, method in product(STARTS, TRAVERSALS, ("GET", "PATCH", "DELETE", "POST")):
        answer = unmoved.client.request(method, f"{start}{trick}", headers=JSON)
        if answer.status_code < 400:
            # The client has normalised the path: it is an address of this service.
            assert trick.startswith("..") or "/.." in trick, (start, trick)
        assert answer.status_code < 500, (method, start, trick)
        assert "root:" not in answer.text
        assert "[project]" not in answer.text
        assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    "key",
    [
        *("telegr\u0430m", "TELEGRAM", "\uff54elegram", "tele\u200bgram", "telegram\u0301"),
        *("\ufb01", "\u0131", "telegram\n", "telegram\0", "telegram "),
    ],
    ids=ascii,
)
def test_a_key_that_only_looks_like_another_is_refused(unmoved: House, key: str) -> None:
    refused(unmoved.client.post("/v1/sources", json={"key": key}), "validation_failed", "key")
    body = {"source": key, "lead": {"identities": {"telegram": "x"}}}
    refused(unmoved.client.post("/v1/contacts", json=body), "validation_failed", "source")
    answer = unmoved.client.get(f"/v1/sources/{quote(key)}")
    assert answer.status_code in {404, 422}
    kind = {"source": "telegram", "lead": {"identities": {key: "x"}}}
    assert unmoved.client.post("/v1/contacts", json=kind).status_code == 422


@pytest.mark.every_storage
@pytest.mark.parametrize(
    "value",
    ["iv\u0430n", "\u0131van", "Ivan", "ivan\u0301", "\uff49van"],
    ids=ascii,
)
def test_a_person_who_only_looks_like_another_is_another(house: House, value: str) -> None:
    known = house.stored()["leads"][0].id
    body = {"source": "telegram", "lead": {"identities": {"telegram": value}}}
    lead = answered(house.client.post("/v1/contacts", json=body), 201)["lead"]
    assert lead["created"]
    assert lead["id"] != str(known)
    assert len(house.stored()["leads"]) == 2


@pytest.mark.every_storage
@pytest.mark.parametrize(
    "value", ["iv\u200ban", "\ufeffivan", "\u202aivan\u202c", "i\u00advan\ufe0f"], ids=ascii
)
def test_a_person_who_looks_the_same_is_the_same(house: House, value: str) -> None:
    known = house.stored()["leads"][0].id
    body = {"source": "telegram", "lead": {"identities": {"telegram": value}}}
    lead = answered(house.client.post("/v1/contacts", json=body), 201)["lead"]
    assert (lead["id"], lead["created"]) == (str(known), False)


def test_of_a_key_that_stands_twice_in_json_the_last_counts_everywhere(house: House) -> None:
    operator = b'{"name": "a", "capacity": 1, "name": "b", "capacity": 2}'
    made = answered(house.client.post("/v1/operators", content=operator, headers=JSON), 201)
    assert (made["name"], made["capacity"]) == ("b", 2)
    contact = (
        b'{"source": "nowhere", "source": "telegram", "lead": {}, "lead": {"identities":'
        b'{"x": "1", "x": "2"}}, "payload": {"a": 1}, "payload": {"b": 1, "b": 2}}'
    )
    alone = answered(house.client.post("/v1/contacts", content=contact, headers=JSON), 201)
    batch = b'{"contacts": [], "contacts": [%b]}' % contact
    (item,) = answered(house.client.post("/v1/contacts/batch", content=batch, headers=JSON))[
        "results"
    ]
    for each in (alone, item["contact"]):
        assert each["source"] == "telegram"
        assert each["payload"] == {"b": 2}
        assert each["lead"]["id"] == alone["lead"]["id"]
    lead = answered(house.client.get(f"/v1/leads/{alone['lead']['id']}"))
    assert lead["identities"] == [{"kind": "x", "value": "2"}]
    assert len(house.stored()["contacts"]) == 3


def test_what_is_unknown_hides_behind_no_second_key(unmoved: House) -> None:
    content = b'{"name": "a", "capacity": 1, "capacity": "much"}'
    answer = unmoved.client.post("/v1/operators", content=content, headers=JSON)
    refused(answer, "validation_failed", "capacity")


DEEP = {
    "brackets": b"[" * 1_000_000,
    "brackets that close": b"[" * 1_000_000 + b"]" * 1_000_000,
    "objects": b'{"a":' * 800_000,
    "a deep payload": b'{"contacts":[{"source":"telegram","lead":{},"payload":'
    + b'{"a":' * 600_000
    + b"1"
    + b"}" * 600_000
    + b"}]}",
}


@pytest.mark.parametrize("content", DEEP.values(), ids=DEEP.keys())
def test_json_a_million_deep_is_refused(unmoved: House, content: bytes) -> None:
    refused(
        unmoved.client.post("/v1/contacts/batch", content=content, headers=JSON), "malformed_json"
    )
    for method, path in (
        ("POST", "/v1/contacts"),
        ("POST", "/v1/operators"),
        ("PUT", "/v1/sources/telegram/allocations"),
    ):
        answer = unmoved.client.request(method, path, content=content, headers=JSON)
        refused(answer, "body_too_large")
        answer = unmoved.client.request(method, path, content=content[:60_000], headers=JSON)
        refused(answer, "malformed_json")


def test_a_number_of_endless_digits_is_refused(unmoved: House) -> None:
    for digits, sign in product((5_000, 60_000, 100_000, 3_000_000), (b"", b"-")):
        number = sign + b"9" * digits
        for where in (
            b'{"source":"telegram","lead":{"identities":{"a":"b"}},"payload":{"a":%b}}',
            b'{"source":%b,"lead":{"identities":{"a":"b"}}}',
            b'{"source":"telegram","lead":{"identities":{"a":%b}}}',
            b"%b",
        ):
            content = where % number
            answer = unmoved.client.post("/v1/contacts", content=content, headers=JSON)
            refused(answer, "malformed_json" if digits < 65_000 else "body_too_large")
            batch = b'{"contacts":[%b]}' % content
            answer = unmoved.client.post("/v1/contacts/batch", content=batch, headers=JSON)
            refused(answer, "malformed_json")
        for name in ("limit", "since", "cursor"):
            # The server would refuse a longer one as too large.
            answer = unmoved.client.get(f"/v1/contacts?{name}={number[:60_000].decode()}")
            refused(answer, "validation_failed", name)


PACKED = {
    "gzip": gzip.compress(b" " * 50_000_000, 9),
    "deflate": zlib.compress(b" " * 1_000_000, 9),
    "br": b"\x1b\x03\x00",
    "gzip, gzip": gzip.compress(gzip.compress(b"{}")),
    "GZIP": gzip.compress(b"{}"),
    "": b"{}",
}


@pytest.mark.parametrize("coding", PACKED)
def test_a_packed_body_is_refused_and_never_unpacked(unmoved: House, coding: str) -> None:
    headers = JSON | {"Content-Encoding": coding}
    for method, path in (
        ("POST", "/v1/contacts"),
        ("POST", "/v1/contacts/batch"),
        ("POST", "/v1/operators"),
        ("PUT", "/v1/sources/telegram/allocations"),
    ):
        answer = unmoved.client.request(method, path, content=PACKED[coding], headers=headers)
        refused(answer, "unsupported_media_type")
    answer = unmoved.client.post(
        "/console/operators",
        content="name=Bob&capacity=1",
        headers=FORM | {"Content-Encoding": coding},
    )
    assert answer.status_code == 415
    assert "not a form of this page" in answer.text


def test_a_form_that_is_too_large_is_413_on_a_page(unmoved: House) -> None:
    answer = unmoved.form("/try", text="x" * 300_000)
    assert answer.status_code == 413
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        [(f"x-{number}".encode(), b"1") for number in range(101)],
        [(b"x", b"1")] * 101,
        [(b"x", b"a" * 65_536)],
        [(b"a" * 65_536, b"x")],
        [(b"x", b"a" * 700)] * 95,
    ],
    ids=["many", "many of one name", "a long value", "a long name", "many that are long"],
)
def test_too_many_headers_are_431_before_anybody_asks_who_calls(
    memory: World, caller: Client, headers: list[tuple[bytes, bytes]]
) -> None:
    memory.fairlead.create_key(CreateKey(Role.ADMIN))
    refused(caller.get("/v1/contacts"), "unauthenticated")
    for path in ("/v1/contacts", "/console/", "/healthz", "/nowhere"):
        refused(caller.get(path, headers=headers), "headers_too_large")
        refused(caller.post(path, headers=headers, content=b"{}"), "headers_too_large")


def test_a_hundred_headers_of_64_kib_are_still_taken(unmoved: House) -> None:
    own = len(unmoved.client.get("/healthz").request.headers)
    headers = [(b"x", b"a" * 650)] * (100 - own)
    assert unmoved.client.get("/healthz", headers=headers).status_code == 200


@pytest.mark.every_storage
@pytest.mark.parametrize("key", [b"a\r\nX-Evil: 1", b"\xff\xfe", b"a\x00b", b"x" * 201, b"", b" "])
def test_an_idempotency_key_of_any_bytes_splits_no_header(house: House, key: bytes) -> None:
    body = {"source": "telegram", "lead": {"identities": {"telegram": "petr"}}}
    answer = house.client.post("/v1/contacts", json=body, headers=[(b"idempotency-key", key)])
    assert answer.status_code in {201, 422}
    assert "x-evil" not in answer.headers
    made = len(house.stored()["contacts"])
    assert made == (2 if answer.status_code == 201 else 1)


FORMULAS = [
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "=cmd|'/c calc'!A0",
    " =1+1",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\u200b \u200b+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(A1)",
    '"=1+1',
    "Ann;=1+1",
    "Ann; =1+1",
    'Ann";"=1+1',
    "Ann\t=1+1",
    "Ann\r\n=1+1",
    "Ann\n@SUM(A1)",
    ";;;-1",
]


@pytest.mark.parametrize("name", FORMULAS, ids=ascii)
def test_no_cell_of_an_export_is_a_formula_however_a_spreadsheet_reads_it(
    house: House, name: str
) -> None:
    operator = house.world.operator(name, capacity=9)
    house.world.source((operator, 1), key="web")
    before = house.stored()
    for table in ("shares", "operators"):
        text = house.client.get(f"/console/statistics/{table}.csv").text.removeprefix("\ufeff")
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert any("'" in cell for cell in cells)
        for delimiter in (",", ";", "\t"):
            for row in csv.reader(io.StringIO(text), delimiter=delimiter):
                for cell in row:
                    shown = cell.strip(' \t\r\n"\u200b\ufeff\u3000')
                    assert not shown.startswith(("=", "+", "@", "\uff1d", "\uff0b", "\uff20"))
                    assert not shown.startswith(("-", "\uff0d")) or is_number(shown), cell
    assert house.stored() == before


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "said", ["saved%0d%0aX-Evil: 1", "<script>", "{{7*7}}", "javascript:alert(1)"]
)
def test_what_an_address_of_the_console_says_is_shown_by_its_table_only(
    unmoved: House, said: str
) -> None:
    page = unmoved.client.get("/console/", params={"said": said})
    assert page.status_code == 200
    assert said not in page.text
    assert "x-evil" not in page.headers


@pytest.mark.every_storage
def test_the_database_of_these_tests_is_one_that_could_be_hurt(house: House) -> None:
    """The corpus would prove nothing if the house did not notice changes: it does."""
    before = house.stored()
    answered(house.client.post("/v1/operators", json={"name": "B", "capacity": 1}), 201)
    assert house.stored() != before
