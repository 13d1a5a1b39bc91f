"""Operators: all of them, and one with what it has to do."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.operators import CreateOperator, UpdateOperator
from application.views import ContactFilter, OperatorView, Page
from domain.contact import ContactState
from domain.errors import InvalidValue
from domain.ids import ContactId, OperatorId
from entrypoints.console.pages import form, go, page
from entrypoints.http.writing import Writing

_PAGE: Final = 60
_OPEN: Final = 100
"""Open contacts on the page of an operator, the newest."""
_OFFERED: Final = 1000
"""Operators in a list to choose from: as many as a source can have."""


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/operators")

    @routes.get("")
    def operators(request: Request, after: UUID | None = None) -> Response:
        found = fairlead.catalogue.operators(
            active=None, limit=_PAGE, after=None if after is None else OperatorId(after)
        )
        return page(
            request,
            "operators",
            operators=found.items,
            next=found.items[-1].id if found.more else None,
        )

    @routes.post("")
    async def create(request: Request) -> Response:
        given = await form(request)
        made = await writing(
            fairlead.create_operator,
            CreateOperator(given.get("name", ""), whole(given.get("capacity", ""), "capacity")),
        )
        return go(request, f"/operators/{made.id}", said="saved")

    @routes.get("/{operator_id}")
    def operator(request: Request, operator_id: UUID, choose: UUID | None = None) -> Response:
        view = fairlead.catalogue.operator(OperatorId(operator_id))
        return page(
            request,
            "operator",
            operator=view,
            served=fairlead.catalogue.served_by(view.id),
            held=fairlead.contacts.contacts(
                ContactFilter(operator_id=view.id, states=[ContactState.ASSIGNED]),
                limit=_OPEN,
                after=None,
            ),
            others=offered(fairlead, active=True, but={view.id}, after=choose),
        )

    @routes.post("/{operator_id}")
    async def change(request: Request, operator_id: UUID) -> Response:
        given = await form(request)
        await writing(
            fairlead.update_operator,
            UpdateOperator(
                OperatorId(operator_id),
                name=given.get("name"),
                capacity=whole(given.get("capacity", ""), "capacity"),
            ),
        )
        return go(request, f"/operators/{operator_id}", said="saved")

    @routes.post("/{operator_id}/active")
    async def switch(request: Request, operator_id: UUID) -> Response:
        given = await form(request)
        active = given.get("active") == "yes"
        await writing(
            fairlead.update_operator, UpdateOperator(OperatorId(operator_id), active=active)
        )
        back = {"overview": "/", "operators": "/operators"}.get(given.get("from", ""))
        return go(
            request, back or f"/operators/{operator_id}", said="resumed" if active else "paused"
        )

    @routes.post("/{operator_id}/contacts")
    async def act(request: Request, operator_id: UUID) -> Response:
        given = await form(request)
        here = f"/operators/{operator_id}"
        if "close" in given:
            await writing(fairlead.close_contact, CloseContact(ContactId(known(given["close"]))))
            return go(request, here, said="closed")
        await writing(
            fairlead.transfer_contact,
            TransferContact(
                ContactId(known(given.get("transfer", ""))),
                OperatorId(known(given.get("operator", ""))),
            ),
        )
        return go(request, here, said="transferred")

    return routes


def offered(
    fairlead: Fairlead,
    *,
    active: bool | None,
    but: Collection[OperatorId],
    after: UUID | None,
) -> Page[OperatorView]:
    """Return the operators that can be chosen on a page.

    Args:
        fairlead: where they are.
        active: only those who are, or are not; None for all.
        but: those who are left out.
        after: the last that could be chosen before; None for the first ones.
    """
    last = None if after is None else OperatorId(after)
    found = fairlead.catalogue.operators(active=active, limit=_OFFERED, after=last)
    return Page([each for each in found.items if each.id not in but], found.more)


def whole(value: str, field: str) -> int:
    """Read a whole number; raises InvalidValue."""
    try:
        return int(value)
    except ValueError:
        raise InvalidValue(f"{field} must be a whole number.", field=field) from None


def known(value: str) -> UUID:
    """Read an id; raises InvalidValue."""
    try:
        return UUID(value)
    except ValueError:
        raise InvalidValue("choose one of the list.") from None
