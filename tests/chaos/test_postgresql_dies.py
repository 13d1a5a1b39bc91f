"""A PostgreSQL server that crashes and comes back."""

import signal

from tests.chaos.conftest import Fleet
from tests.chaos.follower import Follower
from tests.chaos.storm import Storm, assert_nothing_lost_and_nothing_twice, size
from tests.e2e.server import furnish, get, migrated
from tests.postgresql import Databases, postgresql_server


def test_a_database_server_that_crashes_and_comes_back_loses_nothing(fleet: Fleet) -> None:
    with postgresql_server() as database:
        url = Databases(database.url).empty()
        migrated(url)
        furnish(url, 100_000, 100_000, 5)
        servers = fleet.start(url, url)
        storm, follower = Storm(servers, closing=0.3), Follower(servers)
        with storm.blowing(), follower.following():
            for _ in range(size(2, 10)):
                storm.wait_for(50)
                database.stop(signal.SIGQUIT)
                for each in servers:
                    assert get(each, "/healthz") == 200
                    assert get(each, "/readyz") == 503
                database.start()
        assert set(storm.repeated) & {"storage_unavailable", "outcome_unknown"}
        for each in servers:
            assert get(each, "/readyz") == 200
        assert_nothing_lost_and_nothing_twice(url, storm)
        follower.assert_all_is_stored(url)
