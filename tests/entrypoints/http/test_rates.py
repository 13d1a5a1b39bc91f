"""A key's calls are counted where a rate is set, and nowhere else."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from starlette.types import Message, Receive, Scope, Send

from application.keys import CreateKey
from application.sources import CreateSource
from domain.access import Role
from entrypoints.container import build_container
from entrypoints.edge.rates import Buckets, Rate, RateLimit, Taken
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving
from tests.entrypoints.http.expectations import answered, refused


@dataclass
class Seconds:
    """A clock that is moved by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(buckets: Buckets, calls: int, key: str = "flk_a") -> int:
    """Return how many of these calls were granted."""
    return sum(buckets.take(key).granted for _ in range(calls))


def test_a_bucket_begins_full_and_is_filled_by_time_no_further_than_its_brim() -> None:
    clock = Seconds()
    buckets = Buckets(Rate.of("60/m"), clock)
    assert taken(buckets, 100) == 60
    clock.now += 1
    assert taken(buckets, 100) == 1
    clock.now += 10
    assert taken(buckets, 100) == 10
    clock.now += 86_400
    assert taken(buckets, 100) == 60


def test_over_any_time_no_more_is_granted_than_the_bucket_and_what_flowed_in() -> None:
    clock = Seconds()
    buckets = Buckets(Rate.of("7/s"), clock)
    granted = 0
    for step in range(1, 1001):
        granted += taken(buckets, 3)
        clock.now += 0.1
        assert granted <= 7 + 0.1 * step * 7
    assert granted >= 0.1 * 999 * 7 - 1


def test_who_waits_as_long_as_it_was_told_is_let_in() -> None:
    for text in ("1/h", "3/m", "7/s", "1000/m", "9999999/s"):
        clock = Seconds()
        rate = Rate.of(text)
        buckets = Buckets(rate, clock)
        buckets._levels["flk_a"] = (0.0, clock.now)
        refusal = buckets.take("flk_a")
        assert not refusal.granted
        assert refusal.remaining == 0
        clock.now += refusal.wait
        assert buckets.take("flk_a").granted, text


def test_what_is_left_and_when_all_is_there_again_is_told() -> None:
    buckets = Buckets(Rate.of("3/m"), Seconds())
    assert [buckets.take("flk_a") for _ in range(4)] == [
        Taken(granted=True, remaining=2, wait=20),
        Taken(granted=True, remaining=1, wait=40),
        Taken(granted=True, remaining=0, wait=20),
        Taken(granted=False, remaining=0, wait=20),
    ]


def test_a_clock_that_stands_still_or_a_call_that_is_refused_costs_nobody_anything() -> None:
    clock = Seconds()
    buckets = Buckets(Rate.of("1/s"), clock)
    assert taken(buckets, 1000) == 1
    clock.now += 1
    assert taken(buckets, 1) == 1, "refused calls were counted against the key"


def test_each_key_has_a_bucket_of_its_own() -> None:
    buckets = Buckets(Rate.of("2/h"), Seconds())
    assert [taken(buckets, 5, key) for key in ("flk_a", "flk_b", "flk_a")] == [2, 2, 0]


@pytest.mark.parametrize(
    "text", ["", "100", "/s", "0/s", "-1/s", "1.5/s", "100/d", "100 / s", "100/s\n", "1e3/s"]
)
def test_a_rate_that_is_none_is_refused_by_the_settings(text: str) -> None:
    with pytest.raises(ValidationError):
        Settings(database_url="memory://", rate_limit=text)


def asked(rate: str | None) -> tuple[list[httpx.Response], list[httpx.Response]]:
    """Make four calls with one key; then one each with another key, no key and a wrong key."""
    container = build_container(Settings(database_url="memory://", rate_limit=rate))
    fairlead = container.fairlead()
    keys = [fairlead.create_key(CreateKey(Role.ADMIN)).secret for _ in range(2)]

    def call(client: Client, path: str, key: str) -> httpx.Response:
        return client.get(path, headers={"Authorization": f"Bearer {key}"})

    with serving(create_app(container=container)) as client:
        mine = [
            call(client, "/v1/operators", keys[0]),
            call(client, "/v1/nothing", keys[0]),
            client.post("/v1/contacts", json={}, headers={"Authorization": f"Bearer {keys[0]}"}),
            call(client, "/v1/operators", keys[0]),
        ]
        others = [
            call(client, "/v1/operators", keys[1]),
            client.get("/healthz"),
            call(client, "/v1/operators", "flk_wrong"),
        ]
    return mine, others


