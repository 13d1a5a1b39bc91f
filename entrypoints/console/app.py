"""The console: pages for people over the same use cases that the API calls."""

from collections.abc import Callable
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application.fairlead import Fairlead
from application.intake import Intake
from application.ports.failures import StorageUnavailable
from application.ports.sender import Trying
from domain.actor import Actor
from domain.errors import DomainError
from entrypoints.console import (
    acting,
    audit,
    contact_list,
    contacts,
    delivering,
    endpoints,
    leads,
    operators,
    overview,
    preferences,
    report,
    signing,
    sources,
    statistics,
    trying,
    weighing,
)
from entrypoints.console.filled import Sentence, sentence_of
from entrypoints.console.pages import STATIC, page
from entrypoints.console.words import FOREIGN, NOWHERE, PROBLEMS
from entrypoints.edge.calls import allowed
from entrypoints.edge.keyring import Keyring
from entrypoints.edge.live import Live
from entrypoints.edge.problem_types import STATUSES
from entrypoints.edge.problems import RETRY_AFTER, Refusal
from entrypoints.edge.routes import add_routes
from entrypoints.edge.writing import Writing

_SAFE = {
    # Everything comes from this host, and no script stands in a page: whatever people have typed
    # stays text.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class _Headers:
    """Adds the console's headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_SAFE)
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                # Pages show people's data: browsers must not keep them. Files are the same for
                # everyone until the next release: browsers keep them, and ask whether they changed.
                kept = scope["path"].startswith(f"{scope.get('root_path', '')}/static/")
                headers.setdefault("Cache-Control", "no-cache" if kept else "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def create_console(
    fairlead: Fairlead,
    writing: Writing,
    intake: Intake,
    live: Live,
    keyring: Keyring,
    fill: Callable[[Actor], None],
    try_out: Trying,
) -> FastAPI:
    """Build the console, to be mounted below the API.

    Args:
        fairlead: the use cases and queries.
        writing: carries out commands.
        intake: registers contacts.
        live: tells pages about changes.
        keyring: knows who a key belongs to.
        fill: puts demo data into an empty storage.
        try_out: sends an endpoint a message at once.
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    app.add_middleware(_Headers)
    app.mount("/static", StaticFiles(directory=STATIC), name="console-static")
    add_routes(
        app,
        overview.router(fairlead, live, keyring, fill),
        sources.router(fairlead, writing),
        operators.router(fairlead, writing),
        acting.router(fairlead, writing),
        contact_list.router(fairlead, writing),
        contacts.router(fairlead, writing),
        leads.router(fairlead, writing),
        trying.router(fairlead, intake),
        statistics.router(fairlead),
        report.router(fairlead),
        weighing.router(fairlead, writing),
        audit.router(fairlead),
        endpoints.router(fairlead),
        delivering.router(fairlead, writing, try_out),
        preferences.router(),
        signing.router(fairlead, writing, keyring),
    )
    app.add_exception_handler(DomainError, _refused)
    app.add_exception_handler(StorageUnavailable, _away)
    app.add_exception_handler(HTTPException, _not_found)
    app.add_exception_handler(RequestValidationError, _malformed)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, DomainError):
        raise error
    return page(request, "problem", STATUSES[error.code], problem=sentence_of(error))


def _away(request: Request, error: Exception) -> Response:
    response = page(request, "away", HTTPStatus.SERVICE_UNAVAILABLE, detail=str(error))
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


async def _not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    problem = FOREIGN if status == HTTPStatus.FORBIDDEN else NOWHERE
    if isinstance(error, Refusal):
        problem = PROBLEMS[error.code]
    response = page(request, "problem", status, problem=Sentence(problem))
    response.headers.update(getattr(error, "headers", None) or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        # The router names the methods of one route; the address may have others.
        response.headers["Allow"] = allowed(request.scope)
    return response


def refusal_page(request: Request, error: Refusal | StorageUnavailable) -> ASGIApp:
    """Return the page that a browser is shown for a call to the console that was not let in.

    Args:
        request: its root path is that of the console.
        error: why it was not let in.
    """
    if isinstance(error, StorageUnavailable):
        return _Headers(_away(request, error))
    problem = Sentence(PROBLEMS[error.code])
    return _Headers(page(request, "problem", error.status_code, problem=problem))


async def _malformed(request: Request, error: Exception) -> Response:
    del error
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return page(request, "problem", status, problem=Sentence(NOWHERE))
