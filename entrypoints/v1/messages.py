"""What is sent to endpoints: an event as the feed shows it, and the contact if it is wanted."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from application.courier import Courier
from application.fairlead import Fairlead
from application.ports.contacts import ContactView
from application.ports.events import LoggedEvent
from application.ports.sender import Receipt, Trying
from application.ports.system import Ids
from domain.actor import Actor
from domain.endpoint import Endpoint, Inclusion
from domain.errors import UnknownContact
from domain.ids import ContactId, EndpointId, time_of
from entrypoints.v1.schemas.events import EventOut

_contact_to_json: Final = TypeAdapter(ContactView).dump_json


def writer(fairlead: Fairlead) -> Callable[[LoggedEvent, Endpoint], Awaitable[bytes]]:
    """Return what writes the body of a message."""

    def contact(contact_id: ContactId) -> bytes:
        try:
            return _contact_to_json(fairlead.contacts.contact(contact_id))
        except UnknownContact:
            # It was purged.
            return b"null"

    async def body(event: LoggedEvent, endpoint: Endpoint) -> bytes:
        shown = EventOut.of(event).model_dump_json().encode()
        if Inclusion.CONTACT not in endpoint.include or event.entry.contact_id is None:
            return shown
        included = await asyncio.to_thread(contact, event.entry.contact_id)
        return shown[:-1] + b',"contact":' + included + b"}"

    return body


def trier(courier: Courier, ids: Ids) -> Trying:
    """Return what tries endpoints."""

    async def try_out(endpoint_id: EndpointId, actor: Actor) -> Receipt:
        message_id = ids.new()
        body = trial(endpoint_id, message_id, time_of(message_id), actor.name)
        return await courier.try_out(endpoint_id, body, message_id)

    return try_out


def trial(endpoint_id: EndpointId, message_id: UUID, at: datetime, actor: str) -> bytes:
    """Write the body of a message by which somebody tries an endpoint; the log knows nothing of it.

    It has the form of any event, so a receiver that understands those understands this one.
    """
    return json.dumps(
        {
            "id": str(message_id),
            "seq": 0,
            "type": "endpoint.test",
            "at": at.isoformat().replace("+00:00", "Z"),
            "subject": {"kind": "endpoint", "id": str(endpoint_id)},
            "actor": actor,
            "data": {},
        }
    ).encode()
