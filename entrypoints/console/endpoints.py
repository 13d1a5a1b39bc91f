"""Endpoints, the receivers of webhooks: the list, and the page of one with what it has not got."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response

from application.endpoints import CreateEndpoint, UpdateEndpoint, WithSecret
from application.fairlead import Fairlead
from application.ports.sender import Receipt
from domain.endpoint import Delivery, Endpoint
from domain.errors import DomainError
from domain.ids import EndpointId
from entrypoints.console import receivers
from entrypoints.console.audit import PAGES
from entrypoints.console.filled import EMPTY, Filled, Sentence, seen
from entrypoints.console.pages import form, go, page, pages_below
from entrypoints.console.saying import said
from entrypoints.console.words import ADDED_ALREADY
from entrypoints.edge.problem_types import STATUSES
from entrypoints.edge.writing import ACTOR

_DELIVERIES: Final = 50
NEW: Final = "new-endpoint"
SETTINGS: Final = "settings"
"""Names of the forms on these pages."""
After = Annotated[int, Query(ge=0, le=2**53)]


def router(fairlead: Fairlead) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/endpoints")
    _add_routes_of_all(routes, fairlead)
    _add_routes_of_one(routes, fairlead)
    return routes


def _add_routes_of_all(routes: APIRouter, fairlead: Fairlead) -> None:
    @routes.get("")
    def endpoints(request: Request) -> Response:
        return _all(request, fairlead)

    @routes.post("")
    async def create(request: Request) -> Response:
        given = await form(request)
        return await to_thread.run_sync(_create, request, given)

    def _create(request: Request, given: Mapping[str, str]) -> Response:
        """Create an endpoint; this looks the host up, which may take a while."""
        again = _is_sent_again(given)
        if again is not None:
            return _all(request, fairlead, again)
        try:
            wanted = receivers.read(given)
            command = CreateEndpoint(
                wanted.url or "",
                wanted.types or (),
                wanted.sources or (),
                wanted.include or (),
                wanted.description or None,
            )
            made = fairlead.create_endpoint(command, request.scope[ACTOR])
        except DomainError as error:
            return _all(request, fairlead, receivers.not_taken(NEW, given, error))
        return secret_page(request, made, HTTPStatus.CREATED)

    def _is_sent_again(given: Mapping[str, str]) -> Filled | None:
        """Return the form if what it asks for was done after it was shown.

        The secret is shown in the answer to a form, and a browser that reloads the answer sends the
        form once more.
        """
        shown, url = given.get("newest"), given.get("url", "").strip()
        there = fairlead.endpoints.all()
        if shown is None or not any(each.url == url and str(each.id) > shown for each in there):
            return None
        given = {**given, "newest": str(there[-1].id)}
        return Filled(NEW, given, {"url": Sentence(ADDED_ALREADY)}, STATUSES["changed_meanwhile"])


def _add_routes_of_one(routes: APIRouter, fairlead: Fairlead) -> None:
    @routes.get("/{endpoint_id}")
    def endpoint(request: Request, endpoint_id: UUID, after: After = 0) -> Response:
        return endpoint_page(request, fairlead, EndpointId(endpoint_id), after=after)

    @routes.post("/{endpoint_id}")
    async def change_settings(request: Request, endpoint_id: UUID) -> Response:
        given = await form(request)
        return await to_thread.run_sync(_change, request, EndpointId(endpoint_id), given)

    def _change(request: Request, endpoint_id: EndpointId, given: Mapping[str, str]) -> Response:
        """Change an endpoint; a new URL is looked up, which may take a while."""
        before = fairlead.endpoints.endpoint(endpoint_id)
        shown = receivers.shown_settings(before)
        filled = None
        try:
            wanted = receivers.read(given)
            if given.get("seen", shown) != shown:
                filled = receivers.set_beside(SETTINGS, given, before)
            change = None if filled else receivers.change_of(before, wanted)
            after = before
            if change is not None:
                command = UpdateEndpoint(before.id, change)
                after = fairlead.update_endpoint(command, request.scope[ACTOR])
        except DomainError as error:
            filled = receivers.not_taken(SETTINGS, given, error)
        if filled is not None:
            return endpoint_page(request, fairlead, endpoint_id, filled)
        now = receivers.shown_settings(after)
        what = "endpoint-unchanged" if now == shown else "endpoint-saved"
        return go(request, f"/endpoints/{after.id}", said=what, of=str(after.id), **{"as": now})


def _all(request: Request, fairlead: Fairlead, filled: Filled = EMPTY) -> Response:
    """Show all endpoints, with the form of a new one if it was refused."""
    found = fairlead.endpoints.all()
    return page(
        request,
        "endpoints",
        filled.status,
        here="/endpoints",
        endpoints=found,
        newest=found[-1].id if found else "",
        form=NEW,
        boxes=receivers.Boxes.of(fairlead, filled.of(NEW), None),
        filled=filled,
        said=said(request, fairlead),
    )


def endpoint_page(
    request: Request,
    fairlead: Fairlead,
    endpoint_id: EndpointId,
    filled: Filled = EMPTY,
    *,
    after: int = 0,
    tried: Receipt | None = None,
) -> Response:
    """Show an endpoint, and what it has not got.

    Args:
        request: whom it is for.
        fairlead: where it is.
        endpoint_id: which one.
        filled: a form of this page that was refused.
        after: the number of the event before the first delivery that is shown.
        tried: what came of a message by which it was tried just now.
    """
    whole, view = fairlead.endpoints.whole(endpoint_id), fairlead.endpoints.endpoint(endpoint_id)
    found = fairlead.endpoints.deliveries(endpoint_id, after=after, limit=_DELIVERIES + 1)
    here = f"/endpoints/{endpoint_id}"
    return page(
        request,
        "endpoint",
        filled.status,
        here=f"{here}?after={after}" if after else here,
        endpoint=view,
        rotated=rotated(whole),
        shown_settings=receivers.shown_settings(view),
        form=SETTINGS,
        boxes=receivers.Boxes.of(fairlead, filled.of(SETTINGS), view),
        deliveries=[*_rows(found[:_DELIVERIES], datetime.now(UTC))],
        next=found[_DELIVERIES - 1].seq if len(found) > _DELIVERIES else None,
        first=after == 0,
        tried=tried,
        filled=filled,
        said=said(request, fairlead),
    )


def secret_page(request: Request, made: WithSecret, status: int = HTTPStatus.OK) -> Response:
    """Show a secret that was just made: here, and never again.

    The page is not read again when something changes, as others are: that would be without it.
    """
    here = f"/endpoints/{made.endpoint.id}"
    return page(
        request,
        "endpoint_secret",
        status,
        here=here,
        endpoint=made.endpoint,
        secret=made.secret,
        is_new=status == HTTPStatus.CREATED,
    )


def rotated(endpoint: Endpoint) -> str:
    """Return a digest that differs once the endpoint has got another secret."""
    return seen(endpoint.old_until)


def _rows(deliveries: Sequence[Delivery], now: datetime) -> Iterator[dict[str, Any]]:
    """Yield what is shown of deliveries: of each, what it waits for, if it is not due at once."""
    pending: dict[str, int] = {}
    for each in deliveries:
        kind, _, name = each.subject.partition(":")
        yield {
            "seq": each.seq,
            "kind": kind,
            # Of an id, the end tells it from others that were made at the same time.
            "name": name if kind == "source" else name.rpartition("-")[2],
            "path": f"{PAGES[kind]}{name}",
            "attempts": each.attempts,
            "dead": each.at is None,
            "follows": pending.get(each.subject),
            "at": each.at if each.at is not None and each.at > now else None,
            "error": each.error,
        }
        if each.at is not None:
            pending[each.subject] = each.seq
