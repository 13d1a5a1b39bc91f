"""Leads, what can be corrected about them, and the box that finds everything."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from application.fairlead import Fairlead
from application.leads import AddIdentity, RemoveIdentity, RenameLead
from application.searching import Found
from application.views import ContactFilter
from domain.errors import DomainError, IdentityTaken, InvalidValue
from domain.ids import ContactId, LeadId
from entrypoints.console.pages import form, go, page
from entrypoints.console.words import KINDS, PROBLEMS, VALUES
from entrypoints.http.problems import STATUSES
from entrypoints.http.writing import Writing

_CONTACTS: Final = 100


@dataclass(frozen=True)
class _Refused:
    """A form that was not taken.

    Attributes:
        act: which of the page's forms: `name`, `add` or `remove`.
        given: what was typed.
        error: why not.
    """

    act: str
    given: Mapping[str, str]
    error: DomainError

    @property
    def field(self) -> str:
        """The field at which it is said."""
        field = self.error.field or ""
        return field if field in self.given else "value"

    @property
    def sentence(self) -> str:
        """What is said, to be translated."""
        if isinstance(self.error, InvalidValue) and self.error.field in VALUES:
            return VALUES[self.error.field]
        return PROBLEMS[self.error.code]

    @property
    def owner(self) -> LeadId | None:
        """The other lead that has the identity, if that is why."""
        return self.error.lead_id if isinstance(self.error, IdentityTaken) else None


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = APIRouter()

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
                await writing(fairlead.rename_lead, RenameLead(of, name))
                said = "saved"
            elif act == "add":
                outcome = await writing(fairlead.add_identity, AddIdentity(of, kind, value))
                said = "identity-added" if outcome.added else "identity-known"
            else:
                act = "remove"
                await writing(fairlead.remove_identity, RemoveIdentity(of, kind, value))
                said = "identity-removed"
        except DomainError as error:
            # In a thread: the loop must not wait for the storage.
            refused = _Refused(act, given, error)
            return await to_thread.run_sync(_shown, request, fairlead, of, None, refused)
        return go(request, f"/leads/{lead_id}", said=said)

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
    refused: _Refused | None = None,
) -> Response:
    """Show a lead, with a form that was not taken as it was sent."""
    view = fairlead.leads.lead(lead_id)
    contacts = fairlead.contacts.contacts(
        ContactFilter(lead_id=view.id),
        limit=_CONTACTS,
        after=None if after is None else ContactId(after),
    )
    return page(
        request,
        "lead",
        STATUSES[refused.error.code] if refused else 200,
        lead=view,
        # Those that the console knows by name, then whatever bots have brought.
        known_kinds=[*dict.fromkeys([*KINDS, *fairlead.lead_search.kinds()])],
        refused=refused,
        owner=fairlead.leads.lead(refused.owner) if refused and refused.owner else None,
        contacts=contacts.items,
        next=contacts.items[-1].id if contacts.more else None,
    )
