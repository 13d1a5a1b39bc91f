"""/v1/operators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from application.fairlead import Fairlead
from application.operators import CreateOperator, UpdateOperator
from application.ports.operators import OperatorView
from domain.access import Permission
from domain.ids import OperatorId
from entrypoints.edge.bodies import JsonRoute
from entrypoints.edge.gate import KEY, require
from entrypoints.edge.listing import Listing
from entrypoints.edge.pages import Limit, address, next_id
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
from entrypoints.v1.schemas.operators import NewOperator, OperatorChange, OperatorPage


def router(fairlead: Fairlead, writing: Writing, listing: Listing) -> APIRouter:
    """Build the routes on a wired application."""
    Named = Annotated[OperatorId, Depends(OperatorNames(fairlead.catalogue).in_path)]  # noqa: N806 -- a type
    routes = APIRouter(prefix="/v1/operators", tags=["operators"], route_class=JsonRoute)

    @routes.post(
        "",
        status_code=201,
        response_model=OperatorView,
        responses={
            **created(TAG),
            **documented(
                "operator_exists", "malformed_json", "body_too_large", "unsupported_media_type"
            ),
        },
    )
    async def create_operator(body: NewOperator, request: Request, response: Response) -> object:
        """Create an operator. It gets contacts once a source has an allocation for it."""
        view = await writing(
            request,
            fairlead.create_operator,
            CreateOperator(body.name, body.capacity, body.active, body.key or ""),
        )
        response.headers["Location"] = address(request, f"/v1/operators/{view.id}")
        return tagged(view, response)

    @routes.get("", responses=documented())
    @listing
    def list_operators(
        limit: Limit = 50,
        active: Annotated[
            bool | None, Query(description="Only active operators, or only those that are not.")
        ] = None,
        cursor: Annotated[
            UUID | None, Query(description="next_cursor of the previous page.")
        ] = None,
    ) -> OperatorPage:
        """List operators in the order in which they were created."""
        page = fairlead.lists.catalogue.operators(
            active=active, limit=limit, after=None if cursor is None else OperatorId(cursor)
        )
        return OperatorPage(items=page.items, next_cursor=next_id(page))

    @routes.get(
        "/{operator_id}",
        response_model=OperatorView,
        responses={**SEEN, **documented("unknown_operator")},
    )
    def get_operator(operator_id: Named, response: Response, seen: SeenTags) -> object:
        """Show an operator."""
        return shown(fairlead.catalogue.operator(operator_id), seen, response)

    @routes.patch(
        "/{operator_id}",
        response_model=OperatorView,
        responses={
            **TAGGED,
            **documented(
                "unknown_operator",
                "changed_meanwhile",
                "malformed_json",
                "body_too_large",
                "unsupported_media_type",
            ),
        },
    )
    async def change_operator(
        operator_id: Named,
        body: OperatorChange,
        request: Request,
        response: Response,
        expected: ExpectedVersions,
    ) -> object:
        """Change an operator. Any capacity that this frees goes to waiting contacts at once.

        A supervisor's key may change `active` and nothing else.
        """
        changes = body.model_dump(exclude_unset=True)
        if changes.keys() - {"active"}:
            require(request.scope[KEY], Permission.ADMINISTER)
        command = UpdateOperator(operator_id, **changes, expected=expected)
        return tagged(await writing(request, fairlead.update_operator, command), response)

    return routes
