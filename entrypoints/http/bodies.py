"""How bodies are read: bounded, announced as JSON, and JSON by the letter."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.types import Receive

from entrypoints.http.problems import Refusal

BODY_LIMIT: Final = 64 * 1024
ALLOCATIONS_LIMIT: Final = 128 * 1024
"""A thousand allocations take some 75 KB, more than other bodies may have."""
BATCH_LIMIT: Final = 4 * 1024 * 1024
_JSON: Final = b"application/json"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class JsonRequest(Request):
    """A request whose body is JSON in UTF-8 of a limited size."""

    limit = BODY_LIMIT

    async def body(self) -> bytes:
        """Read the body, no further than the limit.

        Raises:
            Refusal: it is too large, or not announced as JSON.
        """
        if not hasattr(self, "_body"):
            self._body = await read_json_bytes(
                dict(self.scope["headers"]), self.receive, self.limit
            )
        return self._body

    async def json(self) -> Any:
        """Parse the body.

        The parser refuses what Python's takes and a database does not: lone surrogates, NaN and
        infinities; it is also bounded in depth.
        """
        body = await self.body()
        try:
            return from_json(body, allow_inf_nan=False, cache_strings="none")
        except ValueError as error:
            raise Refusal("malformed_json", f"the body is not JSON: {error}.") from error


class BatchRequest(JsonRequest):
    """A request with room for a batch."""

    limit = BATCH_LIMIT


class AllocationsRequest(JsonRequest):
    """A request with room for all the allocations that a source can have."""

    limit = ALLOCATIONS_LIMIT


class JsonRoute(APIRoute):
    """A route that reads its body as a JsonRequest."""

    request_class: type[JsonRequest] = JsonRequest

    def get_route_handler(self) -> Handler:
        """Hand the route its own kind of request."""
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            return await handle(self.request_class(request.scope, request.receive))

        return handle_json


class BatchRoute(JsonRoute):
    """A route that reads its body as a BatchRequest."""

    request_class = BatchRequest


class AllocationsRoute(JsonRoute):
    """A route that reads its body as an AllocationsRequest."""

    request_class = AllocationsRequest


async def read_json_bytes(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Read a body, no further than the limit.

    Args:
        headers: of the request, by their names in lower case.
        receive: the request's messages, none of them received yet.
        limit: bytes.

    Raises:
        Refusal: it is too large, or not announced as JSON.
    """
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and (len(announced) > 18 or int(announced) > limit):
        raise _too_large(limit)
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal("malformed_json", "the body ended before it was complete.")
        chunk = message.get("body", b"")
        body = body + chunk if body else chunk
        if len(body) > limit:
            raise _too_large(limit)
        more = message.get("more_body", False)
    if body:
        media_type = headers.get(b"content-type", b"")
        if media_type != _JSON and media_type.partition(b";")[0].strip().lower() != _JSON:
            raise Refusal(
                "unsupported_media_type",
                f"send the body as JSON with the header Content-Type: {_JSON.decode()}.",
            )
    return body


def _too_large(limit: int) -> Refusal:
    return Refusal("body_too_large", f"the body is over {limit} bytes; send less at a time.")
