"""Errors: one table, one form."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

import entrypoints.edge.problems
from application.ports.failures import StorageUnavailable
from domain.errors import DomainError
from entrypoints.edge.problem_types import STATUSES
from entrypoints.edge.problems import MEDIA_TYPE, problem_of
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving
from tests.entrypoints.http.expectations import is_problem, refused
from tests.support import World

ROOT = Path(entrypoints.edge.problems.__file__).parents[2]
BEFORE_THE_DOMAIN = {
    "unauthenticated",
    "forbidden",
    "protected_mode",
    "validation_failed",
    "malformed_json",
    "unsupported_media_type",
    "body_too_large",
    "headers_too_large",
    "request_timeout",
    "rate_limited",
    "not_found",
    "method_not_allowed",
    "storage_unavailable",
    "overloaded",
    "outcome_unknown",
    "internal_error",
}


def domain_errors(parent: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for each in parent.__subclasses__():
        yield each
        yield from domain_errors(each)


def test_every_error_of_the_domain_has_a_status_and_a_code_of_its_own() -> None:
    codes = [each.code for each in domain_errors()]
    assert len(codes) >= 14
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert re.match(r"\A[a-z]+(_[a-z]+)*\Z", code)
        assert 400 <= STATUSES[code] < 500, code


def test_every_code_in_the_table_is_used() -> None:
    assert {each.code for each in domain_errors()} | BEFORE_THE_DOMAIN == set(STATUSES)
    written = {
        node.value
        for wing in ("edge", "v1")
        for path in (ROOT / "entrypoints" / wing).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for node in node.args
        if isinstance(node, ast.Constant)
    }
    assert written >= BEFORE_THE_DOMAIN


def test_every_domain_error_that_is_declared_is_raised_somewhere() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("domain", "application", "adapters", "entrypoints")
        for path in (ROOT / folder).rglob("*.py")
    ]
    for each in domain_errors():
        assert any(re.search(rf"\b{each.__name__}\(\s", text) for text in sources) or any(
            re.search(rf"raise {each.__name__}\(", text) for text in sources
        ), each


@pytest.mark.parametrize("error", [*domain_errors()], ids=lambda each: each.code)
def test_a_domain_error_becomes_a_problem_that_names_its_field(error: type[DomainError]) -> None:
    described = problem_of(error("this is what to do.", field="lead.name"))
    assert described.status == STATUSES[error.code]
    assert described.code == error.code
    assert described.detail == "this is what to do."
    assert [each.field for each in described.errors] == ["lead.name"]
    assert problem_of(error("this is what to do.")).errors == []


def test_the_statuses_are_those_of_the_contract() -> None:
    groups: dict[int, set[str]] = {}
    for code, status in STATUSES.items():
        groups.setdefault(status, set()).add(code)
    assert groups[409] == {
        "operator_exists",
        "source_exists",
        "identity_taken",
        "idempotency_conflict",
        "operator_inactive",
        "operator_at_capacity",
        "contact_closed",
    }
    assert groups[412] == {"changed_meanwhile"}
    assert groups[410] == {"events_gone"}
    assert {code for code in STATUSES if code.startswith("unknown_")} <= groups[404]
    assert groups[408] == {"request_timeout"}
    assert groups[401] == {"unauthenticated"}
    assert groups[403] == {"forbidden", "protected_mode"}
    assert groups[413] == {"body_too_large"}
    assert groups[415] == {"unsupported_media_type"}
    assert groups[429] == {"rate_limited"}
    assert groups[431] == {"headers_too_large"}
    assert groups[503] == {"storage_unavailable", "overloaded", "outcome_unknown"}
    assert groups[500] == {"internal_error"}
    assert set(groups) == {
        401,
        403,
        404,
        405,
        408,
        409,
        410,
        412,
        413,
        415,
        422,
        429,
        431,
        500,
        503,
    }


def test_a_validation_problem_names_each_field_and_says_what_is_wrong(caller: Client) -> None:
    body = {"name": "", "capacity": -1, "active": "yes", "extra": 1}
    problem = refused(
        caller.post("/v1/operators", json=body),
        "validation_failed",
        *body,
    )
    assert all(each["field"] in problem["detail"] for each in problem["errors"])
    nested = {"source": "a", "lead": {"identities": {"phone": 5, "BAD": "x"}, "name": 1}}
    fields = {
        each["field"]
        for each in refused(caller.post("/v1/contacts", json=nested), "validation_failed")["errors"]
    }
    assert {"lead.identities.phone", "lead.name"} <= fields
    refused(caller.get("/v1/contacts?limit=0&state=lost"), "validation_failed", "limit", "state")
    assert "..." not in problem["detail"]


def test_many_wrong_fields_make_a_detail_that_can_still_be_read(caller: Client) -> None:
    body = {f"field{number}": 1 for number in range(100)}
    problem = refused(caller.post("/v1/operators", json=body), "validation_failed")
    assert len(problem["errors"]) == 102
    assert len(problem["detail"]) < 500
    assert problem["detail"].endswith("and more")


def test_every_detail_is_a_sentence_for_a_person(caller: Client, memory: World) -> None:
    memory.source()
    answers = [
        caller.post("/v1/contacts", json={"source": "none", "lead": {"identities": {"a": "b"}}}),
        caller.post("/v1/contacts", json={"source": "telegram", "lead": {}}),
        caller.post("/v1/sources", json={"key": "telegram"}),
        caller.post("/v1/operators", content=b"{}"),
        caller.post("/v1/operators", content=b"x" * 70_000),
        caller.get("/nowhere"),
        caller.request("DELETE", "/v1/operators"),
    ]
    for answer in answers:
        detail = is_problem(answer)["detail"]
        assert detail.endswith("."), detail
        assert " " in detail
        assert "Traceback" not in detail


def test_a_method_that_a_path_does_not_have_is_405_and_says_which_it_has(caller: Client) -> None:
    for method, path in (("DELETE", "/v1/stats/operators"), ("PUT", "/healthz")):
        answer = caller.request(method, path)
        assert "GET" in refused(answer, "method_not_allowed")["detail"]
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_path_that_is_not_there_is_404_and_says_where_the_calls_are(caller: Client) -> None:
    for path in ("/v1", "/v2/operators", "/v1/contacts/a/b/c", "/nowhere"):
        assert "/docs" in refused(caller.get(path), "not_found")["detail"]


def test_a_defect_is_a_problem_without_its_inner_life(memory: World) -> None:
    app = create_app(container=memory.container)
    add_broken_route(app)
    with serving(app, raise_defects=False) as client:
        answer = client.get("/broken")
        assert answer.status_code == 500
        assert is_problem(answer)["code"] == "internal_error"
        assert "secret" not in answer.text


def test_a_storage_that_is_away_is_503_with_a_reason_and_a_time_to_come_back(
    memory: World,
) -> None:
    app = create_app(container=memory.container)

    @app.get("/away")
    def away() -> None:
        raise StorageUnavailable("the disk is full.")

    with serving(app) as client:
        answer = client.get("/away")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.headers["retry-after"] == "1"
        assert "the disk is full." in refused(answer, "storage_unavailable")["detail"]


def add_broken_route(app: FastAPI) -> None:
    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret")
