"""What a page says about the last action, and how that can be undone.

The address holds a word and an id. What the page says is looked up, and said only if it is true: a
forged link cannot make a page lie.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import Request

from application.fairlead import Fairlead
from application.ports.contacts import ContactView
from application.ports.endpoints import EndpointView
from application.ports.operators import OperatorView
from application.ports.sources import SourceView
from application.ports.versions import version_of
from domain import limits
from domain.audit import Action
from domain.contact import ContactState
from domain.endpoint import EndpointState
from domain.errors import DomainError, UnknownOperator
from domain.ids import ContactId, EndpointId, LeadId, OperatorId
from entrypoints.console.filled import Sentence
from entrypoints.console.matrix import taken_back
from entrypoints.console.pages import Viewer
from entrypoints.console.receivers import name_of, shown_settings
from entrypoints.console.weights import shown_weights
from entrypoints.console.words import NO_NAME, SAID
from entrypoints.edge.writing import ACTOR


@dataclass(frozen=True)
class Undo:
    """A form that undoes an action: where it is sent, and what it holds."""

    path: str
    fields: Mapping[str, object]


@dataclass(frozen=True)
class Said:
    """What is said about the last action."""

    sentence: Sentence
    undo: Undo | None = None


@dataclass(frozen=True)
class _Asked:
    """What an address asks the page to say.

    Attributes:
        of: an id, or the key of a source.
        version: of that, as the change left it.
        actor: who asks.
        transfers_at: where the page sends its transfers.
    """

    fairlead: Fairlead
    what: str
    of: str
    version: str
    viewer: Viewer
    actor: str
    transfers_at: str | None


def said(request: Request, fairlead: Fairlead, transfers_at: str | None = None) -> Said | None:
    """Return what a page says about the last action; None if nothing, or if it is not true.

    Args:
        request: of the page.
        fairlead: where it is looked up.
        transfers_at: where the page sends its transfers, if not to the page of the contact.
    """
    query = request.query_params
    what = query.get("said", "")
    if what not in _SAYERS:
        return None
    asked = _Asked(
        fairlead,
        what,
        query.get("of", ""),
        query.get("as", ""),
        Viewer.of(request),
        request.scope[ACTOR].name,
        transfers_at,
    )
    try:
        return _SAYERS[what](asked)
    except (DomainError, ValueError):
        return None


def _named(asked: _Asked, view: OperatorView | SourceView) -> Said | None:
    if view.version != asked.version:
        return None
    return Said(Sentence(SAID[asked.what], {"name": view.name}))


def _configured(asked: _Asked) -> Said | None:
    """Say that an operator or a source was added or changed."""
    catalogue = asked.fairlead.catalogue
    try:
        return _named(asked, catalogue.operator(OperatorId(UUID(asked.of))))
    except (ValueError, UnknownOperator):
        return _named(asked, catalogue.source(limits.key(asked.of)))


def _switched(asked: _Asked) -> Said | None:
    operator = asked.fairlead.catalogue.operator(OperatorId(UUID(asked.of)))
    if operator.active is not (asked.what == "resumed"):
        return None
    undo = Undo(f"/operators/{operator.id}/active", {"active": "no" if operator.active else "yes"})
    return Said(Sentence(SAID[asked.what], {"name": operator.name}), undo)


def _weighed(asked: _Asked) -> Said | None:
    source = asked.fairlead.catalogue.source(limits.key(asked.of))
    said = _named(asked, source)
    before = None if said is None else _weights_before(asked, source)
    if said is None or before is None:
        return said
    fields = {str(operator_id): weight for operator_id, weight in before.items()}
    return Said(
        said.sentence,
        Undo(f"/sources/{source.key}/weights", {**fields, "seen": shown_weights(source)}),
    )


def _reweighed(asked: _Asked) -> Said | None:
    sources = [asked.fairlead.catalogue.source(limits.key(key)) for key in asked.of.split()]
    if version_of([each.version for each in sources]) != asked.version:
        return None
    said = Said(Sentence(SAID[asked.what]))
    weights: dict[tuple[OperatorId, str], tuple[int | None, int | None]] = {}
    for source in sources:
        before = _weights_before(asked, source)
        if before is None:
            return said
        now = {str(each.operator_id): each.weight for each in source.allocations}
        for name in before.keys() | now.keys():
            if before.get(name) != now.get(name):
                place = OperatorId(UUID(name)), source.key
                weights[place] = now.get(name), before.get(name)
    return Said(said.sentence, Undo("/weights", taken_back(weights)))


def _unweighed(asked: _Asked) -> Said:
    return Said(Sentence(SAID[asked.what]))


def _weights_before(asked: _Asked, source: SourceView) -> dict[str, int] | None:
    """Return the weights before the last change; None if somebody else made it."""
    entries = asked.fairlead.audit.entries(
        subject=source.key, action=Action.ALLOCATIONS_REPLACED, limit=1, after=None
    ).items
    if not entries or entries[0].actor != asked.actor:
        return None
    # Only what differs is in the log.
    before, after = entries[0].before or {}, entries[0].after or {}
    now = {str(each.operator_id): each.weight for each in source.allocations}
    if any(now.get(name) != after.get(name) for name in {*before, *after}):
        return None
    return {name: weight for name, weight in now.items() if name not in after} | dict(before)


def _closed(asked: _Asked) -> Said | None:
    contact = _contact(asked)
    if contact.state is not ContactState.CLOSED:
        return None
    return Said(Sentence(SAID[asked.what], {"lead": _lead(contact)}))


def _transferred(asked: _Asked) -> Said | None:
    contact = _contact(asked)
    transfers = asked.fairlead.contacts.decision(contact.id).transfers
    if not transfers or contact.operator is None or transfers[-1].operator != contact.operator:
        return None
    values = {"operator": contact.operator.name, "lead": _lead(contact)}
    previous, undo = transfers[-1].previous, None
    if previous is not None and contact.state is ContactState.ASSIGNED:
        undo = Undo(
            asked.transfers_at or f"/contacts/{contact.id}/transfer",
            {"transfer": contact.id, "operator": previous.id, "seen": contact.version},
        )
    return Said(Sentence(SAID[asked.what], values), undo)


def _registered(asked: _Asked) -> Said | None:
    _contact(asked)
    return Said(Sentence(SAID[asked.what]))


def _corrected(asked: _Asked) -> Said | None:
    asked.fairlead.leads.lead(LeadId(UUID(asked.of)))
    return Said(Sentence(SAID[asked.what]))


def _signed_in(asked: _Asked) -> Said | None:
    return None if asked.viewer.key is None else Said(Sentence(SAID[asked.what]))


def _filled(asked: _Asked) -> Said | None:
    someone = asked.fairlead.catalogue.operators(active=None, limit=1, after=None).items
    return Said(Sentence(SAID[asked.what])) if someone else None


def _endpoint_kept(asked: _Asked) -> Said | None:
    endpoint = _endpoint(asked)
    if shown_settings(endpoint) != asked.version:
        return None
    return Said(Sentence(SAID[asked.what], {"name": name_of(endpoint)}))


def _endpoint_enabled(asked: _Asked) -> Said | None:
    endpoint = _endpoint(asked)
    if endpoint.state is not EndpointState.ENABLED:
        return None
    return Said(Sentence(SAID[asked.what], {"name": name_of(endpoint)}))


def _endpoint_deleted(asked: _Asked) -> Said | None:
    if not _has_done(asked, Action.ENDPOINT_DELETED):
        return None
    return Said(Sentence(SAID[asked.what]))


def _redelivering(asked: _Asked) -> Said | None:
    if not _has_done(asked, Action.ENDPOINT_REDELIVERED):
        return None
    return Said(Sentence(SAID[asked.what]))


def _has_done(asked: _Asked, action: Action) -> bool:
    """Tell whether the one who asks has done this to an endpoint, and nobody else since."""
    entries = asked.fairlead.audit.entries(
        subject=str(UUID(asked.of)), action=action, limit=1, after=None
    ).items
    return bool(entries) and entries[0].actor == asked.actor


def _endpoint(asked: _Asked) -> EndpointView:
    return asked.fairlead.endpoints.endpoint(EndpointId(UUID(asked.of)))


def _contact(asked: _Asked) -> ContactView:
    return asked.fairlead.contacts.contact(ContactId(UUID(asked.of)))


def _lead(contact: ContactView) -> object:
    return contact.lead.name or Sentence(NO_NAME)


_SAYERS: Final[Mapping[str, Callable[[_Asked], Said | None]]] = {
    "added": _configured,
    "saved": _configured,
    "unchanged": _configured,
    "weighed": _weighed,
    "reweighed": _reweighed,
    "unweighed": _unweighed,
    "paused": _switched,
    "resumed": _switched,
    "closed": _closed,
    "transferred": _transferred,
    "registered": _registered,
    "renamed": _corrected,
    "identity-added": _corrected,
    "identity-known": _corrected,
    "identity-removed": _corrected,
    "signed-in": _signed_in,
    "demo": _filled,
    "endpoint-saved": _endpoint_kept,
    "endpoint-unchanged": _endpoint_kept,
    "endpoint-enabled": _endpoint_enabled,
    "endpoint-deleted": _endpoint_deleted,
    "redelivering": _redelivering,
}
