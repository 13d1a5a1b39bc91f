"""Who is let in: every call with every key, and where anything of a key is shown."""

import hmac
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
import pytest
from dependency_injector import providers
from starlette.applications import Starlette
from starlette.routing import Mount

from application.keys import RevokeKey
from application.ports.failures import StorageUnavailable
from application.ports.keys import KeyReader
from domain.access import PERMISSIONS, ApiKey, Role, prefix_of
from entrypoints.edge.access import CALLS, OPEN, VIEWED, is_open, needed
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving, serving_world
from tests.entrypoints.http.expectations import NOBODY, answered, is_problem, refused
from tests.entrypoints.http.keys import ENDLESS, bearer, calls, make
from tests.support import World, open_world

UNKNOWN = f"flk_nobodys000_{'x' * 43}"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ALL_CALLS = sorted(
    call for call in calls(create_app(Settings(database_url="memory://"))) if call[1] not in ENDLESS
)


def filled(path: str) -> str:
    """Return a concrete address for a path; nothing exists there."""
    path = path.replace("{path:path}", "nothing").replace("{value:text}", "no/body")
    path = path.replace("{key}", "nowhere").replace("{kind}", "telegram")
    path = path.replace("{prefix}", "flk_0000000000").replace("{table}", "shares")
    return re.sub(r"{[a-z_]+}", NOBODY, path)


@dataclass(frozen=True)
class Doors:
    """A served application with a key for every role, and with keys that open nothing.

    Attributes:
        keys: the valid keys, by role.
        useless: headers that open nothing, by what is wrong with them.
    """

    client: Client
    world: World
    keys: dict[Role, str]
    useless: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    """Shared by all tests: none of their calls finds anything to change."""
    with open_world() as world:
        # The demo leaves a database alone that is in use.
        world.operator("Ann")
        keys = {role: make(world, role) for role in Role}
        end = world.clock.now() + timedelta(hours=1)
        expired = make(world, Role.ADMIN, expires_at=end)
        revoked = make(world, Role.ADMIN)
        world.fairlead.revoke_key(RevokeKey(revoked[: len("flk_") + 10]))
        world.clock.advance(hours=1)
        useless = {
            "none": {},
            "empty": {"Authorization": "Bearer "},
            "unknown": bearer(UNKNOWN),
            "expired": bearer(expired),
            "revoked": bearer(revoked),
            "nearly right": bearer(keys[Role.ADMIN][:-1]),
            "of another scheme": {"Authorization": f"Basic {keys[Role.ADMIN]}"},
            "in a cookie": {"Cookie": f"fairlead_session={keys[Role.ADMIN]}"},
        }
        with serving_world(world) as client:
            yield Doors(client, world, keys, useless)


def test_every_call_of_the_application_is_in_the_table() -> None:
    for method, path in ALL_CALLS:
        assert is_open(path) or needed(method, filled(path)) is not None, (method, path)


def test_the_table_has_no_call_that_the_application_has_not() -> None:
    known = {*ALL_CALLS, *(("GET", each) for each in ENDLESS)}
    for method, path in CALLS:
        if path.endswith("/{path:path}"):
            beginning = path.removesuffix("{path:path}")
            assert any(each[0] == method and each[1].startswith(beginning) for each in known), path
        else:
            assert (method, path) in known
    assert {path for _, path in known} >= OPEN


@pytest.mark.parametrize("call", ALL_CALLS, ids=" ".join)
def test_a_call_lets_in_the_roles_that_the_table_names_and_nobody_else(
    doors: Doors, call: tuple[str, str]
) -> None:
    method, path = call
    permission = needed(method, filled(path))
    for role, key in doors.keys.items():
        answer = doors.client.request(method, filled(path), headers=bearer(key))
        if is_open(path) or permission in PERMISSIONS[role]:
            assert answer.status_code not in {401, 403} or path == "/console/sign-in", answer.text
        else:
            detail = refused(answer, "forbidden")["detail"]
            assert f"the role {role.value}" in detail
            assert f"may {permission}" in detail


