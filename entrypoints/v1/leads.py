"""/v1/leads."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from application.fairlead import Fairlead
from application.leads import AddIdentity, EraseLead, RemoveIdentity, RenameLead
from application.ports.contacts import ContactFilter
from application.ports.leads import LeadExport
from domain import limits
from domain.errors import InvalidIdentity
from domain.ids import LeadId
from domain.lead import Identity
from entrypoints.edge.bodies import JsonRoute
from entrypoints.edge.listing import Listing
from entrypoints.edge.pages import Limit, next_id
from entrypoints.edge.problems import created, documented
from entrypoints.edge.writing import Writing
from entrypoints.v1.schemas.contacts import ContactOut
from entrypoints.v1.schemas.leads import (
    ExportedContactOut,
    LeadChange,
    LeadExportOut,
    LeadOut,
    LeadPage,
    LeadWithContactsOut,
    NewIdentity,
)

LeadPath = Annotated[UUID, Path(description="The lead's id.")]
_BODY = ("malformed_json", "body_too_large", "unsupported_media_type")
_REMOVE = {
    "operationId": "remove_identity",
    "parameters": {
        "lead_id": "$request.path.lead_id",
        "kind": "$request.body#/kind",
        "value": "$request.body#/value",
    },
}
"""How to remove what was added, for clients that make calls from the OpenAPI document."""
_CONTACTS: Final = 200
"""Contacts shown with a lead; GET /v1/contacts has the rest."""
_EXPORTED: Final = 200
"""Contacts of an export that are in memory at a time: a few megabytes at most."""


def router(fairlead: Fairlead, writing: Writing, listing: Listing) -> APIRouter:
    """Build the routes on a wired application."""
    routes = APIRouter(prefix="/v1/leads", tags=["leads"], route_class=JsonRoute)

    @routes.get("", responses=documented("invalid_identity"))
    @listing
    def list_leads(
        request: Request,
        limit: Limit = 50,
        identity: Annotated[
            str | None,
            Query(
                description="`kind:value`, in any spelling. Escape a `+` as `%2B`. An unescaped "
                "one is still read as a plus in an `email` and at the beginning of a `phone`, "
                "where there can be no space; in other kinds it is a space.",
                examples=["phone:+79161234567"],
                max_length=limits.MAX_TEXT + 33,
            ),
        ] = None,
        cursor: Annotated[
            UUID | None, Query(description="next_cursor of the previous page.")
        ] = None,
    ) -> LeadPage:
        """List leads, the newest first, or find the one that an identity belongs to."""
        page = fairlead.lists.leads.leads(
            identity=None if identity is None else _identity(fairlead, identity, request),
            limit=limit,
            after=None if cursor is None else LeadId(cursor),
        )
        items = [LeadOut.model_validate(each) for each in page.items]
        return LeadPage(items=items, next_cursor=next_id(page))

    @routes.get("/{lead_id}", responses=documented("unknown_lead"))
    def get_lead(lead_id: LeadPath) -> LeadWithContactsOut:
        """Show a lead with its contacts, each with its source and operator."""
        lead = LeadOut.model_validate(fairlead.leads.lead(LeadId(lead_id)))
        page = fairlead.contacts.contacts(
            ContactFilter(leads=[LeadId(lead_id)]), limit=_CONTACTS, after=None
        )
        return LeadWithContactsOut(
            **lead.model_dump(),
            contacts=[ContactOut.model_validate(each) for each in page.items],
            next_cursor=next_id(page),
        )

    @routes.get(
        "/{lead_id}/export", response_model=LeadExportOut, responses=documented("unknown_lead")
    )
    def export_lead(lead_id: LeadPath) -> StreamingResponse:
        """Show everything stored about a person, in one document.

        The document is streamed. If the database goes away meanwhile, the document stays
        incomplete and the connection is cut.
        """
        first = fairlead.leads.export(LeadId(lead_id), limit=_EXPORTED)
        return StreamingResponse(_document(fairlead, first), media_type="application/json")

    @routes.patch(
        "/{lead_id}",
        response_model=LeadOut,
        responses=documented("unknown_lead", "invalid_value", *_BODY),
    )
    async def change_lead(lead_id: LeadPath, body: LeadChange, request: Request) -> object:
        """Correct a lead's name. Names that come with later contacts do not change it."""
        return await writing(request, fairlead.rename_lead, RenameLead(LeadId(lead_id), body.name))

    @routes.post(
        "/{lead_id}/identities",
        status_code=201,
        response_model=LeadOut,
        responses={
            201: {**created()[201], "links": {"remove": _REMOVE}},
            **documented(
                "unknown_lead", "invalid_identity", "invalid_value", "identity_taken", *_BODY
            ),
            200: {"model": LeadOut, "description": "The lead already has it."},
        },
    )
    async def add_identity(
        lead_id: LeadPath, body: NewIdentity, request: Request, response: Response
    ) -> object:
        """Add an identity to a lead.

        An identity of another lead stays there: remove it there first. Leads are never merged.
        """
        outcome = await writing(
            request, fairlead.add_identity, AddIdentity(LeadId(lead_id), body.kind, body.value)
        )
        if outcome.added:
            response.headers["Location"] = f"/v1/leads/{lead_id}"
        else:
            response.status_code = 200
        return outcome.lead

    @routes.delete(
        "/{lead_id}/identities/{kind}/{value:text}",
        status_code=204,
        responses=documented("unknown_lead", "unknown_identity"),
    )
    async def remove_identity(
        lead_id: LeadPath,
        kind: Annotated[str, Path(description="Such as `phone` or `telegram`.")],
        request: Request,
        value: Annotated[str, Path(description="In any spelling, percent-encoded.")],
    ) -> None:
        """Remove an identity from a lead. From then on it belongs to no lead.

        A lead without any identity stays, with its contacts; `lead.id` still names it.
        """
        await writing(
            request, fairlead.remove_identity, RemoveIdentity(LeadId(lead_id), kind, value)
        )

    @routes.delete("/{lead_id}", status_code=204, responses=documented("unknown_lead"))
    async def erase_lead(lead_id: LeadPath, request: Request) -> None:
        """Erase a person's data.

        The lead loses its name and its identities; its contacts lose their payloads and
        idempotency keys. Contacts, including open ones, and all counts stay, and identify nobody.
        """
        await writing(request, fairlead.erase_lead, EraseLead(LeadId(lead_id)))

    return routes


