"""What a viewer chooses for themselves: language and colours."""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from entrypoints.console.language import LANGUAGES
from entrypoints.console.pages import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, form, go

_YEAR = 365 * 24 * 3600


def router() -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/preferences")

    @routes.post("")
    async def choose(request: Request) -> Response:
        given = await form(request)
        response = go(request, _back(request, given.get("here", "")))
        for name, field, allowed in (
            (LANGUAGE_COOKIE, "language", LANGUAGES),
            (THEME_COOKIE, "theme", THEMES),
        ):
            value = given.get(field)
            if value in allowed:
                response.set_cookie(
                    name,
                    value,
                    max_age=_YEAR,
                    path=request.scope["root_path"] or "/",
                    httponly=True,
                    samesite="lax",
                    secure=request.url.scheme == "https",
                )
            elif value == "":
                response.delete_cookie(name, path=request.scope["root_path"] or "/")
        return response

    return routes


def _back(request: Request, here: str) -> str:
    """Return the page that the choice was made on, if it is one of the console's."""
    root = request.scope["root_path"]
    asked = urlsplit(here)
    if asked.scheme or asked.netloc or not asked.path.startswith(f"{root}/"):
        return "/"
    return asked.path.removeprefix(root) + (f"?{asked.query}" if asked.query else "")