@pytest.mark.parametrize("call", ALL_CALLS, ids=" ".join)
def test_a_call_lets_nobody_in_whose_key_opens_nothing(doors: Doors, call: tuple[str, str]) -> None:
    method, path = call
    for why, headers in doors.useless.items():
        answer = doors.client.request(method, filled(path), headers=headers)
        if is_open(path):
            assert answer.status_code != 403, why
        else:
            refused(answer, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer", why


@pytest.mark.parametrize("call", ALL_CALLS, ids=" ".join)
def test_no_answer_is_framed_or_taken_for_another_type(doors: Doors, call: tuple[str, str]) -> None:
    method, path = call
    headers = [bearer(doors.keys[Role.ADMIN]), bearer(doors.keys[Role.INTAKE]), {}]
    for each in headers:
        answer = doors.client.request(method, filled(path), headers=each)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"


def test_where_the_database_is_is_nobodys_business_without_a_key() -> None:
    """A caller without a key is not even told where the keys are stored."""
    settings = Settings(
        database_url="postgresql://fairlead:telltale-password@127.0.0.1:1/telltale?connect_timeout=2"
    )
    with serving(create_app(settings), address="203.0.113.9") as client:
        for path in ("/v1/contacts", "/console/", "/metrics", "/readyz", "/nothing"):
            for accept in ("application/json", "text/html"):
                answer = client.get(path, headers={"Accept": accept})
                assert answer.status_code == 503
                for told in ("telltale", "127.0.0.1", "fairlead:"):
                    assert told not in answer.text, (path, told)


def test_the_stream_of_changes_is_for_who_reads(doors: Doors) -> None:
    for each in ENDLESS:
        refused(doors.client.get(each), "unauthenticated")
        refused(doors.client.get(each, headers=bearer(doors.keys[Role.INTAKE])), "forbidden")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/v1/keys", "/v1/operators", "/console/", "/metrics", "/"])
def test_no_other_method_is_a_way_round(doors: Doors, method: str, path: str) -> None:
    unknown = doors.client.request(method, path)
    assert unknown.status_code == 401
    for role, key in doors.keys.items():
        answer = doors.client.request(method, path, headers=bearer(key))
        if method == "HEAD" and needed("GET", path) not in PERMISSIONS[role]:
            assert answer.status_code == 403
        elif method == "HEAD":
            assert answer.status_code in {200, 307}
        else:
            # Any key may learn which methods exist: the OpenAPI document lists them, too.
            assert answer.status_code == (204 if method == "OPTIONS" else 405)
        assert not answer.content or answer.status_code in {403, 405}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/operators%0A",
        "/v1/operators/",
        "//v1/operators",
        "/v1//operators",
        "/V1/operators",
        "/v1/operators%2F",
        "/v1/operators%00",
        "/v1/./operators",
        "/healthz/../v1/operators",
        "/console/static/../../v1/operators",
        "/console/static/..%2f..%2fv1%2foperators",
        "/console/operators%0A",
        "/console/operators/",
        "/console//operators",
        "/console/sign-in/../operators",
        "/healthz%0A",
        "/v1/operators?x=/healthz",
        "/v1/operators;/healthz",
    ],
)
def test_no_other_spelling_of_an_address_is_a_way_round(doors: Doors, path: str) -> None:
    """The gate must recognise every spelling that the router recognises; it once did not."""
    before = doors.world.fairlead.catalogue.operators(active=None, limit=9, after=None)
    for content, kind in (
        ('{"name": "Eve", "capacity": 1}', {"Content-Type": "application/json"}),
        ("name=Eve&capacity=1", FORM),
    ):
        for headers in (bearer(doors.keys[Role.VIEWER]), bearer(doors.keys[Role.INTAKE]), {}):
            answer = doors.client.post(path, content=content, headers=headers | kind)
            assert answer.status_code >= 400, answer.text
    assert doors.world.fairlead.catalogue.operators(active=None, limit=9, after=None) == before
    assert doors.client.get(path).status_code in {401, 404, 405}


