"""How bodies are read: bounded in size and time, declared as JSON, and strictly JSON."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.types import Message, Receive

from entrypoints.edge.problems import Refusal

BODY_LIMIT: Final = 64 * 1024
ALLOCATIONS_LIMIT: Final = 128 * 1024
"""A thousand allocations take some 75 KB, more than other bodies may have."""
BATCH_LIMIT: Final = 4 * 1024 * 1024
PATIENCE: Final = 10.0
"""Seconds in which a body has to arrive once it is being read."""
_JSON: Final = b"application/json"
_BOM: Final = b"\xef\xbb\xbf"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class JsonRequest(Request):
    """A request whose body is JSON in UTF-8 of a limited size."""

    limit = BODY_LIMIT

    async def body(self) -> bytes:
        """Read the body, no further than the limit.

        Raises:
            Refusal: it is too large, or not declared as JSON.
        """
        if not hasattr(self, "_body"):
            self._body = await read_json_bytes(
                dict(self.scope["headers"]), self.receive, self.limit
            )
        return self._body

    async def json(self) -> Any:
        """Parse the body.

        The parser refuses what Python's takes and a database does not: lone surrogates, NaN and
        infinities. It also bounds the depth.
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
    """Read a body like `read_bytes`; it must be declared as JSON.

    A byte order mark in front is removed: editors and PowerShell write one, and no parser takes it.

    Raises:
        Refusal: also if it is not declared as JSON.
    """
    body = await read_bytes(headers, receive, limit)
    if body:
        media_type = headers.get(b"content-type", b"")
        if media_type != _JSON and media_type.partition(b";")[0].strip().lower() != _JSON:
            raise Refusal(
                "unsupported_media_type",
                f"send the body as JSON with the header Content-Type: {_JSON.decode()}.",
            )
    return body.removeprefix(_BOM)


async def read_bytes(
    headers: Mapping[bytes, bytes], receive: Receive, limit: int, patience: float = PATIENCE
) -> bytes:
    """Read a body, no further than the limit and no longer than the patience.

    Args:
        headers: of the request, by their names in lower case.
        receive: the request's messages, none of them received yet.
        limit: bytes.
        patience: seconds.

    Raises:
        Refusal: it is compressed, or too large, or did not arrive in time.
    """
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and (len(announced) > 18 or int(announced) > limit):
        raise _too_large(limit)
    if headers.get(b"content-encoding", b"identity") != b"identity":
        # A compressed body may be a thousand times as long as its Content-Length says.
        raise Refusal(
            "unsupported_media_type", "send the body uncompressed, without Content-Encoding."
        )
    # Nearly always all of it has come with the headers, and then no timer is set: with one for each
    # request there are 0.96 of the registrations (bare bodies, 32 connections).
    first = begin(receive)
    if isinstance(first, Begun):
        return await _rest(b"", receive, limit, patience, first)
    body = _chunk(first)
    if len(body) > limit:
        raise _too_large(limit)
    if not first.get("more_body", False):
        return body
    return await _rest(body, receive, limit, patience)


async def _rest(
    body: bytes,
    receive: Receive,
    limit: int,
    patience: float,
    first: Awaitable[Message] | None = None,
) -> bytes:
    """Read the rest of a body.

    Args:
        body: what has arrived.
        receive: the messages after the first.
        limit: bytes of the whole body.
        patience: seconds.
        first: a message that is already being waited for.
    """
    # Joined once, at the end: joining a million small chunks one by one would copy the body a
    # million times.
    chunks, size, more = [body], len(body), True
    try:
        async with asyncio.timeout(patience):
            while more:
                message = await (receive() if first is None else first)
                first = None
                chunks.append(_chunk(message))
                size += len(chunks[-1])
                if size > limit:
                    raise _too_large(limit)
                more = message.get("more_body", False)
    except TimeoutError:
        raise Refusal(
            "request_timeout",
            f"the body did not arrive within {patience:.0f} s; send it without pauses.",
            {"Connection": "close"},
        ) from None
    return b"".join(chunks)


def _chunk(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise Refusal("malformed_json", "the body ended before it was complete.")
    chunk: bytes = message.get("body", b"")
    return chunk


def begin(receive: Receive) -> "Message | Begun":
    """Receive a message without ever waiting: the message, or what to await for it."""
    coming = receive().__await__()
    try:
        return Begun(next(coming), coming)
    except StopIteration as came:
        message: Message = came.value
        return message


class Begun(Generator[Any, None, Message]):
    """A message that was awaited by hand up to its first wait; awaiting this goes on from there."""

    def __init__(self, pending: Any, rest: Generator[Any, None, Message]) -> None:
        self._pending = [pending]
        self._rest = rest

    def __await__(self) -> Generator[Any, None, Message]:
        return self

    def send(self, value: None) -> Any:
        """Go on."""
        return self._pending.pop() if self._pending else self._rest.send(value)

    def throw(self, *error: Any) -> Any:
        """Be cancelled."""
        return self._rest.throw(*error)


def _too_large(limit: int) -> Refusal:
    return Refusal("body_too_large", f"the body is over {limit} bytes; send less at a time.")
