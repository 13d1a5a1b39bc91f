"""Types of problems: the table, the pages made from it, and examples that calls really answer."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from dependency_injector import providers
from starlette.applications import Starlette
from starlette.routing import Mount

from application.contacts import CloseContact
from application.ports.failures import OutcomeUnknown, Overloaded, StorageUnavailable
from application.register_contacts import RegisterContact
from domain.access import Role
from entrypoints.edge.problem_types import TYPES, place
from entrypoints.edge.problems import MEDIA_TYPE, example
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving, serving_world
from tests.entrypoints.http.expectations import NOBODY, answered, refused
from tests.entrypoints.http.keys import bearer, make
from tests.support import World

CONTACT = {"source": "telegram-sales", "lead": {"identities": {"telegram": "ivan"}}}
JSON = {"Content-Type": "application/json"}
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Story = Callable[[World, Client], httpx.Response]


def registering(lead: Mapping[str, Any], key: str | None = None, **more: Any) -> Story:
    """Return a story: a contact is registered on a source that has no operators."""

    def tell(world: World, client: Client) -> httpx.Response:
        world.source(key="telegram-sales")
        body = {**CONTACT, "lead": lead, "idempotency_key": key}
        return client.post("/v1/contacts", json=body, **more)

    return tell


def twice(world: World, client: Client) -> httpx.Response:
    world.source(key="telegram-sales")
    for text in ("one", "two"):
        body = {**CONTACT, "payload": {"text": text}, "idempotency_key": "1"}
        answer = client.post("/v1/contacts", json=body)
    return answer


def allocating(world: World, client: Client) -> httpx.Response:
    world.source(key="telegram-sales")
    anna = world.operator("Anna")
    twofold = [{"operator_id": str(anna.id), "weight": each} for each in (1, 2)]
    return client.put("/v1/sources/telegram-sales/allocations", json={"allocations": twofold})


def adding(world: World, client: Client) -> httpx.Response:
    world.source(key="telegram-sales")
    world.register("telegram-sales", phone="+79161234567")
    lead = world.register("telegram-sales", telegram="ivan").lead.id
    body = {"kind": "phone", "value": "+79161234567"}
    return client.post(f"/v1/leads/{lead}/identities", json=body)


def removing(world: World, client: Client) -> httpx.Response:
    world.source(key="telegram-sales")
    lead = world.register("telegram-sales", telegram="ivan").lead.id
    return client.delete(f"/v1/leads/{lead}/identities/telegram/petr")


def transferring(world: World, client: Client, *, capacity: int, active: bool) -> httpx.Response:
    anna = world.operator("Anna", capacity)
    world.source((anna, 1), key="telegram-sales")
    while world.load(anna) < capacity:
        world.register("telegram-sales")
    contact = world.register("telegram-sales")
    answered(client.patch("/v1/operators/anna", json={"active": active}))
    return client.post(f"/v1/contacts/{contact.id}/transfer", json={"operator_id": "anna"})


def closed(world: World, client: Client) -> httpx.Response:
    world.operator("Anna")
    world.source(key="telegram-sales")
    contact = world.register("telegram-sales").id
    world.fairlead.close_contact(CloseContact(contact))
    return client.post(f"/v1/contacts/{contact}/transfer", json={"operator_id": "anna"})


def waiting(world: World, client: Client) -> httpx.Response:
    world.source(key="telegram-sales")
    contact = world.register("telegram-sales").id
    return client.get(f"/v1/contacts/{contact}/decision")


def colleagues(world: World, client: Client) -> httpx.Response:
    world.operator("Anna", 5)
    return client.patch("/v1/operators/anna", json={"capacity": 6}, headers={"If-Match": '"0"'})


def after(world: World, client: Client) -> httpx.Response:
    world.operator("Anna")
    return client.get("/v1/events?after=41")


def existing(method: str, path: str, body: Mapping[str, Any]) -> Story:
    """Return a story: something is made once more."""

    def tell(world: World, client: Client) -> httpx.Response:
        world.operator("Anna")
        world.source(key="telegram-sales")
        return client.request(method, path, json=body)

    return tell


def calling(method: str, path: str, **options: Any) -> Story:
    """Return a story: one call on an empty service."""
    return lambda _, client: client.request(method, path, **options)


def without_a_key(world: World, client: Client) -> httpx.Response:
    make(world, Role.ADMIN)
    return client.get("/v1/operators")


def with_a_key_that_reads(world: World, client: Client) -> httpx.Response:
    body = {"name": "Anna", "capacity": 5}
    return client.post("/v1/operators", json=body, headers=bearer(make(world, Role.VIEWER)))


def from_elsewhere(world: World, _: Client) -> httpx.Response:
    with serving(create_app(container=world.container), address="203.0.113.9") as client:
        return client.get("/v1/operators")


def too_often(world: World, _: Client) -> httpx.Response:
    settings = Settings(database_url="memory://", rate_limit="3/h")
    world.container.settings.override(providers.Object(settings))
    headers = bearer(make(world, Role.VIEWER))
    with serving_world(world) as client:
        return [client.get("/v1/operators", headers=headers) for _ in range(4)][-1]


def failing(error: Exception) -> Story:
    """Return a story: a call fails."""

    def tell(world: World, _: Client) -> httpx.Response:
        app = create_app(container=world.container)

        @app.get("/fail")
        def fail() -> None:
            raise error

        with serving(app, raise_defects=False) as client:
            return client.get("/fail")

    return tell


STORIES: Mapping[str, Story] = {
    "invalid_value": registering(
        {"identities": {"telegram": "ivan"}}, key="1", headers={"Idempotency-Key": "2"}
    ),
    "invalid_identity": registering({"identities": {"phone": "ask me"}}),
    "no_identity": registering({}),
    "duplicate_operator": allocating,
    "unknown_operator": calling("GET", "/v1/operators/ana"),
    "unknown_source": calling("POST", "/v1/contacts", json={**CONTACT, "source": "telegram-sale"}),
    "unknown_contact": calling("GET", f"/v1/contacts/{NOBODY}"),
    "unknown_lead": calling("GET", f"/v1/leads/{NOBODY}"),
    "no_decision": waiting,
    "unknown_identity": removing,
    "unknown_endpoint": calling("GET", f"/v1/endpoints/{NOBODY}"),
    "unknown_key": calling("DELETE", "/v1/keys/flk_0000000000"),
    "operator_exists": existing(
        "POST", "/v1/operators", {"key": "anna", "name": "Anna", "capacity": 1}
    ),
    "source_exists": existing("POST", "/v1/sources", {"key": "telegram-sales"}),
    "identity_taken": adding,
    "idempotency_conflict": twice,
    "operator_inactive": lambda *house: transferring(*house, capacity=0, active=False),
    "operator_at_capacity": lambda *house: transferring(*house, capacity=2, active=True),
    "contact_closed": closed,
    "changed_meanwhile": colleagues,
    "events_gone": after,
    "unauthenticated": without_a_key,
    "forbidden": with_a_key_that_reads,
    "protected_mode": from_elsewhere,
    "validation_failed": calling("GET", "/v1/sources?limt=9"),
    "malformed_json": calling("POST", "/v1/operators", content=b"{", headers=JSON),
    "unsupported_media_type": calling("POST", "/v1/operators", content=b"{}"),
    "body_too_large": calling("POST", "/v1/operators", content=b"x" * 70_000, headers=JSON),
    "headers_too_large": calling("GET", "/healthz", headers={f"x-{n}": "" for n in range(101)}),
    "rate_limited": too_often,
    "not_found": calling("GET", "/v1/contact"),
    "method_not_allowed": calling("DELETE", "/v1/operators"),
    "storage_unavailable": failing(StorageUnavailable("API keys cannot be read just now.")),
    "overloaded": failing(Overloaded("too many changes are waiting already.")),
    "outcome_unknown": failing(OutcomeUnknown("the connection to the database was lost.")),
    "internal_error": failing(RuntimeError("secret")),
}


def test_only_a_request_that_takes_too_long_is_left_to_real_sockets() -> None:
    assert set(TYPES) - set(STORIES) == {"request_timeout"}


@pytest.mark.parametrize("code", STORIES)
def test_the_example_of_a_type_is_what_a_call_answers(
    code: str, memory: World, caller: Client
) -> None:
    answer = STORIES[code](memory, caller)
    shown = {**answer.json()}
    assert shown.pop("request_id") == answer.headers["x-request-id"]
    assert without_ids(shown) == without_ids(example(code))
    assert answer.status_code == TYPES[code].status


def without_ids(value: Any) -> Any:
    """Return a JSON value in which all ids are the same."""
    if isinstance(value, dict):
        return {name: without_ids(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_ids(each) for each in value]
    return _ID.sub("an id", value) if isinstance(value, str) else value


def test_titles_are_short_and_no_two_are_alike() -> None:
    titles = [each.title for each in TYPES.values()]
    assert len(set(titles)) == len(titles)
    assert max(len(each.split()) for each in titles) <= 3
    for each in TYPES.values():
        assert each.meaning.endswith(".")
        assert each.remedy.endswith(".")
        assert each.remedy.count("`") % 2 == 0


# The pages.


class Page(HTMLParser):
    """The tags, links and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_data(self, data: str) -> None:
        self.text += data


