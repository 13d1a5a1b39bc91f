"""Sources: all of them, and one with its weights, its shares and its queue."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from application.fairlead import Fairlead
from application.sources import CreateSource, ReplaceAllocations, UpdateSource
from application.views import Page, SourceView
from domain import limits
from domain.decision import Decision
from domain.errors import InvalidValue
from domain.ids import OperatorId
from domain.picker import Strategy
from entrypoints.console.operators import offered
from entrypoints.console.pages import form, go, page
from entrypoints.http.writing import Writing

_QUEUE: Final = 50
_DECISIONS: Final = 400
"""Contacts in the chart of shares."""
_LINES: Final = 8
"""Operators in the chart of shares, those with the largest weights."""
Key = Annotated[str, Path(pattern=limits.SOURCE_KEY)]
"""Anything else is no address of ours, and PostgreSQL takes no NUL even to look for it."""
Chosen = Annotated[str, Query(pattern=f"^$|{limits.SOURCE_KEY}")]
"""The key of a source, or nothing for all of them."""
_OFFERED: Final = 1000
"""Sources in a list to choose from."""


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/sources")

    @routes.get("")
    def sources(request: Request, after: str | None = None) -> Response:
        found = fairlead.catalogue.sources(limit=50, after=after)
        return page(
            request,
            "sources",
            sources=found.items,
            next=found.items[-1].key if found.more else None,
        )

    @routes.post("")
    async def create(request: Request) -> Response:
        given = await form(request)
        await writing(
            fairlead.create_source,
            CreateSource(
                given.get("key", ""),
                given.get("name") or None,
                _strategy(given.get("strategy", "")),
            ),
        )
        return go(request, f"/sources/{given.get('key', '')}", said="saved")

    @routes.get("/{key}")
    def source(request: Request, key: Key, choose: UUID | None = None) -> Response:
        view = fairlead.catalogue.source(key)
        allocated = {each.operator_id for each in view.allocations}
        return page(
            request,
            "source",
            source=view,
            others=offered(fairlead, active=None, but=allocated, after=choose),
            queue=fairlead.contacts.queue(key, limit=_QUEUE),
        )

    @routes.post("/{key}")
    async def change(request: Request, key: Key) -> Response:
        given = await form(request)
        await writing(
            fairlead.update_source,
            UpdateSource(key, given.get("name") or None, _strategy(given.get("strategy", ""))),
        )
        return go(request, f"/sources/{key}", said="saved")

    @routes.post("/{key}/weights")
    async def weigh(request: Request, key: Key) -> Response:
        weights = _weights(dict(await form(request)))
        await writing(fairlead.replace_allocations, ReplaceAllocations(key, weights))
        return go(request, f"/sources/{key}", said="saved")

    @routes.get("/{key}/shares.json")
    def shares(key: Key, most: Annotated[int, Query(ge=1, le=_DECISIONS)] = _DECISIONS) -> Response:
        view = fairlead.catalogue.source(key)
        return JSONResponse(_shares(view, fairlead.contacts.decisions(key, limit=most)))

    return routes


def offered_sources(fairlead: Fairlead) -> Page[tuple[str, str]]:
    """Return keys and names of the sources that can be chosen on a page, by key."""
    found = fairlead.catalogue.sources(limit=_OFFERED, after=None)
    return Page([(each.key, each.name) for each in found.items], found.more)


def _strategy(value: str) -> Strategy:
    try:
        return Strategy(value)
    except ValueError:
        raise InvalidValue(f"there is no strategy {value!r}.", field="strategy") from None


def _weights(given: dict[str, str]) -> list[tuple[OperatorId, int]]:
    """Read a form of weights by operator id; an empty weight takes the operator off the source."""
    added, weight = given.pop("operator", ""), given.pop("weight", "")
    if added:
        given[added] = weight
    weights = []
    for operator_id, value in given.items():
        if not value.strip():
            continue
        try:
            weights.append((OperatorId(UUID(operator_id)), int(value)))
        except ValueError:
            raise InvalidValue(
                f"{value!r} is no weight; give a whole number from 0 to 1,000,000.",
                field="weight",
            ) from None
    return weights


def _shares(source: SourceView, decisions: list[Decision]) -> dict[str, Any]:
    """Return what the chart draws: after each contact, the share of each operator so far.

    Only the decisions since weights, capacities and activities are what they are now: before, the
    target was another one.
    """
    largest = sorted(source.allocations, key=lambda each: -each.weight)[:_LINES]
    if decisions:
        last = decisions[-1].lineup
        since = len(decisions)
        while since and decisions[since - 1].lineup == last:
            since -= 1
        decisions = decisions[since:]
    got = dict.fromkeys((each.operator_id for each in largest), 0)
    lines: list[list[float]] = [[] for _ in largest]
    for number, decision in enumerate(decisions, 1):
        if decision.picked in got:
            got[decision.picked] += 1
        for line, operator_id in zip(lines, got, strict=True):
            line.append(got[operator_id] / number)
    eligible = sum(each.weight > 0 for each in source.allocations)
    return {
        "x": list(range(1, len(decisions) + 1)),
        "operators": [
            {"name": each.name, "target": each.share, "shares": line}
            for each, line in zip(largest, lines, strict=True)
        ],
        # What `exact` promises after every contact, as a part of one contact.
        "band": 1 - 1 / (2 * eligible - 2)
        if eligible > 1 and source.strategy is Strategy.EXACT
        else None,
    }
