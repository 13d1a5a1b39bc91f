"""Operators and sources that forms offer to choose from, and sources that pages have room for."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from application.fairlead import Fairlead
from application.ports.operators import OperatorView
from application.ports.paging import Page
from application.ports.statistics import SourceTotal
from domain import limits
from domain.errors import UnknownOperator
from domain.ids import OperatorId

_OFFERED: Final = 1000
"""Operators or sources in one list to choose from; a source can have as many operators."""
_SHOWN: Final = 60
"""Sources on one page."""
Chosen = Annotated[str, Query(pattern=f"^$|{limits.KEY}")]
"""The key of a source, or nothing for all of them."""


def offered(
    fairlead: Fairlead,
    *,
    active: bool | None,
    but: Collection[OperatorId],
    after: UUID | None = None,
    chosen: object = None,
) -> Page[OperatorView]:
    """Return the operators that can be chosen on a page.

    Args:
        fairlead: where they are.
        active: only active ones, or only inactive ones; None for all.
        but: those to leave out.
        after: the last one of the list before; None for the first list.
        chosen: the id that was chosen in a refused form; it stays in the list.
    """
    last = None if after is None else OperatorId(after)
    found = fairlead.catalogue.operators(active=active, limit=_OFFERED, after=last)
    items = [each for each in found.items if each.id not in but]
    if chosen and chosen not in {str(each.id) for each in items}:
        with suppress(ValueError, UnknownOperator):
            items.append(fairlead.catalogue.operator(OperatorId(UUID(str(chosen)))))
    return Page(items, found.more)


def offered_sources(fairlead: Fairlead) -> Page[tuple[str, str]]:
    """Return keys and names of the sources that can be chosen on a page, ordered by key."""
    found = fairlead.catalogue.sources(limit=_OFFERED, after=None)
    return Page([(each.key, each.name) for each in found.items], found.more)


def busiest(totals: Sequence[SourceTotal]) -> list[str]:
    """Return the keys of as many sources as a page has room for.

    If there are more, they are those where most contacts wait or came in.
    """
    found = sorted(totals, key=lambda each: (-each.waiting, -each.total))
    return [each.source for each in found[:_SHOWN]]
