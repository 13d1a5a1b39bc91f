"""An operator: a person who answers contacts, some number of them at once."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final

from domain import limits
from domain.availability import Availability, Obstacle, obstacle
from domain.errors import InvalidValue, OperatorAtCapacity, OperatorInactive
from domain.ids import OperatorId, operator_id_of
from domain.naming import key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorChange:
    """What to change about an operator; None leaves a value as it is."""

    name: str | None = None
    capacity: int | None = None
    active: bool | None = None


CHANGEABLE: Final = tuple(each.name for each in fields(OperatorChange))


@dataclass(slots=True)
class Operator:
    """An operator as it stands.

    Attributes:
        key: by which people and programs name it. It never changes and is never another's. Made
            from the name if not given.
        capacity: the most open contacts at once, 0 to 1,000,000. It may be lowered below the load:
            no contact is taken away, and no new one comes until the load is below the capacity.
        load: the number of this operator's `assigned` (not closed) contacts.
    """

    id: OperatorId
    name: str
    capacity: int
    active: bool
    created_at: datetime
    load: int = 0
    key: str = ""

    def __post_init__(self) -> None:
        self.name = limits.short_text(self.name, "name")
        limits.whole_number(self.capacity, "capacity", limits.MAX_CAPACITY)
        self.key = limits.key(self.key) if self.key else key_of(self.name, "operator")
        if operator_id_of(self.key) is not None:
            raise InvalidValue("the key reads as an id; choose another one.", field="key")

    def change(self, wanted: OperatorChange) -> None:
        """Make the changes wanted and leave the rest; nothing changes if anything is invalid."""
        given = {name: value for name in CHANGEABLE if (value := getattr(wanted, name)) is not None}
        changed = replace(self, **given)
        for name in given:
            setattr(self, name, getattr(changed, name))

    def is_set_like(self, other: "Operator") -> bool:
        """Whether people have made the same of both."""
        return all(getattr(self, name) == getattr(other, name) for name in CHANGEABLE)

    def take_over(self, other: "Operator") -> None:
        """Become what another process has made of this operator, its load included."""
        self.load = other.load
        for name in CHANGEABLE:
            setattr(self, name, getattr(other, name))

    @property
    def availability(self) -> Availability:
        """Whether the operator takes contacts at all."""
        return Availability.AVAILABLE if self.active else Availability.INACTIVE

    def take_slot(self) -> None:
        """Take one more contact.

        Raises:
            OperatorInactive: the operator is inactive.
            OperatorAtCapacity: there is no free slot.
        """
        found = obstacle(self.availability, has_room=self.load < self.capacity)
        if found is Obstacle.INACTIVE:
            raise OperatorInactive(
                f"{self.name} is inactive; activate the operator or choose another.",
                field="operator_id",
            )
        if found is Obstacle.AT_CAPACITY:
            raise OperatorAtCapacity(
                f"{self.name} has {self.load} open contacts and a capacity of {self.capacity}; "
                "close one, raise the capacity or choose another operator.",
                field="operator_id",
            )
        self.load += 1

    def free_slot(self) -> None:
        """Take one contact off the load."""
        self.load -= 1
