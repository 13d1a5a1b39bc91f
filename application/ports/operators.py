"""What queries show of operators."""

from dataclasses import dataclass, fields
from datetime import datetime

from application.ports.versions import version_of
from domain.ids import OperatorId
from domain.operator import Operator


@dataclass(frozen=True, slots=True)
class OperatorView:
    """An operator.

    Attributes:
        load: its assigned contacts that are not closed.
    """

    id: OperatorId
    key: str
    name: str
    active: bool
    capacity: int
    load: int
    created_at: datetime

    @property
    def version(self) -> str:
        """A text that changes when somebody changes the operator; its load does not count."""
        return version_of(self.name, self.active, self.capacity)

    @classmethod
    def of(cls, operator: Operator) -> "OperatorView":
        """Show an operator as it stands."""
        return cls(*(getattr(operator, each.name) for each in fields(cls)))


@dataclass(slots=True)
class OperatorRef:
    """An operator by id and name."""

    id: OperatorId
    name: str
