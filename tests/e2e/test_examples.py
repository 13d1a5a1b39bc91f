"""The programs in examples/, run as they are, against a real Fairlead."""

import html
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from application.endpoints import CreateEndpoint
from application.keys import CreateKey
from application.ports.contacts import ContactView
from application.register_contacts import RegisterContact
from domain.access import Role
from domain.endpoint import Inclusion
from tests.e2e.server import all_contacts, furnish, migrated, opened, started

EXAMPLES = Path(__file__).parents[2] / "examples"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 -- the one of the specification
TOKEN = "123:abc"  # noqa: S105 -- a made-up one
LATER = "We cannot take your message just now."


@dataclass
class Place:
    """A database with the source `telegram`, and one operator who takes one contact."""

    url: str
    folder: Path
    key: str
    port: int

    def started(self, url: str | None = None) -> Any:
        """Start a server; on the same port each time, as a restart is."""
        return started(url or self.url, self.folder, port=self.port)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def contacts(self) -> list[ContactView]:
        with opened(self.url) as fairlead:
            return sorted(all_contacts(fairlead), key=lambda each: each.id)

    def identities(self) -> list[dict[str, str]]:
        with opened(self.url) as fairlead:
            leads = [fairlead.leads.lead(each.lead.id) for each in self.contacts()]
        return [{one.kind: one.value for one in each.identities} for each in leads]


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Place:
    migrated(sqlite_url)
    furnish(sqlite_url, 1)
    with opened(sqlite_url) as fairlead:
        made = fairlead.create_key(CreateKey(Role.INTAKE, source="telegram"))
    return Place(sqlite_url, tmp_path, made.secret, free_port())


def free_port() -> int:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as probe:
        return probe.server_port


@dataclass
class Example:
    """A running program from examples/."""

    process: "subprocess.Popen[bytes]"
    output: Path

    def said(self) -> str:
        return self.output.read_text("utf-8")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)


@contextmanager
def running(place: Path, name: str, *words: str, **environment: str) -> Iterator[Example]:
    output = place / f"{name}.log"
    with output.open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, EXAMPLES / name, *words],
            env={**os.environ, **environment},
            stdout=said,
            stderr=said,
        )
    example = Example(process, output)
    try:
        yield example
    finally:
        example.end()


def eventually(condition: Callable[[], object], example: Example) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, example.said()
        time.sleep(0.02)


@dataclass
class Telegram:
    """A platform as Telegram: it keeps every update until a later one is asked for."""

    token: str = TOKEN
    updates: dict[int, dict[str, Any]] = field(default_factory=dict)
    told: list[tuple[int, str]] = field(default_factory=list)
    blocked: set[int] = field(default_factory=set)
    answering: threading.Event = field(default_factory=threading.Event)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _number: int = 0

    def write(self, person: int, text: str | None, kind: str = "private", **more: Any) -> None:
        with self._news:
            self._number += 1
            self.updates[700 + self._number] = {
                "update_id": 700 + self._number,
                "message": {
                    "message_id": self._number,
                    "date": 1,
                    "from": {"id": person, "is_bot": False, "first_name": f"Person {person}"},
                    "chat": {"id": person if kind == "private" else -1, "type": kind},
                    **({} if text is None else {"text": text}),
                    **more,
                },
            }
            self._news.notify_all()

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if not path.startswith(f"/bot{self.token}/"):
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        if path.endswith("/sendMessage"):
            self.answering.wait(60)
            if body["chat_id"] in self.blocked:
                return 403, {"ok": False, "error_code": 403, "description": "Forbidden"}
            self.told.append((body["chat_id"], body["text"]))
            return 200, {"ok": True, "result": {}}
        assert path.endswith("/getUpdates")
        assert body["allowed_updates"] == ["message"]
        with self._news:
            for number in [each for each in self.updates if each < body.get("offset", 0)]:
                del self.updates[number]
            self._news.wait_for(lambda: self.updates, min(body["timeout"], 1))
            return 200, {"ok": True, "result": list(self.updates.values())}


