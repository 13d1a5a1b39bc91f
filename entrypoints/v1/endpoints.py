"""/v1/endpoints."""

from typing import Annotated
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request, Response

from application.endpoints import (
    DeleteEndpoint,
    EnableEndpoint,
    Redeliver,
    RotateSecret,
    UpdateEndpoint,
)
from application.fairlead import Fairlead
from application.ports.endpoints import DeliveryState, EndpointView
from application.ports.sender import Trying
from domain.ids import EndpointId
from entrypoints.edge.bodies import JsonRoute
from entrypoints.edge.pages import Limit, address
from entrypoints.edge.problems import created, documented
from entrypoints.edge.writing import ACTOR, Writing
from entrypoints.v1.schemas.endpoints import (
    DeliveryPage,
    Enabling,
    EndpointPage,
    EndpointPatch,
    EndpointWithSecretOut,
    NewEndpoint,
    RedeliveredOut,
    RedeliveryById,
    RedeliveryOfRange,
    TriedOut,
)

EndpointPath = Annotated[UUID, Path(description="The endpoint's id.")]
_BODY = ("invalid_value", "malformed_json", "body_too_large", "unsupported_media_type")


def router(fairlead: Fairlead, writing: Writing, try_out: Trying) -> APIRouter:
    """Build the routes on a wired application."""
    routes = APIRouter(prefix="/v1/endpoints", tags=["endpoints"], route_class=JsonRoute)

    @routes.post(
        "", status_code=201, responses={**created(), **documented("unknown_source", *_BODY)}
    )
    async def create_endpoint(
        body: NewEndpoint, request: Request, response: Response
    ) -> EndpointWithSecretOut:
        """Have events sent to a URL from now on, signed as Standard Webhooks 1.0 says.

        Each is sent at least once, those of one subject in order. What a receiver does not answer
        with a success within 15 seconds is tried ten times in three days. The secret is in this
        response and nowhere else.
        """
        # The host is looked up, which may take a while: not on the event loop.
        made = await to_thread.run_sync(
            fairlead.create_endpoint, body.command(), request.scope[ACTOR]
        )
        response.headers["Location"] = address(request, f"/v1/endpoints/{made.endpoint.id}")
        return EndpointWithSecretOut.of_secret(made)

    @routes.get("", responses=documented())
    def list_endpoints() -> EndpointPage:
        """List all endpoints, the oldest first, and how far each is."""
        return EndpointPage(items=fairlead.endpoints.all())

    @routes.get("/{endpoint_id}", responses=documented("unknown_endpoint"))
    def get_endpoint(endpoint_id: EndpointPath) -> EndpointView:
        """Show an endpoint, and how far it is."""
        return fairlead.endpoints.endpoint(EndpointId(endpoint_id))

    @routes.patch(
        "/{endpoint_id}", responses=documented("unknown_endpoint", "unknown_source", *_BODY)
    )
    async def update_endpoint(
        endpoint_id: EndpointPath, body: EndpointPatch, request: Request
    ) -> EndpointView:
        """Change an endpoint; what is left out stays as it is."""
        command = UpdateEndpoint(EndpointId(endpoint_id), body.change())
        return await to_thread.run_sync(fairlead.update_endpoint, command, request.scope[ACTOR])

    @routes.delete("/{endpoint_id}", status_code=204, responses=documented("unknown_endpoint"))
    async def delete_endpoint(endpoint_id: EndpointPath, request: Request) -> None:
        """Delete an endpoint, with everything that it has not been sent."""
        command = DeleteEndpoint(EndpointId(endpoint_id))
        await writing(request, fairlead.delete_endpoint, command)

    _add_acts(routes, fairlead, writing)
    _add_deliveries(routes, fairlead, try_out)
    return routes


def _add_acts(routes: APIRouter, fairlead: Fairlead, writing: Writing) -> None:
    @routes.post("/{endpoint_id}/rotate", responses=documented("unknown_endpoint"))
    async def rotate_secret(endpoint_id: EndpointPath, request: Request) -> EndpointWithSecretOut:
        """Sign with a new secret from now on, and with the present one for 24 hours more."""
        command = RotateSecret(EndpointId(endpoint_id))
        return EndpointWithSecretOut.of_secret(
            await writing(request, fairlead.rotate_secret, command)
        )

    @routes.post(
        "/{endpoint_id}/enable", responses=documented("unknown_endpoint", "events_gone", *_BODY)
    )
    async def enable_endpoint(
        endpoint_id: EndpointPath, request: Request, body: Enabling
    ) -> EndpointView:
        """Deliver again to an endpoint that was disabled because it failed."""
        command = EnableEndpoint(EndpointId(endpoint_id), from_now=body.start == "now")
        return await writing(request, fairlead.enable_endpoint, command)

    @routes.post(
        "/{endpoint_id}/redeliver",
        status_code=202,
        responses=documented("unknown_endpoint", "events_gone", *_BODY),
    )
    async def redeliver_events(
        endpoint_id: EndpointPath, body: RedeliveryById | RedeliveryOfRange, request: Request
    ) -> RedeliveredOut:
        """Deliver events again, with the ids that they had, as far as the endpoint wants them."""
        command = (
            Redeliver(EndpointId(endpoint_id), ids=body.ids)
            if isinstance(body, RedeliveryById)
            else Redeliver(EndpointId(endpoint_id), after=body.after, until=body.until)
        )
        return RedeliveredOut(events=await writing(request, fairlead.redeliver, command))


def _add_deliveries(routes: APIRouter, fairlead: Fairlead, try_out: Trying) -> None:
    @routes.post("/{endpoint_id}/test", responses=documented("unknown_endpoint"))
    async def test_endpoint(endpoint_id: EndpointPath, request: Request) -> TriedOut:
        """Send a message of the type `endpoint.test` at once, and tell what came of it."""
        receipt = await try_out(EndpointId(endpoint_id), request.scope[ACTOR])
        return TriedOut(delivered=receipt.error is None, status=receipt.status, error=receipt.error)

    @routes.get("/{endpoint_id}/deliveries", responses=documented("unknown_endpoint"))
    def list_deliveries(
        endpoint_id: EndpointPath,
        state: Annotated[
            DeliveryState | None, Query(description="Only those in this state.")
        ] = None,
        after: Annotated[
            int, Query(ge=0, le=2**53, description="`next_after` of the previous page.")
        ] = 0,
        limit: Limit = 50,
    ) -> DeliveryPage:
        """List the events that were not delivered at once, in order.

        Everything up to the endpoint's cursor that is not listed was delivered.
        """
        found = fairlead.endpoints.deliveries(
            EndpointId(endpoint_id), after=after, limit=limit + 1, state=state
        )
        return DeliveryPage.of(found, limit)
