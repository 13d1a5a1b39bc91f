"""What was acknowledged is stored, however a server ends, and however many there are."""

import signal
import socket
import threading
from pathlib import Path

import httpx

from application.fairlead import Fairlead
from application.ports.contacts import ContactFilter
from tests.e2e.server import FAIRLEAD_SERVE, all_contacts, furnish, opened, started, under_load


def stored(fairlead: Fairlead) -> set[str]:
    """Return the ids of all contacts."""
    return {str(each.id) for each in all_contacts(fairlead)}


def test_what_was_acknowledged_survives_kill_9_and_the_service_goes_on(
    migrated_url: str, tmp_path: Path
) -> None:
    furnish(migrated_url, 30, 100_000, 100_000)
    acknowledged: set[str] = set()
    with started(migrated_url, tmp_path) as server, under_load(server) as load:
        server.kill()
    acknowledged |= {each["id"] for each in load.acknowledged}
    assert not load.refused
    assert load.lost
    with started(migrated_url, tmp_path) as server, server.client() as client:
        assert client.get("/readyz").status_code == 200
        for each in load.acknowledged[-20:]:
            again = client.get(f"/v1/contacts/{each['id']}").json()
            assert again["operator"] == each["operator"]
        with under_load(server, enough=20) as more:
            pass
        acknowledged |= {each["id"] for each in more.acknowledged}
        server.stop()
    with opened(migrated_url) as fairlead:
        assert acknowledged <= stored(fairlead)
        assert fairlead.check_invariants() == []


def test_sigterm_finishes_what_was_accepted(migrated_url: str, tmp_path: Path) -> None:
    furnish(migrated_url, 30, 100_000)
    with started(migrated_url, tmp_path) as server, under_load(server, threads=16) as load:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(30)
    # Once everything is done, the server raises the signal again; a stuck one would be killed.
    assert server.process.returncode in {0, -signal.SIGTERM}
    assert "Traceback" not in server.said()
    assert not load.refused
    with opened(migrated_url) as fairlead:
        # No contact without an answer, no answer without a contact.
        assert {each["id"] for each in load.acknowledged} == stored(fairlead)
        assert fairlead.check_invariants() == []


def test_two_servers_share_one_database_under_load(migrated_url: str, tmp_path: Path) -> None:
    furnish(migrated_url, 40, 60)
    with (
        started(migrated_url, tmp_path) as one,
        started(migrated_url, tmp_path) as other,
        one.client() as client,
        under_load(one, other, threads=8, enough=150) as load,
    ):
        closed = {each["id"]: close(client, each["id"]) for each in load.acknowledged[:60]}
        keys: list[httpx.Response] = []
        threads = [
            threading.Thread(target=lambda each=each: keys.append(with_key(each.url)))
            for each in (one, other) * 4
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert not load.refused
    assert not load.lost
    assert set(closed.values()) == {200}
    assert sorted(each.status_code for each in keys) == [200] * 7 + [201]
    assert len({each.json()["id"] for each in keys}) == 1
    assert "Traceback" not in one.said() + other.said()
    with opened(migrated_url) as fairlead:
        assert {each["id"] for each in load.acknowledged} | {keys[0].json()["id"]} == stored(
            fairlead
        )
        operators = fairlead.catalogue.operators(active=None, limit=10, after=None).items
        assert [each.load for each in operators] == [40, 60]
        assert fairlead.check_invariants() == []


def close(client: httpx.Client, contact_id: str) -> int:
    return client.post(f"/v1/contacts/{contact_id}/close").status_code


def with_key(url: str) -> httpx.Response:
    body = {"source": "telegram", "lead": {"identities": {"telegram": "the same"}}}
    headers = {"Idempotency-Key": "the same"}
    return httpx.post(f"{url}/v1/contacts", json=body, headers=headers, timeout=30, trust_env=False)


def test_a_client_that_never_ends_its_request_does_not_keep_the_service_from_ending(
    migrated_url: str, tmp_path: Path
) -> None:
    command = (*FAIRLEAD_SERVE, "--shutdown-timeout", "1")
    with (
        started(migrated_url, tmp_path, command) as server,
        socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as client,
    ):
        head = "POST /v1/contacts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        client.sendall(f'{head}Content-Length: 100\r\n\r\n{{"so'.encode())
        with server.client() as other:
            assert other.get("/healthz").status_code == 200
        server.stop()
    with opened(migrated_url) as fairlead:
        assert fairlead.contacts.contacts(ContactFilter(), limit=1, after=None).items == []
