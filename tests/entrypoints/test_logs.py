"""The log: one object per line, and no personal data in it, whatever goes wrong."""

import json
import logging
import logging.config
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from application.keys import CreateKey
from application.ports.failures import StorageUnavailable
from application.ports.storage import Storage
from domain.access import Role
from domain.ids import LeadId, time_of
from domain.lead import Identity, Lead, Recognition
from entrypoints.edge.request_ids import request_id
from entrypoints.logs import JsonFormatter, LogFormat, TextFormatter, log_config
from entrypoints.web import create_app
from tests.e2e.server import FAIRLEAD_SERVE, started
from tests.entrypoints.http.client import Client, serving
from tests.entrypoints.http.expectations import NOBODY
from tests.support import World, open_world

FIELDS = ["time", "level", "logger", "message", "request_id"]
NAME, PHONE, EMAIL, VK = "Telltalov", "+79990001122", "telltale@mail.example.com", "telltale_vk"
_OF_LEAD = "/v1/leads/{lead_id}/identities/{kind}/{value:text}"
PAYLOAD, IDEMPOTENCY = "telltale payload", "telltale-idempotency"
TELLTALES = ("elltal", "9990001122")
"""Every value above, and everything else that a test sends, contains one of these."""
BODY = {
    "source": "telegram",
    "lead": {"name": NAME, "identities": {"phone": PHONE, "email": EMAIL, "vk": VK}},
    "payload": {"text": PAYLOAD},
    "idempotency_key": IDEMPOTENCY,
}


def record(**values: Any) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "adapters.sql", "levelname": "WARNING", "msg": "done", "created": 0.25} | values
    )


def raised() -> Any:
    """Return exc_info for logging: an exception raised from another, both with personal data."""
    try:
        try:
            _ = dict[str, str]()[PHONE]
        except KeyError as error:
            raise RuntimeError(f"no {NAME}") from error
    except RuntimeError:
        return sys.exc_info()


class TestJson:
    """One object per line."""

    def line(self, **values: Any) -> dict[str, Any]:
        text = JsonFormatter().format(record(**values))
        assert "\n" not in text
        found: dict[str, Any] = json.loads(text)
        return found

    def test_a_line_says_when_how_bad_where_and_what(self) -> None:
        assert self.line(msg="%s of %s:\nall", args=(1, "два")) == {
            "time": "1970-01-01T00:00:00.250Z",
            "level": "warning",
            "logger": "adapters.sql",
            "message": "1 of два:\nall",
            "request_id": None,
        }

    def test_it_names_the_request(self) -> None:
        token = request_id.set("mine")
        try:
            assert self.line()["request_id"] == "mine"
        finally:
            request_id.reset(token)

    def test_an_exception_is_told_by_its_type_and_its_way_without_a_value(self) -> None:
        line = self.line(exc_info=raised())
        assert list(line) == [*FIELDS, "exception", "traceback"]
        assert line["exception"] == "RuntimeError"
        first, second = line["traceback"].index("\nKeyError"), line["traceback"].index("\nRuntimeE")
        assert first < second
        assert f'File "{__file__}", line ' in line["traceback"]
        untold(json.dumps(line))

    def test_a_group_tells_of_each_of_its_exceptions(self) -> None:
        group = ExceptionGroup(NAME, [ValueError(PHONE), raised()[1]])
        trace = self.line(exc_info=(type(group), group, None))["traceback"]
        assert {"ExceptionGroup", "ValueError", "KeyError", "RuntimeError"} <= set(
            trace.splitlines()
        )
        untold(trace)

    @pytest.mark.parametrize(
        ("path", "template"),
        [
            (f"/v1/leads?identity=phone:{PHONE}", "/v1/leads"),
            (f"/v1/leads/{NOBODY}/identities/phone/{PHONE}", _OF_LEAD),
            (f"/v1/leads/{NOBODY}/identities/phone/%2B{PHONE[1:]}", _OF_LEAD),
            (f"/v1/keys/flk_0123456789_{'x' * 43}", "/v1/keys/{prefix}"),
            (f"/console/search?q={PHONE}", "/console/{path:path}"),
            (f"/console/leads/{PHONE}", "/console/{path:path}"),
            ("/healthz", "/healthz"),
            (f"/{PHONE}", "unmatched"),
            (f"/v1/nothing/{PHONE}", "unmatched"),
            (f"/hooks/telegram/{PHONE}", "unmatched"),
        ],
    )
    @pytest.mark.parametrize("root", ["", "/fairlead"])
    def test_the_access_log_says_which_route_was_called_and_never_with_what(
        self, path: str, template: str, root: str
    ) -> None:
        called = record(
            name="uvicorn.access",
            msg='%s - "%s %s HTTP/%s" %d',
            args=("127.0.0.1:5", "GET", root + path, "1.1", 200),
        )
        for formatter in (JsonFormatter(root), TextFormatter(root)):
            said = formatter.format(called)
            assert f'"GET {template} HTTP/1.1' in said.replace('\\"', '"')
            untold(said)


