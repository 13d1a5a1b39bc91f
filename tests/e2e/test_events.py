"""Events on a real server: as they happen, and once, wherever a reader was cut off."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any

import httpx

from tests.e2e.server import ON_BOTH_ENGINES, contact
from tests.e2e.test_life import created, house

pytestmark = ON_BOTH_ENGINES


@contextmanager
def stream(client: httpx.Client, **options: Any) -> Iterator[Iterator[dict[str, Any]]]:
    """Yield the events of a stream, as they come."""
    with client.stream("GET", "/v1/events/stream", timeout=20, **options) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        yield (json.loads(line[6:]) for line in lines if line.startswith("data: "))


def newest(client: httpx.Client) -> int:
    after = 0
    while True:
        page = client.get("/v1/events", params={"after": after, "limit": 200}).json()
        if not page["items"]:
            return after
        after = page["next_after"]


def test_a_stream_tells_what_happens_as_it_happens(client: httpx.Client) -> None:
    house(client, "stream", 9)
    after = newest(client)
    with stream(client, params={"after": after, "source": "stream"}) as events:
        first = created(client, "/v1/contacts", contact("ivan", "stream"))
        seen = list(islice(events, 2))
        assert [each["type"] for each in seen] == ["contact.registered", "contact.assigned"]
        assert {each["subject"]["id"] for each in seen} == {first["id"]}
        assert [each["seq"] for each in seen] == [after + 1, after + 2]
        client.post(f"/v1/contacts/{first['id']}/close")
        assert next(events)["type"] == "contact.closed"
    # Cut off after the first event, it goes on with the second.
    with stream(
        client, params={"source": "stream"}, headers={"Last-Event-ID": str(after + 1)}
    ) as events:
        assert [each["seq"] for each in islice(events, 2)] == [after + 2, after + 3]


def test_a_page_and_the_stream_say_the_same(client: httpx.Client) -> None:
    house(client, "same", 1)
    created(client, "/v1/contacts", contact("petr", "same"))
    items = client.get("/v1/events", params={"source": "same"}).json()["items"]
    assert len(items) >= 4
    with stream(client, params={"source": "same"}) as events:
        assert list(islice(events, len(items))) == items


def test_a_stream_from_an_event_that_never_was_is_refused(client: httpx.Client) -> None:
    answer = client.get("/v1/events/stream", params={"after": newest(client) + 1})
    assert (answer.status_code, answer.json()["code"]) == (410, "events_gone")


def test_whoever_waits_is_answered_when_something_happens(client: httpx.Client) -> None:
    house(client, "wait", 9)
    after = newest(client)
    with ThreadPoolExecutor(4) as threads:
        waiting = [
            threads.submit(
                client.get, "/v1/events", params={"after": after, "wait": 20}, timeout=30
            )
            for _ in range(4)
        ]
        made = created(client, "/v1/contacts", contact("olga", "wait"))
        for each in waiting:
            event, *_ = each.result(20).json()["items"]
            assert (event["seq"], event["subject"]["id"]) == (after + 1, made["id"])
