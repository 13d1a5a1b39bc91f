"""Slow, endless or ambiguous clients, on real sockets: only they are cut off.

The slow ones come at the same time, to one server, with the time-outs that it ships with.
"""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from entrypoints.edge import bodies, protocol
from tests.e2e.server import FAIRLEAD_SERVE, Server, contact, furnish, migrated, opened, started

HEAD = b"POST /v1/contacts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
FORM = (
    b"POST /console/operators HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n"
)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
LAST = HEALTH + b"Connection: close\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("slow")
    url = f"sqlite:///{folder / 'fairlead.db'}"
    migrated(url)
    furnish(url, 100)
    with started(url, folder, FAIRLEAD_SERVE) as server:
        yield server
        server.stop()
        assert "Traceback" not in server.said()
    with opened(url) as fairlead:
        assert fairlead.check_invariants() == []


@dataclass
class Seen:
    """What a client got before it was cut off, and how many seconds that took."""

    answer: bytes
    seconds: float

    @property
    def status(self) -> int:
        return int(self.answer.split(b" ", 2)[1]) if self.answer else 0


def send(server: Server, first: bytes, drip: bytes = b"", every: float = 0.5) -> Seen:
    """Send something, then a little more from time to time, until the server hangs up."""
    host, port = server.url.removeprefix("http://").split(":")
    began, ended = time.monotonic(), threading.Event()

    def trickle(to: socket.socket) -> None:
        with suppress(OSError):
            while not ended.wait(every):
                to.sendall(drip)

    with socket.create_connection((host, int(port))) as connection, ThreadPoolExecutor(1) as pool:
        connection.settimeout(60)
        connection.sendall(first)
        if drip:
            pool.submit(trickle, connection)
        answer = b""
        # A client that keeps sending after the end is reset; what came before that counts.
        with suppress(ConnectionError):
            while received := connection.recv(65536):
                answer += received
        ended.set()
        return Seen(answer, time.monotonic() - began)


SLOW = {
    "nothing at all": (b"", b"", 0),
    "empty lines": (b"", b"\r\n", 0),
    "a header now and then": (HEAD, b"X-A: b\r\n", 408),
    "a header that does not end": (HEAD + b"X-A: ", b"a", 408),
    "an address that does not end": (b"GET /", b"a", 408),
    "no body": (HEAD + b"Content-Length: 50\r\n\r\n", b"", 408),
    "a body byte by byte": (HEAD + b"Content-Length: 5000\r\n\r\n", b"x", 408),
    "chunks without an end": (CHUNKED, b"1\r\n \r\n", 408),
    "one chunk that does not end": (CHUNKED + b"fff\r\n", b" ", 408),
    "trailers without an end": (CHUNKED + b"1\r\n \r\n0\r\n", b"X-T: 1\r\n", 408),
    "a form byte by byte": (FORM, b"x", 408),
    "a body that nobody reads": (HEALTH + b"Content-Length: 9000\r\n\r\n", b"x", 200),
    "a request, and empty lines after it": (HEALTH + b"\r\n", b"\r\n", 200),
    "a request, and half of another": (HEALTH + b"\r\n" + HEALTH, b"X-A: b\r\n", 200),
}


def test_every_slow_client_is_cut_off_in_time_and_nobody_else_waits_for_them(
    served: Server,
) -> None:
    with ThreadPoolExecutor(len(SLOW)) as pool, served.client() as client:
        waiting = {
            name: pool.submit(send, served, first, drip) for name, (first, drip, _) in SLOW.items()
        }
        while not all(each.done() for each in waiting.values()):
            answer = client.post("/v1/contacts", json=contact(f"user-{time.monotonic_ns()}"))
            assert answer.status_code == 201
            time.sleep(0.2)
        seen = {name: each.result() for name, each in waiting.items()}
    for name, (first, _, status) in SLOW.items():
        assert seen[name].status == status, (name, seen[name])
        if status == 408:
            assert b"connection: close" in seen[name].answer.lower(), name
        read = status == 408 and b"\r\n\r\n" in first
        least = bodies.PATIENCE if read else protocol.PATIENCE
        # Clocks and machines differ; it must only be neither at once nor never.
        assert least - 1 < seen[name].seconds < 3 * least, (name, seen[name].seconds)


def test_a_body_without_an_end_is_answered_once_it_is_too_large(served: Server) -> None:
    began = count(served)
    megabyte = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    seen = send(served, CHUNKED + megabyte, megabyte, every=0.01)
    assert seen.status == 413
    assert seen.answer.count(b"HTTP/1.1") == 1
    assert count(served) == began


ENDLESS = {
    "101 headers": LAST + b"".join(b"X-%d: 1\r\n" % n for n in range(101)) + b"\r\n",
    "a header of 70 KB": LAST + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
    "a header of 5 MB that does not end": HEALTH + b"X: " + b"a" * 5_000_000,
    "a name of 5 MB": HEALTH + b"a" * 5_000_000,
    "a million headers": HEALTH + b"a: b\r\n" * 1_000_000,
    "an address of 5 MB": b"GET /" + b"a" * 5_000_000,
}


