"""Headers of every response: the request's id, and those that forbid framing and type guessing.

The id is also in the problem and in every line of the log about the request.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from itertools import count
from time import perf_counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

request_id: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The id of the request that is being answered. Threads that anyio starts for it see the same."""

HEADER: Final = "X-Request-Id"
_HEADER: Final = HEADER.lower().encode()
GUARDS: Final = ((b"x-content-type-options", b"nosniff"), (b"x-frame-options", b"DENY"))
"""What a browser must not do with any response: take it for another type, show it in a frame."""
Answered = Callable[[Scope, int, float], None]
"""Called with a request's final scope, its status, and the seconds that it took."""
_usable = re.compile(rb"[A-Za-z0-9._-]{1,64}").fullmatch


class RequestIds:
    """Takes the id that a request came with, or makes one, and sends it back.

    One made here is a word unique to this process, and a number: unique, and made in a fifth of the
    time of a random one.
    """

    def __init__(self, app: ASGIApp, answered: Answered) -> None:
        """Take the application behind it, and what to call for each answered request."""
        self._app = app
        self._answered = answered
        self._process = secrets.token_hex(6)
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and put its id on what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = _given(scope["headers"]) or f"{self._process}-{next(self._numbers)}"
        # Every request is a separate task, so this holds for it alone.
        request_id.set(name)

        status, started = 500, perf_counter()

        # Returns what `send` returns, for the caller to await: a coroutine around it would cost a
        # registration twice as much as everything else here.
        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (_HEADER, name.encode()),
                    *GUARDS,
                ]
            return send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._answered(scope, status, perf_counter() - started)


def _given(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == _HEADER:
            return value.decode("ascii") if _usable(value) else None
    return None
