"""Reads what a company has set up."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from application.ports.operators import OperatorView
from application.ports.paging import Page
from application.ports.sources import ServedSource, SourceView
from domain.ids import OperatorId


class CatalogueReader(Protocol):
    """Reads operators and sources."""

    def operator(self, operator_id: OperatorId) -> OperatorView:
        """Return an operator; raises UnknownOperator."""
        ...

    def operators(
        self, *, active: bool | None, limit: int, after: OperatorId | None, full: bool = False
    ) -> Page[OperatorView]:
        """Return operators in the order in which they were created.

        Args:
            active: only active ones, or only inactive ones; None for all.
            limit: how many.
            after: the last one of the page before.
            full: whether only those that are at capacity.
        """
        ...

    def operator_ids(self, keys: Sequence[str]) -> Mapping[str, OperatorId]:
        """Return the ids of operators by their keys; keys that no operator has are missing."""
        ...

    def source(self, key: str) -> SourceView:
        """Return a source; raises UnknownSource."""
        ...

    def served_by(self, operator_id: OperatorId) -> list[ServedSource]:
        """Return the sources on which an operator has an allocation, by key; none if unknown."""
        ...

    def sources(self, *, limit: int, after: str | None) -> Page[SourceView]:
        """Return sources in the order of their keys."""
        ...
