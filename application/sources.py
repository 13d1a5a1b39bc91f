"""Use cases on sources: create one, change one, say who answers it."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.auditing import Recorder
from application.ports.sources import SourceView
from application.ports.system import Clock
from application.ports.unit_of_work import UnitOfWork
from application.ports.versions import Expected, require_version
from application.use_case import Alone
from application.waiting import hand_out_waiting
from domain.actor import Actor
from domain.audit import Action, Values
from domain.dispatch import Dispatch
from domain.ids import OperatorId
from domain.source import Source, SourceChange
from domain.strategy import Strategy


@dataclass(frozen=True, slots=True)
class CreateSource:
    """Create a source; its name is its key unless another is given."""

    key: str
    name: str | None = None
    strategy: Strategy = Strategy.EXACT


@dataclass(frozen=True, slots=True)
class CreateSourceHandler(Alone[CreateSource, SourceView]):
    """Creates sources."""

    clock: Clock
    record: Recorder

    def within(self, uow: UnitOfWork, command: CreateSource, actor: Actor) -> SourceView:
        """Create a source.

        Raises:
            SourceExists: the key is taken.
            InvalidValue: the key or the name is outside its limits.
        """
        source = Source(
            command.key, command.name or command.key, command.strategy, self.clock.now()
        )
        dispatch = uow.dispatches.load(sources=[source.key])
        dispatch.add_source(source)
        self.record(uow, actor, Action.SOURCE_CREATED, source.key, after=_audited(source))
        uow.save(dispatch)
        return SourceView.of(source, {})


@dataclass(frozen=True, slots=True)
class UpdateSource(SourceChange):
    """Change what is not None.

    Attributes:
        expected: the version that the caller saw, see `SourceView.version`; None if any will do.
    """

    key: str
    expected: Expected = None


@dataclass(frozen=True, slots=True)
class UpdateSourceHandler(Alone[UpdateSource, SourceView]):
    """Changes sources."""

    record: Recorder

    def within(self, uow: UnitOfWork, command: UpdateSource, actor: Actor) -> SourceView:
        """Change a source.

        Raises:
            UnknownSource: it does not exist.
            ChangedMeanwhile: it has changed since the caller saw it.
            InvalidValue: the name is outside its limits.
        """
        dispatch = uow.dispatches.load(sources=[command.key])
        found = dispatch.source(command.key)
        require_version(view_of(found, dispatch), command.expected)
        before = _audited(found)
        source = dispatch.change_source(command.key, command)
        self.record(uow, actor, Action.SOURCE_CHANGED, source.key, before, _audited(source))
        uow.save(dispatch)
        return view_of(source, dispatch)


@dataclass(frozen=True, slots=True)
class ReplaceAllocations:
    """Say who answers a source: (operator, weight) pairs, replacing the whole set.

    Attributes:
        expected: the version that the caller saw, see `SourceView.version`; None if any will do.
    """

    key: str
    weights: Sequence[tuple[OperatorId, int]]
    expected: Expected = None


@dataclass(frozen=True, slots=True)
class ReplaceAllocationsHandler(Alone[ReplaceAllocations, SourceView]):
    """Replaces the allocations of a source, and hands out contacts that waited for the new ones."""

    clock: Clock
    record: Recorder

    def within(self, uow: UnitOfWork, command: ReplaceAllocations, actor: Actor) -> SourceView:
        """Replace the allocations.

        Raises:
            UnknownSource, UnknownOperator: one of those named does not exist.
            ChangedMeanwhile: it has changed since the caller saw it.
            DuplicateOperator: an operator is named twice.
            InvalidValue: a weight is outside its limits, or there are too many allocations.
        """
        dispatch = uow.dispatches.load(
            sources=[command.key], operators=[operator_id for operator_id, _ in command.weights]
        )
        found = dispatch.source(command.key)
        require_version(view_of(found, dispatch), command.expected)
        before = weights_of(found)
        source = dispatch.replace_allocations(command.key, command.weights)
        self.record(uow, actor, Action.ALLOCATIONS_REPLACED, source.key, before, weights_of(source))
        hand_out_waiting(uow, dispatch, self.clock.now())
        uow.save(dispatch)
        return view_of(source, dispatch)


@dataclass(frozen=True, slots=True)
class SetWeight:
    """Say how much of a source one operator gets; the others' weights stay.

    Attributes:
        weight: 0 keeps the operator on the source and sends it nothing.
        expected: the version that the caller saw, see `SourceView.version`; None if any will do.
    """

    key: str
    operator_id: OperatorId
    weight: int
    expected: Expected = None


@dataclass(frozen=True, slots=True)
class SetWeightHandler(Alone[SetWeight, SourceView]):
    """Changes one weight of a source or adds it, and hands out contacts that waited for it.

    The audit log has it under the same action as a whole set: one query finds every change of
    weights, and each entry names the weights that differ.
    """

    clock: Clock
    record: Recorder

    def within(self, uow: UnitOfWork, command: SetWeight, actor: Actor) -> SourceView:
        """Change the weight.

        Raises:
            UnknownSource, UnknownOperator: one of those named does not exist.
            ChangedMeanwhile: the source has changed since the caller saw it.
            InvalidValue: the weight is outside its limits, or there are too many allocations.
        """
        dispatch = uow.dispatches.load(sources=[command.key], operators=[command.operator_id])
        found = dispatch.source(command.key)
        require_version(view_of(found, dispatch), command.expected)
        before = weights_of(found)
        source = dispatch.set_weight(command.key, command.operator_id, command.weight)
        self.record(uow, actor, Action.ALLOCATIONS_REPLACED, source.key, before, weights_of(source))
        hand_out_waiting(uow, dispatch, self.clock.now())
        uow.save(dispatch)
        return view_of(source, dispatch)


def view_of(source: Source, dispatch: Dispatch) -> SourceView:
    """Show a source of a dispatch."""
    return SourceView.of(source, {each.id: each.name for each in dispatch.operators.values()})


def _audited(source: Source) -> Values:
    return {"name": source.name, "strategy": source.strategy.value}


def weights_of(source: Source) -> Values:
    """Return the weights as the audit log has them."""
    return {str(each.operator_id): each.weight for each in source.allocations}
