"""Errors as RFC 9457 problem details, all in one form."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import MISSING, BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from application.ports.failures import OutcomeUnknown, Overloaded, StorageUnavailable
from domain.errors import DomainError, EventsGone, IdentityTaken
from entrypoints.edge.calls import allowed, root_of
from entrypoints.edge.problem_types import STATUSES, TYPES, place
from entrypoints.edge.request_ids import request_id

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 1
"""Seconds after which a client may repeat a call that failed because the storage was away."""


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(
        description="A dotted path from the top of the body, or the parameter's name."
    )
    detail: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """A problem (RFC 9457). `code` never changes; `detail` says what to do."""

    type: str = Field(
        json_schema_extra={"format": "uri-reference"},
        description="The address of a page about problems with this `code`.",
    )
    title: str = Field(description="The `code` in words.")
    status: int = Field(description="The status of the answer; of an item of a batch, its own.")
    code: str = Field(description="What went wrong; programs tell problems apart by it.")
    detail: str = Field(description="What went wrong this time, and what to do, for a person.")
    errors: list[FieldProblem] = Field(
        default=[], description="The fields that are wrong, if any are."
    )
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

    def below(self, root: str) -> "Problem":
        """Return it with the page below the path that the service is served under."""
        return self.model_copy(update={"type": place(self.code, root)}) if root else self


class Refusal(HTTPException):
    """A request that is refused before it reaches a use case."""

    def __init__(self, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(STATUSES[code], detail, headers)
        self.code = code


_PLACES = {("body",), ("query",), ("path",), ("header",)}
"""Where a field is; pydantic puts it before the field's name, and people know it anyway."""


def problem(code: str, detail: str, errors: Sequence[FieldProblem] = ()) -> Problem:
    """Describe a problem; type, title and status follow from the code."""
    found = TYPES[code]
    return Problem(
        type=place(code),
        title=found.title,
        status=found.status,
        code=code,
        detail=detail,
        errors=[*errors],
    )


def example(code: str, root: str = "") -> dict[str, Any]:
    """Return a problem as an answer shows it, without the id of a request.

    Args:
        code: the problem's.
        root: the path that the service is served under.
    """
    found = TYPES[code]
    fields = [FieldProblem(field=field, detail=detail) for field, detail in found.errors]
    shown = problem(code, found.detail, fields).below(root)
    return {**shown.model_dump(), **found.more}


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
            "summary": TYPES[code].meaning,
            "value": example(code),
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


QUERY_PROBLEMS: Final = _described(["validation_failed"])
"""The same for a call that needs neither a key nor the storage."""


def answer(
    described: Problem, scope: Scope, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Send a problem to the caller of `scope`."""
    asked = request_id.get()
    body = described.below(root_of(scope)).model_dump(mode="json")
    return JSONResponse(
        body | ({} if asked is None else {"request_id": asked}),
        described.status,
        headers=None if headers is None else dict(headers),
        media_type=MEDIA_TYPE,
    )


async def _on_domain_error(request: Request, error: Exception) -> JSONResponse:
    return answer(problem_of(cast(DomainError, error)), request.scope)


async def _on_storage_unavailable(request: Request, error: Exception) -> JSONResponse:
    described = problem_of(cast(StorageUnavailable, error))
    return answer(described, request.scope, {"Retry-After": str(RETRY_AFTER)})


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    errors = cast(RequestValidationError, error).errors()
    return answer(problem_of_validation(errors), request.scope)


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    error = cast(HTTPException, error)
    headers, scope = error.headers, request.scope
    if isinstance(error, Refusal):
        return answer(problem(error.code, error.detail), scope, headers)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        works = allowed(scope)
        return answer(
            problem("method_not_allowed", f"{request.method} does not work here; use {works}."),
            scope,
            {"Allow": works},
        )
    if error.status_code == HTTPStatus.NOT_FOUND:
        return answer(
            problem(
                "not_found",
                f"there is nothing at {request.url.path}; {root_of(scope)}/docs lists every call.",
            ),
            scope,
        )
    return answer(problem("malformed_json", f"{error.detail}."), scope, headers)


async def _on_defect(request: Request, error: Exception) -> JSONResponse:
    logger.error("a request failed because of a defect in the service", exc_info=error)
    return answer(
        problem(
            "internal_error", "the service has a defect; its log says where. Please report it."
        ),
        request.scope,
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
