"""/v1/contacts."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import TypeAdapter, ValidationError

from application.contacts import CloseContact, ShowContact, ShowHistory, TransferContact
from application.fairlead import Fairlead
from application.intake import Intake
from application.ports.contacts import ContactFilter, ContactView
from application.ports.failures import StorageUnavailable
from application.ports.paging import Page
from application.register_contacts import RegisterContact, Registered
from domain import limits
from domain.contact import ContactState
from domain.errors import DomainError, InvalidValue
from domain.ids import ContactId, LeadId, OperatorId
from entrypoints.edge.bodies import BatchRoute, JsonRoute
from entrypoints.edge.calls import root_of
from entrypoints.edge.front import Answer, LeanRoute
from entrypoints.edge.listing import Listing
from entrypoints.edge.pages import Limit, Moment, next_id
from entrypoints.edge.problems import (
    created,
    documented,
    header,
    problem_of,
    problem_of_validation,
)
from entrypoints.edge.rates import SPEND
from entrypoints.edge.writing import ACTOR
from entrypoints.v1.operator_names import OperatorNames
from entrypoints.v1.schemas.contacts import (
    BatchOut,
    ContactOut,
    ContactPage,
    DecisionOut,
    HistoryOut,
    NewContact,
    NewContacts,
    NewTransfer,
    RefusedItemOut,
    RegisteredItemOut,
)

ContactPath = Annotated[UUID, Path(description="The contact's id.")]
_BODY = ("malformed_json", "body_too_large", "unsupported_media_type")
_REGISTER = (
    "unknown_source",
    "unknown_lead",
    "no_identity",
    "invalid_identity",
    "invalid_value",
    "idempotency_conflict",
    "overloaded",
    "outcome_unknown",
)
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key on the same source returns the first contact again. "
    'Quotes make no difference: `"abc"` is `abc`.',
    "schema": {"type": "string", "minLength": 1, "maxLength": limits.MAX_TEXT},
}
_AT_ONCE: Final = 32
"""Items of a batch that are read before anything else gets a turn: some 5 ms for the worst."""
# A view has the fields of ContactOut and is written as it is, without being copied into one.
_contact_to_json = TypeAdapter(ContactView).serializer.to_json
_REPLAYED = (b"idempotency-replayed", b"true")
Submit = Callable[[RegisterContact], Awaitable[RegisteredItemOut]]
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
"""A string of RFC 9651, which the IETF's draft on idempotency keys asks for."""


def router(fairlead: Fairlead, listing: Listing, intake: Intake) -> APIRouter:
    """Build the routes on a wired application; registrations go through the intake."""
    register = fairlead.register_contact
    routes = APIRouter(prefix="/v1/contacts", tags=["contacts"], route_class=JsonRoute)

    async def register_contact(body: NewContact, request: Request) -> Answer:
        """Register a contact and pick its operator.

        If no operator is eligible, the contact waits, with `operator: null`. A bot that may send
        the same message twice should give each message an idempotency key.
        """
        for name, value in request.scope["headers"]:
            if name == b"idempotency-key":
                _take_key(body, _key_of(value))
        scope = request.scope
        answer = _answer_below(scope.get("root_path"))
        return await intake.submit(register, body.command(), scope[ACTOR], answer)

    async def register_batch(body: NewContacts, request: Request) -> BatchOut:
        """Register up to 1000 contacts. A bad item does not affect the others.

        Under a rate limit, each item counts as one call.
        """
        actor, items = request.scope[ACTOR], body.contacts
        request.scope.get(SPEND, _uncounted)(len(items) - 1)
        submit = partial(intake.submit, register, actor=actor, answer=_registered)
        results = await _register_items(submit, items, root_of(request.scope))
        return BatchOut(results=results)

    routes.add_api_route(
        "",
        register_contact,
        methods=["POST"],
        route_class_override=LeanRoute,
        status_code=201,
        response_model=ContactOut,
        responses={
            **created(),
            **documented(*_REGISTER, *_BODY),
            200: {
                "model": ContactOut,
                "description": "Registered before with this idempotency key.",
                "headers": {
                    **created()[201]["headers"],
                    "Idempotency-Replayed": header("`true`"),
                },
            },
        },
        openapi_extra={"parameters": [_IDEMPOTENCY_KEY]},
    )
    routes.add_api_route(
        "/batch",
        register_batch,
        methods=["POST"],
        route_class_override=BatchRoute,
        response_model=BatchOut,
        responses=documented(*_BODY),
    )

    @routes.get("", response_model=ContactPage, responses=documented())
    @listing
    def list_contacts(
        limit: Limit = 50,
        source: Annotated[
            str | None, Query(pattern=limits.KEY, description="Of the source with this key.")
        ] = None,
        operator_id: Annotated[
            UUID | None, Query(description="Given to the operator with this id.")
        ] = None,
        lead_id: Annotated[UUID | None, Query(description="Of the lead with this id.")] = None,
        state: Annotated[
            list[ContactState] | None,
            Query(
                description="In one of these states; repeat it for several: "
                "`state=waiting&state=assigned`."
            ),
        ] = None,
        since: Annotated[Moment | None, Query(description="Registered then or later.")] = None,
        until: Annotated[Moment | None, Query(description="Registered before then.")] = None,
        cursor: Annotated[
            UUID | None, Query(description="next_cursor of the previous page.")
        ] = None,
    ) -> Response:
        """List contacts, the newest first."""
        page = fairlead.lists.contacts.contacts(
            ContactFilter(
                source,
                None if operator_id is None else OperatorId(operator_id),
                None if lead_id is None else [LeadId(lead_id)],
                state or (),
                since,
                until,
            ),
            limit=limit,
            after=None if cursor is None else ContactId(cursor),
        )
        return Response(_page_to_json(page), media_type="application/json")

    _add_routes_of_one(routes, fairlead, intake)
    return routes


