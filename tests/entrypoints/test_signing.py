"""Signing in to and out of the console over HTTP: sessions, their forms, and what ends them."""

import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import httpx
import pytest
from dependency_injector import providers

from application.keys import EndSession, RevokeKey
from application.ports.failures import StorageUnavailable
from application.ports.keys import KeyReader
from domain import limits
from domain.access import ApiKey, Role, Session
from entrypoints.edge import sessions
from entrypoints.edge.sessions import (
    _sign,
    form_token,
    key_of_session,
    read_session,
    session_of,
)
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving, serving_world
from tests.entrypoints.http.keys import bearer, make
from tests.support import World, open_world

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = {"Accept": "text/html,application/xhtml+xml"}
COOKIE = "fairlead_session"
WRONG = "This key does not work"


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        yield opened


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    """A browser that has not signed in, on a service that reads its keys afresh for every call."""
    world.source((world.operator("Ann"), 1))
    make(world, Role.ADMIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("entrypoints.edge.keyring._FRESH", 0)
        patch.setattr("entrypoints.edge.keyring._STALE", 0)
        with serving_world(world) as opened:
            yield opened


def send(
    client: Client, path: str, headers: Mapping[str, str] | None = None, /, **fields: str
) -> httpx.Response:
    """Send a form, as a browser does."""
    return client.post(
        f"/console{path}",
        content=urlencode(fields),
        headers={**FORM, **PAGE, **(headers or {})},
    )


def look(client: Client, path: str = "/", **headers: str) -> httpx.Response:
    return client.get(f"/console{path}", headers={**PAGE, **headers})


def cookie_of(answer: httpx.Response) -> str:
    """Return the session that an answer starts."""
    assert answer.status_code == 303, answer.text
    found = re.match(rf"{COOKIE}=([^;]*)", answer.headers["set-cookie"])
    assert found
    return found[1]


def sign_in(client: Client, key: str) -> str:
    return cookie_of(send(client, "/sign-in", key=key))


def token(answer: httpx.Response) -> str:
    """Return the token of a page's forms; it is the same in all of them."""
    found = set(re.findall(r'name="form-token" value="([^"]*)"', answer.text))
    assert len(found) == 1
    return str(found.pop())


def names(world: World) -> list[str]:
    found = world.fairlead.catalogue.operators(active=None, limit=9, after=None)
    return [each.name for each in found.items]


@pytest.mark.parametrize("path", ["/", "/operators", "/try", "/contacts/x", "/nothing"])
def test_a_page_without_a_session_leads_to_the_sign_in(client: Client, path: str) -> None:
    answer = look(client, path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
    form = send(client, "/operators", name="Eve", capacity="1")
    assert (form.status_code, form.headers["location"]) == (303, "/console/sign-in")
    head = client.request("HEAD", f"/console{path}", headers=PAGE)
    assert (head.status_code, head.headers["location"]) == (303, "/console/sign-in")
    # A client that is not a browser gets an error, not a page.
    assert client.get(f"/console{path}").status_code == 401
    # A request for part of an open page takes the whole page to the sign-in.
    part = client.get(f"/console{path}", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/console/sign-in")


def test_the_sign_in_tells_nothing_of_what_is_behind_it(client: Client) -> None:
    text = look(client, "/sign-in").text
    assert 'name="key"' in text
    for hidden in ("Ann", "telegram", "/statistics", "data-events", "Sign out"):
        assert hidden not in text


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.INTAKE])
def test_a_key_opens_the_console_and_what_it_explains_but_no_call_of_the_api(
    client: Client, world: World, role: Role
) -> None:
    sign_in(client, make(world, role))
    for path in ("/console/", "/docs", "/openapi.json", "/static/swagger-ui/swagger-ui.css"):
        assert client.get(path).status_code == 200
    assert client.get("/").headers["location"] == "console/"
    # Any site can make a browser send its cookies to the API; only pages carry tokens.
    for path in ("/v1/operators", "/metrics", "/readyz"):
        assert client.get(path).status_code == 401
    assert "Sign out" in look(client).text


@pytest.mark.parametrize("key", ["", "flk_x", "flk_nobodys000_" + "x" * 43, "\0", "ключ"])
def test_a_wrong_key_is_a_sentence_and_no_session(client: Client, key: str) -> None:
    answer = send(client, "/sign-in", key=key)
    assert answer.status_code == 401
    assert WRONG in answer.text
    assert "set-cookie" not in answer.headers
    assert send(client, "/sign-in").status_code == 401


def test_a_key_that_may_not_read_opens_no_console_but_what_explains_the_calls(
    client: Client, world: World
) -> None:
    answer = send(client, "/sign-in", key=make(world, Role.INTAKE))
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")
    for path in ("/docs", "/openapi.json", "/static/docs.js"):
        assert client.get(path).status_code == 200
    for path in ("/console/", "/console/sources", "/console/events", "/v1/contacts"):
        assert client.get(path, headers={"Accept": "text/html"}).status_code in {303, 403}


def test_whoever_tries_keys_is_told_to_wait_and_a_right_one_still_opens(world: World) -> None:
    """Behind a proxy, everybody may share one address."""
    key = make(world, Role.VIEWER)
    app = create_app(container=world.container)
    with serving(app) as client:
        for _ in range(10):
            assert send(client, "/sign-in", key="flk_x").status_code == 401
        refused = send(client, "/sign-in", key="flk_x")
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "60"
        assert "Too many keys" in refused.text
        assert "set-cookie" not in refused.headers
        sign_in(client, key)
    with serving(app, address="127.0.0.2") as other:
        assert send(other, "/sign-in", key="flk_x").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    client: Client, world: World
) -> None:
    key = make(world, Role.VIEWER)
    parts = send(client, "/sign-in", key=key).headers["set-cookie"].split("; ")
    assert {"HttpOnly", "Path=/", "Max-Age=43200"} <= set(parts)
    assert "samesite=lax" in {each.lower() for each in parts}
    assert "Secure" not in parts
    with serving(create_app(container=world.container), base_url="https://localhost") as safe:
        header = send(safe, "/sign-in", key=key).headers["set-cookie"]
        assert "Secure" in header.split("; ")


