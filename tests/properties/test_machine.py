"""The whole application against a tiny model of it, under any actions in any order.

After every step, the service's own check must find nothing, and everything that the service shows
must match the model. The model shares no code with the service. It knows the rules of the design:
who may get a contact, who waits, which lead a contact belongs to, what a credit is.
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from application.contacts import CloseContact, TransferContact
from application.leads import AddIdentity, EraseLead, RemoveIdentity, RenameLead
from application.operators import CreateOperator, UpdateOperator
from application.ports.contacts import ContactFilter, ContactView
from application.ports.statistics import HourSpan
from application.purging import PurgeContacts
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource, ReplaceAllocations, SetWeight, UpdateSource
from domain.decision import Decision
from domain.errors import (
    ContactClosed,
    IdempotencyConflict,
    IdentityTaken,
    InvalidIdentity,
    NoIdentity,
    OperatorAtCapacity,
    OperatorInactive,
    UnknownIdentity,
    UnknownSource,
)
from domain.ids import ContactId, LeadId, OperatorId
from domain.strategy import Strategy
from tests.domain.samples import availability
from tests.postgresql import Databases
from tests.properties.tijdeman import exact_pick, grants, random_pick
from tests.support import World, open_world

ALL = 100_000
STRONGEST_FIRST = ["external_id", "phone", "email", "telegram", "vk"]
"""The kinds that the machine uses, strongest first."""

SPELLINGS = {
    "external_id": [["crm-1"], ["crm-2"]],
    "phone": [
        ["+79160000001", "8 (916) 000-00-01"],
        ["+79160000002", "+7 916 0000002"],
        ["+5511987654321", "5511987654321"],
        ["+551187654321", "00 55 11 8765-4321"],
    ],
    "email": [["ann@example.com", " Ann@Example.COM "], ["bob@example.com"]],
    "telegram": [["@ann", " @ann"], ["@Ann"], ["@bob"]],
    "vk": [["1"], ["2"]],
}
"""For every kind, the identities of some people, each in its spellings, normal form first."""
OTHER = {
    "phone:+5511987654321": "phone:+551187654321",
    "phone:+551187654321": "phone:+5511987654321",
}
"""Identities that belong to one person unless two people already have them."""


@dataclass(frozen=True)
class Wanted:
    """A registration as drawn: its numbers select from what exists at the time."""

    source: int
    identities: Mapping[str, tuple[int, int]]
    by_lead: int | None
    key: int | None
    payload: int | None
    fault: str | None


wanted = st.builds(
    Wanted,
    source=st.integers(0, 5),
    identities=st.fixed_dictionaries(
        {},
        optional={
            kind: st.tuples(st.integers(0, len(people) - 1), st.integers(0, 1))
            for kind, people in SPELLINGS.items()
        },
    ),
    by_lead=st.none() | st.integers(0, 5),
    key=st.none() | st.none() | st.integers(0, 4),
    payload=st.none() | st.integers(0, 1),
    fault=st.sampled_from([None] * 12 + ["phone", "source"]),
)
some = st.integers(0, 11)
some_weight = st.sampled_from([0, 1, 1, 2, 3, 7, 100])
spelt = st.sampled_from(
    [
        (kind, spelling, f"{kind}:{spellings[0]}")
        for kind, people in SPELLINGS.items()
        for spellings in people
        for spelling in spellings
    ]
)
"""A kind, a spelling of an identity, and the identity's key."""
allocations = st.lists(st.tuples(some, some_weight), min_size=2, max_size=4) | st.lists(
    st.tuples(some, some_weight), max_size=1
)


@dataclass
class ModelOperator:
    active: bool
    capacity: int
    load: int = 0


@dataclass
class ModelSource:
    strategy: Strategy
    weights: dict[OperatorId, int] = field(default_factory=dict)
    credits: dict[OperatorId, int] = field(default_factory=dict)
    registered: int = 0
    assigned: dict[OperatorId, int] = field(default_factory=dict)


