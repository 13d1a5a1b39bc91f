"""HEAD and OPTIONS, which every call has without its route saying so."""

from functools import partial

from anyio import CancelScope
from fastapi import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints.edge.calls import METHODS, ROOT, Calls, allowed, path_of


class Methods:
    """Answers HEAD as GET without the body, and OPTIONS with the methods that a path has.

    What is refused before the route is looked for never gets here; servers send no body to HEAD.
    """

    def __init__(self, app: ASGIApp, calls: Calls) -> None:
        self._app = app
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] == "http":
            # For the code that answers errors, wherever that is.
            scope[METHODS] = partial(self._calls.methods, path_of(scope))
            scope[ROOT] = scope.get("root_path", "")
            if scope["method"] == "HEAD":
                await self._head(scope, receive, send)
                return
            if scope["method"] == "OPTIONS":
                await self._options(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the start of what GET answers, and drop the rest: a stream has no end."""
        # A copy: the server tells by the method that there is no body.
        asked = {**scope, "method": "GET"}
        with CancelScope() as rest:

            async def send_start(message: Message) -> None:
                if message["type"] == "http.response.start":
                    await send(message)
                    await send({"type": "http.response.body", "body": b""})
                    rest.cancel()

            await self._app(asked, receive, send_start)
        if "route" in asked:
            scope["route"] = asked["route"]

    async def _options(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = next(self._calls.at(path_of(scope)), None)
        if found is None or (found.files and not await self._is_there(scope, receive)):
            await self._app({**scope, "method": "GET"}, receive, send)
            return
        scope["route"] = found
        await Response(status_code=204, headers={"Allow": allowed(scope)})(scope, receive, send)

    async def _is_there(self, scope: Scope, receive: Receive) -> bool:
        status = 404

        async def look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]

        await self._head(scope, receive, look)
        return status < 400