def test_a_session_ends_with_the_key_that_opened_it(client: Client, world: World) -> None:
    key = make(world, Role.ADMIN)
    sign_in(client, key)
    page = look(client)
    assert page.status_code == 200
    world.fairlead.revoke_key(RevokeKey(key[:14]))
    assert look(client).headers["location"] == "/console/sign-in"
    form = send(client, "/operators", name="Eve", capacity="1", **{"form-token": token(page)})
    assert form.headers["location"] == "/console/sign-in"
    assert names(world) == ["Ann"]


def test_a_session_ends_when_its_key_expires(client: Client, world: World) -> None:
    end = world.clock.now() + timedelta(hours=1)
    sign_in(client, make(world, Role.VIEWER, expires_at=end))
    world.clock.advance(minutes=59)
    assert look(client).status_code == 200
    world.clock.advance(minutes=1)
    assert look(client).status_code == 303


def test_a_session_ends_after_a_working_day(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sent by hand: a browser with the right time would no longer send it.
    cookie = f"{COOKIE}={sign_in(client, make(world, Role.VIEWER))}"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 12 * 3600 - 5)
    assert look(client, Cookie=cookie).status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + 12 * 3600 + 5)
    assert look(client, Cookie=cookie).status_code == 303


def test_two_instances_on_one_host_sign_nobody_out_of_each_other(world: World) -> None:
    """Browsers send a host's cookies to all of its ports and paths."""
    keys = [make(world, Role.ADMIN), make(world, Role.VIEWER)]
    app = create_app(container=world.container)
    jar: dict[str, str] = {}
    with serving(app) as client:
        for key, host in zip(keys, ("localhost:8000", "localhost:8001"), strict=True):
            headers = {"Host": host, "Cookie": "; ".join(f"{a}={b}" for a, b in jar.items())}
            cookie = send(client, "/sign-in", headers, key=key).headers["set-cookie"]
            name, _, value = cookie.partition(";")[0].partition("=")
            jar[name] = value
            form = send(client, "/preferences", headers, language="ru")
            name, _, value = form.headers["set-cookie"].partition(";")[0].partition("=")
            jar[name] = value
        assert len(jar) == 4
        both = "; ".join(f"{a}={b}" for a, b in jar.items())
        for host, role in (("localhost:8000", "администратор"), ("localhost:8001", "наблюдатель")):
            text = look(client, Host=host, Cookie=both, **{"Accept-Language": "en"}).text
            assert re.search(rf"<span>flk_\w+ · {role}</span>", text), host


