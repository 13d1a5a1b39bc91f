"""Closing and transferring contacts from the page of an operator."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.ports.contacts import ContactView
from domain.contact import ContactState
from domain.errors import ChangedMeanwhile, DomainError, InvalidValue
from domain.ids import ContactId, OperatorId
from entrypoints.console.filled import WHOLE, Filled, Sentence, refused
from entrypoints.console.operators import ACT, operator_page
from entrypoints.console.pages import form, go, pages_below
from entrypoints.console.words import MOVED
from entrypoints.edge.writing import Writing


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/operators")

    @routes.post("/{operator_id}/contacts")
    async def act(request: Request, operator_id: UUID) -> Response:
        given = await form(request)
        close, transfer = given.get("close", ""), given.get("transfer", "")
        try:
            contact_id = ContactId(known(close or transfer))
            saw = await to_thread.run_sync(_version_held, contact_id, operator_id, given)
            if close:
                await writing(request, fairlead.close_contact, CloseContact(contact_id, saw))
            else:
                chosen = OperatorId(known(given.get("operator", "")))
                await writing(
                    request, fairlead.transfer_contact, TransferContact(contact_id, chosen, saw)
                )
        except DomainError as error:
            filled = act_refused(given, error)
            return await to_thread.run_sync(
                operator_page, request, fairlead, OperatorId(operator_id), filled
            )
        return go(
            request,
            f"/operators/{operator_id}",
            said="closed" if close else "transferred",
            of=str(contact_id),
        )

    def _version_held(contact_id: ContactId, operator_id: UUID, given: Mapping[str, str]) -> str:
        """Return the version of an operator's contact; raises ChangedMeanwhile if it has moved."""
        if given.get("seen"):
            return given["seen"]
        view = fairlead.contacts.contact(contact_id)
        if view.state is not ContactState.CLOSED and (
            view.operator is None or view.operator.id != operator_id
        ):
            raise ChangedMeanwhile("the contact has changed hands.", current=view)
        return view.version

    return routes


def act_refused(given: Mapping[str, str], error: DomainError) -> Filled:
    """Return the refused form of a close or a transfer, with the reason."""
    filled = refused(ACT, given, error, {"operator_id": "operator"})
    current = error.current if isinstance(error, ChangedMeanwhile) else None
    if isinstance(current, ContactView) and current.operator is not None:
        moved = Sentence(MOVED, {"operator": current.operator.name})
        return replace(filled, problems={WHOLE: moved})
    return filled


def known(value: str) -> UUID:
    """Read an id; raises InvalidValue."""
    try:
        return UUID(value)
    except ValueError:
        raise InvalidValue("choose one from the list.", field="operator") from None