def opened(client: Client, path: str) -> Page:
    """Return a page, which must be one that needs nothing but itself."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    assert "color-scheme: light dark" in style
    page = Page(answer.text)
    assert not {"script", "link", "img", "iframe", "form"} & {*page.tags}
    assert {"main", "nav", "h1"} <= {*page.tags}
    return page


@pytest.mark.parametrize("code", TYPES)
def test_the_type_of_a_problem_leads_to_its_page(code: str, caller: Client) -> None:
    shown, found = example(code), TYPES[code]
    page = opened(caller, shown["type"])
    for text in (code, found.title, str(found.status), found.meaning, found.remedy):
        assert text.replace("`", "") in page.text
    for name, value in shown.items():
        assert f'"{name}": ' in page.text
        assert str(value) in page.text or not isinstance(value, str)


def test_there_is_a_list_of_all_pages(caller: Client) -> None:
    page = opened(caller, "/docs/problems")
    assert [each for each in page.links if each.startswith("/docs/problems/")] == [
        place(code) for code in TYPES
    ]
    for code, each in TYPES.items():
        assert code in page.text
        assert each.meaning in page.text


@pytest.mark.parametrize("code", ["nothing", "UNKNOWN_SOURCE", "<b>", "%D0%BA", "a%00"])
def test_a_code_that_there_is_not_is_a_problem_itself(caller: Client, code: str) -> None:
    answer = caller.get(f"/docs/problems/{code}")
    assert answer.status_code == 404
    assert "/docs/problems lists them all" in refused(answer, "not_found")["detail"]
    assert "<b>" not in answer.text


# Below a path.


@contextmanager
def below(world: World) -> Iterator[Client]:
    """Serve a wired application below a path."""
    settings = Settings(database_url="memory://", root_path="/fairlead")
    world.container.settings.override(providers.Object(settings))
    with serving_world(world) as client:
        yield client


@contextmanager
def mounted(world: World) -> Iterator[Client]:
    """Serve a wired application that is mounted in another one."""
    inner = create_app(container=world.container)
    outer = Starlette(routes=[Mount("/fairlead", inner)], lifespan=inner.router.lifespan_context)
    with serving(outer) as client:  # type: ignore[arg-type]
        yield client


@pytest.mark.parametrize("served", [below, mounted])
def test_below_a_path_every_type_is_below_it_too(
    memory: World, served: Callable[[World], Any]
) -> None:
    memory.source(key="telegram-sales")
    anna = memory.operator("Anna")
    with served(memory) as client:
        batch = client.post("/fairlead/v1/contacts/batch", json={"contacts": [{}, CONTACT]})
        answers = [
            answered(batch)["results"][0]["error"],
            *(
                each.json()
                for each in (
                    client.post("/fairlead/v1/contacts", json={}),
                    client.get("/fairlead/v1/contacts?sate=waiting"),
                    client.get("/fairlead/v1/leads/x"),
                    client.get("/fairlead/nowhere"),
                    client.get("/fairlead/static/nowhere"),
                    client.delete("/fairlead/v1/operators"),
                    client.get(f"/fairlead/v1/operators/{anna.id}x"),
                    client.get(
                        "/fairlead/healthz", headers={f"x-{number}": "" for number in range(101)}
                    ),
                    client.patch(
                        "/fairlead/v1/operators/anna",
                        json={"active": True},
                        headers={"If-Match": '"0"'},
                    ),
                )
            ),
        ]
        for each in answers:
            assert each["type"] == f"/fairlead{place(each['code'])}", each
        assert len({each["code"] for each in answers}) == 6


def test_pages_below_a_path_link_to_what_is_below_it(memory: World) -> None:
    with below(memory) as client:
        page = opened(client, "/fairlead/docs/problems")
        assert page.links == ["/fairlead/docs", *(f"/fairlead{place(each)}" for each in TYPES)]
        page = opened(client, "/fairlead/docs/problems/not_found")
        assert page.links == ["/fairlead/docs", "/fairlead/docs/problems"]
        assert f'"type": "/fairlead{place("not_found")}"' in page.text


def test_a_registration_that_is_refused_has_a_type_like_any_other(
    caller: Client, memory: World
) -> None:
    memory.source(key="telegram-sales")
    answer = caller.post("/v1/contacts", json={**CONTACT, "source": "nowhere"})
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert refused(answer, "unknown_source")["type"] == "/docs/problems/unknown_source"
    command = RegisterContact("telegram-sales", {"telegram": "ivan"})
    assert memory.outcome(command).contact.operator is None