@pytest.mark.parametrize(
    ("host", "root", "name"),
    [
        (b"localhost", "", "fairlead_session"),
        (b"localhost:8000", "", "fairlead_session_8000"),
        (b"[::1]:8000", "", "fairlead_session_8000"),
        (b"[::1]", "", "fairlead_session"),
        (b"crm.example", "/fair-lead", "fairlead_session_fair_lead"),
        (b"crm.example:x", "", "fairlead_session"),
        (b"\xff:8000", "", "fairlead_session"),
        (b"", "", "fairlead_session"),
    ],
)
def test_a_cookie_is_named_after_its_instance(host: bytes, root: str, name: str) -> None:
    scope = {"headers": [(b"host", host)], "root_path": root}
    assert sessions.cookie(scope) == name
    mounted = {**scope, "root_path": f"{root}/console", "app_root_path": root}
    assert sessions.cookie(mounted) == name


class Known:
    """The keys of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def valid(self, prefix: str) -> ApiKey | None:
        keys = {each.prefix: each for each in self._world.fairlead.keys.all()}
        return keys.get(prefix)

    def has_ended(self, session: Session) -> bool:
        ended = self._world.fairlead.keys.ended_sessions()
        every = ended.get(session.every(session.ends_at).name)
        return session.name in ended or (every is not None and session.ends_at <= every)


def test_a_forged_session_is_none(world: World) -> None:
    make(world, Role.VIEWER)
    make(world, Role.ADMIN)
    mine, admin = sorted(world.fairlead.keys.all(), key=lambda each: each.role, reverse=True)
    cookie = session_of(mine)
    prefix, session_id, end, signature = cookie.split(".")
    assert key_of_session(cookie, Known(world)) == mine
    for forged in (
        "",
        ".",
        "..",
        prefix,
        f"{prefix}.{end}",
        f"{prefix}.{end}.",
        f"{prefix}.{end}.{signature}",
        f"{prefix}.{session_id}.{int(end) + 1}.{signature}",
        f"{prefix}.{session_id[:-1]}.{end}.{signature}",
        f"{admin.prefix}.{session_id}.{end}.{signature}",
        f"flk_0000000000.{session_id}.{end}.{signature}",
        f"{prefix}.{session_id}.{end}.{signature[:-1]}",
        f"{prefix}.{session_id}.{end}.{signature}x",
        f"{prefix}.{session_id}.{end}.{form_token(mine, cookie)}",
        f"{prefix}.{session_id}.never.{signature}",
        f"{cookie}.{signature}",
        "ключ",
        "\xff" * 5000,
    ):
        assert key_of_session(forged, Known(world)) is None, forged


def session_in(cookie: str, world: World) -> Session:
    found = read_session(cookie, Known(world))
    assert found
    return found[1]


def test_a_session_that_was_ended_is_none(world: World) -> None:
    make(world, Role.VIEWER)
    (key,) = world.fairlead.keys.all()
    mine, other = session_of(key), session_of(key)
    session = session_in(mine, world)
    for _ in range(2):
        assert world.fairlead.end_session(EndSession(session)) == session
        assert key_of_session(mine, Known(world)) is None
        assert key_of_session(other, Known(world)) == key
    # A session that has expired by itself is not kept.
    world.clock.moment = session.ends_at
    later = session_in(other, world)
    world.fairlead.end_session(EndSession(later))
    assert set(world.fairlead.keys.ended_sessions()) <= {later.name}


def test_whoever_signs_out_again_and_again_ends_all_sessions_of_the_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of ended sessions kept per key is bounded: every process holds them in memory."""
    monkeypatch.setattr(limits, "MAX_ENDED_SESSIONS", 5)
    make(world, Role.VIEWER)
    make(world, Role.INTAKE)
    one, other = world.fairlead.keys.all()
    kept, others = session_of(one), session_of(other)
    for _ in range(20):
        world.fairlead.end_session(EndSession(session_in(session_of(one), world)))
        assert len(world.fairlead.keys.ended_sessions()) <= 6
        if key_of_session(kept, Known(world)) is None:
            break
    assert key_of_session(kept, Known(world)) is None
    assert key_of_session(others, Known(world)) == other


