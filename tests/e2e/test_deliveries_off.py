"""A copy of a database has the endpoints of the original, and must be able to keep quiet."""

import time
from pathlib import Path

import pytest

from tests.browser.test_endpoints import receiving
from tests.e2e.server import FAIRLEAD_SERVE, contact, migrated, started, until

WATCHED = 2.5
"""Seconds in which a server that delivers would have looked for work several times."""


def test_a_server_delivers_only_if_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'copy.db'}"
    migrated(url)
    monkeypatch.setenv("FAIRLEAD_ENDPOINT_HOSTS", "127.0.0.1")
    with receiving() as receiver:
        monkeypatch.setenv("FAIRLEAD_DELIVERIES", "off")
        with started(url, tmp_path, FAIRLEAD_SERVE) as quiet, quiet.client() as client:
            assert "FAIRLEAD_DELIVERIES is off" in quiet.said()
            made = client.post("/v1/endpoints", json={"url": receiver.url}).json()
            client.post("/v1/sources", json={"key": "telegram"})
            assert client.post("/v1/contacts", json=contact("ann")).status_code == 201
            assert client.post(f"/v1/endpoints/{made['id']}/test").status_code == 200
            time.sleep(WATCHED)
            assert len(receiver.got) == 1, "only what somebody has asked for"
        monkeypatch.delenv("FAIRLEAD_DELIVERIES")
        with started(url, tmp_path, FAIRLEAD_SERVE) as server:
            until(lambda: len(receiver.got) == 3, server)
