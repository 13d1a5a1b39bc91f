"""Whatever is sent, wherever: the time to read it is short, and proportional to its length.

Time is CPU time of this process, the best of three runs, and the bound is twice what the worst text
that was found takes, so a busy machine fails no test. The tests look for parsers that go over the
same text again and again; those take seconds where others take milliseconds.
"""

import os
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import limits
from domain.access import Role
from tests.entrypoints.http.client import Client, serving_world
from tests.entrypoints.http.keys import bearer, make
from tests.support import World, open_world

LONG = os.environ.get("FAIRLEAD_FUZZ") == "long"
MOST_SECONDS = 0.1
MICROSECONDS_PER_BYTE = 2.0
UGLY = [
    *(
        ";phone-context=",
        "+7916",
        "8(916)",
        "ext.",
        "x",
        "доб",
        "/",
        "00",
        "tel:",
        "\u0661",
        "\uff0b",
    ),
    *("@", ".", "a.", "xn--", "\u0300", "\u202e", "\u200b", '"', "'", "\\", "(", ")", "-", "_"),
    *("[", "{", '{"a":', "1e9", "0", "-", "=", "&", ",", ";", "%", "%25", " ", "\t", "q=0.1"),
    *("T00:00:00", "2026-01-01", "W/", "*", "bearer ", "flk_", "fairlead_session=", "ё", "я"),
]
HEADERS = (
    *("Authorization", "Cookie", "Idempotency-Key", "If-Match", "If-None-Match", "Accept-Language"),
    *("Accept", "Content-Type", "X-Forwarded-For", "Forwarded", "X-Request-Id", "Origin"),
    *("Sec-Fetch-Site", "Referer", "Range"),
)
QUERIES = (
    *("/v1/contacts?cursor=", "/v1/contacts?since=", "/v1/contacts?state=", "/v1/contacts?"),
    *("/v1/leads?identity=phone:", "/v1/leads?identity=email:", "/v1/leads?identity="),
    *("/v1/audit?cursor=", "/v1/audit?subject=", "/console/search?q=", "/console/search?after="),
    *("/console/contacts?state=", "/v1/", "/console/", "/v1/sources/"),
)


def texts(most: int) -> st.SearchStrategy[str]:
    """Generate texts that repeat a few pieces, up to about `most` characters."""
    return st.builds(
        lambda before, piece, length, after: (
            before + piece * max(1, (length - len(before)) // len(piece)) + after
        ),
        st.sampled_from(["", *UGLY]),
        st.lists(st.sampled_from(UGLY), min_size=1, max_size=4).map("".join),
        st.integers(0, most),
        st.sampled_from(["", *UGLY]),
    )


@pytest.fixture(scope="module")
def house() -> Iterator[World]:
    with open_world() as world:
        world.source((world.operator(), 1))
        yield world


@pytest.fixture(scope="module")
def client(house: World) -> Iterator[Client]:
    with serving_world(house) as opened:
        yield opened


@pytest.fixture(scope="module")
def key(house: World) -> dict[str, str]:
    return bearer(make(house, Role.ADMIN))


def takes_little(work: Callable[[], httpx.Response], size: int) -> None:
    bound = MOST_SECONDS + size * MICROSECONDS_PER_BYTE / 1e6
    took = []
    for _ in range(3):
        began = process_time()
        answer = work()
        took.append(process_time() - began)
        assert answer.status_code < 500, answer.text
        if took[-1] < bound:
            return
    pytest.fail(f"{size} bytes took {min(took):.3f} s")


fuzzed = settings(
    deadline=None,
    max_examples=2000 if LONG else 60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@fuzzed
@given(st.sampled_from(HEADERS), texts(16_000))
def test_headers(client: Client, key: dict[str, str], name: str, text: str) -> None:
    value = text.encode("utf-8", "surrogatepass").replace(b"\r", b"").replace(b"\n", b"")
    headers = [*((k.encode(), v.encode()) for k, v in key.items()), (name.encode(), value)]
    for method, path in (("GET", "/console/"), ("PUT", "/v1/sources/telegram/allocations")):
        takes_little(
            lambda method=method, path=path: client.request(method, path, headers=headers),  # type: ignore[misc]
            len(value),
        )


@fuzzed
@given(st.sampled_from(QUERIES), texts(16_000))
def test_addresses(client: Client, key: dict[str, str], begin: str, text: str) -> None:
    # The tests' client takes no longer addresses.
    path = quoted(begin + text)[:60_000]
    takes_little(lambda: client.get(path.decode(), headers=key), len(path))


@fuzzed
@given(st.sampled_from(["phone", "email", "telegram", "vk"]), texts(60_000))
def test_identities(client: Client, key: dict[str, str], kind: str, text: str) -> None:
    def send() -> httpx.Response:
        return client.post("/v1/contacts", json=body, headers=key)

    for most in (limits.MAX_TEXT, 64, len(text)):
        value = text[:most]
        body: dict[str, Any] = {
            "source": "telegram",
            "lead": {"name": value, "identities": {kind: value, "external_id": "1"}},
            "payload": {"text": value},
        }
        takes_little(send, len(value.encode("utf-8", "surrogatepass")) * 3)


@fuzzed
@given(texts(60_000))
def test_bodies(client: Client, key: dict[str, str], text: str) -> None:
    content = text.encode("utf-8", "surrogatepass")
    for path in ("/v1/contacts", "/v1/contacts/batch", "/console/try", "/v1/keys"):
        kind = "application/x-www-form-urlencoded" if "try" in path else "application/json"
        for each in (content, b'{"source":"telegram","payload":' + content):
            takes_little(
                lambda path=path, kind=kind, each=each: client.post(  # type: ignore[misc]
                    path, content=each, headers=key | {"Content-Type": kind}
                ),
                len(each),
            )


@settings(fuzzed, max_examples=200 if LONG else 12)
@given(st.sampled_from(["phone", "email", "telegram"]), texts(limits.MAX_TEXT))
def test_batches(client: Client, key: dict[str, str], kind: str, text: str) -> None:
    item = {"source": "telegram", "lead": {"identities": {kind: text}}}
    body = {"contacts": [item] * 1000}
    takes_little(
        lambda: client.post("/v1/contacts/batch", json=body, headers=key),
        1000 * (200 + len(text.encode("utf-8", "surrogatepass"))),
    )


def quoted(path: str) -> bytes:
    """Percent-encode the bytes that no client sends unescaped."""
    return b"".join(
        bytes([each]) if 0x21 <= each < 0x7F and each not in b'"<>\\^`{|}#' else b"%%%02X" % each
        for each in path.encode("utf-8", "surrogatepass")
    )
