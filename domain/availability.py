"""Who may be given a contact: the one place that says so."""

from enum import StrEnum


class Availability(StrEnum):
    """Whether an operator takes contacts at all, on whatever source.

    A pause, the end of a shift and leave are to be values of their own.
    """

    AVAILABLE = "available"
    INACTIVE = "inactive"


class Obstacle(StrEnum):
    """Why an operator may not be given a contact."""

    INACTIVE = "inactive"
    AT_CAPACITY = "at_capacity"
    ZERO_WEIGHT = "zero_weight"


def obstacle(
    availability: Availability, *, has_room: bool, has_weight: bool = True
) -> Obstacle | None:
    """Return the first thing that is in the way of giving an operator a contact.

    Args:
        availability: of the operator.
        has_room: its load is below its capacity.
        has_weight: its weight on the contact's source is above zero; a person who gives it away by
            hand does not ask.
    """
    if availability is not Availability.AVAILABLE:
        return Obstacle(availability.value)
    if not has_weight:
        return Obstacle.ZERO_WEIGHT
    return None if has_room else Obstacle.AT_CAPACITY
