"""Leads, corrections to them, and the search."""

from typing import Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from application.fairlead import Fairlead
from application.leads import AddIdentity, RemoveIdentity, RenameLead
from application.ports.contacts import ContactFilter
from application.searching import Found
from domain.errors import DomainError, IdentityTaken
from domain.ids import ContactId, LeadId
from entrypoints.console.choosing import offered_sources
from entrypoints.console.filled import EMPTY, Filled, refused
from entrypoints.console.pages import form, go, page, pages_below
from entrypoints.console.saying import said
from entrypoints.console.words import KINDS
from entrypoints.edge.writing import Writing

_CONTACTS: Final = 100


_FIELDS: Final = {"name": "name", "kind": "kind", "": "value"}
"""Fields of the forms, by prefixes of the use cases' field names."""


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = pages_below()

    @routes.get("/leads/{lead_id}")
    def lead(request: Request, lead_id: UUID, after: UUID | None = None) -> Response:
        return _shown(request, fairlead, LeadId(lead_id), after)

    @routes.post("/leads/{lead_id}")
    async def correct(request: Request, lead_id: UUID) -> Response:
        given = await form(request)
        act, of = given.get("act", ""), LeadId(lead_id)
        kind, value = given.get("kind", ""), given.get("value", "")
        try:
            if act == "name":
                name = given.get("name", "").strip() or None
                await writing(request, fairlead.rename_lead, RenameLead(of, name))
                done = "renamed"
            elif act == "add":
                outcome = await writing(
                    request, fairlead.add_identity, AddIdentity(of, kind, value)
                )
                done = "identity-added" if outcome.added else "identity-known"
            else:
                act = "remove"
                await writing(request, fairlead.remove_identity, RemoveIdentity(of, kind, value))
                done = "identity-removed"
        except DomainError as error:
            # In a thread: the loop must not wait for the storage.
            filled = refused(act, given, error, _FIELDS)
            owner = error.lead_id if isinstance(error, IdentityTaken) else None
            return await to_thread.run_sync(_shown, request, fairlead, of, None, filled, owner)
        return go(request, f"/leads/{lead_id}", said=done, of=str(lead_id))

    @routes.get("/search")
    def search(request: Request, q: str = "", after: str | None = None) -> Response:
        found = fairlead.search(q, after) if q.strip() else Found()
        if after is None and found.further is None:
            ways = [
                *([f"/contacts/{found.contact.id}"] if found.contact else []),
                *([f"/operators/{found.operator.id}"] if found.operator else []),
                *(f"/leads/{each.id}" for each in found.leads),
            ]
            if len(ways) == 1:
                return go(request, ways[0])
        return page(request, "search", q=q, found=found, first=after is None)

    return routes


def _shown(
    request: Request,
    fairlead: Fairlead,
    lead_id: LeadId,
    after: UUID | None,
    filled: Filled = EMPTY,
    owner: LeadId | None = None,
) -> Response:
    """Show a lead, with a form of this page if it was refused.

    Args:
        request: whom it is for.
        fairlead: where the lead is.
        lead_id: which.
        after: the last of its contacts that was shown before.
        filled: the refused form.
        owner: the other lead that has the identity, if that is why the form was refused.
    """
    view = fairlead.leads.lead(lead_id)
    contacts = fairlead.contacts.contacts(
        ContactFilter(leads=[view.id]),
        limit=_CONTACTS,
        after=None if after is None else ContactId(after),
    )
    return page(
        request,
        "lead",
        filled.status,
        here=f"/leads/{view.id}?after={after}" if after else f"/leads/{view.id}",
        lead=view,
        names=dict(offered_sources(fairlead).items),
        # Kinds that the console has names for, then those that bots have brought.
        known_kinds=[*dict.fromkeys([*KINDS, *fairlead.lead_search.kinds()])],
        owner=None if owner is None else fairlead.leads.lead(owner),
        contacts=contacts.items,
        next=contacts.items[-1].id if contacts.more else None,
        filled=filled,
        said=said(request, fairlead),
    )
