"""Serving below a path, in this process: which settings are valid, and which requests match."""

import os

import pytest
from dependency_injector import providers
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.routing import Mount

from domain.access import Role
from entrypoints.edge.calls import Calls
from entrypoints.settings import OWN_PATHS, Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import serving, serving_world
from tests.entrypoints.http.expectations import answered, refused
from tests.entrypoints.http.keys import bearer, make
from tests.support import World

CONTACT = {"source": "telegram", "lead": {"identities": {"telegram": "ivan"}}}


@pytest.fixture
def below(memory: World) -> World:
    """A wired application that is served below a path."""
    settings = Settings(database_url="memory://", root_path="/fairlead")
    memory.container.settings.override(providers.Object(settings))
    return memory


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("", ""),
        ("/", ""),
        ("fairlead", "/fairlead"),
        ("/fairlead", "/fairlead"),
        ("/fairlead/", "/fairlead"),
        (" /a//b.c_~-9/ ", "/a/b.c_~-9"),
        # A superfluous slash, not another host.
        ("//example.com/x", "/example.com/x"),
        ("/tools/v1", "/tools/v1"),
        ("/v10", "/v10"),
        ("/consoles", "/consoles"),
    ],
)
def test_a_path_is_taken_in_any_plain_spelling(given: str, path: str) -> None:
    assert Settings(root_path=given).root_path == path


@pytest.mark.parametrize(
    "given",
    [
        *(
            "/a b",
            "/é",
            "/a%20b",
            "/a?b",
            "/a#b",
            "/a;b",
            "/../a",
            "/./a",
            "/a/..",
            "/a\nb",
            "/{a}",
        ),
        *("http://example.com/fairlead", "/a\\b", '/a"b', "/<a>"),
        *(f"/{each}" for each in sorted(OWN_PATHS)),
        *(f"{each}/more" for each in sorted(OWN_PATHS)),
    ],
)
def test_a_path_that_links_could_not_begin_with_is_refused(given: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(root_path=given)
    assert "{" not in refusal.value.errors()[0]["msg"]


def test_what_the_service_has_at_its_root_is_no_path_to_stand_below() -> None:
    app = create_app(Settings(database_url="memory://"))
    assert {each.path.split("/")[1] for each in Calls(app)} - {""} == OWN_PATHS


@pytest.mark.parametrize("prefix", ["", "/fairlead"])
def test_a_registration_says_where_its_contact_is(below: World, prefix: str) -> None:
    below.source()
    with serving_world(below) as client:
        for body, status in (({**CONTACT, "idempotency_key": "1"}, 201), (CONTACT, 201)):
            answer = client.post(f"{prefix}/v1/contacts", json=body)
            made = answered(answer, status)
            assert answer.headers["location"] == f"/fairlead/v1/contacts/{made['id']}"
        again = client.post(f"{prefix}/v1/contacts", json={**CONTACT, "idempotency_key": "1"})
        assert again.headers["location"] == f"/fairlead/v1/contacts/{answered(again)['id']}"
        refused(client.post(f"{prefix}/v1/contacts?a=1", json=CONTACT), "validation_failed", "a")
        metrics = client.get(f"{prefix}/metrics").text
    # Counted under one name, with or without the prefix.
    counted = 'method="POST",route="/v1/contacts"'
    assert f'fairlead_http_requests_total{{{counted},status="201"}} 2.0' in metrics
    assert f'fairlead_http_requests_total{{{counted},status="200"}} 1.0' in metrics


def test_where_it_is_mounted_in_another_application_it_says_so_too(memory: World) -> None:
    memory.source()
    inner = create_app(container=memory.container)
    outer = Starlette(routes=[Mount("/desk", inner)], lifespan=inner.router.lifespan_context)
    with serving(outer) as client:  # type: ignore[arg-type]
        answer = client.post("/desk/v1/contacts", json=CONTACT)
        assert answer.headers["location"] == f"/desk/v1/contacts/{answered(answer, 201)['id']}"
        made = client.post("/desk/v1/operators", json={"name": "Ann", "capacity": 1})
        assert made.headers["location"] == f"/desk/v1/operators/{answered(made, 201)['id']}"
        allow = client.request("OPTIONS", "/desk/v1/sources/telegram").headers["allow"]
        assert allow == "GET, HEAD, OPTIONS, PATCH"
        assert client.delete("/desk/console/operators").headers["allow"] == (
            "GET, HEAD, OPTIONS, POST"
        )
        assert client.request("HEAD", "/desk/console/").status_code == 200
        refused(client.get("/desk/v1/sources?a=1"), "validation_failed", "a")
        assert client.get("/desk/console/sources?after=%00").status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/fairlead/healthz/../v1/operators",
        "/fairlead//v1/operators",
        "/fairlead/fairlead/v1/operators",
        "//fairlead/v1/operators",
        "/Fairlead/v1/operators",
        "/fairlead%2Fv1/operators",
        "/fairlead/console/static/../../v1/operators",
        "/fairlead/healthz%0A",
        "/fairleadx/v1/operators",
    ],
)
def test_no_spelling_of_the_path_is_a_way_round_the_gate(below: World, path: str) -> None:
    make(below, Role.ADMIN)
    viewer = bearer(make(below, Role.VIEWER))
    with serving_world(below) as client:
        for headers in ({}, viewer):
            answer = client.post(path, json={"name": "Eve", "capacity": 1}, headers=headers)
            assert answer.status_code in {401, 403, 404, 405}
        assert client.get(path).status_code == 401
    assert not below.fairlead.catalogue.operators(active=None, limit=1, after=None).items


def test_the_environment_names_the_path_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "FAIRLEAD_ROOT_PATH", "fairlead/")
    assert Settings().root_path == "/fairlead"
    monkeypatch.delenv("FAIRLEAD_ROOT_PATH")
    assert not Settings().root_path
