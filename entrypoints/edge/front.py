"""The short path of a registration: from its bytes to the use case and back."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple, get_type_hints

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from entrypoints.edge.bodies import BODY_LIMIT, Handler, read_json_bytes
from entrypoints.edge.metrics import ROUTED
from entrypoints.edge.problems import Refusal, answer_error

_JSON: Final = (b"content-type", b"application/json")


class Answer(NamedTuple):
    """What a lean endpoint returns: JSON, and headers besides those that every response has."""

    status: int
    content: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()

    @property
    def all_headers(self) -> list[tuple[bytes, bytes]]:
        """Every header of the answer."""
        return [(b"content-length", str(len(self.content)).encode()), _JSON, *self.headers]


Lean = Callable[[Scope, Receive], Awaitable[Answer]]


class LeanRoute(APIRoute):
    """A route for one body in and one answer out, without FastAPI's own path between them.

    The endpoint is declared and documented like any other, with a parameter `body`. It is called
    with that body, validated by one call of pydantic-core, and with the request. It returns an
    Answer.
    """

    def lean(self) -> Lean:
        """Return a function that validates a body from its bytes and calls the endpoint."""
        endpoint = self.endpoint
        body_type: TypeAdapter[Any] = TypeAdapter(get_type_hints(endpoint)["body"])
        validate = body_type.validator.validate_json

        async def lean(scope: Scope, receive: Receive) -> Answer:
            raw = await read_json_bytes(dict(scope["headers"]), receive, BODY_LIMIT)
            try:
                body = validate(raw)
            except ValidationError as error:
                errors = error.errors(include_url=False, include_input=False)
                if errors[0]["type"] == "json_invalid":
                    raise Refusal(
                        "malformed_json", f"the body is not JSON: {errors[0]['msg']}."
                    ) from error
                raise RequestValidationError(errors) from error
            answer: Answer = await endpoint(body=body, request=Request(scope))
            return answer

        return lean

    def get_route_handler(self) -> Handler:
        """Answer a call that came through the router: the service is mounted in another one."""
        lean = self.lean()

        async def handle(request: Request) -> Response:
            answer = await lean(request.scope, request.receive)
            response = Response(answer.content, answer.status)
            response.raw_headers = answer.all_headers
            return response

        return handle


class FrontDoor:
    """Answers lean routes, and their errors, before anything else runs.

    Every other call goes through exit stacks, the search for its route and a dozen wrappers; a
    registration needs none of them. Measured with a use case that does nothing: 70 us a call
    through them, and 45 us without.

    Args:
        app: what is behind it.
        routes: the lean ones.
        root: the path that the service is served under.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[LeanRoute], root: str = "") -> None:
        self._app = app
        self._lean = {
            (method, f"{root}{route.path}"): (route, route.lean())
            for route in routes
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a lean call, or pass it on."""
        scope[ROUTED] = True
        found = self._lean.get((scope["method"], scope["path"])) if "method" in scope else None
        # None of them takes a query: `Queries`, further in, refuses it.
        if found is None or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        scope["route"], lean = found
        try:
            answer = await lean(scope, receive)
            await send(
                {
                    "type": "http.response.start",
                    "status": answer.status,
                    "headers": answer.all_headers,
                }
            )
            await send({"type": "http.response.body", "body": answer.content})
        except Exception as error:  # noqa: BLE001 -- whatever it is, the client gets an answer
            response = await answer_error(Request(scope, receive), error)
            await response(scope, receive, send)