def test_a_session_that_is_over_stays_over_when_all_of_the_key_are_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ending one that expires sooner does not revive them: a key's holder can sign such a one."""
    monkeypatch.setattr(limits, "MAX_ENDED_SESSIONS", 3)
    make(world, Role.VIEWER)
    (key,) = world.fairlead.keys.all()
    ended = [session_of(key) for _ in range(3)]
    for each in ended:
        world.fairlead.end_session(EndSession(session_in(each, world)))
    claim = f"{key.prefix}.{'a' * 22}.{int(time.time()) + 1000}"
    brief = session_in(f"{claim}.{_sign(key, 'session', claim)}", world)
    world.fairlead.end_session(EndSession(brief))
    assert len(world.fairlead.keys.ended_sessions()) == 1
    for each in ended:
        assert key_of_session(each, Known(world)) is None


def test_what_a_keys_holder_signs_itself_is_no_session(world: World) -> None:
    """Sessions are signed with a digest of the key, which its holder has."""
    make(world, Role.VIEWER)
    (key,) = world.fairlead.keys.all()
    sound, soon = "a" * 22, int(time.time()) + 1000
    for claim in (
        f"{key.prefix}.{sound}.{soon + 50_000}",
        f"{key.prefix}.{sound}.253402300799",
        f"{key.prefix}.{sound}.{'9' * 400}",
        f"{key.prefix}.{sound}.never",
        f"{key.prefix}.{sound}.-1",
        f"{key.prefix}.{'a' * 60_000}.{soon}",
        f"{key.prefix}.{'a' * 21}/.{soon}",
        f"{key.prefix}.{soon}",
        f"{key.prefix}.a.b.{soon}",
        key.prefix,
        "",
    ):
        assert key_of_session(f"{claim}.{_sign(key, 'session', claim)}", Known(world)) is None
    claim = f"{key.prefix}.{sound}.{soon}"
    assert key_of_session(f"{claim}.{_sign(key, 'session', claim)}", Known(world)) == key


def test_signing_out_by_another_credential_ends_nothing(client: Client, world: World) -> None:
    """Anyone may send the form, but it ends only a valid session."""
    key = make(world, Role.VIEWER)
    for cookie in ("a", "a.b", "a.b.c", f"{key[:14]}.{'a' * 22}.253402300799.x"):
        for headers in ({}, bearer(key), bearer("flk_wrong")):
            answer = client.post(
                "/console/sign-out",
                content="",
                headers=FORM | headers | {"Cookie": f"{COOKIE}={cookie}"},
            )
            assert answer.status_code in {303, 403}
    assert world.fairlead.keys.ended_sessions() == {}


