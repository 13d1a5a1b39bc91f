"""Below a path of a host that also serves other things: https://example.com/fairlead/."""

from starlette.types import ASGIApp, Receive, Scope, Send


class Below:
    """Puts the service below a path, whether or not a proxy takes the path off its requests.

    A request that begins with the path is passed on as it is. Any other has lost it on the way, or
    comes from this machine, such as a check of /healthz. The two cannot be confused: the settings
    refuse a path that the service uses itself.

    Args:
        app: the service.
        root: the path, such as `/fairlead`, without a slash at its end.
    """

    def __init__(self, app: ASGIApp, root: str) -> None:
        self._app = app
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its path as ASGI wants it: the whole path, and its root."""
        if scope["type"] == "http":
            path: str = scope["path"]
            if path == self._root:
                path = f"{path}/"
            elif not path.startswith(f"{self._root}/"):
                path = f"{self._root}{path}"
            # A copy: the server logs the path that it was asked for.
            scope = {**scope, "path": path, "root_path": self._root}
        await self._app(scope, receive, send)
