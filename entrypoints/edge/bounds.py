"""The bounds of a request's headers, checked before anything looks at them."""

from typing import Final

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from entrypoints.edge.problems import Refusal, answer_error

HEADERS: Final = 100
"""Headers that a request may have."""
HEADER_BYTES: Final = 64 * 1024
"""Bytes of their names and values."""


class Bounds:
    """Refuses requests with more headers than any client has a reason to send.

    The server has read them by then; `entrypoints.edge.protocol` bounds what our server reads. Here
    they are refused under any server.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and too_large(scope["headers"]):
            answer = await answer_error(Request(scope, receive), too_large_refusal())
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


def too_large(headers: list[tuple[bytes, bytes]]) -> bool:
    """Tell whether headers are too many or too long."""
    return len(headers) > HEADERS or sum([len(name) + len(value) for name, value in headers]) > (
        HEADER_BYTES
    )


def too_large_refusal() -> Refusal:
    """Return the refusal of such a request."""
    return Refusal(
        "headers_too_large",
        f"send no more than {HEADERS} headers, and no more than {HEADER_BYTES} bytes of them.",
    )
