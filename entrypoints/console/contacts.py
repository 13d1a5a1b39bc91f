"""Contacts: lists, and the page of one that says who has it, why, and what happened to it."""

from collections.abc import Mapping
from typing import Final, TypeVar
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.ports.contacts import ContactFilter, ContactView
from application.ports.paging import Page
from application.use_case import UseCase
from domain.contact import ContactState
from domain.errors import DomainError, InvalidValue, NoDecision
from domain.ids import ContactId, OperatorId
from entrypoints.console.acting import act_refused, known
from entrypoints.console.choosing import Chosen, offered, offered_sources
from entrypoints.console.explaining import explain
from entrypoints.console.filled import EMPTY, Filled
from entrypoints.console.operators import ACT
from entrypoints.console.pages import Viewer, form, go, page, pages_below
from entrypoints.console.saying import said
from entrypoints.edge.writing import Writing

_PAGE: Final = 60
Command = TypeVar("Command", CloseContact, TransferContact)


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/contacts")

    @routes.get("")
    def contacts(
        request: Request,
        source: Chosen = "",
        operator: UUID | None = None,
        state: str = "",
        after: UUID | None = None,
    ) -> Response:
        where = ContactFilter(
            source=source or None,
            operator_id=None if operator is None else OperatorId(operator),
            states=_states(state),
        )
        found = _listed(fairlead, where, None if after is None else ContactId(after))
        sources = offered_sources(fairlead)
        whose = None if operator is None else fairlead.catalogue.operator(OperatorId(operator))
        return page(
            request,
            "contacts",
            contacts=found.items,
            source=fairlead.catalogue.source(source) if source else None,
            sources=sources,
            names=dict(sources.items),
            operator=whose,
            state=next(iter(where.states), None),
            oldest_first=_is_queue(where),
            next=found.items[-1].id if found.more else None,
        )

    @routes.get("/{contact_id}")
    def contact(request: Request, contact_id: UUID, choose: UUID | None = None) -> Response:
        return _page(request, ContactId(contact_id), EMPTY, choose)

    @routes.post("/{contact_id}/close")
    async def close(request: Request, contact_id: UUID) -> Response:
        given = await form(request)
        command = CloseContact(ContactId(contact_id), given.get("seen") or None)
        return await _act(request, given, "closed", fairlead.close_contact, command)

    @routes.post("/{contact_id}/transfer")
    async def transfer(request: Request, contact_id: UUID) -> Response:
        given = await form(request)
        try:
            chosen = OperatorId(known(given.get("operator", "")))
        except InvalidValue as error:
            filled = act_refused(given, error)
            return await to_thread.run_sync(_page, request, ContactId(contact_id), filled)
        command = TransferContact(ContactId(contact_id), chosen, given.get("seen") or None)
        return await _act(request, given, "transferred", fairlead.transfer_contact, command)

    async def _act(
        request: Request,
        given: Mapping[str, str],
        what: str,
        use_case: UseCase[Command, ContactView],
        command: Command,
    ) -> Response:
        try:
            await writing(request, use_case, command)
        except DomainError as error:
            filled = act_refused(given, error)
            return await to_thread.run_sync(_page, request, command.contact_id, filled)
        contact_id = str(command.contact_id)
        return go(request, f"/contacts/{contact_id}", said=what, of=contact_id)

    def _page(
        request: Request, contact_id: ContactId, filled: Filled, choose: UUID | None = None
    ) -> Response:
        view = fairlead.contacts.contact(contact_id)
        try:
            why = fairlead.contacts.decision(view.id)
        except NoDecision:
            why = None
        return page(
            request,
            "contact",
            filled.status,
            here=f"/contacts/{view.id}",
            contact=view,
            history=fairlead.contacts.history(view.id),
            why=why,
            explained=explain(why, Viewer.of(request).language) if why else None,
            others=offered(
                fairlead,
                active=True,
                but={view.operator.id} if view.operator else (),
                after=choose,
                chosen=filled.of(ACT).value("operator"),
            ),
            filled=filled,
            said=said(request, fairlead),
        )

    return routes


def _states(value: str) -> tuple[ContactState, ...]:
    try:
        return (ContactState(value),) if value else ()
    except ValueError:
        raise InvalidValue("choose one from the list.", field="state") from None


def _is_queue(where: ContactFilter) -> bool:
    """Tell whether a list is a queue, which is served oldest first."""
    return where.states == (ContactState.WAITING,) and where.operator_id is None


def _listed(fairlead: Fairlead, where: ContactFilter, after: ContactId | None) -> Page[ContactView]:
    if _is_queue(where):
        return fairlead.contacts.queue(where.source, limit=_PAGE, after=after)
    return fairlead.contacts.contacts(where, limit=_PAGE, after=after)
