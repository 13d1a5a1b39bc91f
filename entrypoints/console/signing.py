"""Signing in with a key, and out."""

from collections import defaultdict, deque
from http import HTTPStatus
from time import monotonic
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from application.fairlead import Fairlead
from application.keys import EndSession
from domain.access import Permission
from entrypoints.console.filled import Filled, Sentence
from entrypoints.console.pages import form, go, page, pages_below
from entrypoints.console.words import TOO_OFTEN, WRONG_KEY
from entrypoints.edge.keyring import Keyring
from entrypoints.edge.sessions import LIFETIME, cookie, read_session, session_of
from entrypoints.edge.writing import ACTOR, Writing

_TRIES: Final = 10
"""Wrong keys of one address in a minute that are told to be wrong; more are told to be too many.
There are 2**256 keys: this only keeps logs short."""
_WINDOW: Final = 60.0
_MOST_ADDRESSES: Final = 10_000


def router(fairlead: Fairlead, writing: Writing, keyring: Keyring) -> APIRouter:
    """Build the routes."""
    routes = pages_below()
    failures = _Failures()

    @routes.get("/sign-in")
    def ask(request: Request) -> Response:
        return page(request, "sign_in")

    @routes.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        given = await form(request)
        await keyring.refresh()
        key = keyring.find(given.get("key", "").strip())
        if key is None:
            if failures.count(request.client.host if request.client else ""):
                return _not_taken(request, HTTPStatus.UNAUTHORIZED, WRONG_KEY)
            answer = _not_taken(request, HTTPStatus.TOO_MANY_REQUESTS, TOO_OFTEN)
            answer.headers["Retry-After"] = str(int(_WINDOW))
            return answer
        # A key that may not read can use only the documentation of the API.
        answer = (
            go(request, "/", said="signed-in")
            if key.permits(Permission.READ)
            else RedirectResponse(f"{_home(request)}/docs", HTTPStatus.SEE_OTHER)
        )
        answer.set_cookie(
            cookie(request.scope),
            session_of(key),
            max_age=LIFETIME,
            path=_home(request) or "/",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    @routes.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        await form(request)
        found = read_session(request.cookies.get(cookie(request.scope), ""), keyring)
        if found is not None:
            key, session = found
            request.scope[ACTOR] = keyring.actor(key)
            # Ended in this process first, even if storing that fails.
            keyring.end(session)
            keyring.end(await writing(request, fairlead.end_session, EndSession(session)))
        answer = go(request, "/sign-in")
        answer.delete_cookie(cookie(request.scope), path=_home(request) or "/")
        return answer

    return routes


def _home(request: Request) -> str:
    """Return the path that the whole service is served below: its cookie is for all of it."""
    root: str = request.scope["root_path"]
    return root.removesuffix("/console")


def _not_taken(request: Request, status: HTTPStatus, problem: str) -> Response:
    # The key is not put back into its field: nobody else may see what was typed there.
    filled = Filled("sign-in", {}, {"key": Sentence(problem)})
    return page(request, "sign_in", status, filled=filled)


class _Failures:
    """Counts wrong keys by address, over a sliding minute.

    A right key is let in whatever came before it: behind a proxy or in an office many people share
    an address, and one of them must not lock out the others.
    """

    def __init__(self) -> None:
        self._made: defaultdict[str, deque[float]] = defaultdict(deque)

    def count(self, address: str) -> bool:
        """Count a failure; tell whether there were fewer than `_TRIES` before it."""
        now = monotonic()
        if len(self._made) > _MOST_ADDRESSES:
            self._made.clear()
        made = self._made[address]
        while made and made[0] < now - _WINDOW:
            made.popleft()
        if len(made) >= _TRIES:
            return False
        made.append(now)
        return True
