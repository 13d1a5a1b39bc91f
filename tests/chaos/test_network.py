"""A network between the processes and PostgreSQL that is cut or freezes."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import make_url

from tests.chaos.conftest import Fleet
from tests.chaos.proxy import Proxy, proxy_to
from tests.chaos.storm import Storm, assert_nothing_lost_and_nothing_twice, size
from tests.e2e.server import furnish, get


@pytest.fixture
def proxy(postgresql_url: str) -> Iterator[Proxy]:
    """A network in front of the test's database."""
    url = make_url(postgresql_url)
    with proxy_to(url.host or "127.0.0.1", url.port or 5432) as opened:
        yield opened


@pytest.fixture
def far_url(postgresql_url: str, proxy: Proxy) -> str:
    """The URL of the test's database through the proxy.

    Statements are not prepared, so that the proxy can recognise them.
    """
    url = make_url(postgresql_url).set(host="127.0.0.1", port=proxy.port)
    asked = url.update_query_dict({"prepare_threshold": "none"})
    return asked.render_as_string(hide_password=False)


def test_a_network_that_is_cut_again_and_again_loses_nothing(
    postgresql_url: str, far_url: str, proxy: Proxy, fleet: Fleet
) -> None:
    furnish(postgresql_url, 4, 4, 4)
    storm, rounds = Storm(fleet.start(far_url, far_url), closing=0.9), size(3, 20)
    with storm.blowing():
        for _ in range(rounds):
            storm.wait_for(20)
            # Not the `COMMITTED` of a statement that begins a transaction.
            proxy.lose_answer_to(b"COMMIT;")
            assert proxy.sprung.wait(30)
            storm.wait_for(20)
            proxy.cut()
            for each in storm.servers:
                assert get(each, "/healthz") == 200
                assert get(each, "/readyz") == 503
            proxy.mend()
            storm.wait_for(20)
            proxy.freeze()
            for each in storm.servers:
                assert get(each, "/healthz") == 200
            # Whatever was on its way never arrives.
            proxy.cut()
            proxy.mend()
    assert "storage_unavailable" in storm.repeated
    assert storm.repeated.count("outcome_unknown") >= rounds, "each time somebody is told so"
    for each in storm.servers:
        assert get(each, "/readyz") == 200
    assert_nothing_lost_and_nothing_twice(postgresql_url, storm)


@pytest.mark.parametrize(
    ("freeze", "request_"),
    [
        # It holds the lock, has sent everything so far, and waits for an answer.
        (Proxy.freeze_at_answer_to, b"UPDATE write_lock"),
        # It holds the lock and is in the middle of sending.
        (Proxy.freeze_within, b"INSERT INTO registered_counts"),
    ],
)
def test_a_process_whose_network_stands_still_with_the_lock_is_overtaken(
    postgresql_url: str,
    far_url: str,
    proxy: Proxy,
    fleet: Fleet,
    freeze: Callable[[Proxy, bytes], None],
    request_: bytes,
) -> None:
    furnish(postgresql_url, 4, 4, 4)
    storm = Storm(fleet.start(far_url, postgresql_url), closing=0.9)
    far, _ = storm.servers
    with storm.blowing():
        for _ in range(size(1, 3)):
            storm.wait_for(20)
            freeze(proxy, request_)
            assert proxy.sprung.wait(30)
            # The other process takes all of these.
            storm.wait_for(200)
            assert get(far, "/healthz") == 200
            proxy.mend()
            storm.wait_for(20)
    assert_nothing_lost_and_nothing_twice(postgresql_url, storm)
