"""Use cases on operators: create one, change one."""

from dataclasses import dataclass

from application.auditing import Recorder
from application.ports.operators import OperatorView
from application.ports.system import Clock, Ids
from application.ports.unit_of_work import UnitOfWork
from application.ports.versions import Expected, require_version
from application.use_case import Alone, Batch, Joint, Needs
from domain.actor import Actor
from domain.audit import Action, Values
from domain.errors import OperatorExists
from domain.ids import OperatorId, time_of
from domain.naming import free_key
from domain.operator import CHANGEABLE, Operator, OperatorChange


@dataclass(frozen=True, slots=True)
class CreateOperator:
    """Create an operator; it gets contacts once a source has an allocation for it.

    Attributes:
        key: made from the name if empty.
    """

    name: str
    capacity: int
    active: bool = True
    key: str = ""


@dataclass(frozen=True, slots=True)
class CreateOperatorHandler(Alone[CreateOperator, OperatorView]):
    """Creates operators."""

    ids: Ids
    record: Recorder

    def within(self, uow: UnitOfWork, command: CreateOperator, actor: Actor) -> OperatorView:
        """Create an operator.

        Raises:
            OperatorExists: the key is taken.
            InvalidValue: the key, the name or the capacity is outside its limits.
        """
        new_id = self.ids.new()
        operator = Operator(
            OperatorId(new_id),
            command.name,
            command.capacity,
            command.active,
            time_of(new_id),
            key=command.key,
        )
        taken = uow.dispatches.operator_keys(operator.key)
        if not command.key:
            operator.key = free_key(operator.key, taken)
        elif operator.key in taken:
            raise OperatorExists(
                f"an operator with the key {operator.key!r} already exists; choose another key, "
                "or none.",
                field="key",
            )
        dispatch = uow.dispatches.load()
        dispatch.add_operator(operator)
        self.record(uow, actor, Action.OPERATOR_CREATED, operator.id, after=_audited(operator))
        uow.save(dispatch)
        return OperatorView.of(operator)


@dataclass(frozen=True, slots=True)
class UpdateOperator(OperatorChange):
    """Change what is not None.

    Attributes:
        expected: the version that the caller saw, see `OperatorView.version`; None if any will do.
    """

    operator_id: OperatorId
    expected: Expected = None


@dataclass(frozen=True, slots=True)
class UpdateOperatorHandler(Joint[UpdateOperator, OperatorView]):
    """Changes operators, and hands out contacts that waited for the capacity that this frees."""

    clock: Clock
    record: Recorder

    def gather(self, command: UpdateOperator, needs: Needs) -> None:
        """Need the operator, with every queue that it can serve."""
        needs.serving.add(command.operator_id)

    def decide(self, batch: Batch, command: UpdateOperator, actor: Actor) -> OperatorView:
        """Change an operator.

        Raises:
            UnknownOperator: it does not exist.
            ChangedMeanwhile: it has changed since the caller saw it.
            InvalidValue: the name or the capacity is outside its limits.
        """
        found = batch.dispatch.operator(command.operator_id)
        require_version(OperatorView.of(found), command.expected)
        before = _audited(found)
        batch.store()
        operator = batch.dispatch.change_operator(command.operator_id, command)
        after = _audited(operator)
        self.record(batch.uow, actor, Action.OPERATOR_CHANGED, operator.id, before, after)
        batch.hand_out(self.clock.now())
        return OperatorView.of(operator)


def _audited(operator: Operator) -> Values:
    return {name: getattr(operator, name) for name in ("key", *CHANGEABLE)}
