"""The short way of a registration: from its bytes to the use case and back."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, get_type_hints

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from entrypoints.http.bodies import BODY_LIMIT, Handler, read_json_bytes
from entrypoints.http.problems import HANDLED, Refusal, answer_error


class LeanRoute(APIRoute):
    """A route for one body in and one answer out, without FastAPI's way between them.

    The endpoint is declared and documented like any other, with a parameter `body`; what it is
    called with is that body, validated by one call of pydantic-core, and the request. It returns
    a Response.
    """

    def get_route_handler(self) -> Handler:
        """Validate the body from its bytes and call the endpoint."""
        endpoint = self.endpoint
        body_type: TypeAdapter[Any] = TypeAdapter(get_type_hints(endpoint)["body"])

        async def handle(request: Request) -> Response:
            raw = await read_json_bytes(request, BODY_LIMIT)
            try:
                body = body_type.validate_json(raw)
            except ValidationError as error:
                errors = error.errors(include_url=False, include_input=False)
                if errors[0]["type"] == "json_invalid":
                    raise Refusal(
                        "malformed_json", f"the body is not JSON: {errors[0]['msg']}."
                    ) from error
                raise RequestValidationError(errors) from error
            response: Response = await endpoint(body=body, request=request)
            return response

        return handle


class FrontDoor:
    """Lets lean routes in before the router is asked, and answers their errors itself.

    Exit stacks, the search for the route and five layers of wrappers serve every other call; a
    registration needs none of them, and they took two fifths of what HTTP costs it.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[LeanRoute]) -> None:
        self._app = app
        self._lean = {
            (method, route.path): (SimpleNamespace(path=route.path), route.get_route_handler())
            for route in routes
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a lean call, or pass it on."""
        lean = scope["type"] == "http" and self._lean.get((scope["method"], scope["path"]))
        if not lean:
            await self._app(scope, receive, send)
            return
        scope["route"], handle = lean
        request = Request(scope, receive, send)
        try:
            response = await handle(request)
        except HANDLED as error:
            response = await answer_error(request, error)
        await response(scope, receive, send)
