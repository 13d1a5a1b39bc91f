"""/v1/keys."""

from itertools import dropwhile, islice
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from application.fairlead import Fairlead
from application.keys import CreateKey, RevokeKey
from application.ports.keys import KeyView
from domain.access import KEY_PREFIX
from entrypoints.edge.bodies import JsonRoute
from entrypoints.edge.pages import Limit, address
from entrypoints.edge.problems import created, documented
from entrypoints.edge.writing import Writing
from entrypoints.v1.schemas.keys import CreatedKeyOut, KeyPage, NewKey

Prefix = Annotated[str, Path(pattern=KEY_PREFIX, description="As the list of keys shows it.")]


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes on a wired application."""
    routes = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=JsonRoute)

    @routes.post(
        "",
        status_code=201,
        responses={
            **created(),
            **documented(
                "unknown_source",
                "invalid_value",
                "malformed_json",
                "body_too_large",
                "unsupported_media_type",
            ),
        },
    )
    async def create_key(body: NewKey, request: Request, response: Response) -> CreatedKeyOut:
        """Make a key. It is in this response and nowhere else: only a digest of it is stored."""
        made = await writing(
            request,
            fairlead.create_key,
            CreateKey(body.role, body.name, body.source, body.expires_at),
        )
        response.headers["Location"] = address(request, f"/v1/keys/{made.key.prefix}")
        return CreatedKeyOut.of_created(made)

    @routes.get("", responses=documented())
    def list_keys(
        limit: Limit = 200,
        cursor: Annotated[
            str | None, Query(pattern=KEY_PREFIX, description="next_cursor of the previous page.")
        ] = None,
    ) -> KeyPage:
        """List all keys ever made, the newest first; what is shown gives no access."""
        keys = iter(fairlead.keys.all())
        if cursor is not None:
            # Keys are never removed, so the one shown last is still there.
            keys = dropwhile(lambda each: each.prefix != cursor, keys)
            next(keys, None)
        return KeyPage.of(list(islice(keys, limit + 1)), limit)

    @routes.delete("/{prefix}", responses=documented("unknown_key"))
    async def revoke_key(prefix: Prefix, request: Request) -> KeyView:
        """Revoke a key. Within a second it gives no access any more, in any process."""
        return await writing(request, fairlead.revoke_key, RevokeKey(prefix))

    return routes