def _document(fairlead: Fairlead, stretch: LeadExport) -> Iterator[str]:
    """Write the JSON of LeadExportOut, one stretch of contacts after another."""
    head = LeadOut.model_validate(stretch.lead).model_dump_json()
    yield f'{head.removesuffix("}")},"contacts":['
    separator = ""
    while True:
        contacts = [ExportedContactOut.of(each).model_dump_json() for each in stretch.contacts]
        if contacts:
            yield separator + ",".join(contacts)
            separator = ","
        if not stretch.more:
            break
        last = stretch.contacts[-1].contact.id
        stretch = fairlead.leads.export(stretch.lead.id, limit=_EXPORTED, after=last)
    yield "]}"


_UNESCAPED = b"identity=phone:+"
"""How a query with an unescaped plus begins. A client that escapes spaces as pluses has escaped the
colon before it as well."""


def _identity(fairlead: Fairlead, text: str, request: Request) -> Identity:
    kind, colon, value = text.partition(":")
    if not colon:
        raise InvalidIdentity(
            "write an identity as kind:value, such as phone:+79161234567.", field="identity"
        )
    # A plus that was sent unescaped has arrived as a space, which no email address holds.
    if kind == "email":
        value = value.strip().replace(" ", "+")
    if kind == "phone" and _UNESCAPED in request.scope["query_string"]:
        with suppress(InvalidIdentity):
            return fairlead.normalise(kind, f"+{value.strip()}")
    return fairlead.normalise(kind, value)
