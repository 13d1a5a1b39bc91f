"""A decision: who could have had a contact, who got it, and why."""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from domain.account import Moved
from domain.availability import Availability, Obstacle, obstacle
from domain.ids import OperatorId
from domain.picker import CONTACT, grants_of
from domain.strategy import Strategy


class Candidate(NamedTuple):
    """An allocated operator as it stands when a contact is assigned."""

    operator_id: OperatorId
    weight: int
    availability: Availability
    load: int
    capacity: int
    credit: int

    @property
    def obstacle(self) -> Obstacle | None:
        """Why this operator is not eligible; None if it is."""
        return obstacle(
            self.availability,
            has_room=self.load < self.capacity,
            has_weight=self.weight > 0,
        )


@dataclass(frozen=True, slots=True)
class Lineup:
    """What many decisions on one source share, in the order in which ties are broken.

    It changes only when somebody changes an allocation, a capacity or an availability. That is
    rare, so decisions share it, in memory and in the storage.
    """

    operator_ids: tuple[OperatorId, ...]
    weights: tuple[int, ...]
    capacities: tuple[int, ...]
    availabilities: tuple[Availability, ...]

    def moved(self, has_room: Sequence[bool]) -> Iterator[tuple[OperatorId, Moved]]:
        """Return what a contact moves accounts by, apart from that of the operator who gets it.

        Args:
            has_room: for each operator, whether its load was below its capacity.
        """
        obstacles = [
            obstacle(availability, has_room=room, has_weight=weight > 0)
            for availability, room, weight in zip(
                self.availabilities, has_room, self.weights, strict=True
            )
        ]
        eligible = [position for position, each in enumerate(obstacles) if each is None]
        grants = grants_of(tuple(self.weights[position] for position in eligible))
        for position, grant in zip(eligible, grants, strict=True):
            yield self.operator_ids[position], Moved(grant)
        for position, each in enumerate(obstacles):
            if each is Obstacle.AT_CAPACITY:
                yield self.operator_ids[position], Moved(while_full=1)
            elif each is not None and self.weights[position]:
                yield self.operator_ids[position], Moved(while_unavailable=1)


@dataclass(slots=True)
class Decision:
    """The stored reason for one assignment. It is never changed; see `domain.lead.Identity`.

    Loads and credits are arrays of 4 and 8 bytes a number. As tuples they would keep thousands of
    integer objects alive until the decision is stored, and keep the pickers' work out of the
    processor's caches (a registration on a source of 1,000 operators would take a third longer).

    Attributes:
        lineup: every allocated operator.
        loads: their loads before the pick, as array("I").
        credits: their credits before the pick, as array("q").
        roll: the number drawn, for `random`; None for `exact`.
        position: that of the operator picked.
    """

    strategy: Strategy
    lineup: Lineup
    loads: "array[int]"
    credits: "array[int]"
    roll: int | None
    position: int

    @property
    def picked(self) -> OperatorId:
        """The operator that was picked."""
        return self.lineup.operator_ids[self.position]

    @property
    def candidates(self) -> list[Candidate]:
        """Every allocated operator as it stood before the pick."""
        lineup = self.lineup
        return [
            Candidate(*each)
            for each in zip(
                lineup.operator_ids,
                lineup.weights,
                lineup.availabilities,
                self.loads,
                lineup.capacities,
                self.credits,
                strict=True,
            )
        ]

    @property
    def eligible(self) -> list[Candidate]:
        """Those of the candidates that could have been picked."""
        return [each for each in self.candidates if each.obstacle is None]

    def recompute(self) -> OperatorId | None:
        """Return whom the picker picks from the stored data; any but `picked` is a defect."""
        again = Pool(self.strategy, self.candidates).pick(self.roll)
        return again.picked if again else None


