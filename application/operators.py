"""Use cases on operators: create one, change one."""

from dataclasses import dataclass

from application.auditing import Recorder
from application.ports.operators import OperatorView
from application.ports.system import Clock, Ids
from application.ports.unit_of_work import UnitOfWork
from application.ports.versions import Expected, require_version
from application.use_case import Alone
from application.waiting import hand_out_waiting
from domain.actor import Actor
from domain.audit import Action, Values
from domain.ids import OperatorId, time_of
from domain.operator import Operator


@dataclass(frozen=True, slots=True)
class CreateOperator:
    """Make an operator known; it gets contacts once a source has an allocation for it."""

    name: str
    capacity: int
    active: bool = True


@dataclass(frozen=True, slots=True)
class CreateOperatorHandler(Alone[CreateOperator, OperatorView]):
    """Creates operators."""

    ids: Ids
    record: Recorder

    def within(self, uow: UnitOfWork, command: CreateOperator, actor: Actor) -> OperatorView:
        """Create an operator.

        Raises:
            InvalidValue: the name or the capacity is out of its limits.
        """
        new_id = self.ids.new()
        operator = Operator(
            OperatorId(new_id), command.name, command.capacity, command.active, time_of(new_id)
        )
        dispatch = uow.dispatches.load()
        dispatch.add_operator(operator)
        self.record(uow, actor, Action.OPERATOR_CREATED, operator.id, after=_audited(operator))
        uow.save(dispatch)
        return OperatorView.of(operator)


@dataclass(frozen=True, slots=True)
class UpdateOperator:
    """Change what is not None.

    Attributes:
        expected: the version that the caller saw, see `OperatorView.version`; None if any will do.
    """

    operator_id: OperatorId
    name: str | None = None
    capacity: int | None = None
    active: bool | None = None
    expected: Expected = None


@dataclass(frozen=True, slots=True)
class UpdateOperatorHandler(Alone[UpdateOperator, OperatorView]):
    """Changes operators, and hands out what waited for the capacity that this frees."""

    clock: Clock
    record: Recorder

    def within(self, uow: UnitOfWork, command: UpdateOperator, actor: Actor) -> OperatorView:
        """Change an operator.

        Raises:
            UnknownOperator: it is not there.
            ChangedMeanwhile: it is not what the caller saw.
            InvalidValue: the name or the capacity is out of its limits.
        """
        dispatch = uow.dispatches.load(served_by=[command.operator_id])
        found = dispatch.operator(command.operator_id)
        require_version(OperatorView.of(found), command.expected)
        before = _audited(found)
        operator = dispatch.change_operator(
            command.operator_id,
            name=command.name,
            capacity=command.capacity,
            active=command.active,
        )
        self.record(uow, actor, Action.OPERATOR_CHANGED, operator.id, before, _audited(operator))
        hand_out_waiting(uow, dispatch, self.clock.now())
        uow.save(dispatch)
        return OperatorView.of(operator)


def _audited(operator: Operator) -> Values:
    return {"name": operator.name, "capacity": operator.capacity, "active": operator.active}