class TestText:
    """Lines for people to read, with the same caution."""

    def test_a_line(self) -> None:
        assert TextFormatter().format(record()) == (
            "1970-01-01T00:00:00.250Z warning adapters.sql: done"
        )

    def test_with_a_request_and_an_exception(self) -> None:
        token = request_id.set("mine")
        try:
            text = TextFormatter().format(record(exc_info=raised()))
        finally:
            request_id.reset(token)
        assert text.splitlines()[0].endswith("adapters.sql: done (mine)")
        assert text.splitlines()[-1] == "RuntimeError"
        untold(text)


@pytest.mark.parametrize("kind", LogFormat)
def test_the_configuration_is_one_that_logging_takes(kind: LogFormat) -> None:
    logging.config.DictConfigurator(log_config(kind)).configure_formatter(
        log_config(kind)["formatters"]["line"]
    )


def untold(text: str) -> None:
    """Assert that a text contains no personal data."""
    for each in TELLTALES:
        assert each not in text, text


@contextmanager
def logged() -> Iterator[StringIO]:
    """Capture everything that any logger logs at INFO or above, as JSON."""
    text, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    handler.setFormatter(JsonFormatter())
    # The test's own client logs the addresses that it calls.
    handler.addFilter(lambda record: not record.name.startswith("httpx"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield text
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def lines(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.splitlines()]
    for each in found:
        assert list(each)[:5] == FIELDS
    return found


def provoke(call: Any) -> None:
    """Register somebody, and make every mistake that involves personal data."""
    assert call("POST", "/v1/contacts", json=BODY).status_code == 201
    assert call("POST", "/v1/contacts", json=BODY | {"payload": {PAYLOAD: 1}}).status_code == 409
    assert call("POST", "/v1/contacts", json=BODY | {NAME: 1}).status_code == 422
    assert call("POST", "/v1/contacts", json=BODY | {"source": "telltale"}).status_code == 404
    bad = {"phone": f"{PHONE} telltale", "email": NAME}
    answer = call("POST", "/v1/contacts", json={"source": "telegram", "lead": {"identities": bad}})
    assert answer.status_code == 422
    json_type = {"Content-Type": "application/json"}
    for content in (f'{{"{NAME}"', f'"{PHONE}"', f"\x00{VK}"):
        answer = call("POST", "/v1/contacts", content=content.encode(), headers=json_type)
        assert answer.status_code == 422
    assert call("POST", "/v1/contacts", content=NAME.encode()).status_code == 415
    batch = {"contacts": [BODY, BODY | {NAME: 1}, BODY | {"source": "telltale"}]}
    assert call("POST", "/v1/contacts/batch", json=batch).status_code == 200
    for path in (f"/v1/leads?identity=phone:{PHONE}", f"/console/search?q={NAME}"):
        assert call("GET", path.replace("+", "%2B")).status_code in {200, 303}
    assert call("GET", f"/v1/leads?identity=phone:{NAME}").status_code == 422
    assert call("GET", "/v1/leads", params={"cursor": NAME}).status_code == 422
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = call("POST", "/console/try", content=f"source=x&kind=phone&value={NAME}", headers=form)
    assert 400 <= answer.status_code < 500
    answer = call("POST", "/console/sign-in", content="key=flk_telltale12_x", headers=form)
    assert answer.status_code == 401


def registered_twice(storage: Storage, world: World) -> None:
    """Give an identity to a second lead, which the database refuses in its own words."""
    lead_id = LeadId(world.container.ids().new())
    lead = Lead(lead_id, NAME, time_of(lead_id))
    with storage.unit_of_work() as uow:
        uow.leads.learn(
            [Recognition(lead, created=True, named=False, learned=[Identity("phone", PHONE)])]
        )


def test_nothing_of_a_person_is_logged_or_measured_whatever_goes_wrong(shared_url: str) -> None:
    with open_world(shared_url) as world, logged() as text:
        world.source((world.operator("Ann"), 1))
        app = create_app(container=world.container)

        @app.get("/broken")
        def broken() -> None:
            raise raised()[1]

        @app.get("/refused")
        def refused() -> None:
            registered_twice(world.container.storage(), world)

        with serving(app, raise_defects=False) as client:
            provoke(client.request)
            for path, status in (("/broken", 500), ("/refused", 503)):
                answer = client.get(path, headers={"X-Request-Id": path[1:]})
                assert answer.status_code == status
                untold(answer.text)
            untold(client.get("/metrics").text)
    found = {each["request_id"]: each for each in lines(text.getvalue())}
    assert found["broken"]["exception"] == "RuntimeError"
    assert "a transaction was rolled back: " in found["refused"]["message"]
    untold(text.getvalue())


def test_no_key_is_logged_or_measured(memory_world: World) -> None:
    made = memory_world.fairlead.create_key(CreateKey(Role.ADMIN))
    secret = made.secret.removeprefix(made.key.prefix)
    with logged() as text, serving(create_app(container=memory_world.container)) as client:
        shown = client.get("/metrics", headers=bearer(made.secret)).text
        assert client.get("/v1/keys", headers=bearer(f"{made.secret}x")).status_code == 401
        assert client.get(f"/{made.secret}", headers=bearer(made.secret)).status_code == 404
        assert sign_in(client, made.secret).status_code == 303
    assert secret not in text.getvalue()
    assert secret not in shown


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def sign_in(client: Client, secret: str) -> httpx.Response:
    return client.post(
        "/console/sign-in",
        content=f"key={secret}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


@pytest.fixture
def memory_world() -> Iterator[World]:
    with open_world() as opened:
        yield opened


@pytest.mark.parametrize("kind", LogFormat)
def test_a_real_server_logs_so_from_its_first_word_to_its_last(
    sqlite_url: str, tmp_path: Path, kind: LogFormat
) -> None:
    with open_world(sqlite_url) as world:
        world.source((world.operator("Ann"), 1))
    words = (*FAIRLEAD_SERVE, "--access-log", "--log-format", kind)
    with started(sqlite_url, tmp_path, words) as server:
        with server.client() as client:
            provoke(client.request)
            file = sqlite_url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(file)) as connection, connection:
                connection.execute("DROP TABLE idempotency_keys")
            answer = client.post(
                "/v1/contacts",
                json=BODY | {"idempotency_key": "telltale-2"},
                headers={"X-Request-Id": "the-last"},
            )
            assert answer.status_code == 503
            with suppress(httpx.HTTPError):
                untold(client.get("/metrics").text)
        server.stop()
        text = server.said()
    untold(text)
    assert "the-last" in text
    assert "GET /v1/leads HTTP/1.1" in text
    assert "Fairlead serves sqlite:///" in text
    assert "a transaction was rolled back: no such table" in text
    if kind is LogFormat.JSON:
        found = lines(text)
        assert {each["logger"].partition(".")[0] for each in found} >= {"uvicorn", "entrypoints"}


def test_a_log_that_goes_to_no_terminal_is_json(sqlite_url: str, tmp_path: Path) -> None:
    with started(sqlite_url, tmp_path, FAIRLEAD_SERVE) as server:
        server.stop()
        assert lines(server.said())


def test_the_rest_of_a_driver_s_words_is_not_logged(postgresql_url: str) -> None:
    """Below the first line, PostgreSQL's error names the value that already exists."""
    with open_world(postgresql_url) as world, logged() as text:
        registered_twice(world.container.storage(), world)
        with pytest.raises(StorageUnavailable):
            registered_twice(world.container.storage(), world)
    (line,) = lines(text.getvalue())
    assert "duplicate key value violates unique constraint" in line["message"]
    untold(text.getvalue())
