"""All weights on one page, operators by sources."""

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response

from application.fairlead import Fairlead
from application.ports.versions import version_of
from application.weights import ChangeWeights
from domain import limits
from domain.errors import DomainError
from domain.ids import OperatorId
from entrypoints.console.filled import EMPTY, Filled
from entrypoints.console.matrix import matrix, not_taken, read
from entrypoints.console.pages import form, go, page, pages_below
from entrypoints.console.periods import Period, span_of
from entrypoints.console.saying import said
from entrypoints.edge.writing import Writing

_OPERATORS: Final = 50
_SOURCES: Final = 40
"""Rows and columns of the page; links lead to the others."""
After = Annotated[str | None, Query(pattern=limits.KEY)]


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/weights")

    @routes.get("")
    def weights(request: Request, operators: UUID | None = None, sources: After = None) -> Response:
        return _page(request, operators, sources, EMPTY)

    @routes.post("")
    async def weigh(
        request: Request, operators: UUID | None = None, sources: After = None
    ) -> Response:
        given = await form(request)
        found = read(given)
        if isinstance(found, Filled):
            return await to_thread.run_sync(_page, request, operators, sources, found)
        try:
            command = ChangeWeights([each.change for each in found])
            changed = await writing(request, fairlead.change_weights, command)
        except DomainError as error:
            filled = not_taken(given, found, error)
            return await to_thread.run_sync(_page, request, operators, sources, filled)
        return go(
            request,
            "/weights" + _query(operators, sources),
            said="reweighed" if changed else "unweighed",
            of=" ".join(each.key for each in changed),
            **{"as": version_of([each.version for each in changed])},
        )

    def _page(
        request: Request, after: UUID | None, after_key: str | None, filled: Filled
    ) -> Response:
        operators = fairlead.catalogue.operators(
            active=None, limit=_OPERATORS, after=None if after is None else OperatorId(after)
        )
        sources = fairlead.catalogue.sources(limit=_SOURCES, after=after_key)
        happened = fairlead.statistics.distribution(
            sources=[each.key for each in sources.items], span=span_of(Period.WEEK)
        )
        here = "/weights" + _query(after, after_key)
        return page(
            request,
            "weights",
            filled.status,
            here=here,
            action=here,
            matrix=matrix(operators.items, sources.items, happened, filled),
            sources=sources.items,
            more_operators=_query(operators.items[-1].id, after_key) if operators.more else None,
            more_sources=_query(after, sources.items[-1].key) if sources.more else None,
            filled=filled,
            said=said(request, fairlead),
        )

    return routes


def _query(operators: UUID | None, sources: str | None) -> str:
    """Return the query of the page after an operator and after a source."""
    given: Mapping[str, object] = {"operators": operators, "sources": sources}
    asked = urlencode({name: value for name, value in given.items() if value is not None})
    return f"?{asked}" if asked else ""
