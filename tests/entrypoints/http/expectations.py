"""Checks that every answer must pass."""

import re
from typing import Any
from uuid import UUID

import httpx

from entrypoints.edge.problem_types import STATUSES, TYPES, place
from entrypoints.edge.problems import MEDIA_TYPE

_MOMENT = re.compile(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z\Z")
MEMBERS = {"identity_taken": {"lead_id"}, "events_gone": {"earliest"}}
"""Additional members of a problem, by its code."""
NOBODY = "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01"
"""A well-formed id that names nothing."""


def is_uuid7(text: str) -> bool:
    """Tell whether a text is a UUIDv7 in its canonical spelling."""
    identifier = UUID(text)
    return identifier.version == 7 and str(identifier) == text


def is_moment(text: str) -> bool:
    """Tell whether a text is a UTC moment that ends in Z."""
    return _MOMENT.match(text) is not None


def answered(response: httpx.Response, status: int = 200) -> Any:
    """Return the JSON of an answer, which must have this status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()


def refused(response: httpx.Response, code: str, *fields: str) -> dict[str, Any]:
    """Return an answer's problem, which must have this code and name at least these fields."""
    body: dict[str, Any] = response.json()
    assert body["code"] == code, response.text
    assert response.status_code == STATUSES[code]
    is_problem(response)
    assert {*fields} <= {each["field"] for each in body["errors"]}, body
    return body


def is_problem(response: httpx.Response) -> dict[str, Any]:
    """Return the body of an answer, which must be a problem of the documented form."""
    assert response.headers["content-type"] == MEDIA_TYPE, response.text
    body: dict[str, Any] = response.json()
    fields = {"type", "title", "status", "code", "detail", "errors", "request_id"}
    assert set(body) == fields | MEMBERS.get(body["code"], set())
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["status"] == response.status_code
    assert STATUSES[body["code"]] == response.status_code
    assert body["title"] == TYPES[body["code"]].title
    assert body["type"].endswith(place(body["code"]))
    assert len(body["detail"]) > 10, body
    for each in body["errors"]:
        assert set(each) == {"field", "detail"}
        assert each["field"]
        assert each["detail"]
    return body
