"""Clocks that step back an hour while contacts come in, are closed and handed out."""

import signal

from tests.chaos.conftest import Fleet
from tests.chaos.storm import Storm, assert_nothing_lost_and_nothing_twice, size
from tests.e2e.server import Server, furnish, migrated, until

STEPPING = ("-m", "tests.chaos.stepping")


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
            # A process that starts now knows of no later time.
            fleet.replace(0, shared_url, (*STEPPING, "--behind", str(hours)))
            assert storm.register_at(servers[0])["created_at"] < before["created_at"]
    assert_nothing_lost_and_nothing_twice(shared_url, storm)


def step_back(server: Server, hours: int) -> None:
    server.process.send_signal(signal.SIGUSR1)
    moved = f"the clock is {hours}:00:00 behind"
    until(lambda: moved in server.said(), server)