def test_a_cookie_of_a_release_without_ids_is_none_though_it_is_signed(world: World) -> None:
    make(world, Role.VIEWER)
    (key,) = world.fairlead.keys.all()
    claim = f"{key.prefix}.9999999999"
    assert key_of_session(f"{claim}.{_sign(key, 'session', claim)}", Known(world)) is None


def test_a_forged_cookie_leads_to_the_sign_in(client: Client) -> None:
    for cookie in ("x", "flk_0000000000.9999999999.x", "", "a=b", '"'):
        answer = look(client, Cookie=f"{COOKIE}={cookie}")
        assert answer.headers["location"] == "/console/sign-in"


@pytest.mark.parametrize("given", ["none", "empty", "of another session", "of another key", "x"])
def test_a_form_without_the_token_of_its_session_is_403_and_changes_nothing(
    client: Client, world: World, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, now = make(world, Role.ADMIN), time.time()
    monkeypatch.setattr(time, "time", lambda: now - 60)
    sign_in(client, key)
    older = token(look(client))
    monkeypatch.undo()
    sign_in_again = send(client, "/sign-in", key=key, **{"form-token": older})
    assert cookie_of(sign_in_again)
    with serving_world(world) as other:
        sign_in(other, make(world, Role.ADMIN))
        theirs = token(look(other))
    forms: dict[str, dict[str, str]] = {
        "none": {},
        "empty": {"form-token": ""},
        "of another session": {"form-token": older},
        "of another key": {"form-token": theirs},
        "x": {"form-token": "x"},
    }
    fields = forms[given]
    operator = world.fairlead.catalogue.operators(active=None, limit=1, after=None).items[0].id
    waiting = world.register().id
    before = world.fairlead.contacts.contact(waiting)
    for path in (
        "/demo",
        "/try",
        "/operators",
        f"/operators/{operator}",
        f"/operators/{operator}/active",
        f"/operators/{operator}/contacts",
        "/sources",
        "/sources/telegram",
        "/sources/telegram/weights",
        f"/contacts/{waiting}/close",
        f"/contacts/{waiting}/transfer",
        "/preferences",
        "/sign-in",
        "/sign-out",
    ):
        answer = send(client, path, name="Eve", capacity="9", key=key, language="ru", **fields)
        assert answer.status_code == 403, path
        assert "set-cookie" not in answer.headers
        assert 'role="alert"' in answer.text
    assert names(world) == ["Ann"]
    assert world.fairlead.contacts.contact(waiting) == before
    assert look(client).status_code == 200


def test_a_form_with_the_token_of_its_session_is_taken(client: Client, world: World) -> None:
    sign_in(client, make(world, Role.ADMIN))
    own = {"form-token": token(look(client))}
    assert send(client, "/operators", name="Bob", capacity="1", **own).status_code == 303
    assert names(world) == ["Ann", "Bob"]
    # Anyone can choose a language, signed in or not.
    chosen = send(client, "/preferences", language="ru", here="/console/", **own)
    assert "fairlead_language=ru" in chosen.headers["set-cookie"]
    gone = send(client, "/sign-out", **own)
    assert gone.headers["location"] == "/console/sign-in"
    assert look(client).status_code == 303
    assert send(client, "/preferences", language="en", here="/console/").status_code == 303


def test_signing_out_works_also_if_the_session_has_ended(client: Client, world: World) -> None:
    key = make(world, Role.VIEWER)
    sign_in(client, key)
    own = {"form-token": token(look(client))}
    world.fairlead.revoke_key(RevokeKey(key[:14]))
    answer = send(client, "/sign-out", **own)
    assert answer.headers["location"] == "/console/sign-in"
    assert 'fairlead_session=""' in answer.headers["set-cookie"]


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/preferences"])
def test_another_site_signs_nobody_in_or_out(client: Client, world: World, path: str) -> None:
    """Anyone signed in by somebody else would act in that person's name without noticing."""
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = send(client, path, headers, key=make(world, Role.VIEWER), language="ru")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_key_in_the_header_needs_no_token(client: Client, world: World) -> None:
    """No page can make a browser send that header, so there is nothing to guard."""
    headers = bearer(make(world, Role.ADMIN))
    assert send(client, "/operators", headers, name="Bob", capacity="1").status_code == 303


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPERVISOR])
def test_a_forced_form_of_what_a_role_may_not_do_is_a_page_with_403(
    client: Client, world: World, role: Role
) -> None:
    sign_in(client, make(world, role))
    own = {"form-token": token(look(client))}
    for path in ("/operators", "/sources", "/demo", "/try", "/sources/telegram"):
        answer = send(client, path, name="Eve", capacity="1", key="eve", **own)
        assert answer.status_code == 403
        assert "Your key does not permit this." in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert names(world) == ["Ann"]
    russian = send(client, "/demo", {"Accept-Language": "ru"}, **own)
    assert "Ваш ключ этого не разрешает." in russian.text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPERVISOR])
