"""Processes that are killed with SIGKILL, one after another, while all of them are busy."""

import random

import pytest

from tests.chaos.conftest import Fleet
from tests.chaos.follower import Follower
from tests.chaos.storm import LONG, Storm, assert_nothing_lost_and_nothing_twice, size
from tests.e2e.server import furnish, migrated


@pytest.mark.parametrize("capacity", [4, 100_000] if LONG else [4])
def test_processes_that_are_killed_lose_nothing(
    shared_url: str, fleet: Fleet, capacity: int
) -> None:
    migrated(shared_url)
    furnish(shared_url, capacity, capacity, capacity)
    chance = random.Random(capacity)
    servers = fleet.start(shared_url, shared_url)
    storm, follower = Storm(servers, closing=0.9), Follower(servers)
    with storm.blowing(), follower.following():
        for _ in range(size(2, 25)):
            storm.wait_for(30)
            fleet.replace(chance.randrange(2), shared_url)
    assert_nothing_lost_and_nothing_twice(shared_url, storm)
    follower.assert_all_is_stored(shared_url)
