"""Errors as RFC 9457 problem details: one table from codes to statuses, one form for all."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import MISSING, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from application.ports.failures import OutcomeUnknown, Overloaded, StorageUnavailable
from domain.errors import DomainError, EventsGone, IdentityTaken
from entrypoints.edge.calls import allowed
from entrypoints.edge.request_ids import request_id

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 1
"""Seconds after which a client may repeat a call that failed because the storage was away."""

STATUSES: Final[Mapping[str, int]] = {
    # Refused by the domain.
    "invalid_value": 422,
    "invalid_identity": 422,
    "no_identity": 422,
    "duplicate_operator": 422,
    "unknown_operator": 404,
    "unknown_source": 404,
    "unknown_contact": 404,
    "unknown_lead": 404,
    "no_decision": 404,
    "unknown_identity": 404,
    "unknown_key": 404,
    "operator_exists": 409,
    "source_exists": 409,
    "identity_taken": 409,
    "idempotency_conflict": 409,
    "operator_inactive": 409,
    "operator_at_capacity": 409,
    "contact_closed": 409,
    "changed_meanwhile": 412,
    "events_gone": 410,
    # Refused before the domain saw it.
    "unauthenticated": 401,
    "forbidden": 403,
    "protected_mode": 403,
    "validation_failed": 422,
    "malformed_json": 422,
    "unsupported_media_type": 415,
    "body_too_large": 413,
    "headers_too_large": 431,
    "request_timeout": 408,
    "rate_limited": 429,
    "not_found": 404,
    "method_not_allowed": 405,
    # Not the client's fault.
    "storage_unavailable": 503,
    "overloaded": 503,
    "outcome_unknown": 503,
    "internal_error": 500,
}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(
        description="A dotted path from the top of the body, or the parameter's name."
    )
    detail: str


class Problem(BaseModel):
    """A problem (RFC 9457). `code` never changes; `detail` says what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not Found",
                    "status": 404,
                    "code": "unknown_source",
                    "detail": "no source has the key 'telegram-sale'; create it first, or look "
                    "at the list of sources for the right key.",
                    "errors": [{"field": "source", "detail": "no source has this key"}],
                }
            ]
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = []
    current: dict[str, Any] | MISSING = Field(
        default=MISSING,
        description="For `changed_meanwhile`: the current state, as its GET shows it.",
    )
    lead_id: UUID | MISSING = Field(
        default=MISSING, description="For `identity_taken`: the lead that has the identity."
    )
    earliest: int | MISSING = Field(
        default=MISSING,
        description="For `events_gone`: the number of the first event kept.",
    )
    request_id: str | MISSING = Field(
        default=MISSING,
        description="The same as the header X-Request-Id; it is also in the log. Items of a batch "
        "have none.",
    )


