"""The gate before everything: who calls, and whether they may."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from fastapi import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application.ports.failures import StorageUnavailable
from domain.access import ApiKey, Permission
from domain.actor import LOCAL
from entrypoints.edge.access import VIEWED, is_open, needed
from entrypoints.edge.bodies import Begun, begin
from entrypoints.edge.calls import path_of
from entrypoints.edge.keyring import Keyring
from entrypoints.edge.origins import is_foreign, is_local
from entrypoints.edge.problems import Refusal, answer_error
from entrypoints.edge.sessions import cookie, key_of_session
from entrypoints.edge.writing import ACTOR

KEY: Final = "fairlead.key"
"""Where a request's scope holds the caller's key; None while no key has been made."""

_BROWSED: Final = ("/console/", "/docs", "/openapi.json", "/static/")
"""Where a console session counts as well: browsers send no other credentials by themselves."""

Page = Callable[[Request, Refusal | StorageUnavailable], ASGIApp]


class Gate:
    """Lets in callers that have a key whose role permits the call.

    Until a key is made, callers on this machine may do everything and no others anything: a service
    that was started and forgotten is not open to the world.

    Args:
        app: what is behind it.
        keyring: whom a key belongs to.
        page: what a browser is shown if its call to the console is not let in.
    """

    def __init__(self, app: ASGIApp, keyring: Keyring, page: Page) -> None:
        self._app = app
        self._keyring = keyring
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a call in, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = path_of(scope)
        scope[KEY] = None
        try:
            if is_open(path):
                # The caller of an open path is not an actor, unless a session says who it is.
                key = scope[KEY] = await _look(self._keyring, scope, path)
            else:
                if self._keyring.stale:
                    receive = _ahead(receive)
                key = scope[KEY] = await identify(self._keyring, scope, path)
                permission = None if key is None else needed(scope["method"], path)
                if permission is not None:
                    require(key, permission)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the client gets an answer
            await self._refuse(error, scope, receive, send)
            return
        if key is not None:
            scope[ACTOR] = self._keyring.actor(key)
        elif not is_open(path):
            scope[ACTOR] = LOCAL
        await self._app(scope, receive, send)

    async def _refuse(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        unknown = isinstance(error, Refusal) and error.code == "unauthenticated"
        console = f"{scope.get('root_path', '')}/console"
        if "text/html" in request.headers.get("accept", ""):
            if unknown and scope["method"] in {"GET", "HEAD", "POST"}:
                await RedirectResponse(f"{console}/sign-in", 303)(scope, receive, send)
                return
            if path_of(scope).startswith("/console/") and isinstance(
                error, Refusal | StorageUnavailable
            ):
                shown = Request({**scope, "root_path": console}, receive)
                await self._page(shown, error)(scope, receive, send)
                return
        answer = await answer_error(request, error)
        if unknown:
            answer.headers["WWW-Authenticate"] = "Bearer"
            if "hx-request" in request.headers:
                # Only a part of an open page was asked for: the whole page goes to sign-in.
                answer.headers["HX-Redirect"] = f"{console}/sign-in"
        await answer(scope, receive, send)


async def is_admitted(keyring: Keyring, scope: Scope, path: str) -> bool:
    """Tell whether a call that has been let in, and lasts, would still be let in."""
    try:
        await identify(keyring, scope, path)
    except Refusal:
        return False
    except StorageUnavailable:
        """Nothing can be read now; this is asked again when the storage is back."""
    return True


async def identify(keyring: Keyring, scope: Scope, path: str) -> ApiKey | None:
    """Return the valid key that a call is made with.

    Args:
        keyring: whom a key belongs to.
        scope: the call.
        path: what is called, below the path that the service is served under.

    Returns:
        None if no key has been made, and the call comes from this machine.

    Raises:
        Refusal: the call has no valid key, or comes from elsewhere before a key has been made.
        StorageUnavailable: the keys cannot be read.
    """
    try:
        await keyring.refresh()
    except StorageUnavailable as error:
        # The error names the database: not for a caller that has shown no key and is not on this
        # machine. The log has it.
        if is_local(scope, dict(scope["headers"])):
            raise
        raise StorageUnavailable("API keys cannot be read just now.") from error
    if keyring.empty:
        headers = dict(scope["headers"])
        if not is_local(scope, headers):
            raise Refusal("protected_mode", _PROTECTED)
        if is_foreign(scope["method"], headers):
            raise Refusal("protected_mode", _FOREIGN)
        return None
    key = _presented(keyring, scope, path)
    if key is None:
        raise Refusal(
            "unauthenticated",
            "send a valid key in the header Authorization: Bearer flk_...; an administrator "
            "makes one with `fairlead keys create`.",
        )
    return key


async def _look(keyring: Keyring, scope: Scope, path: str) -> ApiKey | None:
    """Return the key of the session that looks at an open page: the page's forms belong to it."""
    if path not in VIEWED:
        return None
    with suppress(StorageUnavailable):
        await keyring.refresh()
    return _presented(keyring, scope, path)


def _presented(keyring: Keyring, scope: Scope, path: str) -> ApiKey | None:
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    scheme, _, presented = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return keyring.find(presented.strip())
    if path.startswith(_BROWSED) or path == "/":
        session = Request(scope).cookies.get(cookie(scope))
        return None if session is None else key_of_session(session, keyring)
    return None


def _ahead(receive: Receive) -> Receive:
    """Take what has arrived of a body before a wait, and hand it out afterwards.

    Servers forget the body of a client that has hung up. Without this, a client that sent a whole
    request and left immediately would not be registered, only because the keys were being read.
    """
    taken = [begin(receive)]

    async def again() -> Message:
        message = taken.pop() if taken else await receive()
        return await message if isinstance(message, Begun) else message

    return again


def require(key: ApiKey | None, permission: Permission) -> None:
    """Refuse a call that a key does not permit; None stands for a caller on this machine.

    Raises:
        Refusal: the role does not permit it.
    """
    if key is not None and not key.permits(permission):
        raise Refusal(
            "forbidden",
            f"a key of the role {key.role.value} does not permit this; the call needs one that "
            f"may {permission.value}.",
        )


_PROTECTED: Final = (
    "no API key has been made yet, so only this machine is served. Make one with "
    "`fairlead keys create --role admin` where the service runs, and send it in the header "
    "Authorization: Bearer flk_...; a call that a proxy has passed on is not from this machine."
)
_FOREIGN: Final = (
    "no API key has been made yet, and a page of another host has sent this. Make a key with "
    "`fairlead keys create --role admin` where the service runs, and send it in the header "
    "Authorization: Bearer flk_..."
)
