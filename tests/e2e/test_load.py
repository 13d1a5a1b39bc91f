"""Thousands of connections at once: what is promised to one holds for all of them.

Every test waits for an event, never for a fixed time; the only clock that counts is the storage's
own, which gives up on a locked file after ten seconds.
"""

import asyncio
import json
import os
import resource
import signal
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest

from application.check_invariants import Defect
from application.intake import MOST_WAITING
from tests.e2e.server import (
    FAIRLEAD_SERVE,
    ON_BOTH_ENGINES,
    UVICORN,
    Server,
    all_contacts,
    contact,
    opened,
    started,
    until,
)
from tests.e2e.test_life import created, house
from tests.e2e.test_trouble import connected, locked
from tests.processes import fairlead

FILES = 3 * MOST_WAITING // 2
"""How many connections this process and the server must be allowed to have."""

NET = 60
"""Seconds after which a story counts as stuck; none comes near it."""

BOTH_COMMANDS = pytest.mark.parametrize(
    "command", [UVICORN, FAIRLEAD_SERVE], ids=["uvicorn", "fairlead-serve"]
)

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing the socket sends a reset."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Caller(asyncio.Protocol):
    """A connection that sends exactly the bytes it is given, and may leave at any time."""

    def __init__(self) -> None:
        self.got = bytearray()
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.got += data
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's signature
        self._ended.set()
        self._news.set()

    def send(self, request: bytes) -> None:
        self._transport.write(request)

    async def answer(self) -> Answer | None:
        """Return the next answer, or None if the server hung up without sending any of it."""
        while (found := self._whole()) is None:
            if self._ended.is_set():
                assert not self.got, f"the answer is torn: {self.got!r}"
                return None
            self._news.clear()
            await self._news.wait()
        return found

    async def leave(self, *, reset: bool = False) -> None:
        """Hang up, in an orderly way or with a reset."""
        if reset and not self._ended.is_set():
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.close()
        await self._ended.wait()

    def _whole(self) -> Answer | None:
        head, blank, rest = bytes(self.got).partition(b"\r\n\r\n")
        if not blank:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (each.partition(":") for each in lines)
        }
        length = int(headers["content-length"])
        if len(rest) < length:
            return None
        self.got[:] = rest[length:]
        return Answer(int(first.split()[1]), headers, rest[:length])


@asynccontextmanager
async def callers(server: Server, count: int) -> AsyncIterator[list[Caller]]:
    """Open connections, a hundred at a time, as only so many can wait to be accepted."""
    address = httpx.URL(server.url)
    host, port = address.host, address.port
    assert port is not None
    opened_callers: list[Caller] = []
    try:
        while len(opened_callers) < count:
            opening = range(min(100, count - len(opened_callers)))
            for _, caller in await asyncio.gather(
                *(asyncio.get_running_loop().create_connection(Caller, host, port) for _ in opening)
            ):
                opened_callers.append(caller)
        yield opened_callers
    finally:
        await asyncio.gather(*(each.leave() for each in opened_callers))


async def call(server: Server, method: str, path: str, body: object = None) -> Answer:
    """Make a call on a new connection."""
    async with callers(server, 1) as (caller,):
        caller.send(request(method, path, body))
        return one(await caller.answer())


async def settled(server: Server) -> None:
    """Return when the server has started on everything that was sent to it before.

    It serves connections in the order in which data arrive, so a call made now is answered after
    it has read everything else; in the next rounds, it has begun to process that.
    """
    for _ in range(5):
        assert (await call(server, "GET", "/healthz")).status == 200


def one(answer: Answer | None) -> Answer:
    assert answer is not None, "the server hung up"
    return answer


async def answers(some: Iterable[Caller]) -> list[Answer]:
    return [one(each) for each in await asyncio.gather(*(each.answer() for each in some))]


def request(method: str, path: str, body: object = None, *, announce_more: int = 0) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    return (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content) + announce_more}\r\n\r\n"
    ).encode() + content


def numbered(source: str, number: int) -> dict[str, Any]:
    """Return the body of a registration that can be recognised by its number."""
    return contact(f"user-{number}", source) | {"payload": {"number": number}}


