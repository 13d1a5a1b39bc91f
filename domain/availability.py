"""Who may be given a contact: decided here and nowhere else."""

from enum import StrEnum


class Availability(StrEnum):
    """Whether an operator takes contacts at all, on any source.

    A pause, the end of a shift and leave are to become separate values.
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
    """Return the first obstacle to giving an operator a contact; None if there is none.

    Args:
        availability: of the operator.
        has_room: whether its load is below its capacity.
        has_weight: whether its weight on the contact's source is above zero; a transfer by hand
            does not ask for that.
    """
    if availability is not Availability.AVAILABLE:
        return Obstacle(availability.value)
    if not has_weight:
        return Obstacle.ZERO_WEIGHT
    return None if has_room else Obstacle.AT_CAPACITY