@dataclass
class ModelContact:
    source: str
    lead: LeadId
    conflicts: frozenset[LeadId]
    unread: bool
    state: str = "waiting"
    operator: OperatorId | None = None
    closed_at: datetime | None = None


class FairleadMachine(RuleBasedStateMachine):
    """Performs actions on the application and on the model."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.world: World = self.stack.enter_context(open_world(self.new_url()))
        self.fairlead = self.world.fairlead
        self.operators: dict[OperatorId, ModelOperator] = {}
        self.sources: dict[str, ModelSource] = {}
        self.contacts: dict[ContactId, ModelContact] = {}
        self.owners: dict[str, LeadId] = {}
        self.leads: dict[LeadId, None] = {}
        self.names: dict[LeadId, str | None] = {}
        self.keys: dict[tuple[str, str], tuple[tuple[object, ...], ContactId]] = {}
        self.commands: list[RegisterContact] = []

    def new_url(self) -> str:
        return "memory://"

    def teardown(self) -> None:
        self.stack.close()

    # ---- what is done ----------------------------------------------------------------------

    @initialize(capacities=st.lists(st.integers(1, 3), min_size=3, max_size=3))
    def open_for_business(self, capacities: list[int]) -> None:
        for capacity in capacities:
            self.create_operator(capacity, active=True)
        for strategy in Strategy:
            self.create_source(strategy, [(0, 2), (1, 1), (2, 1)])

    @rule(capacity=st.integers(0, 3), active=st.booleans())
    @precondition(lambda self: len(self.operators) < 6)
    def create_operator(self, capacity: int, active: bool) -> None:
        view = self.fairlead.create_operator(
            CreateOperator(f"Operator {len(self.operators)}", capacity, active)
        )
        self.operators[view.id] = ModelOperator(active, capacity)

    @rule(strategy=st.sampled_from(Strategy), weights=allocations)
    @precondition(lambda self: len(self.sources) < 4)
    def create_source(self, strategy: Strategy, weights: list[tuple[int, int]]) -> None:
        key = f"bot-{len(self.sources)}"
        self.fairlead.create_source(CreateSource(key, strategy=strategy))
        self.sources[key] = ModelSource(strategy)
        self.replace_allocations(len(self.sources) - 1, weights)

    @rule(source=some, weights=allocations)
    def replace_allocations(self, source: int, weights: list[tuple[int, int]]) -> None:
        key = self.source_at(source)
        new = {self.operator_at(number): weight for number, weight in weights}
        self.fairlead.replace_allocations(ReplaceAllocations(key, list(new.items())))
        kept = {each: self.sources[key].credits.get(each, 0) for each in new}
        self.sources[key].weights = new
        self.sources[key].credits = dict.fromkeys(new, 0)
        self.expect_handed_out(replaced=(key, kept))

    @rule(source=some, operator=some, weight=some_weight)
    def set_weight(self, source: int, operator: int, weight: int) -> None:
        key, operator_id = self.source_at(source), self.operator_at(operator)
        self.fairlead.set_weight(SetWeight(key, operator_id, weight))
        self.sources[key].weights[operator_id] = weight
        self.sources[key].credits.setdefault(operator_id, 0)
        self.expect_handed_out()

    @rule(source=some, strategy=st.sampled_from(Strategy))
    def change_strategy(self, source: int, strategy: Strategy) -> None:
        key = self.source_at(source)
        self.fairlead.update_source(UpdateSource(key, strategy=strategy))
        self.sources[key].strategy = strategy

    @rule(operator=some, active=st.booleans())
    def activate(self, operator: int, active: bool) -> None:
        operator_id = self.operator_at(operator)
        view = self.fairlead.update_operator(UpdateOperator(operator_id, active=active))
        self.operators[operator_id].active = active
        self.expect_handed_out()
        assert (view.active, view.load) == (active, self.operators[operator_id].load)

    @rule(operator=some, more=st.integers(1, 3))
    def raise_capacity(self, operator: int, more: int) -> None:
        operator_id = self.operator_at(operator)
        self.change_capacity(operator, self.operators[operator_id].capacity + more)

    @rule(operator=some, capacity=st.integers(0, 6))
    def change_capacity(self, operator: int, capacity: int) -> None:
        operator_id = self.operator_at(operator)
        view = self.fairlead.update_operator(UpdateOperator(operator_id, capacity=capacity))
        self.operators[operator_id].capacity = capacity
        self.expect_handed_out()
        assert (view.capacity, view.load) == (capacity, self.operators[operator_id].load)

    @rule(batch=st.lists(wanted, min_size=1, max_size=4))
    def register(self, batch: list[Wanted]) -> None:
        self.send([self.command(each) for each in batch])

    @rule(sources=st.lists(some, min_size=3, max_size=6))
    def register_strangers(self, sources: list[int]) -> None:
        """Often more than there are free slots, so that some wait."""
        before = len(self.leads)
        self.send(
            [
                RegisterContact(self.source_at(source), {"telegram": f"stranger-{before + number}"})
                for number, source in enumerate(sources)
            ]
        )

    @rule(batch=st.lists(wanted, min_size=1, max_size=3))
    def register_again(self, batch: list[Wanted]) -> None:
        """Twice in one batch, and a third time in another."""
        commands = [self.command(each) for each in batch]
        self.send([*commands, *commands])
        self.send(commands)

    @rule(number=some)
    @precondition(lambda self: self.commands)
    def replay(self, number: int) -> None:
        self.send([self.commands[number % len(self.commands)]])

    @rule(number=some, what=st.sampled_from(["payload", "identities", "lead"]))
    @precondition(lambda self: self.keys)
    def reuse_a_key_for_another_body(self, number: int, what: str) -> None:
        source, key = list(self.keys)[number % len(self.keys)]
        first = next(
            each
            for each in self.commands
            if (each.source, each.idempotency_key) == (source, key)
            and self.body(each) == self.keys[source, key][0]
        )
        if what == "payload":
            other = replace(first, payload={"n": "other"} if first.payload is None else None)
        elif what == "identities":
            other = replace(first, identities={**first.identities, "vk": "other"})
        else:
            other = replace(first, lead_id=None if first.lead_id else next(iter(self.leads)))
        assert self.body(other) != self.body(first)
        self.send([other])

    @rule(contact=some)
    @precondition(lambda self: self.contacts)
    def close_any(self, contact: int) -> None:
        self.close(list(self.contacts)[-1 - contact % len(self.contacts)])

    @rule(contact=some)
    @precondition(lambda self: self.held())
    def close_one_that_is_held(self, contact: int) -> None:
        self.close(self.held()[contact % len(self.held())])

    def close(self, contact_id: ContactId) -> None:
        view = self.fairlead.close_contact(CloseContact(contact_id))
        model = self.contacts[contact_id]
        if model.state == "assigned":
            self.operators[model.operator or _nobody()].load -= 1
        if model.state != "closed":
            model.state, model.closed_at = "closed", self.world.clock.now()
        self.expect_handed_out()
        self.expect_shown(view)

    @rule(contact=some, operator=some)
    @precondition(lambda self: self.contacts)
    def transfer_any(self, contact: int, operator: int) -> None:
        contacts = list(self.contacts)
        self.transfer(contacts[-1 - contact % len(contacts)], self.operator_at(operator))

    @rule(contact=some, operator=some)
    @precondition(lambda self: self.held())
    def transfer_one_that_is_held(self, contact: int, operator: int) -> None:
        self.transfer(self.held()[contact % len(self.held())], self.operator_at(operator))

    def transfer(self, contact_id: ContactId, operator_id: OperatorId) -> None:
        model, target = self.contacts[contact_id], self.operators[operator_id]
        refusal: type[Exception] | None = None
        if model.state == "closed":
            refusal = ContactClosed
        elif model.operator != operator_id and not target.active:
            refusal = OperatorInactive
        elif model.operator != operator_id and target.load >= target.capacity:
            refusal = OperatorAtCapacity
        command = TransferContact(contact_id, operator_id)
        if refusal is not None:
            with pytest.raises(refusal):
                self.fairlead.transfer_contact(command)
            return
        view = self.fairlead.transfer_contact(command)
        if model.operator != operator_id:
            if model.operator is not None:
                self.operators[model.operator].load -= 1
            target.load += 1
            model.state, model.operator = "assigned", operator_id
        self.expect_handed_out()
        self.expect_shown(view)

    @rule(seconds=st.sampled_from([0, 1, 60, 3600]))
    def purge(self, seconds: float) -> None:
        self.world.clock.advance(seconds=0.001)
        before = self.world.clock.now() - timedelta(seconds=seconds, milliseconds=1)
        gone = {
            key for key, each in self.contacts.items() if each.closed_at and each.closed_at < before
        }
        assert self.fairlead.purge_contacts(PurgeContacts(before)) == len(gone)
        for each in gone:
            del self.contacts[each]
        self.keys = {slot: known for slot, known in self.keys.items() if known[1] not in gone}

    @rule(number=some, name=st.none() | st.sampled_from(["Ann", "Ёлкин Пётр", "ann LEE"]))
    @precondition(lambda self: self.leads)
    def rename(self, number: int, name: str | None) -> None:
        lead = self.lead_at(number)
        assert self.fairlead.rename_lead(RenameLead(lead, name)).name == name
        self.names[lead] = name

    @rule(number=some, identity=spelt)
    @precondition(lambda self: self.leads)
    def add_identity(self, number: int, identity: tuple[str, str, str]) -> None:
        lead, (kind, spelling, key) = self.lead_at(number), identity
        command = AddIdentity(lead, kind, spelling)
        if self.owners.get(key, lead) != lead:
            with pytest.raises(IdentityTaken) as refusal:
                self.fairlead.add_identity(command)
            assert refusal.value.lead_id == self.owners[key]
            return
        assert self.fairlead.add_identity(command).added == (key not in self.owners)
        self.owners[key] = lead

    @rule(number=some, identity=spelt)
    @precondition(lambda self: self.leads)
    def remove_identity(self, number: int, identity: tuple[str, str, str]) -> None:
        lead, (kind, spelling, key) = self.lead_at(number), identity
        command = RemoveIdentity(lead, kind, spelling)
        if self.owners.get(key) != lead:
            with pytest.raises(UnknownIdentity):
                self.fairlead.remove_identity(command)
            return
        self.fairlead.remove_identity(command)
        del self.owners[key]

    @rule(number=some)
    @precondition(lambda self: self.leads)
    def erase(self, number: int) -> None:
        lead = self.lead_at(number)
        self.names[lead] = None
        self.fairlead.erase_lead(EraseLead(lead))
        self.owners = {key: owner for key, owner in self.owners.items() if owner != lead}
        theirs = {key for key, each in self.contacts.items() if each.lead == lead}
        for each in theirs:
            self.contacts[each].unread = False
        self.keys = {slot: known for slot, known in self.keys.items() if known[1] not in theirs}

    @rule(seconds=st.sampled_from([0.001, 1, 60, 3600, 26 * 3600]))
    def advance_the_clock(self, seconds: float) -> None:
        self.world.clock.advance(seconds=seconds)

    # ---- what must hold --------------------------------------------------------------------

    @invariant()
    def the_check_finds_nothing(self) -> None:
        assert self.world.defects() == []

    @invariant()
    def operators_are_as_the_model_says(self) -> None:
        shown = self.fairlead.catalogue.operators(active=None, limit=ALL, after=None).items
        assert {each.id: (each.active, each.capacity, each.load) for each in shown} == {
            key: (each.active, each.capacity, each.load) for key, each in self.operators.items()
        }
        for operator_id, each in self.operators.items():
            held = [
                contact
                for contact in self.contacts.values()
                if contact.state == "assigned" and contact.operator == operator_id
            ]
            assert each.load == len(held)

    @invariant()
    def contacts_are_as_the_model_says(self) -> None:
        shown = self.fairlead.contacts.contacts(ContactFilter(), limit=ALL, after=None).items
        assert [each.id for each in reversed(shown)] == sorted(self.contacts)
        for each in shown:
            self.expect_shown(each)

    @invariant()
    def nobody_waits_beside_an_eligible_operator(self) -> None:
        for each in self.contacts.values():
            assert each.state != "waiting" or not self.eligible(each.source)

    @invariant()
    def queues_and_counters_are_as_the_model_says(self) -> None:
        shown = self.fairlead.statistics.distribution(sources=None, span=HourSpan())
        assert {each.source for each in shown} == self.sources.keys()
        for each in shown:
            model = self.sources[each.source]
            assert each.total == model.registered
            assert {row.operator.id: row.contacts for row in each.operators if row.contacts} == (
                model.assigned
            )
            assert each.waiting == sum(
                contact.state == "waiting" and contact.source == each.source
                for contact in self.contacts.values()
            )

    @invariant()
    def names_are_what_they_were_corrected_to_and_found_by(self) -> None:
        shown = self.fairlead.leads.leads(identity=None, limit=ALL, after=None).items
        assert {each.id: each.name for each in shown} == {
            each: self.names.get(each) for each in self.leads
        }
        for word in ("ann", "елкин", "lee"):
            called = [each for each in self.leads if word in _folded(self.names.get(each))]
            walk = self.fairlead.lead_search.by_words
            met = walk([word], after=None, limit=ALL, but=lambda _: False).met
            assert sorted(each.lead.id for each in met) == sorted(called)

    @invariant()
    def identities_and_credits_are_as_the_model_says(self) -> None:
        with self.world.container.storage().auditor.facts() as facts:
            assert {key: lead for key, lead, _ in facts.identities()} == self.owners
            stored = {
                each.key: {every.operator_id: every.credit for every in each.allocations}
                for each in facts.sources()
            }
        assert stored == {key: each.credits for key, each in self.sources.items()}
        assert all(sum(credits.values()) == 0 for credits in stored.values())

    # ---- the model -------------------------------------------------------------------------

    def lead_at(self, number: int) -> LeadId:
        return list(self.leads)[number % len(self.leads)]

    def source_at(self, number: int) -> str:
        return list(self.sources)[number % len(self.sources)]

    def operator_at(self, number: int) -> OperatorId:
        return list(self.operators)[number % len(self.operators)]

    def held(self) -> list[ContactId]:
        return [key for key, each in self.contacts.items() if each.state == "assigned"]

    def in_turn(self, source: str) -> list[tuple[OperatorId, int]]:
        """Weights by operator, in the order in which ties are broken."""

        def digest(allocation: tuple[OperatorId, int]) -> bytes:
            return blake2b(allocation[0].bytes, key=source.encode(), digest_size=16).digest()

        return sorted(self.sources[source].weights.items(), key=digest)

    def eligible(self, source: str) -> list[OperatorId]:
        found = []
        for operator_id, weight in self.in_turn(source):
            each = self.operators[operator_id]
            if each.active and weight and each.load < each.capacity:
                found.append(operator_id)
        return found

    def command(self, drawn: Wanted) -> RegisterContact:
        identities = {
            kind: SPELLINGS[kind][person][spelling % len(SPELLINGS[kind][person])]
            for kind, (person, spelling) in drawn.identities.items()
        }
        if drawn.fault == "phone":
            identities["phone"] = "no number"
        by_id = drawn.by_lead is not None and self.leads
        return RegisterContact(
            "no-such-bot" if drawn.fault == "source" else self.source_at(drawn.source),
            identities,
            list(self.leads)[(drawn.by_lead or 0) % len(self.leads)] if by_id else None,
            None,
            None if drawn.payload is None else {"n": drawn.payload},
            None if drawn.key is None else f"key-{drawn.key}",
        )

    def body(self, command: RegisterContact) -> tuple[object, ...]:
        identities = {kind: normal(kind, value) for kind, value in command.identities.items()}
        return command.lead_id, identities, command.payload

    def send(self, commands: Sequence[RegisterContact]) -> None:
        results = self.fairlead.register_contacts(commands)
        assert len(results) == len(commands)
        for command, result in zip(commands, results, strict=True):
            self.expect_result(command, result)
        self.commands.extend(commands)

    def expect_result(self, command: RegisterContact, result: object) -> None:
        identities = {kind: normal(kind, value) for kind, value in command.identities.items()}
        body = self.body(command)
        slot = (command.source, command.idempotency_key or "")
        unread = identities.get("phone") == ""
        if unread and len(identities) == 1 and command.lead_id is None:
            assert isinstance(result, InvalidIdentity)
        elif command.source not in self.sources:
            assert isinstance(result, UnknownSource)
        elif slot in self.keys and self.keys[slot][0] != body:
            assert isinstance(result, IdempotencyConflict)
        elif slot in self.keys:
            assert isinstance(result, Registered)
            assert result.replayed
            assert result.contact.id == self.keys[slot][1]
            self.expect_shown(result.contact)
        elif command.lead_id is None and not identities:
            assert isinstance(result, NoIdentity)
        else:
            assert isinstance(result, Registered)
            assert not result.replayed
            self.expect_new(command, identities, result.contact)
            if command.idempotency_key is not None:
                self.keys[slot] = (body, result.contact.id)

    def expect_new(
        self, command: RegisterContact, identities: Mapping[str, str], shown: ContactView
    ) -> None:
        assert shown.id not in self.contacts
        assert shown.source == command.source
        assert shown.payload == command.payload
        assert shown.created_at == self.world.clock.now()
        keys = [f"{kind}:{identities[kind]}" for kind in STRONGEST_FIRST if identities.get(kind)]
        found = {key: self.owners.get(key) or self.owners.get(OTHER.get(key, "")) for key in keys}
        owners = [owner for owner in found.values() if owner]
        lead = command.lead_id or (owners[0] if owners else None)
        assert shown.lead.created == (lead is None)
        if lead is None:
            lead = shown.lead.id
            assert lead not in self.leads
            self.leads[lead] = None
        for key, owner in found.items():
            if owner in {None, lead}:
                self.owners.setdefault(key, lead)
        unread = identities.get("phone") == ""
        contact = ModelContact(command.source, lead, frozenset(owners) - {lead}, unread)
        self.contacts[shown.id] = contact
        self.sources[command.source].registered += 1
        if self.eligible(command.source):
            self.expect_assigned(shown.id, self.decision(shown.id))
        self.expect_shown(shown)

    def expect_handed_out(
        self, replaced: tuple[str, Mapping[OperatorId, int]] | None = None
    ) -> None:
        """Expect free slots to have gone to the contacts that waited longest and could use them.

        Args:
            replaced: a source whose allocations were replaced, and the credits that were kept; the
                balanced credits show in the first decision or, without one, in the storage.
        """
        for contact_id in sorted(self.contacts):
            contact = self.contacts[contact_id]
            if contact.state == "waiting" and self.eligible(contact.source):
                decision = self.decision(contact_id)
                if replaced and replaced[0] == contact.source:
                    self.expect_balanced(
                        *replaced, {each.operator_id: each.credit for each in decision.candidates}
                    )
                    replaced = None
                self.expect_assigned(contact_id, decision)
        if replaced:
            with self.world.container.storage().auditor.facts() as facts:
                (source,) = (each for each in facts.sources() if each.key == replaced[0])
            self.expect_balanced(
                *replaced, {each.operator_id: each.credit for each in source.allocations}
            )

    def expect_balanced(
        self, key: str, kept: Mapping[OperatorId, int], balanced: dict[OperatorId, int]
    ) -> None:
        assert balanced.keys() == kept.keys()
        assert sum(balanced.values()) == 0
        for operator_id, credit in balanced.items():
            evenly = Fraction(sum(kept.values()), len(kept))
            assert abs(kept[operator_id] - evenly - credit) < 1
        self.sources[key].credits = balanced

    def decision(self, contact_id: ContactId) -> Decision:
        decision = self.fairlead.contacts.decision(contact_id).decision
        assert decision is not None
        return decision

    def expect_assigned(self, contact_id: ContactId, decision: Decision) -> None:
        """Expect that the decision saw what the model sees, and picked by the rule."""
        contact = self.contacts[contact_id]
        source = self.sources[contact.source]
        assert decision.strategy is source.strategy
        assert list(decision.candidates) == [
            (
                operator_id,
                weight,
                availability(self.operators[operator_id].active),
                self.operators[operator_id].load,
                self.operators[operator_id].capacity,
                source.credits[operator_id],
            )
            for operator_id, weight in self.in_turn(contact.source)
        ]
        eligible = self.eligible(contact.source)
        weights = [source.weights[each] for each in eligible]
        if source.strategy is Strategy.EXACT:
            assert decision.roll is None
            position, credits = exact_pick(
                [source.credits[each] for each in eligible], grants(weights)
            )
            source.credits.update(zip(eligible, map(int, credits), strict=True))
        else:
            assert decision.roll is not None
            position = random_pick(weights, decision.roll)
        picked = eligible[position]
        assert decision.picked == picked
        assert self.operators[picked].load < self.operators[picked].capacity
        self.operators[picked].load += 1
        source.assigned[picked] = source.assigned.get(picked, 0) + 1
        contact.state, contact.operator = "assigned", picked

    def expect_shown(self, shown: ContactView) -> None:
        model = self.contacts[shown.id]
        assert shown.state == model.state
        assert shown.source == model.source
        assert shown.lead.id == model.lead
        assert set(shown.lead.conflicts) == model.conflicts
        assert [each.value for each in shown.lead.unread] == ["no number"] * model.unread
        assert (shown.operator.id if shown.operator else None) == model.operator
        assert (shown.assigned_at is None) == (model.operator is None)
        assert (shown.closed_at is None) == (model.state != "closed")


def normal(kind: str, value: str | None) -> str:
    """The normal form of an identity; empty if it is none."""
    assert value is not None, "no command of this machine takes an identity away"
    for spellings in SPELLINGS[kind]:
        if value in spellings:
            return spellings[0]
    return "" if kind == "phone" else value


def _folded(name: str | None) -> list[str]:
    return (name or "").lower().replace("ё", "е").split()


def _nobody() -> Any:
    raise AssertionError("an assigned contact has an operator")


class SqliteMachine(FairleadMachine):
    """The same on its own database file."""

    def new_url(self) -> str:
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        return f"sqlite:///{Path(folder) / 'fairlead.db'}"


class PostgresqlMachine(FairleadMachine):
    """The same on PostgreSQL."""

    databases: ClassVar[Databases]

    def new_url(self) -> str:
        return self.databases.migrated()


@pytest.fixture(scope="module", autouse=True)
def _server(server_of_databases: Databases) -> None:
    """Give the machine class a server; hypothesis creates the machines itself."""
    PostgresqlMachine.databases = server_of_databases


UNHURRIED = [HealthCheck.too_slow, HealthCheck.filter_too_much]

TestOnMemory = FairleadMachine.TestCase
TestOnMemory.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=UNHURRIED
)
TestOnSqlite = SqliteMachine.TestCase
TestOnSqlite.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=UNHURRIED
)
TestOnPostgresql = PostgresqlMachine.TestCase
TestOnPostgresql.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=UNHURRIED
)
