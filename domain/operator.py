"""An operator: a person who answers contacts, some number of them at once."""

from dataclasses import dataclass
from datetime import datetime

from domain import limits
from domain.availability import Availability, Obstacle, obstacle
from domain.errors import OperatorAtCapacity, OperatorInactive
from domain.ids import OperatorId


@dataclass(slots=True)
class Operator:
    """An operator as it stands.

    Attributes:
        capacity: the most open contacts at once, 0 to 1,000,000. It may be lowered below the load;
            nothing is taken away then, and nothing new comes until the load has fallen below it.
        load: the number of this operator's `assigned` (not closed) contacts.
    """

    id: OperatorId
    name: str
    capacity: int
    active: bool
    created_at: datetime
    load: int = 0

    def __post_init__(self) -> None:
        self.name = limits.short_text(self.name, "name")
        limits.whole_number(self.capacity, "capacity", limits.MAX_CAPACITY)

    def change(
        self, *, name: str | None = None, capacity: int | None = None, active: bool | None = None
    ) -> None:
        """Change what is given and leave the rest; nothing changes if anything is invalid."""
        new_name = self.name if name is None else limits.short_text(name, "name")
        if capacity is not None:
            self.capacity = limits.whole_number(capacity, "capacity", limits.MAX_CAPACITY)
        self.name = new_name
        self.active = self.active if active is None else active

    @property
    def availability(self) -> Availability:
        """Whether the operator takes contacts at all."""
        return Availability.AVAILABLE if self.active else Availability.INACTIVE

    def take_slot(self) -> None:
        """Open one more contact.

        Raises:
            OperatorInactive: the operator is paused.
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