def test_no_page_offers_what_the_key_of_who_looks_does_not_permit(
    client: Client, world: World, role: Role
) -> None:
    """Every form that is shown with an enabled button can be sent."""
    contact = world.register()
    sign_in(client, make(world, role))
    operator = contact.operator
    assert operator is not None
    anybody, found = {"/sign-out", "/preferences"}, set[str]()
    for path in (
        *("/", "/operators", f"/operators/{operator.id}", "/sources", "/sources/telegram"),
        *(f"/contacts/{contact.id}", f"/leads/{contact.lead.id}", "/statistics", "/try"),
    ):
        page = look(client, path)
        assert page.status_code == 200, path
        actions = offered(page.text)
        assert actions >= anybody, path
        own = {"form-token": token(page)}
        for action in actions - anybody:
            assert send(client, action, **own).status_code != 403, (path, action)
        found |= actions - anybody
    supervision = {
        *(f"/operators/{operator.id}/active", "/sources/telegram/weights"),
        *(f"/contacts/{contact.id}/close", f"/leads/{contact.lead.id}"),
    }
    assert found == (supervision if role is Role.SUPERVISOR else set())


def offered(text: str) -> set[str]:
    """Return the actions of a page's forms that have an enabled button."""
    return {
        found[1]
        for head, body in re.findall(r"<form([^>]*)>(.*?)</form>", text, re.DOTALL)
        if (found := re.search(r'method="post" action="/console([^"]*)"', head))
        and re.search(r"<button(?![^>]* disabled)", body)
    }


def test_an_empty_place_offers_its_first_steps_to_administrators_only() -> None:
    with open_world() as world:
        viewer, admin = make(world, Role.VIEWER), make(world, Role.ADMIN)
        with serving_world(world) as client:
            sign_in(client, admin)
            assert "Three steps" in look(client).text
        with serving_world(world) as client:
            sign_in(client, viewer)
            text = look(client).text
            assert "Three steps" not in text
            assert "There are no operators yet." in text


class Gone(KeyReader):
    def all(self) -> list[ApiKey]:
        raise StorageUnavailable("the database cannot be reached.")

    def ended_sessions(self) -> Mapping[str, datetime]:
        raise StorageUnavailable("the database cannot be reached.")


def test_a_database_that_is_away_is_a_page_for_who_browses(world: World) -> None:
    with world.container.storage.override(providers.Object(world.container.storage())):
        fairlead = world.container.fairlead()
        object.__setattr__(fairlead, "keys", Gone())
        with serving(create_app(container=world.container)) as client:
            answer = look(client)
            assert answer.status_code == 503
            assert "The database is unavailable" in answer.text
            assert answer.headers["retry-after"] == "1"
            assert answer.headers["cache-control"] == "no-store"


def test_who_calls_from_elsewhere_before_there_is_a_key_is_told_so_on_a_page(
    world: World,
) -> None:
    with serving(create_app(container=world.container), address="203.0.113.9") as client:
        answer = look(client)
        assert answer.status_code == 403
        assert "No API key has been made yet" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
