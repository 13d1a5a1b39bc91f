"""Deliveries while senders are killed, the receiver restarts and the database crashes."""

import signal
import time

import pytest

from application.endpoints import CreateEndpoint
from tests.chaos.conftest import Fleet
from tests.chaos.mailbox import mailbox
from tests.chaos.storm import PATIENCE, Storm, assert_nothing_lost_and_nothing_twice, size
from tests.e2e.server import furnish, migrated, opened
from tests.postgresql import Databases, postgresql_server


def test_every_event_is_delivered_whoever_dies(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRLEAD_ENDPOINT_HOSTS", "127.0.0.1")
    with postgresql_server() as database, mailbox() as box:
        url = Databases(database.url).empty()
        migrated(url)
        furnish(url, 100_000, 100_000)
        with opened(url) as fairlead:
            made = fairlead.create_endpoint(CreateEndpoint(box.url))
        box.secret, first = made.secret, made.endpoint.cursor + 1
        servers = fleet.start(url, url)
        storm = Storm(servers, closing=0.5)
        with storm.blowing():
            for number in range(size(2, 12)):
                storm.wait_for(40)
                fleet.replace(number % 2, url)
                storm.wait_for(40)
                box.restart()
                storm.wait_for(40)
                database.stop(signal.SIGQUIT)
                database.start()
        with opened(url) as fairlead:
            deadline = time.monotonic() + 3 * PATIENCE
            while True:
                (shown,) = fairlead.endpoints.all()
                if shown.behind == shown.pending == 0:
                    break
                assert time.monotonic() < deadline, shown
                time.sleep(0.2)
            assert shown.dead == 0
            last = fairlead.events.events(after=0, limit=1).last
        assert last - first > 200
        assert box.refused
        box.assert_all_came_in_order(first, last)
        assert_nothing_lost_and_nothing_twice(url, storm)
