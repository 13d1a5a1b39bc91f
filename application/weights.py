"""Weights of many operators on many sources, changed together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from application.auditing import Recorder
from application.ports.sources import SourceView
from application.ports.system import Clock
from application.ports.unit_of_work import UnitOfWork
from application.sources import view_of, weights_of
from application.use_case import Alone
from application.waiting import hand_out_waiting
from domain import limits
from domain.actor import Actor
from domain.audit import Action
from domain.dispatch import Dispatch
from domain.errors import ChangedMeanwhile
from domain.ids import OperatorId
from domain.source import require_allocatable


@dataclass(frozen=True, slots=True)
class WeightChange:
    """How much of a source one operator gets from now on.

    Attributes:
        weight: None takes the operator off the source; 0 keeps it there and sends it nothing.
        expected: what the weight may be before, None standing for an operator that is not on the
            source; if it is none of these, somebody else has changed it. None if any will do.
    """

    key: str
    operator_id: OperatorId
    weight: int | None
    expected: frozenset[int | None] | None = None


@dataclass(frozen=True, slots=True)
class ChangeWeights:
    """Change some weights, on any sources; all others stay as they are.

    Of several changes of one weight the last counts.
    """

    changes: Sequence[WeightChange]


@dataclass(frozen=True, slots=True)
class ChangeWeightsHandler(Alone[ChangeWeights, list[SourceView]]):
    """Changes weights in one transaction, and hands out contacts that waited for them.

    The audit log has an entry for each source, as if each had been changed by itself.
    """

    clock: Clock
    record: Recorder

    def within(self, uow: UnitOfWork, command: ChangeWeights, actor: Actor) -> list[SourceView]:
        """Make all changes or, if one is refused, none.

        Returns:
            The sources named, in the order of their keys.

        Raises:
            UnknownSource, UnknownOperator: one of those named does not exist.
            ChangedMeanwhile: a weight is neither what was expected nor what it is to be; `current`
                holds all such sources as they are.
            InvalidValue: a weight is outside its limits, or a source would have too many
                allocations.
        """
        dispatch = uow.dispatches.load(
            sources={each.key for each in command.changes},
            operators={each.operator_id for each in command.changes},
        )
        wanted = self._check(dispatch, command.changes)
        for key, weights in wanted.items():
            source = dispatch.source(key)
            before = weights_of(source)
            dispatch.replace_allocations(key, list(weights.items()))
            self.record(uow, actor, Action.ALLOCATIONS_REPLACED, key, before, weights_of(source))
        hand_out_waiting(uow, dispatch, self.clock.now())
        uow.save(dispatch)
        return [view_of(dispatch.source(key), dispatch) for key in wanted]

    def _check(
        self, dispatch: Dispatch, changes: Sequence[WeightChange]
    ) -> Mapping[str, dict[OperatorId, int]]:
        """Return what the weights of every source named are to be, in the order of the keys."""
        keys = sorted({each.key for each in changes})
        stored = {key: dict(dispatch.source(key).weights) for key in keys}
        wanted = {key: dict(weights) for key, weights in stored.items()}
        differ = set[str]()
        for position, each in enumerate(changes):
            dispatch.operator(each.operator_id)
            if each.weight is not None:
                limits.whole_number(each.weight, f"changes.{position}.weight", limits.MAX_WEIGHT)
            now = stored[each.key].get(each.operator_id)
            if each.expected is not None and now not in each.expected | {each.weight}:
                differ.add(each.key)
            wanted[each.key].pop(each.operator_id, None)
            if each.weight is not None:
                wanted[each.key][each.operator_id] = each.weight
        if differ:
            raise ChangedMeanwhile(
                "somebody else has changed some of these weights meanwhile; look at what they are "
                "now, and change those.",
                current=[view_of(dispatch.source(key), dispatch) for key in sorted(differ)],
            )
        for weights in wanted.values():
            require_allocatable(len(weights), "changes")
        return wanted
