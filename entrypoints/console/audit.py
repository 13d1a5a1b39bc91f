"""The audit log: who changed what, and when."""

import re
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from application.fairlead import Fairlead
from application.ports.paging import Page
from domain.audit import SUBJECT, Action, AuditEntry
from domain.ids import AuditId
from entrypoints.console.filled import Filled, Sentence
from entrypoints.console.pages import page, pages_below
from entrypoints.console.words import VALUES
from entrypoints.edge.problem_types import STATUSES

_PAGE: Final = 60
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
        return page(
            request,
            "audit",
            STATUSES["invalid_value"] if problems else HTTPStatus.OK,
            entries=[_shown(each) for each in found.items],
            actions=list(Action),
            subject=subject,
            action=action,
            filled=Filled("audit", {}, problems),
            next=found.items[-1].id if found.more else None,
        )

    return routes


def _shown(entry: AuditEntry) -> dict[str, Any]:
    """Return what is shown of an entry: where its subject is, and the values before and after."""
    first, _, _ = entry.action.value.partition("_")
    before, after = entry.before or {}, entry.after or {}
    return {
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "path": PAGES[first] + entry.subject if first in PAGES else None,
        "before": before,
        "after": after,
    }
