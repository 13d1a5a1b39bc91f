"""What can be done about the deliveries of an endpoint, and about its secret."""

from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from application.endpoints import DeleteEndpoint, EnableEndpoint, Redeliver, RotateSecret
from application.fairlead import Fairlead
from application.ports.endpoints import DeliveryState
from application.ports.events import EventFilter, wanted_by
from application.ports.sender import Trying
from domain.errors import EventsGone
from domain.ids import EndpointId
from entrypoints.console.endpoints import endpoint_page, rotated, secret_page
from entrypoints.console.filled import WHOLE, Filled, Sentence
from entrypoints.console.pages import form, go, pages_below
from entrypoints.console.words import GONE_MEANWHILE, NOTHING_GIVEN_UP, ROTATED_ALREADY
from entrypoints.edge.problem_types import STATUSES
from entrypoints.edge.writing import ACTOR, Writing

_AGAIN: Final = 1000
"""The most deliveries that were given up and are begun again in one go."""
_CHUNK: Final = 100
"""Of these, how many in one transaction: some 60 ms, for which registrations wait."""
_EVENTS: Final = 50
"""Events that are read at once; those that were given up often come in a row."""


def router(fairlead: Fairlead, writing: Writing, try_out: Trying) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/endpoints/{endpoint_id}")
    _add_ways_to_deliver(routes, fairlead, writing, try_out)

    @routes.post("/rotate")
    async def rotate(request: Request, endpoint_id: UUID) -> Response:
        given, found = await form(request), EndpointId(endpoint_id)
        before = await to_thread.run_sync(fairlead.endpoints.whole, found)
        # A browser that reloads the answer sends the form once more; the secret before the last
        # would then sign nothing any more.
        if given.get("seen", rotated(before)) != rotated(before):
            filled = _refused("rotate", "changed_meanwhile", ROTATED_ALREADY)
            return await to_thread.run_sync(endpoint_page, request, fairlead, found, filled)
        made = await writing(request, fairlead.rotate_secret, RotateSecret(found))
        return secret_page(request, made)

    @routes.post("/delete")
    async def delete(request: Request, endpoint_id: UUID) -> Response:
        await form(request)
        await writing(request, fairlead.delete_endpoint, DeleteEndpoint(EndpointId(endpoint_id)))
        return go(request, "/endpoints", said="endpoint-deleted", of=str(endpoint_id))

    return routes


def _add_ways_to_deliver(
    routes: APIRouter, fairlead: Fairlead, writing: Writing, try_out: Trying
) -> None:
    @routes.post("/try")
    async def try_it(request: Request, endpoint_id: UUID) -> Response:
        await form(request)
        found = EndpointId(endpoint_id)
        receipt = await try_out(found, request.scope[ACTOR])
        show = partial(endpoint_page, request, fairlead, found, tried=receipt)
        return await to_thread.run_sync(show)

    @routes.post("/enable")
    async def enable(request: Request, endpoint_id: UUID) -> Response:
        given, found = await form(request), EndpointId(endpoint_id)
        command = EnableEndpoint(found, from_now=given.get("start") == "now")
        try:
            await writing(request, fairlead.enable_endpoint, command)
        except EventsGone as error:
            filled = _refused("enable", error.code, GONE_MEANWHILE)
            return await to_thread.run_sync(endpoint_page, request, fairlead, found, filled)
        return go(request, f"/endpoints/{found}", said="endpoint-enabled", of=str(found))

    @routes.post("/redeliver")
    async def redeliver(request: Request, endpoint_id: UUID) -> Response:
        await form(request)
        found = EndpointId(endpoint_id)
        ids = await to_thread.run_sync(_given_up, fairlead, found)
        if not ids:
            filled = _refused("redeliver", "events_gone", NOTHING_GIVEN_UP)
            return await to_thread.run_sync(endpoint_page, request, fairlead, found, filled)
        for begin in range(0, len(ids), _CHUNK):
            command = Redeliver(found, ids[begin : begin + _CHUNK])
            await writing(request, fairlead.redeliver, command)
        return go(request, f"/endpoints/{found}", said="redelivering", of=str(found))


def _given_up(fairlead: Fairlead, endpoint_id: EndpointId) -> list[UUID]:
    """Return the ids of the first events that were given up, and are still kept and wanted.

    By ids, because a range would deliver again whatever was delivered in between.
    """
    where = wanted_by(fairlead.endpoints.whole(endpoint_id))
    ids: list[UUID] = []
    after = 0
    while len(ids) < _AGAIN:
        dead = fairlead.endpoints.deliveries(
            endpoint_id, after=after, limit=_AGAIN, state=DeliveryState.DEAD
        )
        if not dead:
            break
        after = dead[-1].seq
        ids += _ids(fairlead, [each.seq for each in dead], where)
    return ids[:_AGAIN]


def _ids(fairlead: Fairlead, seqs: Sequence[int], where: EventFilter) -> list[UUID]:
    """Return the ids of the events with these numbers, as far as there are such."""
    ids: list[UUID] = []
    wanted, left = set(seqs), deque(seqs)
    while left:
        found = fairlead.events.events(after=left.popleft() - 1, limit=_EVENTS, where=where)
        ids += [each.id for each in found.items if each.seq in wanted]
        while left and left[0] <= found.reached:
            left.popleft()
    return ids


def _refused(form: str, code: str, why: str) -> Filled:
    return Filled(form, {}, {WHOLE: Sentence(why)}, STATUSES[code])
