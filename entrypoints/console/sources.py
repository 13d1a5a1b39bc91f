"""Sources: the list, and the page of one with its weights, shares and queue."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Annotated, Any, Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from application.fairlead import Fairlead
from application.ports.operators import OperatorView
from application.ports.sources import SourceView
from application.sources import CreateSource, ReplaceAllocations, UpdateSource
from domain import limits
from domain.decision import Decision
from domain.errors import ChangedMeanwhile, DomainError, InvalidValue, UnknownOperator
from domain.ids import OperatorId
from domain.strategy import Strategy
from entrypoints.console import weights
from entrypoints.console.choosing import offered
from entrypoints.console.filled import EMPTY, Filled, Sentence, change, conflict, refused, seen
from entrypoints.console.overview import overview_page
from entrypoints.console.pages import form, go, page, pages_below
from entrypoints.console.saying import said
from entrypoints.console.words import STRATEGIES
from entrypoints.edge.writing import Writing

_QUEUE: Final = 50
_DECISIONS: Final = 400
"""Contacts in the chart of shares."""
_LINES: Final = 8
"""Operators in the chart of shares, those with the largest weights."""
NEW: Final = "new-source"
SETTINGS: Final = "settings"
"""Names of the forms on these pages."""
Key = Annotated[str, Path(pattern=limits.KEY)]
"""Anything else is not an address of ours; PostgreSQL refuses a NUL even in a query."""


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/sources")
    _add_routes_of_all(routes, fairlead, writing)
    _add_routes_of_one(routes, fairlead, writing)
    _add_weights(routes, fairlead, writing)
    return routes


def _add_routes_of_all(routes: APIRouter, fairlead: Fairlead, writing: Writing) -> None:
    @routes.get("")
    def sources(request: Request, after: str | None = None) -> Response:
        return sources_page(request, fairlead, after)

    @routes.post("")
    async def create(request: Request) -> Response:
        given = await form(request)
        try:
            made = await writing(
                request,
                fairlead.create_source,
                CreateSource(
                    given.get("key", ""),
                    given.get("name") or None,
                    _strategy(given.get("strategy", "")),
                ),
            )
        except DomainError as error:
            filled = refused(NEW, given, error, {})
            # In a thread: the loop must not wait for the storage.
            return await to_thread.run_sync(_where_it_is_new, request, given, filled)
        return go(
            request, f"/sources/{made.key}", said="added", of=made.key, **{"as": made.version}
        )

    def _where_it_is_new(request: Request, given: Mapping[str, str], filled: Filled) -> Response:
        if given.get("from") == "overview":
            return overview_page(request, fairlead, filled=filled)
        return sources_page(request, fairlead, None, filled)


def _add_routes_of_one(routes: APIRouter, fairlead: Fairlead, writing: Writing) -> None:
    @routes.get("/{key}")
    def source(request: Request, key: Key, choose: UUID | None = None) -> Response:
        return source_page(request, fairlead, key, choose=choose)

    @routes.post("/{key}")
    async def change_settings(request: Request, key: Key) -> Response:
        given = await form(request)
        before = await to_thread.run_sync(fairlead.catalogue.source, key)
        try:
            after = await change(
                request,
                writing,
                fairlead.update_source,
                UpdateSource(
                    key,
                    name=given.get("name", ""),
                    strategy=_strategy(given.get("strategy", "")),
                ),
                _shown_settings,
                saw=given.get("seen", ""),
                current=before,
            )
        except DomainError as error:
            filled = _not_taken(given, error)
            if filled is not None:
                return await to_thread.run_sync(source_page, request, fairlead, key, filled)
            after = before
        return _done(request, "saved", before, after)

    @routes.get("/{key}/shares.json")
    def shares(key: Key, most: Annotated[int, Query(ge=1, le=_DECISIONS)] = _DECISIONS) -> Response:
        view = fairlead.catalogue.source(key)
        return JSONResponse(_shares(view, fairlead.contacts.decisions(key, limit=most)))


def _add_weights(routes: APIRouter, fairlead: Fairlead, writing: Writing) -> None:
    @routes.post("/{key}/weights")
    async def weigh(request: Request, key: Key) -> Response:
        given = await form(request)
        before = await to_thread.run_sync(fairlead.catalogue.source, key)
        found = weights.read(given)
        if isinstance(found, Filled):
            return await to_thread.run_sync(source_page, request, fairlead, key, found)
        try:
            after = await change(
                request,
                writing,
                fairlead.replace_allocations,
                ReplaceAllocations(key, found),
                weights.shown_weights,
                saw=given.get("seen", ""),
                current=before,
            )
        except DomainError as error:
            filled = weights.not_taken(given, found, error)
            return await to_thread.run_sync(source_page, request, fairlead, key, filled)
        return _done(request, "weighed", before, after)


def sources_page(
    request: Request, fairlead: Fairlead, after: str | None, filled: Filled = EMPTY
) -> Response:
    """Show the sources after a key, with a form of this page if it was refused."""
    found = fairlead.catalogue.sources(limit=50, after=after)
    return page(
        request,
        "sources",
        filled.status,
        here=f"/sources?after={after}" if after else "/sources",
        sources=found.items,
        next=found.items[-1].key if found.more else None,
        filled=filled,
    )


def source_page(
    request: Request,
    fairlead: Fairlead,
    key: str,
    filled: Filled = EMPTY,
    choose: UUID | None = None,
) -> Response:
    """Show a source, with a form of this page if it was refused."""
    view = fairlead.catalogue.source(key)
    allocated = {each.operator_id for each in view.allocations}
    others = offered(fairlead, active=None, but=allocated, after=choose)
    return page(
        request,
        "source",
        filled.status,
        here=f"/sources/{key}",
        source=view,
        others=others,
        rows=weights.rows(view, filled.of(weights.FORM), _named(fairlead, others.items, filled)),
        shown_weights=weights.shown_weights(view),
        shown_settings=_shown_settings(view),
        queue=fairlead.contacts.queue(key, limit=_QUEUE),
        filled=filled,
        said=said(request, fairlead),
    )


def _named(
    fairlead: Fairlead, others: Iterable[OperatorView], filled: Filled
) -> dict[str, OperatorView]:
    """Return operators that are not on the source, by id, including all that the form names."""
    found = {str(each.id): each for each in others}
    for name in filled.of(weights.FORM).given:
        with suppress(ValueError, UnknownOperator):
            if name not in found:
                found[name] = fairlead.catalogue.operator(OperatorId(UUID(name)))
    return found


def _done(request: Request, what: str, before: SourceView, after: SourceView) -> Response:
    if before.version == after.version:
        what = "unchanged"
    return go(request, f"/sources/{after.key}", said=what, of=after.key, **{"as": after.version})


def _shown_settings(source: SourceView) -> str:
    return seen(source.name, source.strategy.value)


def _not_taken(given: Mapping[str, str], error: DomainError) -> Filled | None:
    """Return the form of the settings with its problems; None if it would change nothing."""
    if isinstance(error, ChangedMeanwhile) and isinstance(error.current, SourceView):
        current = error.current
        theirs = {"name": current.name, "strategy": current.strategy.value}
        shown = {"strategy": Sentence(STRATEGIES[current.strategy])}
        return conflict(SETTINGS, given, theirs, _shown_settings(current), shown)
    return refused(SETTINGS, given, error, {})


def _strategy(value: str) -> Strategy:
    try:
        return Strategy(value)
    except ValueError:
        raise InvalidValue(f"there is no strategy {value!r}.", field="strategy") from None


def _shares(source: SourceView, decisions: list[Decision]) -> dict[str, Any]:
    """Return what the chart draws: after each contact, the share of each operator so far.

    Only decisions since weights, capacities and activities are what they are now count: before, the
    target was different.
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
        # The promise after every contact, in parts of one contact; one operator alone needs none.
        "band": source.strategy.picker.bound(eligible) or None,
    }
