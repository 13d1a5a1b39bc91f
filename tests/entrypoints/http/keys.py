"""Keys for tests, and every call that an application answers."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount

from application.keys import CreateKey
from domain.access import Role
from tests.support import World


def bearer(secret: str) -> dict[str, str]:
    """Return the header that carries a key."""
    return {"Authorization": f"Bearer {secret}"}


def make(
    world: World, role: Role, source: str | None = None, expires_at: datetime | None = None
) -> str:
    """Create a key; return the secret that its owner holds."""
    made = world.fairlead.create_key(CreateKey(role, None, source, expires_at))
    return made.secret


ENDLESS = frozenset({"/console/events", "/v1/events/stream"})
"""Streams that never end; tests/e2e and tests/browser listen to them."""


def calls(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Yield the method and path of every call of an application, including mounted applications.

    HEAD, which comes with GET, is left out; folders of files are a GET of `{path:path}`.
    """
    return _calls(app.routes, "")


def _calls(routes: Iterable[BaseRoute], prefix: str) -> Iterator[tuple[str, str]]:
    for each in routes:
        route: Any = each
        if isinstance(route, Mount):
            if route.routes:
                yield from _calls(route.routes, prefix + route.path)
            else:
                yield "GET", f"{prefix}{route.path}/{{path:path}}"
        elif hasattr(route, "original_router"):
            # FastAPI keeps an included router unchanged and adds the prefix when it is called.
            context = route.include_context
            for inner in route.original_router.routes:
                for method in inner.methods - {"HEAD"}:
                    yield method, prefix + context.path_for(inner)
        else:
            for method in route.methods - {"HEAD"}:
                yield method, prefix + route.path
