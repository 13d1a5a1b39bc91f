"""Keys on real servers: who is served before there is one, and how soon a change counts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from application.keys import CreateKey, RevokeKey
from domain.access import Role
from tests.e2e.server import (
    FAIRLEAD_SERVE,
    Server,
    contact,
    furnish,
    migrated,
    opened,
    started,
    until,
)
from tests.entrypoints.http.expectations import NOBODY
from tests.entrypoints.http.keys import bearer

CHANGED = "event: changed"
PATIENCE = 20
"""Seconds. A key counts within one; a busy machine may take longer to show it."""


@contextmanager
def serving(url: str, folder: Path, *options: str, host: str = "127.0.0.1") -> Iterator[Server]:
    with started(url, folder, (*FAIRLEAD_SERVE, *options), host=host) as server:
        yield server
        server.stop()
        assert "Traceback" not in server.said()


def make(url: str, role: Role) -> str:
    with opened(url) as fairlead:
        return fairlead.create_key(CreateKey(role)).secret


def revoke(url: str, secret: str) -> None:
    with opened(url) as fairlead:
        fairlead.revoke_key(RevokeKey(secret[:14]))


def asked(server: Server, **headers: str) -> httpx.Response:
    return httpx.get(f"{server.url}/v1/operators", headers=headers, trust_env=False, timeout=30)


@contextmanager
def listening(server: Server, key: str | None = None) -> Iterator[Iterator[str]]:
    """Yield the events of a console page, as they come, until the server ends the stream."""
    headers = {} if key is None else bearer(key)
    with httpx.stream(
        "GET", f"{server.url}/console/events", headers=headers, trust_env=False, timeout=PATIENCE
    ) as answer:
        assert answer.status_code == 200
        yield (each for each in answer.iter_lines() if each.startswith("event:"))


def becomes(status: int, server: Server, **headers: str) -> None:
    """Wait until every process behind a server answers with this status."""
    until(
        lambda: {asked(server, **headers).status_code for _ in range(10)} == {status},
        server,
        PATIENCE,
    )


def test_new_and_revoked_keys_count_in_every_process(migrated_url: str, tmp_path: Path) -> None:
    with serving(migrated_url, tmp_path) as one, serving(migrated_url, tmp_path) as two:
        assert [asked(each).status_code for each in (one, two)] == [200, 200]
        # As soon as there is a key, nobody is served without one.
        admin = make(migrated_url, Role.ADMIN)
        for each in (one, two):
            becomes(401, each)
            assert asked(each, **bearer(admin)).status_code == 200
        # Created by one process, known to the other; revoked by that one, invalid in both.
        answer = httpx.post(
            f"{one.url}/v1/keys", json={"role": "viewer"}, headers=bearer(admin), trust_env=False
        )
        viewer = answer.json()["key"]
        for each in (one, two):
            becomes(200, each, **bearer(viewer))
        httpx.delete(f"{two.url}/v1/keys/{viewer[:14]}", headers=bearer(admin), trust_env=False)
        for each in (one, two):
            becomes(401, each, **bearer(viewer))
        revoke(migrated_url, admin)
        for each in (one, two):
            becomes(401, each, **bearer(admin))
            assert httpx.get(f"{each.url}/healthz", trust_env=False).status_code == 200


def test_who_calls_is_what_a_trusted_proxy_says(migrated_url: str, tmp_path: Path) -> None:
    """A proxy on this machine is trusted; it appends the address that it sees itself."""
    with serving(migrated_url, tmp_path) as server:
        assert asked(server).status_code == 200
        for forwarded in ("203.0.113.9", "127.0.0.1, 203.0.113.9", "::1, 203.0.113.9", "unknown"):
            refused = asked(server, **{"X-Forwarded-For": forwarded})
            assert (refused.status_code, refused.json()["code"]) == (403, "protected_mode")
        assert asked(server, Host="fairlead.example").status_code == 403
        assert asked(server, **{"X-Forwarded-For": "127.0.0.1"}).status_code == 200


def test_who_calls_is_not_what_anybody_else_says(
    migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRLEAD_TRUSTED_PROXIES", "192.0.2.1, 10.0.0.0/8")
    with serving(migrated_url, tmp_path) as server:
        assert asked(server).status_code == 200
        # Somebody has passed the call on, and no trusted proxy has said for whom.
        for forwarded in ("203.0.113.9", "127.0.0.1"):
            assert asked(server, **{"X-Forwarded-For": forwarded}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("trusted", [None, "*", "0.0.0.0/0, ::/0"])
def test_before_there_is_a_key_no_proxy_makes_anybody_local(
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted: str | None,
    host: str,
) -> None:
    """However the proxy names its client, over IPv4 or IPv6, and whichever proxies are trusted."""
    migrated(sqlite_url)
    if trusted is not None:
        monkeypatch.setenv("FAIRLEAD_TRUSTED_PROXIES", trusted)
    with serving(sqlite_url, tmp_path, host=host) as server:
        assert asked(server).status_code == 200
        for relayed in (
            {"X-Forwarded-For": "203.0.113.9"},
            {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"},
            {"X-Forwarded-For": "203.0.113.9, 127.0.0.1"},
            {"X-Real-IP": "203.0.113.9"},
            {"X-Real-IP": "127.0.0.1"},
            {"Forwarded": "for=127.0.0.1"},
            {"Via": "1.1 proxy"},
            {"X-Forwarded-For": "127.0.0.1", "Via": "1.1 proxy"},
        ):
            answer = httpx.post(
                f"{server.url}/v1/keys", json={"role": "admin"}, headers=relayed, trust_env=False
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "protected_mode"), relayed
        lines = [("X-Forwarded-For", "127.0.0.1, 203.0.113.9"), ("X-Forwarded-For", "127.0.0.1")]
        for each in (lines, lines[::-1]):
            answer = httpx.get(f"{server.url}/v1/operators", headers=each, trust_env=False)
            assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[evil"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_before_there_is_a_key_no_page_of_another_host_is_served(
    migrated_url: str, tmp_path: Path, headers: dict[str, str]
) -> None:
    with serving(migrated_url, tmp_path) as server:
        for method, path in (
            ("POST", "/v1/keys"),
            ("POST", "/v1/contacts"),
            ("DELETE", f"/v1/leads/{NOBODY}"),
            ("POST", "/console/operators"),
        ):
            answer = httpx.request(
                method, server.url + path, json={"role": "admin"}, headers=headers, trust_env=False
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "protected_mode")
        own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
        answer = httpx.post(
            f"{server.url}/v1/operators",
            json={"name": "Ann", "capacity": 1},
            headers=own,
            trust_env=False,
        )
        assert answer.status_code == 201


def test_a_network_of_proxies_can_be_trusted(
    migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRLEAD_TRUSTED_PROXIES", "192.0.2.1,127.0.0.0/8")
    with serving(migrated_url, tmp_path) as server:
        assert asked(server, **{"X-Forwarded-For": "203.0.113.9"}).status_code == 403


def test_no_log_ever_holds_a_key(migrated_url: str, tmp_path: Path) -> None:
    furnish(migrated_url, 10)
    keys = [make(migrated_url, role) for role in Role]
    with serving(migrated_url, tmp_path, "--access-log") as server, server.client() as client:
        for key in keys:
            headers = bearer(key)
            client.get("/v1/operators", headers=headers)
            client.get("/v1/operators", headers=bearer(f"{key}x"))
            client.post("/v1/contacts", json=contact("ivan"), headers=headers)
            client.post("/console/sign-in", data={"key": key})
            client.post("/console/sign-in", data={"key": f"{key}x"})
        assert "/v1/operators" in server.said()
        for key in keys:
            assert key[15:] not in server.said()


def test_a_stream_ends_with_the_key_that_it_was_opened_with(
    migrated_url: str, tmp_path: Path
) -> None:
    kept, revoked = make(migrated_url, Role.VIEWER), make(migrated_url, Role.VIEWER)
    with (
        serving(migrated_url, tmp_path) as server,
        listening(server, kept) as other,
        listening(server, revoked) as stream,
    ):
        assert [next(stream), next(other)] == [CHANGED, CHANGED]
        revoke(migrated_url, revoked)
        becomes(401, server, **bearer(revoked))
        # The stream may have reported the revocation itself. The next change ends it.
        furnish(migrated_url, 10)
        assert set(stream) <= {CHANGED}
        assert next(other) == CHANGED


def test_a_stream_of_before_there_were_keys_ends_with_the_first(
    migrated_url: str, tmp_path: Path
) -> None:
    with serving(migrated_url, tmp_path) as server, listening(server) as stream:
        assert next(stream) == CHANGED
        make(migrated_url, Role.VIEWER)
        becomes(401, server)
        furnish(migrated_url, 10)
        assert set(stream) <= {CHANGED}


def test_several_workers_know_the_same_keys(migrated_url: str, tmp_path: Path) -> None:
    key = make(migrated_url, Role.VIEWER)
    with serving(migrated_url, tmp_path, "--workers", "2") as server:
        for _ in range(20):
            assert asked(server, **bearer(key)).status_code == 200
            assert asked(server).status_code == 401
        revoke(migrated_url, key)
        becomes(401, server, **bearer(key))


def test_a_session_that_was_signed_out_of_is_over_in_every_process(
    migrated_url: str, tmp_path: Path
) -> None:
    """A kept copy of its cookie opens nothing; another session of the same key goes on."""
    key = make(migrated_url, Role.VIEWER)
    with serving(migrated_url, tmp_path) as one, serving(migrated_url, tmp_path) as two:
        cookies = []
        for _ in range(2):
            answer = httpx.post(f"{one.url}/console/sign-in", data={"key": key}, trust_env=False)
            assert answer.status_code == 303
            cookies.append(answer.headers["set-cookie"].partition(";")[0].partition("=")[2])

        def sees(server: Server, cookie: str) -> bool:
            name = f"fairlead_session_{httpx.URL(server.url).port}"
            answer = httpx.get(
                f"{server.url}/console/operators",
                headers={"Cookie": f"{name}={cookie}", "Accept": "text/html"},
                trust_env=False,
            )
            assert answer.status_code in {200, 303}
            return answer.status_code == 200

        assert all(sees(each, cookie) for each in (one, two) for cookie in cookies)
        name = f"fairlead_session_{httpx.URL(one.url).port}"
        page = httpx.get(
            f"{one.url}/console/operators",
            headers={"Cookie": f"{name}={cookies[0]}"},
            trust_env=False,
        )
        token = re.search(r'name="form-token" value="([^"]+)"', page.text)
        assert token
        gone = httpx.post(
            f"{one.url}/console/sign-out",
            data={"form-token": token[1]},
            headers={"Cookie": f"{name}={cookies[0]}"},
            trust_env=False,
        )
        assert gone.status_code == 303
        assert not sees(one, cookies[0])
        until(lambda: not sees(two, cookies[0]), two, 3)
        assert sees(one, cookies[1])
        assert sees(two, cookies[1])
