"""Many connections to several processes, all of which want the same few slots.

They register and close contacts, transfer some, and pause and resume operators.
"""

from tests.chaos.conftest import Fleet
from tests.chaos.storm import Storm, assert_nothing_lost_and_nothing_twice, size
from tests.e2e.server import furnish, migrated

PROCESSES = 4
CONNECTIONS = 64


def test_hundreds_of_connections_to_four_processes_never_pass_a_capacity(
    shared_url: str, fleet: Fleet
) -> None:
    migrated(shared_url)
    furnish(shared_url, 5, 5, 5)
    storm = Storm(fleet.start(*[shared_url] * PROCESSES), closing=0.95, restless=0.05)
    with storm.blowing(PROCESSES * CONNECTIONS):
        storm.wait_for(size(500, 5_000))
        storm.wait_for_looks(size(5, 50))
    assert_nothing_lost_and_nothing_twice(shared_url, storm)
