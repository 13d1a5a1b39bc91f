"""The audit log: who changed what, and when."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from application.fairlead import Fairlead
from application.ports.paging import Page
from domain.audit import SUBJECT, Action, AuditEntry
from domain.ids import AuditId
from entrypoints.console.choosing import offered_sources
from entrypoints.console.filled import Filled, Sentence
from entrypoints.console.pages import Viewer, page, pages_below
from entrypoints.console.restoring import restorable
from entrypoints.console.words import VALUES
from entrypoints.edge.problem_types import STATUSES

_PAGE: Final = 60
_NAMED: Final = 1000
"""Operators that are told by their names."""
PAGES: Final = {
    "operator": "/operators/",
    "source": "/sources/",
    "allocations": "/sources/",
    "contact": "/contacts/",
    "lead": "/leads/",
    "identity": "/leads/",
    "endpoint": "/endpoints/",
}
"""Where the subject of an action is shown, by the action's first word."""


def router(fairlead: Fairlead) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/audit")

    @routes.get("")
    def audit(
        request: Request, subject: str = "", action: str = "", after: UUID | None = None
    ) -> Response:
        subject = subject.strip()
        problems = {}
        if subject and not re.fullmatch(SUBJECT[1:-1], subject):
            problems["subject"] = Sentence(VALUES["subject"])
        if action and action not in list(Action):
            problems["action"] = Sentence(VALUES["action"])
        found: Page[AuditEntry] = Page([], more=False)
        if not problems:
            found = fairlead.audit.entries(
                subject=subject or None,
                action=Action(action) if action else None,
                limit=_PAGE,
                after=None if after is None else AuditId(after),
            )
        names, may_restore = _Names.of(fairlead), Viewer.of(request).may("operate")
        return page(
            request,
            "audit",
            STATUSES["invalid_value"] if problems else HTTPStatus.OK,
            entries=[names.shown(each) for each in found.items],
            restores=restorable(fairlead, found.items) if may_restore else {},
            actions=list(Action),
            subject=subject,
            action=action,
            filled=Filled("audit", {}, problems),
            next=found.items[-1].id if found.more else None,
        )

    return routes


@dataclass(frozen=True)
class _Names:
    """Names of what entries tell of, as they are now; of what has none, the id or the key."""

    operators: Mapping[str, str]
    sources: Mapping[str, str]

    @classmethod
    def of(cls, fairlead: Fairlead) -> "_Names":
        """Read the names that exist."""
        operators = fairlead.catalogue.operators(active=None, limit=_NAMED, after=None).items
        return cls(
            {str(each.id): each.name for each in operators}, dict(offered_sources(fairlead).items)
        )

    def shown(self, entry: AuditEntry) -> dict[str, Any]:
        """Return what is shown of an entry: where its subject is, and what changed, by name."""
        first, _, _ = entry.action.value.partition("_")
        before, after = entry.before or {}, entry.after or {}
        named = {"operator": self.operators, "source": self.sources, "allocations": self.sources}
        return {
            "id": entry.id,
            "at": entry.at,
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "name": named.get(first, {}).get(entry.subject),
            "path": PAGES[first] + entry.subject if first in PAGES else None,
            "is_new": entry.before is None,
            "changes": [
                (
                    self.operators.get(each, each),
                    self._value(each, before[each]) if each in before else None,
                    self._value(each, after[each]) if each in after else None,
                )
                for each in dict.fromkeys([*before, *after])
            ],
        }

    def _value(self, name: str, value: object) -> object:
        return self.operators.get(str(value), value) if name == "operator_id" else value