def test_a_service_that_stands_under_a_prefix_asks_for_the_same_keys(memory: World) -> None:
    viewer, admin = make(memory, Role.VIEWER), make(memory, Role.ADMIN)
    inner = create_app(container=memory.container)
    outer = Starlette(routes=[Mount("/desk", inner)], lifespan=inner.router.lifespan_context)
    body = {"name": "Ann", "capacity": 1}
    with serving(outer) as client:  # type: ignore[arg-type]
        refused(client.post("/desk/v1/operators", json=body), "unauthenticated")
        answer = client.post("/desk/v1/operators", json=body, headers=bearer(viewer))
        refused(answer, "forbidden")
        answered(client.post("/desk/v1/operators", json=body, headers=bearer(admin)), 201)
        assert client.get("/desk/healthz").status_code == 200
        sent = client.get("/desk/console/", headers={"Accept": "text/html"})
        assert sent.headers["location"] == "/desk/console/sign-in"


def test_a_call_that_is_not_there_needs_a_key_and_is_not_there(doors: Doors) -> None:
    refused(doors.client.get("/v1/nothing"), "unauthenticated")
    for key in doors.keys.values():
        refused(doors.client.get("/v1/nothing", headers=bearer(key)), "not_found")
        refused(doors.client.delete("/v1/operators", headers=bearer(key)), "method_not_allowed")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_scheme_is_the_same_in_any_letters(doors: Doors, scheme: str) -> None:
    key = doors.keys[Role.VIEWER]
    for header in (f"{scheme} {key}", f"{scheme}  {key} "):
        answered(doors.client.get("/v1/operators", headers={"Authorization": header}))


# What a key is limited to.


def item(source: str) -> dict[str, object]:
    return {"source": source, "lead": {"identities": {"telegram": "ivan"}}}


def test_an_intake_key_registers_on_the_one_source_that_it_is_bound_to(
    client_and_world: tuple[Client, World],
) -> None:
    client, world = client_and_world
    ours, theirs = world.source(key="ours"), world.source(key="theirs")
    bound, free = make(world, Role.INTAKE, ours), make(world, Role.INTAKE)
    answered(client.post("/v1/contacts", json=item(ours), headers=bearer(bound)), 201)
    detail = refused(
        client.post("/v1/contacts", json=item(theirs), headers=bearer(bound)), "forbidden"
    )["detail"]
    assert "'ours' only" in detail
    # Nor does the answer reveal which other sources exist.
    refused(client.post("/v1/contacts", json=item("nowhere"), headers=bearer(bound)), "forbidden")
    answered(client.post("/v1/contacts", json=item(theirs), headers=bearer(free)), 201)


def test_a_batch_with_items_of_other_sources_registers_only_its_own(
    client_and_world: tuple[Client, World],
) -> None:
    client, world = client_and_world
    ours, theirs = world.source(key="ours"), world.source(key="theirs")
    bound = bearer(make(world, Role.INTAKE, ours))
    items = [item(ours), item(theirs), {"source": 5}, item(ours)]
    answer = client.post("/v1/contacts/batch", json={"contacts": items}, headers=bound)
    results = answered(answer)["results"]
    assert [each["status"] for each in results] == [201, 403, 422, 201]
    assert results[1]["error"]["code"] == "forbidden"
    assert world.fairlead.catalogue.source("theirs").waiting == 0
    assert world.fairlead.catalogue.source("ours").waiting == 2


def test_a_supervisor_pauses_operators_and_changes_nothing_else_about_them(
    client_and_world: tuple[Client, World],
) -> None:
    client, world = client_and_world
    ann = world.operator("Ann", capacity=3)
    supervisor, admin = (bearer(make(world, role)) for role in (Role.SUPERVISOR, Role.ADMIN))
    path = f"/v1/operators/{ann.id}"
    for change in ({"name": "Eve"}, {"capacity": 9}, {"active": False, "capacity": 9}):
        refused(client.patch(path, json=change, headers=supervisor), "forbidden")
    assert world.fairlead.catalogue.operator(ann.id) == ann
    paused = answered(client.patch(path, json={"active": False}, headers=supervisor))
    assert (paused["active"], paused["capacity"]) == (False, 3)
    answered(client.patch(path, json={"active": True, "capacity": 9}, headers=admin))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def client_and_world(request: pytest.FixtureRequest) -> Iterator[tuple[Client, World]]:
    """A client of an application that already has one key, so that it asks for keys."""
    url = "memory://"
    if request.param != "memory":
        url = request.getfixturevalue(f"{request.param}_url")
    with open_world(url) as world:
        make(world, Role.ADMIN)
        with serving_at_once(world) as client:
            yield client, world