@pytest.mark.parametrize("first", ENDLESS.values(), ids=ENDLESS.keys())
def test_headers_without_an_end_are_431_on_a_connection_that_is_closed(
    served: Server, first: bytes
) -> None:
    seen = send(served, first)
    assert seen.status == 431, seen
    assert b'"headers_too_large"' in seen.answer
    assert b"application/problem+json" in seen.answer


BODY = b'{"source":"telegram","lead":{"identities":{"telegram":"smuggled"}}}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
AMBIGUOUS = {
    "a length and chunks": HEAD + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + BODY,
    "two lengths": HEAD + LENGTH + b"Content-Length: 5\r\n\r\n" + BODY,
    "the same length twice": HEAD + LENGTH + LENGTH + b"\r\n" + BODY,
    "a length with a sign": HEAD + b"Content-Length: +%d\r\n\r\n" % len(BODY) + BODY,
    "a space before the colon": HEAD + b"Content-Length : %d\r\n\r\n" % len(BODY) + BODY,
    "chunks that are something else": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + BODY,
    "a folded header": HEAD + LENGTH + b"X-A: b\r\n c\r\n\r\n" + BODY,
    "a NUL in a header": HEAD + LENGTH + b"X-A: b\0c\r\n\r\n" + BODY,
    "lines that end in LF": HEAD.replace(b"\r\n", b"\n") + LENGTH + b"\n\n" + BODY,
    "a carriage return alone": HEAD + LENGTH + b"X-A: b\rX-B: c\r\n\r\n" + BODY,
    "a chunk whose size is no number": CHUNKED + b"0x43\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk size of 20 digits": CHUNKED + b"F" * 20 + b"\r\n" + BODY,
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("request_", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_a_request_that_two_servers_could_read_in_two_ways_is_refused(
    served: Server, request_: bytes
) -> None:
    began = count(served)
    seen = send(served, request_)
    assert seen.status == 400, seen
    assert b"connection: close" in seen.answer
    assert count(served) == began


def test_a_trailer_is_no_header(served: Server) -> None:
    trailers = b"X-Forwarded-For: 203.0.113.7\r\nIdempotency-Key: trailed\r\nHost: evil.example\r\n"
    chunks = b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(BODY), BODY, trailers)
    seen = send(served, CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + chunks)
    # From another address, or for another host, it would be refused: there is no key here.
    assert seen.status == 201, seen
    again = httpx.post(
        f"{served.url}/v1/contacts",
        json=contact("somebody-else"),
        headers={"Idempotency-Key": "trailed"},
        trust_env=False,
    )
    assert again.status_code == 201, "the key of a trailer was taken"


def test_requests_in_one_piece_and_in_pieces_are_answered_in_order(served: Server) -> None:
    one = HEALTH + b"\r\n"
    last = HEALTH + b"Connection: close\r\n\r\n"
    assert send(served, one * 5 + last).answer.count(b"HTTP/1.1 200") == 6
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        for byte in one * 2 + last:
            connection.sendall(bytes([byte]))
        answer = b""
        while received := connection.recv(65536):
            answer += received
    assert answer.count(b"HTTP/1.1 200") == 3


def count(server: Server) -> int:
    """Return how many contacts there are."""
    answer = httpx.get(f"{server.url}/v1/stats/distribution", trust_env=False)
    total: int = answer.json()["sources"][0]["total"]
    return total


def test_who_wishes_for_another_protocol_fills_no_log(sqlite_url: str, tmp_path: Path) -> None:
    """Any call may ask for an upgrade; it is answered over HTTP, and nothing is logged."""
    migrated(sqlite_url)
    with started(sqlite_url, tmp_path, FAIRLEAD_SERVE) as server:
        with server.client() as client:
            for wish in ("websocket", "h2c", "TLS/1.0"):
                headers = {"Connection": "Upgrade", "Upgrade": wish, "Sec-WebSocket-Version": "13"}
                assert client.get("/healthz", headers=headers).status_code == 200
        server.stop()
        assert "pgrade" not in server.said()


def test_a_connection_that_rests_between_two_calls_is_kept(served: Server) -> None:
    """It is kept longer than uvicorn's default of five seconds."""
    # An answer may arrive in several pieces, so it is read by its length.
    with closing(HTTPConnection(served.url.removeprefix("http://"), timeout=20)) as connection:
        connection.connect()
        # One that was closed is not opened again behind the test's back.
        connection.auto_open = 0
        for pause in (6, 0):
            connection.request("GET", "/healthz")
            with connection.getresponse() as answer:
                assert (answer.status, answer.read()) == (200, b'{"status":"alive"}')
            time.sleep(pause)
