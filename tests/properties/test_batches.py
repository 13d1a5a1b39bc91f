"""Commands that share transactions have the same effect as when run one by one."""

from collections.abc import Callable, Sequence
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from application.contacts import CloseContact, TransferContact
from application.leads import AddIdentity, EraseLead, RenameLead
from application.operators import UpdateOperator
from application.ports.contacts import ContactView
from application.register_contacts import RegisterContact, Registered
from application.sources import ReplaceAllocations, SetWeight, UpdateSource
from application.together import carry_out_together
from application.use_case import Order
from application.weights import ChangeWeights, WeightChange
from domain.access import Role
from domain.actor import Actor
from domain.errors import DomainError
from domain.strategy import Strategy
from tests.contract.given import everything
from tests.support import World, open_world

SOURCES = ("a", "b")
BOT = Actor("flk_bot0000000", Role.INTAKE, "a")
SCRIPT = Actor("script")

USE_CASES: dict[type, str] = {
    CloseContact: "close_contact",
    TransferContact: "transfer_contact",
    UpdateOperator: "update_operator",
    SetWeight: "set_weight",
    ChangeWeights: "change_weights",
    ReplaceAllocations: "replace_allocations",
    UpdateSource: "update_source",
    RenameLead: "rename_lead",
    AddIdentity: "add_identity",
    EraseLead: "erase_lead",
}
Act = tuple[str, int, int, bool | None]

small = st.integers(0, 5)
acts = st.one_of(
    st.tuples(st.just("register"), small, small, st.booleans()),
    st.tuples(st.just("close"), small, small, st.booleans()),
    st.tuples(st.just("transfer"), small, small, st.booleans()),
    st.tuples(
        st.sampled_from(["operator", "weight", "weights", "matrix", "source"]),
        small,
        small,
        st.none(),
    ),
    st.tuples(st.sampled_from(["rename", "identity", "erase"]), small, small, st.none()),
)
minutes = st.sampled_from([1, 1, 1, -2])
"""Usually forwards; sometimes backwards, as when another process's clock was ahead."""
scripts = st.lists(
    st.tuples(minutes, st.lists(acts, min_size=1, max_size=8)), min_size=1, max_size=6
)
"""What happens, minute by minute; the acts of one minute share a transaction."""
Asked = tuple[int, list[tuple[str, Any, Actor]]]


class Town:
    """Three operators and two sources; turns random acts into commands."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.operators = [world.operator(name, capacity=2) for name in ("Ann", "Bob", "Cid")]
        ann, bob, cid = self.operators
        world.source((ann, 1), (bob, 2), key="a")
        world.source((bob, 1), (cid, 1), key="b", strategy=Strategy.RANDOM)
        self.contacts: list[ContactView] = []
        self._new: list[ContactView] = []

    def order(self, act: Act) -> tuple[str, Any, Actor]:
        """Return the use case, the command and the actor of an act."""
        kind, first, second, flag = act
        command = self._of_team(kind, first, second) or self._of_contact(kind, first, second, flag)
        if command is None:
            return "register_contact", self._registration(first, second), BOT if flag else SCRIPT
        return USE_CASES[type(command)], command, BOT if flag and kind == "close" else SCRIPT

    def _of_team(self, kind: str, first: int, second: int) -> object:
        operator = self.operators[second % 3]
        weights = [(each.id, first + number) for number, each in enumerate(self.operators)]
        return {
            "operator": UpdateOperator(
                operator.id, name=f"{first}", capacity=first, active=first > 0
            ),
            "weight": SetWeight("a", operator.id, first),
            "weights": ReplaceAllocations("b", weights),
            "matrix": ChangeWeights(
                [WeightChange("b", operator.id, first), WeightChange("a", operator.id, None)]
            ),
            "source": UpdateSource("a", name=f"{second}", strategy=list(Strategy)[first % 2]),
        }.get(kind)

    def _of_contact(self, kind: str, first: int, second: int, flag: bool | None) -> object:
        if not self.contacts:
            return None
        contact = self.contacts[-1 - first % len(self.contacts)]
        expected = contact.version if flag else None
        return {
            "close": CloseContact(contact.id),
            "transfer": TransferContact(contact.id, self.operators[second % 3].id, expected),
            "rename": RenameLead(contact.lead.id, f"{second}"),
            "identity": AddIdentity(contact.lead.id, "vk", f"{second}"),
            "erase": EraseLead(contact.lead.id),
        }.get(kind)

    def _registration(self, first: int, second: int) -> RegisterContact:
        return RegisterContact(
            SOURCES[second % 2],
            {"telegram": f"{first}", **({"vk": f"{second}"} if second else {})},
            lead_name=f"Lead {first}" if second % 2 else None,
            payload={"n": first},
            idempotency_key=f"{first}" if second > 3 else None,
        )

    def hear(self, outcome: object) -> object:
        """Note an outcome; return the part of it that is compared."""
        if isinstance(outcome, Registered):
            if not outcome.replayed:
                self._new.append(outcome.contact)
            return outcome
        return (type(outcome), str(outcome)) if isinstance(outcome, Exception) else outcome

    def pass_time(self, minutes: int) -> None:
        """Advance the clock; from now on, acts may refer to the contacts registered so far."""
        self.contacts += self._new
        self._new.clear()
        self.world.clock.advance(minutes=minutes)


def one_by_one(
    town: Town, script: Sequence[tuple[int, Sequence[Act]]]
) -> tuple[list[Asked], list[object]]:
    """Run a script; return the commands it led to, and the answer to each."""
    all_asked, heard = list[Asked](), []
    for step, minute in script:
        town.pass_time(step)
        asked = []
        for act in minute:
            name, command, actor = town.order(act)
            asked.append((name, command, actor))
            try:
                heard.append(town.hear(getattr(town.world.fairlead, name)(command, actor)))
            except DomainError as refusal:
                heard.append(town.hear(refusal))
        all_asked.append((step, asked))
    return all_asked, heard


def together(town: Town, all_asked: Sequence[Asked]) -> list[object]:
    """Run the same commands, those of each minute in one transaction."""
    heard = []
    for step, minute in all_asked:
        town.pass_time(step)
        orders: list[Order | DomainError] = []
        for name, command, actor in minute:
            try:
                orders.append(getattr(town.world.fairlead, name).order(command, actor))
            except DomainError as refusal:
                orders.append(refusal)
        outcomes = iter(
            carry_out_together(
                town.world.container.transactions(),
                [each for each in orders if isinstance(each, Order)],
            )
        )
        heard += [town.hear(next(outcomes) if isinstance(each, Order) else each) for each in orders]
    return heard


def same(url: Callable[[], str], script: Any) -> None:
    with open_world(url()) as first, open_world(url()) as second:
        all_asked, alone = one_by_one(Town(first), script)
        assert together(Town(second), all_asked) == alone
        assert everything(second.container.storage()) == everything(first.container.storage())
        assert second.defects() == first.defects() == []


@given(script=scripts)
@settings(max_examples=150, deadline=None)
def test_in_memory(script: Any) -> None:
    same(lambda: "memory://", script)


@given(script=scripts)
@settings(max_examples=40, deadline=None)
def test_in_sqlite(script: Any) -> None:
    with TemporaryDirectory() as folder:
        numbers = iter(range(2))
        same(lambda: f"sqlite:///{folder}/{next(numbers)}.db", script)
