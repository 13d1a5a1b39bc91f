"""The list of contacts: filters, what is done to several together, and a spreadsheet of it."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.ports.contacts import ContactFilter, ContactView
from application.ports.failures import StorageUnavailable
from application.ports.paging import Page
from domain import limits
from domain.contact import ContactState
from domain.errors import DomainError, InvalidValue
from domain.ids import ContactId, OperatorId
from entrypoints.console.acting import act_refused, known
from entrypoints.console.choosing import offered, offered_sources
from entrypoints.console.filled import EMPTY, Filled, Sentence, sentence_of
from entrypoints.console.operators import ACT
from entrypoints.console.pages import Viewer, form, page, pages_below
from entrypoints.console.periods import DateText, day_after, day_of
from entrypoints.console.spreadsheet import written
from entrypoints.console.words import N_, PROBLEMS
from entrypoints.edge.problems import problem_of
from entrypoints.edge.writing import Writing

_PAGE: Final = 100
"""Contacts on a page; what is done to all of them fits one transaction."""
_READ: Final = 500
"""Contacts that are read at a time for a spreadsheet."""
_UUID: Final = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_BOX: Final = re.compile(rf"contact-({_UUID})")
"""The name of a contact's box; its value is the version that was shown."""

_Command = CloseContact | TransferContact


class Order(StrEnum):
    """How the list is sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"


class Age(StrEnum):
    """How long ago a contact came in at least."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


AGES: Final = {
    Age.HOUR: N_("an hour"),
    Age.DAY: N_("a day"),
    Age.WEEK: N_("a week"),
}
_AGES: Final = {
    Age.HOUR: timedelta(hours=1),
    Age.DAY: timedelta(days=1),
    Age.WEEK: timedelta(weeks=1),
}
ORDERS: Final = {
    Order.NEWEST: N_("newest first"),
    Order.OLDEST: N_("oldest first"),
}


class Wanted(BaseModel):
    """What the address of the list asks for; an empty text asks for nothing.

    Attributes:
        q: a name, an identity, or a part of one.
        since, until: dates in UTC, both inclusive.
        older: they came in at least so long ago.
        after: the last contact of the page before.
    """

    source: Annotated[str, Query(pattern=f"^$|{limits.KEY}")] = ""
    operator: Annotated[str, Query(pattern=f"^$|^{_UUID}$")] = ""
    state: ContactState | Annotated[str, Query(pattern="^$")] = ""
    q: Annotated[str, Query(max_length=200)] = ""
    since: DateText = ""
    until: DateText = ""
    older: Age | Annotated[str, Query(pattern="^$")] = ""
    order: Order | Annotated[str, Query(pattern="^$")] = ""
    after: Annotated[str, Query(pattern=f"^$|^{_UUID}$")] = ""

    def address(self, path: str, **others: object) -> str:
        """Return the address of another page of the list, or of another form of it."""
        given = {**self.model_dump(mode="json"), **others}
        asked = urlencode({name: value for name, value in given.items() if value})
        return f"/contacts{path}?{asked}" if asked else f"/contacts{path}"

    @property
    def is_narrowed(self) -> bool:
        """Whether the list leaves out any contacts."""
        return any(value for name, value in self if name not in {"order", "after"})

    @property
    def is_queue(self) -> bool:
        """Whether the list is a queue, or all of them, in the order in which it is served."""
        others = self.operator, self.q, self.since, self.until, self.older
        return self.state == ContactState.WAITING and self.order != Order.NEWEST and not any(others)

    @property
    def is_oldest_first(self) -> bool:
        """Whether the list begins with the oldest, as it does for whoever waits."""
        return self.order == Order.OLDEST or (not self.order and self.state == ContactState.WAITING)


@dataclass(frozen=True)
class Outcome:
    """What became of one of the contacts chosen; `why` says why nothing did."""

    contact: ContactView | None
    why: Sentence | None


@dataclass(frozen=True)
class Outcomes:
    """What became of all contacts chosen, those first to which nothing was done."""

    what: str
    all: Sequence[Outcome]

    @property
    def done(self) -> int:
        """To how many it was done."""
        return sum(each.why is None for each in self.all)


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/contacts")

    @routes.get("")
    def contacts(request: Request, wanted: Annotated[Wanted, Query()]) -> Response:
        return _page(request, fairlead, wanted)

    @routes.post("")
    async def act(request: Request, wanted: Annotated[Wanted, Query()]) -> Response:
        given = await form(request)
        what = given.get("do", "")
        try:
            commands = _commands(given)
        except InvalidValue as error:
            filled = act_refused(given, error)
            return await to_thread.run_sync(_page, request, fairlead, wanted, filled)
        use_case: Any = fairlead.close_contact if what == "close" else fairlead.transfer_contact
        # Submitted together, they share a transaction.
        found = await asyncio.gather(*(_tried(request, use_case, each) for each in commands))
        outcomes = await to_thread.run_sync(_outcomes, fairlead, what, commands, found)
        return await to_thread.run_sync(_page, request, fairlead, wanted, EMPTY, outcomes)

    async def _tried(request: Request, use_case: Any, command: _Command) -> ContactView | Sentence:
        try:
            view: ContactView = await writing(request, use_case, command)
        except DomainError as error:
            return sentence_of(error)
        except StorageUnavailable as error:
            return Sentence(PROBLEMS[problem_of(error).code])
        return view

    @routes.get("/contacts.csv")
    def download(request: Request, wanted: Annotated[Wanted, Query()]) -> Response:
        where, _ = _where(fairlead, wanted)
        pieces = written(_rows(fairlead, wanted, where), Viewer.of(request).language)
        # Read before the answer begins: it can still be an error.
        first = next(pieces)
        return StreamingResponse(
            chain([first], pieces),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="fairlead-contacts.csv"'},
        )

    return routes


