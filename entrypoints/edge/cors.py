"""Pages of other origins that may call the API: CORS, as browsers know it.

It opens nothing that a key does not open. A page has to send one: a cookie of the console gives no
access to /v1, and the console is not shared.
"""

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from entrypoints.edge.calls import path_of

_METHODS: Final = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_SENT: Final = (
    *("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"),
    *("Last-Event-ID", "X-Request-Id"),
)
"""Headers that a page may send besides those that any page may."""
_SHOWN: Final = (
    *("ETag", "Idempotency-Replayed", "Location", "Retry-After", "X-Request-Id"),
    *("RateLimit", "RateLimit-Policy"),
)
"""Headers of an answer that a page may read besides those that any page may."""


class Cors(CORSMiddleware):
    """Lets pages of some origins call /v1, and answers what their browsers ask beforehand.

    It stands before the gate: browsers ask without a key, and a page can read an error only if the
    headers are on it, whoever refused the call. If no origin is set, this layer is left out.

    Args:
        app: what is behind it.
        origins: of the pages, such as `https://crm.example.com`.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_SHOWN,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer what a browser asks."""
        if scope["type"] == "http" and path_of(scope).startswith("/v1/"):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Say what a page may do; its browser compares that with what the page wants.

        Starlette would compare as well, and answer 400 with a text that is not a problem.
        """
        headers = dict(self.preflight_headers)
        origin = request_headers["origin"]
        if self.is_allowed_origin(origin):
            headers["Access-Control-Allow-Origin"] = origin
        return Response(status_code=204, headers=headers)