class Pool:
    """The allocated operators of one source, ready for pick after pick.

    What a pick needs is kept up to date in parallel sequences, because a registration would spend
    most of its time rebuilding it.

    Attributes:
        lineup: what does not change while the pool is in use.
        loads, credits: as they stand now, in the order of the lineup.
    """

    __slots__ = (
        "_away",
        "_eligible",
        "_full_since",
        "_given",
        "_may_be_full",
        "_moving",
        "_owed",
        "_picker",
        "_standing",
        "_strategy",
        "_was_full",
        "_weights",
        "credits",
        "lineup",
        "loads",
    )

    def __init__(self, strategy: Strategy, candidates: Sequence[Candidate]) -> None:
        """Take operators in the order in which ties are broken."""
        self.lineup = Lineup(
            tuple(each.operator_id for each in candidates),
            tuple(each.weight for each in candidates),
            tuple(each.capacity for each in candidates),
            tuple(each.availability for each in candidates),
        )
        self._strategy = strategy
        self._picker = strategy.picker()
        self._owed = [0] * len(candidates)
        self._was_full: defaultdict[int, int] = defaultdict(int)
        self._moving: list[int]
        # Eligible whenever they have room: loads change all the time, everything else rarely.
        self._standing = [
            position
            for position, each in enumerate(candidates)
            if obstacle(each.availability, has_room=True, has_weight=each.weight > 0) is None
        ]
        self._may_be_full = frozenset(self._standing)
        self._away = [
            position
            for position, each in enumerate(candidates)
            if each.weight and position not in self._may_be_full
        ]
        self.refresh(candidates)

    def refresh(self, candidates: Sequence[Candidate]) -> None:
        """Take over the current loads and credits of the same operators."""
        self.loads = array("I", [each.load for each in candidates])
        self.credits = [each.credit for each in candidates]
        self._given = 0
        capacities = self.lineup.capacities
        full = [each for each in self._standing if self.loads[each] >= capacities[each]]
        self._full_since = dict.fromkeys(full, 0)
        self._find_eligible()

    @property
    def eligible(self) -> Sequence[int]:
        """The positions of all operators that could be picked now."""
        return self._eligible

    def pick(self, roll: int | None) -> Decision | None:
        """Pick an eligible operator and move the credits; None if no operator is eligible.

        The load of the operator picked does not change here: a slot belongs to the operator, which
        may be in several pools.
        """
        eligible = self._eligible
        if not eligible:
            return None
        credits = self.credits
        before = array("q", credits)
        chosen, moved = self._picker.pick(self._weights, self._moving, roll)
        if not self._picker.pays:
            for each, grant in zip(eligible, grants_of(self._weights), strict=True):
                self._owed[each] += grant
            self._owed[eligible[chosen]] -= CONTACT
        self._given += 1
        self._moving = moved
        if len(moved) == len(credits):
            self.credits = moved
        else:
            for each, credit in zip(eligible, moved, strict=True):
                credits[each] = credit
        return Decision(self._strategy, self.lineup, self.loads[:], before, roll, eligible[chosen])

    def take_moved(self) -> Mapping[int, Moved]:
        """Return what accounts have moved by otherwise than by the credits, and forget it.

        Returns:
            By position; what has not moved is missing.
        """
        given, self._given = self._given, 0
        for position, since in self._full_since.items():
            self._was_full[position] += given - since
            self._full_since[position] = 0
        moved: defaultdict[int, Moved] = defaultdict(Moved)
        if given:
            moved.update({each: Moved(while_unavailable=given) for each in self._away})
            moved.update({each: Moved(while_full=n) for each, n in self._was_full.items() if n})
            self._was_full.clear()
        if not self._picker.pays:
            for position, owed in enumerate(self._owed):
                if owed:
                    moved[position] = moved[position].plus(Moved(owed))
                    self._owed[position] = 0
        return moved

    def move_load(self, position: int, slots: int) -> None:
        """Take slots, or free them if negative."""
        loads, capacity = self.loads, self.lineup.capacities[position]
        had_room = loads[position] < capacity
        loads[position] += slots
        if had_room != (loads[position] < capacity):
            # Noted at the change, not with every contact: hundreds may be at capacity.
            if not had_room:
                since = self._full_since.pop(position, self._given)
                self._was_full[position] += self._given - since
            elif position in self._may_be_full:
                self._full_since[position] = self._given
            self._find_eligible()

    def _find_eligible(self) -> None:
        lineup = self.lineup
        self._eligible = [
            position
            for position in self._standing
            if self.loads[position] < lineup.capacities[position]
        ]
        self._weights = tuple(lineup.weights[position] for position in self._eligible)
        # Separate from `credits`: pickers are faster with the very list that they returned last.
        self._moving = [self.credits[position] for position in self._eligible]
