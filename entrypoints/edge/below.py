"""Below a path of a host that serves other things, too: https://example.com/fairlead/."""

from starlette.types import ASGIApp, Receive, Scope, Send


class Below:
    """Puts the service below a path, whether or not a proxy takes the path off its requests.

    What begins with the path is below it already. Anything else has lost it on the way, or comes
    from this machine, such as a look at /healthz. A path that the service itself has is none to
    stand below, so the two cannot be taken for each other; the settings see to that.

    Args:
        app: what is put there.
        root: the path, such as `/fairlead`, without a slash at its end.
    """

    def __init__(self, app: ASGIApp, root: str) -> None:
        self._app = app
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with where it goes to as ASGI has it: the whole path, and its root."""
        if scope["type"] == "http":
            path: str = scope["path"]
            if path == self._root:
                path = f"{path}/"
            elif not path.startswith(f"{self._root}/"):
                path = f"{self._root}{path}"
            # A copy: the server logs what it was asked for.
            scope = {**scope, "path": path, "root_path": self._root}
        await self._app(scope, receive, send)