class Refusal(HTTPException):
    """A request that is refused before it reaches a use case."""

    def __init__(self, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(STATUSES[code], detail, headers)
        self.code = code


_PLACES = {("body",), ("query",), ("path",), ("header",)}
"""Where a field is; pydantic puts it before the field's name, and people know it anyway."""


def problem(code: str, detail: str, errors: Sequence[FieldProblem] = ()) -> Problem:
    """Describe a problem; the status follows from the code."""
    status = STATUSES[code]
    return Problem(
        title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, errors=[*errors]
    )


def problem_of(error: DomainError | StorageUnavailable) -> Problem:
    """Describe an error of a use case."""
    if isinstance(error, Overloaded):
        return problem("overloaded", f"{error} Nothing was changed; try again shortly.")
    if isinstance(error, OutcomeUnknown):
        return problem(
            "outcome_unknown",
            f"{error} Either all of it was stored, or nothing. Send it again; send a registration "
            "with the same idempotency key.",
        )
    if isinstance(error, StorageUnavailable):
        return problem("storage_unavailable", f"{error} Nothing was changed; try again shortly.")
    fields = [] if error.field is None else [FieldProblem(field=error.field, detail=error.detail)]
    described = problem(error.code, error.detail, fields)
    if isinstance(error, IdentityTaken) and error.lead_id is not None:
        described.lead_id = error.lead_id
    if isinstance(error, EventsGone):
        described.earliest = error.earliest
    return described


def problem_of_validation(errors: Sequence[Any]) -> Problem:
    """Describe what pydantic found, naming each field."""
    fields = [
        FieldProblem(field=_field(tuple(each["loc"])), detail=str(each["msg"])) for each in errors
    ]
    return problem(
        "validation_failed",
        "; ".join(f"{each.field}: {each.detail}" for each in fields[:5])
        + ("; and more" if len(fields) > 5 else ""),
        fields,
    )


def _field(place: tuple[object, ...]) -> str:
    if place[:1] == ("query",):
        # The position among several values of one name is nothing that the caller has written.
        place = place[:2]
    return ".".join(map(str, place[place[:1] in _PLACES :])) or "body"


def documented(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Say in the OpenAPI document which problems a route answers, with an example of each.

    Args:
        codes: besides `storage_unavailable`, refusals from before the route is found, a query that
            the call does not take, and a body that does not arrive.
    """
    late = ["request_timeout"] if "malformed_json" in codes else []
    return _described([*_GATE, *codes, "validation_failed", *late, "storage_unavailable"])


def _described(codes: Iterable[str]) -> dict[int | str, dict[str, Any]]:
    responses: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status = STATUSES[code]
        entry = responses.setdefault(
            status,
            {
                "description": HTTPStatus(status).phrase,
                "content": {
                    MEDIA_TYPE: {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "examples": {},
                    }
                },
            },
        )
        if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
            entry["headers"] = {"Retry-After": header("Seconds after which to try again.")}
        entry["content"][MEDIA_TYPE]["examples"][code] = {
            "summary": SUMMARIES[code],
            "value": problem(code, SUMMARIES[code]).model_dump(),
        }
    return responses


_GATE: Final = (
    "unauthenticated",
    "forbidden",
    "protected_mode",
    "rate_limited",
    "headers_too_large",
)


def header(description: str) -> dict[str, Any]:
    """Describe a header that a response always has."""
    return {"description": description, "schema": {"type": "string"}, "required": True}


def created(more: Mapping[str, Any] | None = None) -> dict[int | str, dict[str, Any]]:
    """Say in the OpenAPI document that a 201 tells where the new thing is.

    Args:
        more: further headers that it has.
    """
    headers = {"Location": header("The address of the new resource."), **(more or {})}
    return {201: {"description": "Created", "headers": headers}}


def _summaries() -> dict[str, str]:
    """Return a sentence for every code; those of the domain begin the docstrings of its errors."""
    first = {each.code: str(each.__doc__).splitlines()[0] for each in DomainError.__subclasses__()}
    return first | {
        "unauthenticated": "The call carries no valid key.",
        "forbidden": "The key's role, or the source that it is bound to, does not permit this.",
        "protected_mode": "No key has been made, and the call came from another machine.",
        "validation_failed": "A field is missing, unknown, or not what it should be.",
        "malformed_json": "The body is not JSON.",
        "unsupported_media_type": "The body is not declared as JSON, or is compressed.",
        "body_too_large": "The body is larger than this call takes.",
        "headers_too_large": "There are more than 100 headers, or 64 KiB of them.",
        "request_timeout": "The request did not arrive in time; the connection is closed.",
        "rate_limited": "The key has made more calls than the service's settings allow.",
        "not_found": "There is nothing at this address.",
        "method_not_allowed": "This method does not work at this address.",
        "storage_unavailable": "The storage is unavailable; nothing was changed.",
        "outcome_unknown": "The storage went away during a commit: all was stored, or nothing.",
        "overloaded": "More requests are waiting than can be answered soon.",
        "internal_error": "A defect in the service.",
    }


SUMMARIES: Final = _summaries()
"""What each code means, in a sentence."""
QUERY_PROBLEMS: Final = _described(["validation_failed"])
"""The same for a call that needs neither a key nor the storage."""


def answer(described: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Send a problem."""
    asked = request_id.get()
    body = described.model_dump(mode="json") | ({} if asked is None else {"request_id": asked})
    return JSONResponse(
        body,
        described.status,
        headers=None if headers is None else dict(headers),
        media_type=MEDIA_TYPE,
    )


async def _on_domain_error(_: Request, error: Exception) -> JSONResponse:
    return answer(problem_of(cast(DomainError, error)))


async def _on_storage_unavailable(_: Request, error: Exception) -> JSONResponse:
    return answer(problem_of(cast(StorageUnavailable, error)), {"Retry-After": str(RETRY_AFTER)})


async def _on_validation_error(_: Request, error: Exception) -> JSONResponse:
    return answer(problem_of_validation(cast(RequestValidationError, error).errors()))


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    error = cast(HTTPException, error)
    headers = error.headers
    if isinstance(error, Refusal):
        return answer(problem(error.code, error.detail), headers)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        works = allowed(request.scope)
        return answer(
            problem("method_not_allowed", f"{request.method} does not work here; use {works}."),
            {"Allow": works},
        )
    if error.status_code == HTTPStatus.NOT_FOUND:
        root = request.scope.get("app_root_path", request.scope.get("root_path", ""))
        return answer(
            problem(
                "not_found",
                f"there is nothing at {request.url.path}; {root}/docs lists every call.",
            )
        )
    return answer(problem("malformed_json", f"{error.detail}."), headers)


async def _on_defect(_: Request, error: Exception) -> JSONResponse:
    logger.error("a request failed because of a defect in the service", exc_info=error)
    return answer(
        problem("internal_error", "the service has a defect; its log says where. Please report it.")
    )


_HANDLERS = {
    DomainError: _on_domain_error,
    StorageUnavailable: _on_storage_unavailable,
    RequestValidationError: _on_validation_error,
    HTTPException: _on_http_exception,
    Exception: _on_defect,
}


async def answer_error(request: Request, error: Exception) -> JSONResponse:
    """Answer an error."""
    return await next(
        handle(request, error) for kind, handle in _HANDLERS.items() if isinstance(error, kind)
    )


def install(app: FastAPI) -> None:
    """Make an application answer every error as a problem."""
    for kind in _HANDLERS:
        app.add_exception_handler(kind, answer_error)
