"""Clocks that step while contacts come in, are closed and handed out, and while work falls due."""

import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from application.contacts import CloseContact
from application.ports.contacts import ContactFilter
from application.register_contacts import RegisterContact
from application.together import carry_out_together
from domain.actor import SCRIPT
from domain.audit import Action
from domain.contact import ContactState
from tests.chaos.conftest import Fleet
from tests.chaos.storm import Storm, assert_nothing_lost_and_nothing_twice, size
from tests.e2e.server import Server, furnish, migrated, opened, until

STEPPING = ("tests.chaos.stepping:serve",)


def test_clocks_that_step_back_lose_nothing_and_what_comes_later_stays_later(
    shared_url: str, fleet: Fleet
) -> None:
    migrated(shared_url)
    furnish(shared_url, 4, 4, 4)
    servers = fleet.start(shared_url, shared_url, command=STEPPING)
    storm = Storm(servers, closing=0.9)
    with storm.blowing():
        for hours in range(1, size(1, 5) + 1):
            for each in servers:
                storm.wait_for(20)
                before = storm.register_at(each)
                step_back(each, hours)
                after = storm.register_at(each)
                assert before["id"] < after["id"]
                assert before["created_at"] <= after["created_at"]
            storm.wait_for(20)
            # A process that starts now does not know the later time.
            fleet.replace(0, shared_url, (*STEPPING, "--behind", str(hours)))
            assert storm.register_at(servers[0])["created_at"] < before["created_at"]
    assert_nothing_lost_and_nothing_twice(shared_url, storm)


def test_once_a_clock_that_was_ahead_is_right_again_so_is_what_comes_in(
    shared_url: str, fleet: Fleet
) -> None:
    migrated(shared_url)
    furnish(shared_url, 4, 4, 4)
    servers = fleet.start(shared_url, shared_url, command=STEPPING)
    storm = Storm(servers, closing=0.9, restless=0.05)
    with storm.blowing():
        for _ in range(size(1, 5)):
            for each in servers:
                storm.wait_for(20)
                each.process.send_signal(signal.SIGUSR2)
                until_it_says(each, "clock jumped forward by 1728")
                ahead = storm.register_at(each)
                assert days_from_now(ahead) > 1
                each.process.send_signal(signal.SIGHUP)
                until_it_says(each, "clock jumped back by 1728")
                right = storm.register_at(each)
                assert abs(days_from_now(right)) < 0.01
                assert right["id"] < ahead["id"]
                with each.client() as client:
                    metrics = client.get("/metrics").text
                assert "fairlead_clock_jumps_total" in metrics
                assert "fairlead_clock_jumps_total 0.0" not in metrics
            storm.wait_for(20)
    assert_nothing_lost_and_nothing_twice(shared_url, storm)


def test_a_contact_of_a_clock_that_was_ahead_is_still_the_first(
    shared_url: str, fleet: Fleet
) -> None:
    migrated(shared_url)
    (server,) = fleet.start(shared_url, command=STEPPING)
    with server.client() as client:

        def register(person: str) -> Any:
            body = {"source": "telegram", "lead": {"identities": {"telegram": person}}}
            return client.post("/v1/contacts", json=body).json()["id"]

        ann = client.post("/v1/operators", json={"name": "Ann", "capacity": 0}).json()["id"]
        client.post("/v1/sources", json={"key": "telegram"})
        weights = {"allocations": [{"operator_id": ann, "weight": 1}]}
        client.put("/v1/sources/telegram/allocations", json=weights)
        server.process.send_signal(signal.SIGUSR2)
        until_it_says(server, "clock jumped forward by 1728")
        first = register("first")
        server.process.send_signal(signal.SIGHUP)
        until_it_says(server, "1 contacts wait that came in when a clock was ahead")
        second = register("second")
        client.patch(f"/v1/operators/{ann}", json={"capacity": 1})
        states = [client.get(f"/v1/contacts/{each}").json()["state"] for each in (first, second)]
    assert states == ["assigned", "waiting"]


def until_it_says(server: Server, words: str) -> None:
    until(lambda: words in server.said(), server)


def days_from_now(registered: dict[str, Any]) -> float:
    return (datetime.fromisoformat(registered["created_at"]) - datetime.now(UTC)) / timedelta(1)


def step_back(server: Server, hours: int) -> None:
    server.process.send_signal(signal.SIGUSR1)
    moved = f"the clock is {hours}:00:00 behind"
    until(lambda: moved in server.said(), server)


def test_what_is_due_happens_once_though_clocks_step_and_processes_are_killed(
    shared_url: str, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nightly purge by two processes, one of which is killed during it, while nobody calls."""
    monkeypatch.setenv("FAIRLEAD_KEEP_DAYS", "1")
    migrated(shared_url)
    furnish(shared_url, 100_000)
    closed, open_ = size(1_700, 20_000), 30
    with opened(shared_url) as fairlead:
        for begin in range(0, closed + open_, 500):
            fairlead.register_contacts(
                [
                    RegisterContact("telegram", {"vk": str(number)}, idempotency_key=str(number))
                    for number in range(begin, min(begin + 500, closed + open_))
                ]
            )
        close = fairlead.close_contact
        found = fairlead.contacts.contacts(ContactFilter(), limit=closed, after=None).items
        carry_out_together(
            close.transactions, [close.order(CloseContact(each.id), SCRIPT) for each in found]
        )
        servers = fleet.start(shared_url, shared_url, command=STEPPING)

        def left() -> int:
            page = fairlead.contacts.contacts(ContactFilter(), limit=30_000, after=None)
            return len(page.items)

        assert left() == closed + open_
        for each in servers:
            each.process.send_signal(signal.SIGUSR2)
        until(lambda: left() < closed + open_, servers[0])
        fleet.replace(0, shared_url, (*STEPPING, "--behind", "-48"))
        until(lambda: left() == open_, servers[1])
        states = {
            each.state
            for each in fairlead.contacts.contacts(ContactFilter(), limit=100, after=None).items
        }
        assert states == {ContactState.ASSIGNED}
        entries = fairlead.audit.entries(
            subject=None, action=Action.CONTACTS_PURGED, limit=100, after=None
        ).items
        assert sum(int(str((each.after or {})["removed"])) for each in entries) == closed
        assert {each.actor for each in entries} == {"timer"}
        assert fairlead.check_invariants() == []
    for each in servers:
        assert "Traceback" not in each.said(), each.said()