@contextmanager
def serving_at_once(world: World) -> Iterator[Client]:
    """Serve an application that reads its keys afresh for every call."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("entrypoints.edge.keyring._FRESH", 0)
        patch.setattr("entrypoints.edge.keyring._STALE", 0)
        with serving_world(world) as client:
            yield client


# Before the first key is made.


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("127.0.0.1", "localhost"),
        ("127.0.0.1", "localhost:8000"),
        ("127.0.0.1", "127.0.0.1:8000"),
        ("127.8.9.1", "127.0.0.1"),
        ("::1", "[::1]:8000"),
        ("::1", "localhost"),
        # How a dual-stack socket shows an IPv4 client.
        ("::ffff:127.0.0.1", "127.0.0.1:8000"),
        ("127.0.0.1", "fairlead.localhost:8000"),
    ],
)
def test_without_keys_this_machine_may_do_everything(
    memory: World, address: str, host: str
) -> None:
    with serving(create_app(container=memory.container), address=address) as client:
        body = {"name": "Ann", "capacity": 1}
        answered(client.post("/v1/operators", json=body, headers={"Host": host}), 201)
        assert client.get("/console/", headers={"Host": host}).status_code == 200
        answered(client.get("/v1/keys", headers={"Host": host}))


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("203.0.113.9", "localhost"),
        ("192.168.0.7", "192.168.0.7"),
        ("10.0.0.1", "127.0.0.1"),
        ("2001:db8::1", "localhost"),
        ("::ffff:203.0.113.9", "localhost"),
        ("0.0.0.0", "localhost"),  # noqa: S104 -- a client's address
        ("", "localhost"),
        ("testclient", "localhost"),
        # From this machine, but under a public name: a proxy that does not say for whom it
        # calls, or a web page whose name was made to resolve to this machine.
        ("127.0.0.1", "evil.example"),
        ("127.0.0.1", "evil.example:8000"),
        ("127.0.0.1", "localhost.evil.example"),
        ("127.0.0.1", "127.0.0.1.evil.example"),
        ("127.0.0.1", "localhost@evil.example"),
        ("127.0.0.1", "192.168.0.7:8000"),
        ("127.0.0.1", "[::1"),
        ("127.0.0.1", ""),
        ("127.0.0.1", "löcalhost"),
    ],
)
def test_without_keys_nobody_else_may_do_anything(memory: World, address: str, host: str) -> None:
    headers = {"Host": host.encode()}
    with serving(create_app(container=memory.container), address=address) as client:
        for method, path in ALL_CALLS:
            if is_open(path):
                continue
            answer = client.request(method, filled(path), headers=headers)
            detail = refused(answer, "protected_mode")["detail"]
            assert "fairlead keys create --role admin" in detail
        # A monitor needs no key to know that the process is alive.
        answered(client.get("/healthz", headers=headers))
    assert memory.fairlead.keys.all() == []


def test_a_header_makes_nobody_local(memory: World) -> None:
    """Only the server knows which proxies may name the caller; it applies that before the gate."""
    with serving(create_app(container=memory.container), address="203.0.113.9") as client:
        for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP"):
            refused(client.get("/v1/operators", headers={name: "127.0.0.1"}), "protected_mode")
        answer = client.get("/v1/operators", headers={"X-Forwarded-Host": "localhost"})
        refused(answer, "protected_mode")


def test_once_a_key_was_made_this_machine_needs_one_too(memory: World) -> None:
    with serving_at_once(memory) as client:
        answered(client.get("/v1/operators"))
        made = answered(client.post("/v1/keys", json={"role": "admin"}), 201)
        refused(client.get("/v1/operators"), "unauthenticated")
        answered(client.get("/v1/operators", headers=bearer(made["key"])))
        prefix = made["prefix"]
        answered(client.delete(f"/v1/keys/{prefix}", headers=bearer(made["key"])))
        # It stays locked: revoking the last key must not let everybody in.
        refused(client.get("/v1/operators", headers=bearer(made["key"])), "unauthenticated")


def test_any_address_is_served_once_a_key_was_made(memory: World) -> None:
    key = make(memory, Role.VIEWER)
    app = create_app(container=memory.container)
    with serving(app, address="203.0.113.9", base_url="https://fairlead.example") as client:
        answered(client.get("/v1/operators", headers=bearer(key)))


# /v1/keys


def test_a_key_is_shown_when_it_is_made_and_never_again(
    memory: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    admin = make(memory, Role.ADMIN)
    seen: list[httpx.Response] = []
    with serving_at_once(memory) as client:
        body = {"role": "viewer", "name": "Ann", "expires_at": "2026-06-01T00:00:00Z"}
        answer = client.post("/v1/keys", json=body, headers=bearer(admin))
        made = answered(answer, 201)
        assert answer.headers["location"] == f"/v1/keys/{made['prefix']}"
        key = made.pop("key")
        assert prefix_of(key) == made["prefix"]
        viewer = bearer(key)
        for method, path in ALL_CALLS:
            seen.append(client.request(method, filled(path), headers=viewer))
            seen.append(client.request(method, filled(path), headers=bearer(key + "x")))
        wrong = client.post("/console/sign-in", content=f"key={key}x", headers=FORM)
        assert wrong.status_code == 401
        signed = client.post("/console/sign-in", content=f"key={key}", headers=FORM)
        assert signed.status_code == 303
        seen += [signed, wrong, client.get("/console/"), client.get("/console/sign-in")]
        listed = client.get("/v1/keys", headers=bearer(admin))
        assert made in answered(listed)["items"]
        revoked = client.delete(f"/v1/keys/{made['prefix']}", headers=bearer(admin))
        assert answered(revoked) == made | {"revoked_at": answered(revoked)["revoked_at"]}
        seen += [listed, revoked]
    secret = key.removeprefix(f"{made['prefix']}_")
    for answer in seen:
        assert secret not in answer.text
        assert secret not in str(answer.headers)
    assert secret not in caplog.text
    assert secret not in repr(memory.fairlead.keys.all())


def test_a_key_that_cannot_be_made_names_the_field(caller: Client, memory: World) -> None:
    memory.source(key="telegram")
    for body, code, field in (
        ({"role": "owner"}, "validation_failed", "role"),
        ({}, "validation_failed", "role"),
        ({"role": "viewer", "source": "telegram"}, "invalid_value", "source"),
        ({"role": "intake", "source": "nowhere"}, "unknown_source", "source"),
        ({"role": "intake", "source": "No Key"}, "validation_failed", "source"),
        ({"role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}, "invalid_value", "expires_at"),
        ({"role": "viewer", "expires_at": "2030-01-01"}, "validation_failed", "expires_at"),
        (
            {"role": "viewer", "expires_at": "9999-12-31T23:59:59-14:00"},
            "invalid_value",
            "expires_at",
        ),
        ({"role": "viewer", "name": ""}, "validation_failed", "name"),
        ({"role": "viewer", "key": UNKNOWN}, "validation_failed", "key"),
    ):
        refused(caller.post("/v1/keys", json=body), code, field)
    assert memory.fairlead.keys.all() == []


@pytest.mark.parametrize("prefix", ["flk_0000000000", "flk_short", "%00", "x" * 500, "flk_%D0%BA"])
def test_a_key_that_is_not_there_cannot_be_revoked(client: Client, prefix: str) -> None:
    answer = client.delete(f"/v1/keys/{prefix}")
    assert answer.status_code in {404, 422}, answer.text
    assert is_problem(answer)["code"] in {"unknown_key", "validation_failed"}


# What keys cost, and what happens when they cannot be read.


@pytest.mark.parametrize(
    "presented", [UNKNOWN, "", "flk_", "nonsense", "ключ", f"flk_{'a' * 5000}", "half", "revoked"]
)
def test_whatever_is_wrong_with_a_key_one_pair_of_digests_is_compared(
    memory: World, presented: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Timing reveals neither whether a prefix is known nor how much of a key is right."""
    key = make(memory, Role.VIEWER)
    memory.fairlead.revoke_key(RevokeKey(make(memory, Role.ADMIN)[:14]))
    if presented == "half":
        presented = key[: len(key) // 2]
    elif presented == "revoked":
        presented = (
            next(each.prefix for each in memory.fairlead.keys.all() if each.revoked_at is not None)
            + f"_{'x' * 43}"
        )
    compared: list[int] = []
    compare = hmac.compare_digest

    def spy(one: bytes, other: bytes) -> bool:
        compared.append(len(one))
        assert len(one) == len(other) == 32
        return compare(one, other)

    with serving_world(memory) as client:
        monkeypatch.setattr(hmac, "compare_digest", spy)
        header = b"Bearer " + presented.encode()
        refused(client.get("/v1/operators", headers={"Authorization": header}), "unauthenticated")
        assert compared == [32]


class Away(KeyReader):
    """Keys that can be read only when the test allows it."""

    def __init__(self, keys: KeyReader) -> None:
        self._keys = keys
        self.away = True

    def all(self) -> list[ApiKey]:
        if self.away:
            raise StorageUnavailable("the database cannot be reached.")
        return self._keys.all()

    def ended_sessions(self) -> Mapping[str, datetime]:
        if self.away:
            raise StorageUnavailable("the database cannot be reached.")
        return self._keys.ended_sessions()


def test_a_database_that_is_away_gives_503_and_service_when_it_is_back(memory: World) -> None:
    key = bearer(make(memory, Role.VIEWER))
    reader = Away(memory.fairlead.keys)
    memory.container.fairlead.override(providers.Object(replace(memory.fairlead, keys=reader)))
    with ExitStack() as stack:
        stack.callback(memory.container.fairlead.reset_override)
        client = stack.enter_context(serving_at_once(memory))
        answer = client.get("/v1/operators", headers=key)
        assert "cannot be reached" in refused(answer, "storage_unavailable")["detail"]
        assert answer.headers["retry-after"] == "1"
        # While keys cannot be read, nobody is let in, with a key or without one.
        refused(client.get("/v1/operators"), "storage_unavailable")
        answered(client.get("/healthz"))
        assert client.get("/console/static/console.css").status_code == 200
        for path in VIEWED - {"/console/sign-in"}:
            assert client.post(path, content="language=ru", headers=FORM).status_code == 303
        assert client.get("/console/sign-in").status_code == 200
        tried = client.post("/console/sign-in", content="key=flk_x", headers=FORM)
        assert tried.status_code == 503
        reader.away = False
        answered(client.get("/v1/operators", headers=key))
        reader.away = True
        refused(client.get("/v1/operators", headers=key), "storage_unavailable")


def test_keys_come_by_the_page(memory: World) -> None:
    admin = bearer(make(memory, Role.ADMIN))
    for number in range(5):
        memory.clock.advance(seconds=number)
        make(memory, Role.VIEWER)
    every = [each.prefix for each in memory.fairlead.keys.all()]
    with serving_at_once(memory) as client:
        assert [
            each["prefix"] for each in answered(client.get("/v1/keys", headers=admin))["items"]
        ] == every
        walked, cursor = [], ""
        while True:
            page = answered(client.get(f"/v1/keys?limit=2{cursor}", headers=admin))
            walked += [each["prefix"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert walked == every
        end = answered(client.get("/v1/keys?cursor=flk_aaaaaaaaaa", headers=admin))
        assert (end["items"], end["next_cursor"]) == ([], None)
