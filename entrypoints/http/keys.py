"""/v1/keys."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from application.fairlead import Fairlead
from application.keys import CreateKey, RevokeKey
from domain.access import KEY_PREFIX
from entrypoints.http.bodies import JsonRoute
from entrypoints.http.pages import address
from entrypoints.http.problems import created, documented
from entrypoints.http.schemas import CreatedKeyOut, KeyOut, KeysOut, NewKey
from entrypoints.http.writing import Writing

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
        """Make a key. It is in the answer and nowhere else: what is stored is a digest."""
        made = await writing(
            request,
            fairlead.create_key,
            CreateKey(body.role, body.name, body.source, body.expires_at),
        )
        response.headers["Location"] = address(request, f"/v1/keys/{made.key.prefix}")
        return CreatedKeyOut.of(made)

    @routes.get("", responses=documented())
    def list_keys() -> KeysOut:
        """List all keys that were ever made, the newest first; none of them opens anything."""
        return KeysOut.of(fairlead.keys.all())

    @routes.delete("/{prefix}", responses=documented("unknown_key"))
    async def revoke_key(prefix: Prefix, request: Request) -> KeyOut:
        """Take a key back. Within a second it opens nothing any more, in every process."""
        return KeyOut.model_validate(await writing(request, fairlead.revoke_key, RevokeKey(prefix)))

    return routes