def registration(source: str, number: int) -> bytes:
    return request("POST", "/v1/contacts", numbered(source, number))


def number_of(answer: Answer) -> int:
    """Return the number of the registration that was acknowledged."""
    assert answer.status == 201, answer
    number: int = answer.json()["payload"]["number"]
    return number


def registered(url: str, source: str) -> list[int]:
    """Return the numbers of all stored contacts of a source, in order."""
    with opened(url) as fairlead:
        return sorted((each.payload or {})["number"] for each in all_contacts(fairlead, source))


def check(url: str) -> str:
    """Run `fairlead check`, on a database that may be in use."""
    done = fairlead("check", "--database-url", url)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def defects(url: str) -> list[Defect]:
    with opened(url) as fairlead:
        return list(fairlead.check_invariants())


def allow_files(pid: int) -> None:
    """Allow a process as many connections as these tests open."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"a process may have no more than {hard} files here")
    if soft != resource.RLIM_INFINITY and soft < FILES:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (FILES, hard))


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """Allow this process enough connections while a test runs."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_files(os.getpid())
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def run(story: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(NET):
            await story

    asyncio.run(bounded())


async def happens(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, for less time than a lock may be held."""
    try:
        async with asyncio.timeout(8):
            while not condition():  # noqa: ASYNC110 -- an event of a thousand connections is none
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail("it did not happen")


@ON_BOTH_ENGINES
def test_clients_that_leave_by_the_thousand_cost_nothing(
    server: Server, client: httpx.Client, database_url: str
) -> None:
    """More leave than may wait: anything kept for those that left would shut others out.

    A client that has sent a whole request is registered once, one that has not is not registered,
    and one that stays is answered.
    """
    house(client, "leavers", 100_000)
    allow_files(server.process.pid)
    left = MOST_WAITING // 2 + 50
    cut_off = [
        # A body that would be valid if it were not announced as longer.
        request("POST", "/v1/contacts", numbered("leavers", -1), announce_more=1),
        registration("leavers", -2)[:-10],
        registration("leavers", -3)[:40],
        request("POST", "/v1/contacts/batch", {"contacts": [numbered("leavers", -4)]})[:-10],
    ]

    async def story(numbers: range) -> None:
        leavers, patient = numbers[:left], numbers[left:]
        async with (
            callers(server, len(leavers)) as leaving,
            callers(server, 200) as unfinished,
            callers(server, len(patient)) as staying,
        ):
            with locked(database_url):
                for number, each in zip(leavers, leaving, strict=True):
                    each.send(registration("leavers", number))
                for number, each in enumerate(unfinished):
                    each.send(cut_off[number % len(cut_off)])
                await asyncio.gather(*(each.leave() for each in leaving[::2]))
                await settled(server)
                await asyncio.gather(*(each.leave(reset=True) for each in leaving[1::2]))
                await asyncio.gather(*(each.leave() for each in unfinished[::3]))
                await asyncio.gather(*(each.leave(reset=True) for each in unfinished))
                for number, each in zip(patient, staying, strict=True):
                    each.send(registration("leavers", number))
                await settled(server)
                assert not any(each.got for each in staying)
            assert [number_of(each) for each in await answers(staying)] == [*patient]

    for start in (0, left + 50):
        run(story(range(start, start + left + 50)))
    assert created(client, "/v1/contacts", numbered("leavers", 2 * (left + 50)))
    assert registered(database_url, "leavers") == [*range(2 * (left + 50) + 1)]
    assert "keeps every invariant" in check(database_url)
    assert "Traceback" not in server.said()


@ON_BOTH_ENGINES
def test_whoever_is_past_the_bound_is_refused_before_the_lock_is_free_and_nobody_else(
    server: Server, client: httpx.Client, database_url: str
) -> None:
    house(client, "bound", 100_000)
    allow_files(server.process.pid)
    past = 300
    # Most come in three calls: the server waits for a lock only so long.
    batches = [
        [numbered("bound", -number) for number in range(begin, begin + 1000)]
        for begin in (1000, 2000, 3000)
    ]
    imported = [item["payload"]["number"] for batch in batches for item in batch]
    alone = MOST_WAITING - len(imported)

    def many(batch: list[dict[str, Any]]) -> bytes:
        return request("POST", "/v1/contacts/batch", {"contacts": batch})

    async def story() -> None:
        async with (
            callers(server, alone + past) as (first, *crowd),
            callers(server, len(batches)) as importing,
        ):
            with locked(database_url):
                # Its transaction cannot begin, so it stays in the queue.
                first.send(registration("bound", 0))
                for each, batch in zip(importing, batches, strict=True):
                    each.send(many(batch))
                # Thirty-two items of a call are read in a round, and a health check takes several.
                for _ in range(10):
                    await settled(server)
                for number, each in enumerate(crowd, 1):
                    each.send(registration("bound", number))
                await happens(lambda: sum(bool(each.got) for each in crowd) >= past)
                async with callers(server, 1) as (late,):
                    late.send(many([numbered("bound", -number) for number in range(1, 51)]))
                    (refusals,) = await answers([late])
                for item in refusals.json()["results"]:
                    assert (item["status"], item["error"]["code"]) == (503, "overloaded")
                await settled(server)
                refused = [each for each in crowd if each.got]
                for answer in await answers(refused):
                    overloaded(answer)
                assert len(refused) == past
                waiting = [first, *(each for each in crowd if each not in set(refused))]
                assert not any(each.got for each in (*waiting, *importing))
            acknowledged = sorted(map(number_of, await answers(waiting)))
            assert len(acknowledged) == alone
            for answer in await answers(importing):
                assert {each["status"] for each in answer.json()["results"]} == {201}
            # Afterwards, registrations are accepted again.
            again = await call(server, "POST", "/v1/contacts", numbered("bound", 10_000))
            acknowledged.append(number_of(again))
            assert registered(database_url, "bound") == sorted(imported) + acknowledged

    run(story())
    assert client.get("/v1/sources/bound").json()["waiting"] == 0


def overloaded(answer: Answer) -> None:
    """Assert that an answer is what a full queue must answer."""
    assert answer.status == 503, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["code"] == "overloaded"


@ON_BOTH_ENGINES
def test_reads_and_health_answer_while_hundreds_wait_and_while_their_batch_fails(
    server: Server, client: httpx.Client, database_url: str
) -> None:
    house(client, "slow", 100_000)
    before = created(client, "/v1/contacts", numbered("slow", -1))
    paths = (
        "/healthz",
        "/readyz",
        "/v1/contacts?source=slow",
        f"/v1/contacts/{before['id']}",
        "/v1/stats/distribution?source=slow",
        "/metrics",
    )

    async def reads() -> None:
        found = await asyncio.gather(*(call(server, "GET", each) for each in paths))
        assert {each.status for each in found} == {200}

    async def story() -> None:
        async with callers(server, 200) as registering, callers(server, 60) as creating:
            with locked(database_url):
                for number, each in enumerate(registering):
                    each.send(registration("slow", number))
                for each in creating:
                    each.send(request("POST", "/v1/operators", {"name": "Late", "capacity": 1}))
                await settled(server)
                async with asyncio.timeout(8):
                    for _ in range(9):
                        await reads()
                assert not any(each.got for each in (*registering, *creating))
            while not all(each.got for each in registering):
                await reads()
            assert {each.status for each in await answers(creating)} == {201}
            outcomes = await answers(registering)
        failed = outcomes[7::50]
        assert {each.status for each in failed} == {503}
        assert {each.json()["code"] for each in failed} == {"storage_unavailable"}
        acknowledged = [number_of(each) for each in outcomes if each.status != 503]
        assert len(acknowledged) == 196
        assert registered(database_url, "slow") == [-1, *acknowledged]

    with poisoned(database_url, "number", [7, 57, 107, 157]):
        run(story())
    assert created(client, "/v1/contacts", numbered("slow", 7))["state"] == "assigned"


@contextmanager
def poisoned(url: str, field: str, values: list[int]) -> Iterator[None]:
    """Make the database refuse contacts with these payloads, and so their whole batch."""
    choice = ", ".join(map(str, values))
    with closing(connected(url)) as other:
        if isinstance(other, psycopg.Connection):
            poison = (
                "ALTER TABLE contacts ADD CONSTRAINT poison "
                f"CHECK ((payload::json ->> '{field}')::int NOT IN ({choice})) NOT VALID"
            )
            cure = "ALTER TABLE contacts DROP CONSTRAINT poison"
        else:
            poison = (
                "CREATE TRIGGER poison BEFORE INSERT ON contacts "
                f"WHEN json_extract(NEW.payload, '$.{field}') IN ({choice}) "
                "BEGIN SELECT RAISE(ABORT, 'poison'); END"
            )
            cure = "DROP TRIGGER poison"
        other.execute(poison)
        try:
            yield
        finally:
            other.execute(cure)


@BOTH_COMMANDS
def test_sigterm_waits_for_hundreds_that_wait_for_the_lock(
    migrated_url: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Clients that stay get whole answers, those that left are registered, no new ones get in."""
    batch = [numbered("telegram", number) for number in range(1000, 2000)]

    async def story(server: Server) -> None:
        async with (
            callers(server, 400) as registering,
            callers(server, 1) as (importing,),
            callers(server, 100) as leaving,
            callers(server, 20) as idle,
        ):
            for each in idle[:10]:
                each.send(request("GET", "/healthz"))
            assert {each.status for each in await answers(idle[:10])} == {200}
            with locked(migrated_url):
                for number, each in enumerate([*registering, *leaving]):
                    each.send(registration("telegram", number))
                importing.send(request("POST", "/v1/contacts/batch", {"contacts": batch}))
                await settled(server)
                await asyncio.gather(*(each.leave() for each in leaving))
                server.process.send_signal(signal.SIGTERM)
                until(lambda: not listening(server), server)
                assert [await each.answer() for each in idle] == [None] * 20
                assert not any(each.got for each in (*registering, importing))
                assert server.process.poll() is None
            assert sorted(map(number_of, await answers(registering))) == [*range(400)]
            (many,) = await answers([importing])
            assert [each["status"] for each in many.json()["results"]] == [201] * 1000
            await ended(server)

    with started(migrated_url, tmp_path, command) as server:
        with server.client() as client:
            house(client, "telegram", 100_000)
        run(story(server))
    assert registered(migrated_url, "telegram") == [*range(500), *range(1000, 2000)]
    assert defects(migrated_url) == []


@BOTH_COMMANDS
def test_sigterm_tears_no_answer_in_a_storm(
    migrated_url: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """A connection gets a whole answer, or is closed without any answer and without a contact."""
    acknowledged: list[int] = []
    unheard: list[int] = []

    async def storm(caller: Caller, numbers: Iterable[int]) -> None:
        for number in numbers:
            caller.send(registration("telegram", number))
            answer = await caller.answer()
            if answer is None:
                unheard.append(number)
                return
            acknowledged.append(number_of(answer))

    async def story(server: Server) -> None:
        async with callers(server, 300) as storming:
            storms: list[Awaitable[None]] = [
                asyncio.create_task(storm(each, range(number, 10_000_000, len(storming))))
                for number, each in enumerate(storming)
            ]
            await happens(lambda: len(acknowledged) >= 2 * len(storming))
            server.process.send_signal(signal.SIGTERM)
            await asyncio.gather(*storms)
            await ended(server)

    with started(migrated_url, tmp_path, command) as server:
        with server.client() as client:
            house(client, "telegram", 10, 100_000)
        run(story(server))
    assert len(unheard) == 300
    assert registered(migrated_url, "telegram") == sorted(acknowledged)
    assert defects(migrated_url) == []


def listening(server: Server) -> bool:
    """Tell whether the server accepts new connections."""
    address = httpx.URL(server.url)
    try:
        socket.create_connection((address.host, address.port or 80)).close()
    except ConnectionError:
        return False
    return True


async def ended(server: Server) -> None:
    """Wait for the server to end, which it must do by itself and without a defect."""
    await asyncio.to_thread(server.process.wait, 30)
    assert server.process.returncode in {0, -signal.SIGTERM}
    assert "Traceback" not in server.said()
