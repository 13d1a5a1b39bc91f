"""A query for people: who was given which contact just now?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from application.ports.contacts import ContactFilter, ContactReader, ContactView
from domain.contact import ContactState
from domain.ids import ContactId


@dataclass(frozen=True, slots=True)
class LatestAssignmentsHandler:
    """Finds the contacts that were assigned last, without an index on that moment.

    A source hands out its contacts in the order in which they came. So the contacts that it
    assigned last are its newest, or, if contacts wait there, those that came just before the oldest
    waiting one. A contact that a person transferred out of that order may be missing.
    """

    contacts: ContactReader

    def __call__(self, queued: Iterable[str], *, limit: int) -> list[ContactView]:
        """Return contacts of all sources, the most recently assigned first.

        Args:
            queued: keys of the sources on which contacts wait.
            limit: the most contacts to return.
        """
        found = [
            *self._newest(ContactFilter(states=[ContactState.ASSIGNED]), limit),
            *self._newest(ContactFilter(states=[ContactState.CLOSED]), limit),
        ]
        for key in queued:
            here = ContactFilter(source=key, states=[ContactState.ASSIGNED])
            for oldest in self.contacts.queue(key, limit=1).items:
                found += self._newest(here, limit, oldest.id)
        assigned = {
            contact.id: (contact.assigned_at, contact.id, contact)
            for contact in found
            if contact.assigned_at is not None
        }
        latest = sorted(assigned.values(), key=lambda each: each[:2], reverse=True)
        return [contact for _, _, contact in latest[:limit]]

    def _newest(
        self, where: ContactFilter, limit: int, before: ContactId | None = None
    ) -> Sequence[ContactView]:
        return self.contacts.contacts(where, limit=limit, after=before).items