def test_a_key_that_calls_too_often_is_refused_and_told_when_to_come_back() -> None:
    mine, others = asked("3/h")
    assert [each.status_code for each in mine] == [200, 404, 422, 429]
    assert "try again in 1200 s" in refused(mine[-1], "rate_limited")["detail"]
    assert mine[-1].headers["retry-after"] == "1200"
    assert {each.headers["ratelimit-policy"] for each in mine} == {'"key";q=3;w=3600'}
    assert [each.headers["ratelimit"] for each in mine] == [
        '"key";r=2;t=1200',
        '"key";r=1;t=2400',
        '"key";r=0;t=1200',
        '"key";r=0;t=1200',
    ]
    assert [each.status_code for each in others] == [200, 200, 401]
    assert [each.headers.get("ratelimit") for each in others] == ['"key";r=2;t=1200', None, None]


def test_where_no_rate_is_set_nothing_is_counted_and_nothing_said() -> None:
    mine, _ = asked(None)
    assert [each.status_code for each in mine] == [200, 404, 422, 200]
    assert not any("ratelimit" in name for each in mine for name in each.headers)
    assert _counters(Settings(database_url="memory://")) == 0
    assert _counters(Settings(database_url="memory://", rate_limit="1/s")) == 1


def _counters(settings: Settings) -> int:
    """Return how many layers of the middleware stack count calls."""
    link: Any = create_app(settings).build_middleware_stack()
    found = 0
    while hasattr(link, "_app"):
        found += isinstance(link, RateLimit)
        link = link._app
    return found


def test_what_is_refused_never_reaches_the_application() -> None:
    reached = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        reached.append(scope["path"])

    async def never() -> Message:
        raise AssertionError("the body was read")

    container = build_container(Settings(database_url="memory://"))
    key = container.fairlead().create_key(CreateKey(Role.INTAKE)).key

    async def call() -> None:
        limit = RateLimit(application, Rate.of("1/h"), Seconds())
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/contacts",
            "headers": [],
            "fairlead.key": key,
        }
        for _ in range(3):
            await limit(scope, never, _nowhere)
        await limit({"type": "lifespan", "path": "lifespan"}, never, _nowhere)

    asyncio.run(call())
    assert reached == ["/v1/contacts", "lifespan"]


async def _nowhere(_: Message) -> None:
    pass


def test_a_batch_counts_as_many_calls_as_it_has_items() -> None:
    """It is carried out in full; afterwards its key waits as if it had made every call singly."""
    container = build_container(Settings(database_url="memory://", rate_limit="10/h"))
    container.fairlead().create_source(CreateSource("web"))
    key = {
        "Authorization": f"Bearer {container.fairlead().create_key(CreateKey(Role.ADMIN)).secret}"
    }
    items = [{"source": "web", "lead": {"identities": {"vk": f"{n}"}}} for n in range(24)]
    with serving(create_app(container=container)) as client:
        answer = client.post("/v1/contacts/batch", json={"contacts": [*items, {}]}, headers=key)
        statuses = [each["status"] for each in answered(answer)["results"]]
        assert statuses == [201] * 24 + [422]
        # A bucket of 10, with 25 taken: 16 have to flow in before there is one again.
        assert answer.headers["ratelimit"] == f'"key";r=0;t={16 * 360}'
        late = client.get("/v1/operators", headers=key)
        assert refused(late, "rate_limited")
        assert late.headers["retry-after"] == str(16 * 360)


def test_of_many_batches_that_were_let_in_together_the_first_is_carried_out() -> None:
    """Each took one token before its number of items was known."""
    buckets = Buckets(Rate.of("1000/m"), Seconds())
    assert taken(buckets, 100) == 100
    assert [buckets.spend("flk_a", 999).granted for _ in range(3)] == [True, False, False]
    assert buckets.spend("flk_a", 0).granted, "a batch of one is what was taken"
