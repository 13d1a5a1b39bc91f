"""/v1/sources."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from application.fairlead import Fairlead
from application.ports.sources import SourceView
from application.sources import CreateSource, ReplaceAllocations, SetWeight, UpdateSource
from domain import limits
from domain.ids import OperatorId
from entrypoints.edge.bodies import AllocationsRoute, JsonRoute
from entrypoints.edge.listing import Listing
from entrypoints.edge.pages import Limit, address
from entrypoints.edge.problems import created, documented
from entrypoints.edge.versions import (
    SEEN,
    TAG,
    TAGGED,
    ExpectedVersions,
    SeenTags,
    shown,
    tagged,
)
from entrypoints.edge.writing import Writing
from entrypoints.v1.operator_names import OperatorNames
from entrypoints.v1.schemas.sources import (
    NewAllocations,
    NewSource,
    NewWeight,
    SourceChange,
    SourcePage,
)

Key = Annotated[
    str, Path(pattern=limits.KEY, description="The source's key.", examples=["telegram-sales"])
]
_BODY = ("malformed_json", "body_too_large", "unsupported_media_type")
_CHANGE = ("unknown_source", "changed_meanwhile", *_BODY)


def router(fairlead: Fairlead, writing: Writing, listing: Listing) -> APIRouter:
    """Build the routes on a wired application."""
    names = OperatorNames(fairlead.catalogue)
    Named = Annotated[OperatorId, Depends(names.in_path)]  # noqa: N806 -- a type
    routes = APIRouter(prefix="/v1/sources", tags=["sources"], route_class=JsonRoute)

    @routes.post(
        "",
        status_code=201,
        response_model=SourceView,
        responses={**created(TAG), **documented("source_exists", *_BODY)},
    )
    async def create_source(body: NewSource, request: Request, response: Response) -> object:
        """Create a source. Its contacts wait until it has allocations."""
        view = await writing(
            request, fairlead.create_source, CreateSource(body.key, body.name, body.strategy)
        )
        response.headers["Location"] = address(request, f"/v1/sources/{view.key}")
        return tagged(view, response)

    @routes.get("", responses=documented())
    @listing
    def list_sources(
        limit: Limit = 50,
        cursor: Annotated[
            str | None,
            Query(pattern=limits.KEY, description="next_cursor of the previous page."),
        ] = None,
    ) -> SourcePage:
        """List sources in the order of their keys."""
        page = fairlead.lists.catalogue.sources(limit=limit, after=cursor)
        return SourcePage(items=page.items, next_cursor=page.items[-1].key if page.more else None)

    @routes.get(
        "/{key}",
        response_model=SourceView,
        responses={**SEEN, **documented("unknown_source")},
    )
    def get_source(key: Key, response: Response, seen: SeenTags) -> object:
        """Show a source with its allocations and their shares."""
        return shown(fairlead.catalogue.source(key), seen, response)

    @routes.patch(
        "/{key}",
        response_model=SourceView,
        responses={**TAGGED, **documented(*_CHANGE)},
    )
    async def change_source(
        key: Key,
        body: SourceChange,
        request: Request,
        response: Response,
        expected: ExpectedVersions,
    ) -> object:
        """Change a source's name or strategy."""
        command = UpdateSource(key, **body.model_dump(exclude_unset=True), expected=expected)
        return tagged(await writing(request, fairlead.update_source, command), response)

    async def replace_allocations(
        key: Key,
        body: NewAllocations,
        request: Request,
        response: Response,
        expected: ExpectedVersions,
    ) -> object:
        """Replace the whole set of allocations. Waiting contacts are handed out at once."""
        ids = await names.in_body([each.operator_id for each in body.allocations])
        weights = [each.weight for each in body.allocations]
        command = ReplaceAllocations(key, list(zip(ids, weights, strict=True)), expected)
        return tagged(await writing(request, fairlead.replace_allocations, command), response)

    routes.add_api_route(
        "/{key}/allocations",
        replace_allocations,
        methods=["PUT"],
        route_class_override=AllocationsRoute,
        response_model=SourceView,
        responses={
            **TAGGED,
            **documented("unknown_operator", "duplicate_operator", *_CHANGE),
        },
    )

    @routes.patch(
        "/{key}/allocations/{operator_id}",
        response_model=SourceView,
        responses={
            **TAGGED,
            **documented("unknown_operator", "invalid_value", *_CHANGE),
        },
    )
    async def change_weight(
        key: Key,
        operator_id: Named,
        body: NewWeight,
        request: Request,
        response: Response,
        expected: ExpectedVersions,
    ) -> object:
        """Change one operator's weight on a source, or put the operator on it.

        The other weights stay. Waiting contacts are handed out at once.
        """
        command = SetWeight(key, operator_id, body.weight, expected)
        return tagged(await writing(request, fairlead.set_weight, command), response)

    return routes
