"""What a viewer chooses for themselves: language and colours."""

from fastapi import APIRouter, Request, Response

from entrypoints.console.language import LANGUAGES
from entrypoints.console.pages import THEMES, back, form, go, pages_below
from entrypoints.edge.sessions import cookie

_YEAR = 365 * 24 * 3600


def router() -> APIRouter:
    """Build the routes."""
    routes = pages_below("/preferences")

    @routes.post("")
    async def choose(request: Request) -> Response:
        given = await form(request)
        response = go(request, back(request, given))
        for field, allowed in (("language", LANGUAGES), ("theme", THEMES)):
            name, value = cookie(request.scope, field), given.get(field)
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