def _add_routes_of_one(routes: APIRouter, fairlead: Fairlead, intake: Intake) -> None:
    names = OperatorNames(fairlead.catalogue)

    @routes.get("/{contact_id}", response_model=ContactOut, responses=documented("unknown_contact"))
    def get_contact(contact_id: ContactPath, request: Request) -> Response:
        """Show a contact.

        A key of the role `intake` sees only contacts of its own source, and only the lead's id.
        """
        view = fairlead.show_contact(ShowContact(ContactId(contact_id)), request.scope[ACTOR])
        return Response(_contact_to_json(view), media_type="application/json")

    @routes.get("/{contact_id}/decision", responses=documented("unknown_contact", "no_decision"))
    def get_decision(contact_id: ContactPath) -> DecisionOut:
        """Explain why the contact has its operator."""
        return DecisionOut.of(fairlead.contacts.decision(ContactId(contact_id)))

    @routes.get("/{contact_id}/history", responses=documented("unknown_contact"))
    def get_history(contact_id: ContactPath, request: Request) -> HistoryOut:
        """Tell what happened to the contact, in order.

        It is told as long as the contact is stored, also after its lead was erased.
        """
        query = ShowHistory(ContactId(contact_id))
        return HistoryOut(items=fairlead.show_history(query, request.scope[ACTOR]))

    async def close_contact(contact_id: ContactPath, request: Request) -> Answer:
        """Close a contact. The freed slot goes to the oldest contact that waits for it."""
        command = CloseContact(ContactId(contact_id))
        return await intake.submit(fairlead.close_contact, command, request.scope[ACTOR], _shown)

    async def transfer_contact(
        contact_id: ContactPath, body: NewTransfer, request: Request
    ) -> Answer:
        """Give an open contact to an operator that you choose, never past that one's capacity."""
        (operator_id,) = await names.in_body([body.operator_id])
        command = TransferContact(ContactId(contact_id), operator_id)
        return await intake.submit(fairlead.transfer_contact, command, request.scope[ACTOR], _shown)

    routes.add_api_route(
        "/{contact_id}/close",
        close_contact,
        methods=["POST"],
        route_class_override=LeanRoute,
        response_model=ContactOut,
        responses=documented("unknown_contact"),
    )
    routes.add_api_route(
        "/{contact_id}/transfer",
        transfer_contact,
        methods=["POST"],
        route_class_override=LeanRoute,
        response_model=ContactOut,
        responses=documented(
            "unknown_contact",
            "unknown_operator",
            "contact_closed",
            "operator_inactive",
            "operator_at_capacity",
            *_BODY,
        ),
    )


def _uncounted(calls: int) -> None:
    del calls


def _page_to_json(page: Page[ContactView]) -> bytes:
    cursor = next_id(page)
    end = b"null" if cursor is None else b'"%b"' % str(cursor).encode()
    items = b",".join(map(_contact_to_json, page.items))
    return b'{"items":[%b],"next_cursor":%b}' % (items, end)


def _shown(view: ContactView) -> Answer:
    return Answer(200, _contact_to_json(view))


def _answer_below(root: str | None) -> Callable[[Registered], Answer]:
    return partial(_answer, root=root) if root else _answer


def _answer(outcome: Registered, root: str = "") -> Answer:
    location = (b"location", f"{root}/v1/contacts/{outcome.contact.id}".encode())
    content = _contact_to_json(outcome.contact)
    return (
        Answer(200, content, (location, _REPLAYED))
        if outcome.replayed
        else Answer(201, content, (location,))
    )


def _key_of(header: bytes) -> str:
    """Return the idempotency key in a header, as a body would have it in its field."""
    try:
        key = header.decode().strip()
    except UnicodeDecodeError:
        key = header.decode("latin-1").strip()
    if key.startswith('"') and (quoted := _QUOTED.fullmatch(key)):
        key = re.sub(r"\\(.)", r"\1", quoted[1]).strip()
    return key


def _take_key(body: NewContact, header: str) -> None:
    """Put the idempotency key from a header into the body's field."""
    if body.idempotency_key not in {None, header}:
        raise InvalidValue(
            "the header Idempotency-Key and the field idempotency_key differ; send only one.",
            field="idempotency_key",
        )
    body.idempotency_key = header


async def _register_items(
    submit: Submit, items: Sequence[Any], root: str
) -> list[RegisteredItemOut | RefusedItemOut]:
    results = list[asyncio.Task[RegisteredItemOut | RefusedItemOut]]()
    for begin in range(0, len(items), _AT_ONCE):
        results += [
            asyncio.create_task(_register_item(submit, each, root))
            for each in items[begin : begin + _AT_ONCE]
        ]
        # The loop reads these items now, and serves other requests before the next ones.
        await asyncio.sleep(0)
    return await asyncio.gather(*results)


async def _register_item(
    submit: Submit, item: Any, root: str
) -> RegisteredItemOut | RefusedItemOut:
    try:
        return await submit(NewContact.model_validate(item).command())
    except ValidationError as error:
        refused = problem_of_validation(error.errors())
    except (DomainError, StorageUnavailable) as error:
        refused = problem_of(error)
    return RefusedItemOut(status=refused.status, error=refused.below(root))


def _registered(outcome: Registered) -> RegisteredItemOut:
    return RegisteredItemOut(
        status=200 if outcome.replayed else 201, contact=ContactOut.model_validate(outcome.contact)
    )
