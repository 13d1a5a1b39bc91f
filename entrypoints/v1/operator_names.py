"""How calls name an operator: by its id or by its key, neither of which ever changes."""

from collections.abc import Sequence
from typing import Annotated

from anyio import to_thread
from fastapi import Path, Query

from application.ports.catalogue import CatalogueReader
from domain.errors import UnknownOperator
from domain.ids import OperatorId, operator_id_of
from entrypoints.v1.schemas.common import OPERATOR_NAME


class OperatorNames:
    """Finds the operators that a call names.

    They can be looked up before the call's transaction: an operator is never removed, and its key
    never becomes another's.
    """

    def __init__(self, catalogue: CatalogueReader) -> None:
        self._catalogue = catalogue

    def in_path(
        self,
        operator_id: Annotated[
            str,
            Path(
                pattern=OPERATOR_NAME,
                description="The operator's id or its key.",
                examples=["anna-petrova"],
            ),
        ],
    ) -> OperatorId:
        """Return the operator that a path names; a dependency of its route.

        Raises:
            UnknownOperator: no operator has this key.
        """
        return self._found([operator_id])[0]

    def in_query(
        self,
        operator: Annotated[
            str | None,
            Query(
                pattern=OPERATOR_NAME,
                description="Only what happened to the operator with this id or key, and to "
                "contacts that it got or lost.",
                examples=["anna-petrova"],
            ),
        ] = None,
    ) -> OperatorId | None:
        """Return the operator that a query names, if it names any; a dependency of its route.

        Raises:
            UnknownOperator: no operator has this key.
        """
        return None if operator is None else self._found([operator])[0]

    async def in_body(self, names: Sequence[str]) -> list[OperatorId]:
        """Return the operators that a body names, in its order.

        Raises:
            UnknownOperator: no operator has one of these keys.
        """
        ids = [operator_id_of(each) for each in names]
        if all(ids):
            return [each for each in ids if each is not None]
        return await to_thread.run_sync(self._found, names)

    def _found(self, names: Sequence[str]) -> list[OperatorId]:
        keys = [each for each in names if operator_id_of(each) is None]
        known = self._catalogue.operator_ids(keys) if keys else {}
        return [self._one(each, known.get(each)) for each in names]

    def _one(self, name: str, known: OperatorId | None) -> OperatorId:
        found = operator_id_of(name) or known
        if found is None:
            raise UnknownOperator(
                f"no operator has the key {name!r}; look at the list of operators for the right "
                "one.",
                field="operator_id",
            )
        return found