def _page(
    request: Request,
    fairlead: Fairlead,
    wanted: Wanted,
    filled: Filled = EMPTY,
    outcomes: Outcomes | None = None,
) -> Response:
    """Show the list, with the form if it was refused, or with what it has done."""
    where, more_people = _where(fairlead, wanted)
    found = _listed(fairlead, wanted, where, _PAGE, _id(wanted.after))
    sources = offered_sources(fairlead)
    here = wanted.address("")
    return page(
        request,
        "contacts",
        filled.status,
        here=here,
        action=here,
        wanted=wanted,
        contacts=found.items,
        source=fairlead.catalogue.source(wanted.source) if wanted.source else None,
        sources=sources,
        names=dict(sources.items),
        operators=offered(fairlead, active=None, but=(), chosen=wanted.operator),
        others=offered(fairlead, active=True, but=(), chosen=filled.of(ACT).value("operator")),
        ages=AGES,
        orders=ORDERS,
        more_people=more_people,
        next=wanted.address("", after=found.items[-1].id) if found.more else None,
        filled=filled,
        outcomes=outcomes,
    )


def _commands(given: Mapping[str, str]) -> list[_Command]:
    """Return what is to be done to the contacts that are ticked; raises InvalidValue."""
    ticked = [
        (ContactId(UUID(box[1])), version)
        for name, version in given.items()
        if (box := _BOX.fullmatch(name))
    ]
    if given.get("do") == "close":
        return [CloseContact(contact_id, version) for contact_id, version in ticked]
    chosen = OperatorId(known(given.get("operator", "")))
    return [TransferContact(contact_id, chosen, version) for contact_id, version in ticked]


def _outcomes(
    fairlead: Fairlead,
    what: str,
    commands: Sequence[_Command],
    found: Sequence[ContactView | Sentence],
) -> Outcomes:
    outcomes = [
        Outcome(_shown(fairlead, command.contact_id), each)
        if isinstance(each, Sentence)
        else Outcome(each, None)
        for command, each in zip(commands, found, strict=True)
    ]
    return Outcomes(what, sorted(outcomes, key=lambda each: each.why is None))


def _shown(fairlead: Fairlead, contact_id: ContactId) -> ContactView | None:
    try:
        return fairlead.contacts.contact(contact_id)
    except DomainError:
        return None


def _where(fairlead: Fairlead, wanted: Wanted) -> tuple[ContactFilter, bool]:
    """Return what to list, and whether more people are known by the text that was searched for.

    Raises:
        UnknownOperator: it does not exist.
        InvalidValue: one of the dates does not exist.
    """
    leads, more = None, False
    if wanted.q.strip():
        found = fairlead.search(wanted.q)
        leads, more = [each.id for each in found.leads], found.further is not None
    until = [day_after(wanted.until)] if wanted.until else []
    if isinstance(wanted.older, Age):
        until.append(datetime.now(UTC) - _AGES[wanted.older])
    return (
        ContactFilter(
            wanted.source or None,
            fairlead.catalogue.operator(OperatorId(UUID(wanted.operator))).id
            if wanted.operator
            else None,
            leads,
            (wanted.state,) if isinstance(wanted.state, ContactState) else (),
            day_of(wanted.since) if wanted.since else None,
            min(until, default=None),
        ),
        more,
    )


def _id(value: str) -> ContactId | None:
    return ContactId(UUID(value)) if value else None


def _listed(
    fairlead: Fairlead, wanted: Wanted, where: ContactFilter, limit: int, after: ContactId | None
) -> Page[ContactView]:
    if wanted.is_queue:
        return fairlead.contacts.queue(where.source, limit=limit, after=after)
    return fairlead.contacts.contacts(
        where, limit=limit, after=after, oldest_first=wanted.is_oldest_first
    )


def _rows(fairlead: Fairlead, wanted: Wanted, where: ContactFilter) -> Iterator[Sequence[Any]]:
    """Return the whole list from its beginning, with a header."""
    yield (
        *("contact_id", "registered_utc", "state", "source", "lead_id", "lead"),
        *("operator_id", "operator", "assigned_utc", "closed_utc"),
    )
    after, more = None, True
    while more:
        found = _listed(fairlead, wanted, where, _READ, after)
        for each in found.items:
            who = each.operator
            yield (
                *(each.id, each.created_at, each.state.value, each.source),
                *(each.lead.id, each.lead.name),
                *((None, None) if who is None else (who.id, who.name)),
                *(each.assigned_at, each.closed_at),
            )
        more = found.more
        after = found.items[-1].id if found.items else None
