"""/v1/sources."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from application.fairlead import Fairlead
from application.sources import CreateSource, ReplaceAllocations, UpdateSource
from domain import limits
from domain.ids import OperatorId
from entrypoints.http.bodies import AllocationsRoute, JsonRoute
from entrypoints.http.listing import Listing
from entrypoints.http.pages import Limit
from entrypoints.http.problems import created, documented
from entrypoints.http.schemas import (
    NewAllocations,
    NewSource,
    SourceChange,
    SourceOut,
    SourcePage,
)
from entrypoints.http.writing import Writing

Key = Annotated[str, Path(pattern=limits.SOURCE_KEY, examples=["telegram-sales"])]
_BODY = ("malformed_json", "body_too_large", "unsupported_media_type")


def router(fairlead: Fairlead, writing: Writing, listing: Listing) -> APIRouter:
    """Build the routes on a wired application."""
    routes = APIRouter(prefix="/v1/sources", tags=["sources"], route_class=JsonRoute)

    @routes.post(
        "",
        status_code=201,
        response_model=SourceOut,
        responses={**created(), **documented("source_exists", *_BODY)},
    )
    async def create_source(body: NewSource, response: Response) -> object:
        """Create a source. Its contacts wait until it has allocations."""
        view = await writing(
            fairlead.create_source, CreateSource(body.key, body.name, body.strategy)
        )
        response.headers["Location"] = f"/v1/sources/{view.key}"
        return view

    @routes.get("", responses=documented())
    @listing
    def list_sources(
        limit: Limit = 50,
        cursor: Annotated[
            str | None,
            Query(pattern=limits.SOURCE_KEY, description="next_cursor of the page before."),
        ] = None,
    ) -> SourcePage:
        """List sources in the order of their keys."""
        page = fairlead.lists.catalogue.sources(limit=limit, after=cursor)
        return SourcePage(
            items=[SourceOut.model_validate(each) for each in page.items],
            next_cursor=page.items[-1].key if page.more else None,
        )

    @routes.get("/{key}", response_model=SourceOut, responses=documented("unknown_source"))
    def get_source(key: Key) -> object:
        """Show a source with its allocations and their shares."""
        return fairlead.catalogue.source(key)

    @routes.patch(
        "/{key}", response_model=SourceOut, responses=documented("unknown_source", *_BODY)
    )
    async def change_source(key: Key, body: SourceChange) -> object:
        """Change a source's name or strategy."""
        return await writing(
            fairlead.update_source, UpdateSource(key, **body.model_dump(exclude_unset=True))
        )

    async def replace_allocations(key: Key, body: NewAllocations) -> object:
        """Replace the whole set of allocations. Waiting contacts are handed out at once."""
        weights = [(OperatorId(each.operator_id), each.weight) for each in body.allocations]
        return await writing(fairlead.replace_allocations, ReplaceAllocations(key, weights))

    routes.add_api_route(
        "/{key}/allocations",
        replace_allocations,
        methods=["PUT"],
        route_class_override=AllocationsRoute,
        response_model=SourceOut,
        responses=documented("unknown_source", "unknown_operator", "duplicate_operator", *_BODY),
    )
    return routes