@pytest.fixture
def telegram() -> Iterator[tuple[Telegram, str]]:
    """A platform as a real server, with its address."""
    platform = Telegram()
    platform.answering.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = platform.answer(self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                """The bot was killed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield platform, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def bot(place: Place, address: str, **changed: str) -> Any:
    settings = {
        "TELEGRAM_URL": address,
        "TELEGRAM_TOKEN": TOKEN,
        "FAIRLEAD_URL": place.address,
        "FAIRLEAD_KEY": place.key,
    }
    return running(place.folder, "telegram_bot.py", "telegram", **{**settings, **changed})


def test_whoever_writes_to_the_bot_becomes_a_contact_and_is_told_who_answers(
    place: Place, telegram: tuple[Telegram, str]
) -> None:
    platform, address = telegram
    platform.blocked.add(3)
    with place.started(), bot(place, address) as example:
        platform.write(1, "Is it in stock?")
        platform.write(9, "Hello, all of you", "group")
        platform.write(3, "I block you")
        platform.write(2, None, photo=[], caption="This one")
        platform.write(1, "refused, for its \0")
        platform.write(1, "Hello?")
        eventually(lambda: len(platform.told) == 3, example)
        eventually(lambda: not platform.updates, example)
    busy = "All our operators are busy; you will be answered as soon as one is free."
    assert platform.told == [(1, "Operator 0 will answer you."), (2, busy), (1, busy)]
    contacts = place.contacts()
    assert [each.lead.name for each in contacts] == [
        *("Person 1", "Person 3", "Person 2", "Person 1")
    ]
    assert [each.payload for each in contacts] == [
        {"text": text} for text in ("Is it in stock?", "I block you", "This one", "Hello?")
    ]
    assert place.identities() == [{"telegram": number} for number in "1321"]
    assert "NUL" in example.said()
    assert platform.token not in example.said()


def test_the_bot_loses_nothing_while_fairlead_restarts(
    place: Place, telegram: tuple[Telegram, str]
) -> None:
    platform, address = telegram
    with bot(place, address) as example:
        platform.write(1, "Is anybody there?")
        eventually(lambda: "trying again: ConnectError" in example.said(), example)
        # A database that is away: 503.
        with place.started(f"sqlite:///{place.folder / 'away.db'}"):
            eventually(lambda: "trying again: 503" in example.said(), example)
            platform.write(2, "Me, too")
        assert len(platform.updates) == 2, "Telegram keeps both"
        with place.started():
            eventually(lambda: len(platform.told) == 2, example)
            eventually(lambda: not platform.updates, example)
    assert [each.lead.name for each in place.contacts()] == ["Person 1", "Person 2"]


def test_a_bot_that_is_killed_before_it_has_answered_makes_no_second_contact(
    place: Place, telegram: tuple[Telegram, str]
) -> None:
    platform, address = telegram
    platform.answering.clear()
    with place.started():
        with bot(place, address) as example:
            platform.write(1, "Is it in stock?")
            eventually(place.contacts, example)
        assert len(platform.updates) == 1
        platform.answering.set()
        platform.told.clear()
        with bot(place, address) as example:
            eventually(lambda: not platform.updates, example)
    assert (1, "Operator 0 will answer you.") in platform.told
    assert len(place.contacts()) == 1


def test_a_bot_that_may_not_register_ends_with_the_reason_and_confirms_nothing(
    place: Place, telegram: tuple[Telegram, str]
) -> None:
    platform, address = telegram
    platform.write(1, "Is it in stock?")
    with place.started():
        for changed, reason in (
            ({"FAIRLEAD_KEY": "flk_wrong"}, "Fairlead: send a valid key"),
            ({"TELEGRAM_TOKEN": "1:wrong"}, "Telegram: Unauthorized"),
        ):
            with bot(place, address, **changed) as example:
                assert example.process.wait(30) == 1
                assert reason in example.said()
                assert "Traceback" not in example.said()
    assert len(platform.updates) == 1
    assert place.contacts() == []


@contextmanager
def form(place: Place) -> Iterator[tuple[Example, httpx.Client]]:
    port = str(free_port())
    settings = {"FAIRLEAD_URL": place.address, "FAIRLEAD_KEY": place.key}
    with (
        running(place.folder, "web_form.py", "telegram", port, **settings) as example,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client,
    ):
        eventually(lambda: listens(client), example)
        yield example, client


def listens(client: httpx.Client) -> bool:
    try:
        client.get("/")
    except httpx.TransportError:
        return False
    return True


def fields(page: httpx.Response) -> dict[str, str]:
    """Return what a browser would send."""
    assert page.status_code == 200
    found = re.findall(r'<input[^>]*? name="(\w+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in found}


def said(page: httpx.Response) -> str:
    found = re.search(r'<p role="status">([^<]*)</p>', page.text)
    assert found
    return html.unescape(found[1])


def test_a_double_click_on_the_form_makes_one_contact(place: Place) -> None:
    with place.started(), form(place) as (_, client), ThreadPoolExecutor(2) as threads:
        filled = fields(client.get("/"))
        filled |= {"name": "Ivan", "email": "ivan@example.com", "text": "Is it in stock?"}
        clicks = [threads.submit(client.post, "/", data=filled) for _ in range(2)]
        for each in clicks:
            assert said(each.result()) == "Thank you! Operator 0 will answer you."
        other = fields(client.get("/"))
        assert other["key"] != filled["key"]
        again = client.post("/", data={**other, "phone": "+7 916 123-45-67", "text": "Hello?"})
        assert said(again) == "Thank you! The next of us who is free will answer you."
    first, second = place.contacts()
    assert (first.lead.name, first.payload) == ("Ivan", {"text": "Is it in stock?"})
    assert (second.lead.name, second.payload) == (None, {"text": "Hello?"})
    assert place.identities() == [{"email": "ivan@example.com"}, {"phone": "+79161234567"}]


def test_the_form_says_what_is_wrong_and_keeps_what_was_filled_in(place: Place) -> None:
    with form(place) as (_, client):
        filled = fields(client.get("/")) | {"name": 'Ivan "<b>"', "text": "Hello", "phone": "+7 12"}
        away = client.post("/", data=filled)
        assert said(away).startswith(LATER)
        with place.started():
            page = client.post("/", data=fields(away))
            assert "'+7 12' is not a phone number" in said(page)
            assert fields(page) == fields(away) == {**filled, "email": ""}
            assert "<b>" not in page.text
            page = client.post("/", data=fields(page) | {"phone": " "})
            assert said(page).startswith("Please leave an email or a phone number")
            page = client.post("/", data=fields(page) | {"phone": "+7 12", "email": "ivan@shop.ru"})
            assert said(page) == "Thank you! Operator 0 will answer you. We could not read +7 12."
            page = client.post("/", data=fields(page) | {"text": "Something else"})
            assert said(page).startswith("You have sent this form before.")
            assert said(client.post("/", content=b"\xff&=&;")).startswith("Please leave")
    (contact,) = place.contacts()
    assert contact.lead.name == 'Ivan "<b>"'


def test_a_form_with_a_wrong_key_tells_its_log_and_not_the_visitor(place: Place) -> None:
    place.key = "flk_wrong"
    with place.started(), form(place) as (example, client):
        page = client.post("/", data=fields(client.get("/")) | {"email": "ivan@shop.ru"})
        assert said(page).startswith(LATER)
        assert "unauthenticated" in example.said()


@contextmanager
def receiver(folder: Path) -> Iterator[tuple[Example, httpx.Client]]:
    port = str(free_port())
    with (
        running(folder, "webhook_receiver.py", port, WEBHOOK_SECRET=SECRET) as example,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client,
    ):
        eventually(lambda: listens(client), example)
        yield example, client


def signed(
    body: str, message_id: str = "msg_1", *, secrets: Sequence[str] = (SECRET,), seconds: int = 0
) -> dict[str, str]:
    """Return the headers of a message that was sent so many seconds from now."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    signatures = [Webhook(each).sign(message_id, moment, body) for each in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def test_the_receiver_prints_each_event_once(place: Place) -> None:
    with opened(place.url) as fairlead:
        fairlead.register_contacts([RegisterContact("telegram", {"telegram": "1"})])
        viewer = fairlead.create_key(CreateKey(Role.VIEWER)).secret
    with place.started() as server, server.client() as other:
        headers = {"Authorization": f"Bearer {viewer}"}
        events = other.get("/v1/events", params={"after": 0}, headers=headers).json()["items"]
    assert len(events) == 5
    events[-1]["contact"] = {"lead": {"name": "Ivan"}}
    with receiver(place.folder) as (example, client):
        for each in [*events, *events]:
            body = json.dumps(each)
            answer = client.post("/", content=body, headers=signed(body, each["id"]))
            assert (answer.status_code, answer.content) == (204, b"")
        lines = [each.split() for each in told(example)]
    assert [line[:3] for line in lines] == [
        [each["at"], each["type"], each["subject"]["id"]] for each in events
    ]
    assert lines[-1][1] == "contact.assigned"
    assert lines[-1][-1] == "Ivan"


def test_the_receiver_understands_what_the_service_sends(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRLEAD_ENDPOINT_HOSTS", "127.0.0.1")
    port = free_port()
    with opened(place.url) as fairlead:
        made = fairlead.create_endpoint(
            CreateEndpoint(f"http://127.0.0.1:{port}/", include=[Inclusion.CONTACT])
        )
        named = RegisterContact("telegram", {"telegram": "1"}, lead_name="Ivan")
        fairlead.register_contacts([named])
    with (
        running(
            place.folder, "webhook_receiver.py", str(port), WEBHOOK_SECRET=made.secret
        ) as example,
        place.started(),
    ):
        eventually(lambda: len(told(example)) == 2, example)
    lines = [each.split() for each in told(example)]
    assert [(each[1], each[-1]) for each in lines] == [
        ("contact.registered", "Ivan"),
        ("contact.assigned", "Ivan"),
    ]


def told(example: Example) -> list[str]:
    """Return the events that the receiver has printed, without what its server logs."""
    return [each for each in example.said().splitlines() if each.startswith("20")]


def test_the_receiver_takes_only_what_is_signed_with_its_secret_just_now(tmp_path: Path) -> None:
    body = json.dumps({"at": "2026", "type": "test", "subject": {"id": "x"}, "data": {}})
    other = "whsec_" + "QUJD" * 8
    right = signed(body)
    signature = right["webhook-signature"]
    refused: list[dict[str, str]] = [
        {},
        {"webhook-id": "msg_1"},
        signed(body, secrets=[other]),
        signed(body, secrets=[other, other]),
        signed(body, seconds=-3600),
        signed(body, seconds=3600),
        {**right, "webhook-id": "msg_2"},
        {**right, "webhook-timestamp": "soon"},
        {**right, "webhook-timestamp": "9" * 400},
        {**right, "webhook-timestamp": str(int(right["webhook-timestamp"]) + 1)},
        {**right, "webhook-signature": signature.removeprefix("v1,")},
        {**right, "webhook-signature": signature.replace("v1,", "v1a,")},
        {**right, "webhook-signature": ""},
    ]
    accepted = [
        right,
        signed(body, "msg_2", seconds=-200),
        signed(body, "msg_3", seconds=200),
        signed(body, "msg_4", secrets=[SECRET, other]),
        signed(body, "msg_5", secrets=[other, SECRET]),
    ]
    with receiver(tmp_path) as (example, client):
        for headers in refused:
            assert client.post("/", content=body, headers=headers).status_code == 401, headers
        assert client.post("/", content=f"{body} ", headers=right).status_code == 401
        assert status_of_a_huge_message(client) == 413
        assert told(example) == []
        for headers in accepted:
            assert client.post("/", content=body, headers=headers).status_code == 204, headers
        assert len(told(example)) == len(accepted)


def status_of_a_huge_message(client: httpx.Client) -> int:
    """Announce a megabyte and send nothing: what is too long is refused before it is read."""
    connection = HTTPConnection(client.base_url.host, client.base_url.port, timeout=30)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_examples_are_short_and_listed() -> None:
    page = (EXAMPLES / "README.md").read_text("utf-8")
    programs = sorted(EXAMPLES.glob("*.py"))
    assert len(programs) == 3
    for each in programs:
        assert len(each.read_text("utf-8").splitlines()) < 80
        assert f"[{each.name}]({each.name})" in page
        assert f"python {each.name} " in page
