"""Operators: the list, and the page of one with its open contacts."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from application.fairlead import Fairlead
from application.operators import CreateOperator, UpdateOperator
from application.ports.contacts import ContactFilter
from application.ports.operators import OperatorView
from domain.contact import ContactState
from domain.errors import ChangedMeanwhile, DomainError, InvalidValue
from domain.ids import OperatorId
from entrypoints.console.choosing import offered, offered_sources
from entrypoints.console.filled import (
    EMPTY,
    Filled,
    change,
    conflict,
    refused,
    seen,
)
from entrypoints.console.overview import overview_page
from entrypoints.console.pages import back, form, go, page, pages_below
from entrypoints.console.saying import said
from entrypoints.edge.writing import Writing

_PAGE: Final = 60
_OPEN: Final = 100
"""Open contacts on the page of an operator, newest first."""
NEW: Final = "new-operator"
SETTINGS: Final = "settings"
ACT: Final = "act"
"""Names of the forms on these pages."""


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/operators")
    _add_routes_of_all(routes, fairlead, writing)
    _add_operator_page(routes, fairlead, writing)
    return routes


def _add_routes_of_all(routes: APIRouter, fairlead: Fairlead, writing: Writing) -> None:
    @routes.get("")
    def operators(request: Request, after: UUID | None = None) -> Response:
        return _all(request, fairlead, after)

    @routes.post("")
    async def create(request: Request) -> Response:
        given = await form(request)
        try:
            made = await writing(
                request,
                fairlead.create_operator,
                CreateOperator(
                    given.get("name", ""),
                    whole(given.get("capacity", ""), "capacity"),
                    key=given.get("key", "").strip(),
                ),
            )
        except DomainError as error:
            filled = refused(NEW, given, error, {})
            # In a thread: the loop must not wait for the storage.
            return await to_thread.run_sync(_where_it_is_new, request, given, filled)
        return go(
            request, f"/operators/{made.id}", said="added", of=str(made.id), **{"as": made.version}
        )

    def _where_it_is_new(request: Request, given: Mapping[str, str], filled: Filled) -> Response:
        if given.get("from") == "overview":
            return overview_page(request, fairlead, filled=filled)
        return _all(request, fairlead, None, filled)


def _add_operator_page(routes: APIRouter, fairlead: Fairlead, writing: Writing) -> None:
    @routes.get("/{operator_id}")
    def operator(request: Request, operator_id: UUID, choose: UUID | None = None) -> Response:
        return operator_page(request, fairlead, OperatorId(operator_id), choose=choose)

    @routes.post("/{operator_id}")
    async def change_settings(request: Request, operator_id: UUID) -> Response:
        given = await form(request)
        before = await to_thread.run_sync(fairlead.catalogue.operator, OperatorId(operator_id))
        try:
            after = await change(
                request,
                writing,
                fairlead.update_operator,
                UpdateOperator(
                    before.id,
                    name=given.get("name", ""),
                    capacity=whole(given.get("capacity", ""), "capacity"),
                ),
                shown_settings,
                saw=given.get("seen", ""),
                current=before,
            )
        except DomainError as error:
            filled = _not_taken(given, error)
            if filled is not None:
                return await to_thread.run_sync(operator_page, request, fairlead, before.id, filled)
            after = before
        what = "unchanged" if before.version == after.version else "saved"
        return go(
            request, f"/operators/{after.id}", said=what, of=str(after.id), **{"as": after.version}
        )

    @routes.post("/{operator_id}/active")
    async def switch(request: Request, operator_id: UUID) -> Response:
        given = await form(request)
        active = given.get("active") == "yes"
        await writing(
            request,
            fairlead.update_operator,
            UpdateOperator(OperatorId(operator_id), active=active),
        )
        where = back(request, given, f"/operators/{operator_id}")
        return go(request, where, said="resumed" if active else "paused", of=str(operator_id))


def _all(
    request: Request, fairlead: Fairlead, after: UUID | None, filled: Filled = EMPTY
) -> Response:
    """Show the operators after one, with a form of this page if it was refused."""
    found = fairlead.catalogue.operators(
        active=None, limit=_PAGE, after=None if after is None else OperatorId(after)
    )
    return page(
        request,
        "operators",
        filled.status,
        here=f"/operators?after={after}" if after else "/operators",
        operators=found.items,
        next=found.items[-1].id if found.more else None,
        filled=filled,
        said=said(request, fairlead),
    )


def operator_page(
    request: Request,
    fairlead: Fairlead,
    operator_id: OperatorId,
    filled: Filled = EMPTY,
    choose: UUID | None = None,
) -> Response:
    """Show an operator, with a form of this page if it was refused."""
    view = fairlead.catalogue.operator(operator_id)
    here = f"/operators/{view.id}"
    return page(
        request,
        "operator",
        filled.status,
        here=here,
        operator=view,
        names=dict(offered_sources(fairlead).items),
        shown_settings=shown_settings(view),
        served=fairlead.catalogue.served_by(view.id),
        held=fairlead.contacts.contacts(
            ContactFilter(operator_id=view.id, states=[ContactState.ASSIGNED]),
            limit=_OPEN,
            after=None,
        ),
        others=offered(
            fairlead,
            active=True,
            but={view.id},
            after=choose,
            chosen=filled.of(ACT).value("operator"),
        ),
        filled=filled,
        said=said(request, fairlead, f"{here}/contacts"),
    )


def shown_settings(operator: OperatorView) -> str:
    """Return the digest of the values that the form of the settings shows."""
    return seen(operator.name, operator.capacity)


def _not_taken(given: Mapping[str, str], error: DomainError) -> Filled | None:
    """Return the form of the settings with its problems; None if it would change nothing."""
    if isinstance(error, ChangedMeanwhile) and isinstance(error.current, OperatorView):
        theirs = {"name": error.current.name, "capacity": error.current.capacity}
        return conflict(SETTINGS, given, theirs, shown_settings(error.current))
    return refused(SETTINGS, given, error, {})


def whole(value: str, field: str) -> int:
    """Read a whole number; raises InvalidValue."""
    try:
        return int(value)
    except ValueError:
        raise InvalidValue(f"{field} must be a whole number.", field=field) from None
