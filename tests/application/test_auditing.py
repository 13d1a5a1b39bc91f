"""The audit log: every change that is audited has its entry, and nothing else does."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, timedelta
from typing import Any, Self

import pytest

from application.auditing import Recorder
from application.contacts import CloseContact, TransferContact
from application.endpoints import (
    CreateEndpoint,
    DeleteEndpoint,
    EnableEndpoint,
    Redeliver,
    RotateSecret,
    UpdateEndpoint,
)
from application.keys import CreateKey, RevokeKey
from application.leads import AddIdentity, EraseLead, RemoveIdentity, RenameLead
from application.operators import CreateOperator, UpdateOperator
from application.ports.failures import StorageUnavailable
from application.ports.unit_of_work import UnitOfWork
from application.purging import PurgeContacts
from application.register_contacts import RegisterContact
from application.sources import CreateSource, ReplaceAllocations, SetWeight, UpdateSource
from application.weights import ChangeWeights, WeightChange
from domain.access import Role
from domain.actor import SCRIPT, Actor
from domain.audit import Action, AuditEntry
from domain.endpoint import EndpointChange
from domain.errors import DomainError, InvalidValue
from domain.ids import EndpointId, time_of
from domain.strategy import Strategy
from tests.adapters.units_of_work import FailingCommit
from tests.application.acts import close, transfer, update
from tests.domain.samples import operator_id
from tests.support import World

IVAN = RegisterContact(
    "telegram",
    {"phone": "+79161234567", "telegram": "ivan77"},
    lead_name="Ivan",
    payload={"text": "telltale"},
    idempotency_key="telltale-key",
)


def log(world: World) -> list[AuditEntry]:
    """Every entry, oldest first."""
    page = world.fairlead.audit.entries(subject=None, action=None, limit=1000, after=None)
    assert not page.more
    return list(page.items)[::-1]


def written(world: World, work: Callable[[], object]) -> list[tuple[Any, ...]]:
    """The entries that some work wrote: action, subject, before and after."""
    before = len(log(world))
    work()
    return [(each.action, each.subject, each.before, each.after) for each in log(world)[before:]]


URL = "https://1.1.1.1/hooks?token=telltale"


def endpoint(world: World) -> EndpointId:
    return world.fairlead.create_endpoint(CreateEndpoint(URL)).endpoint.id


def every_change(world: World) -> dict[str, Any]:
    """A command for each handler that writes the log; each can run after the others."""
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1))
    contact, done = world.outcome(IVAN).contact, world.register()
    close(world, done)
    prefix = world.fairlead.create_key(CreateKey(Role.ADMIN)).key.prefix
    told, other = endpoint(world), endpoint(world)
    with world.container.storage().unit_of_work() as uow:
        failing = uow.endpoints.get(told)
        failing.disable("for a test")
        uow.endpoints.save(failing)
    world.clock.advance(hours=1)
    return {
        "create_operator": CreateOperator("Eve", 1),
        "update_operator": UpdateOperator(ann.id, name="Anna"),
        "create_source": CreateSource("web"),
        "update_source": UpdateSource("telegram", name="Telegram"),
        "replace_allocations": ReplaceAllocations("telegram", [(bob.id, 1)]),
        "set_weight": SetWeight("telegram", bob.id, 3),
        "change_weights": ChangeWeights([WeightChange("telegram", bob.id, 4)]),
        "transfer_contact": TransferContact(contact.id, bob.id),
        "rename_lead": RenameLead(contact.lead.id, "Petr"),
        "add_identity": AddIdentity(contact.lead.id, "vk", "1"),
        "remove_identity": RemoveIdentity(contact.lead.id, "telegram", "ivan77"),
        "erase_lead": EraseLead(contact.lead.id),
        "purge_contacts": PurgeContacts(world.clock.now() - timedelta(minutes=1)),
        "create_endpoint": CreateEndpoint(URL),
        "update_endpoint": UpdateEndpoint(told, EndpointChange(description="Chat")),
        "rotate_secret": RotateSecret(told),
        "enable_endpoint": EnableEndpoint(told, from_now=True),
        "redeliver": Redeliver(told, after=0),
        "delete_endpoint": DeleteEndpoint(other),
        "create_key": CreateKey(Role.VIEWER),
        "revoke_key": RevokeKey(prefix),
    }


def recording_handlers(world: World) -> dict[str, Any]:
    """The handlers that write the log, by name."""
    handlers = {each.name: getattr(world.fairlead, each.name) for each in fields(world.fairlead)}
    return {name: each for name, each in handlers.items() if hasattr(each, "record")}


class TestEveryChangeHasItsEntry:
    """One entry each, with the values before and after."""

    def test_an_operator_created(self, world: World) -> None:
        (entry,) = written(
            world, lambda: world.fairlead.create_operator(CreateOperator(" Ann ", 5, active=False))
        )
        (ann,) = world.fairlead.catalogue.operators(active=None, limit=9, after=None).items
        after = {"key": "ann", "name": "Ann", "capacity": 5, "active": False}
        assert entry == (Action.OPERATOR_CREATED, str(ann.id), None, after)

    def test_an_operator_changed(self, world: World) -> None:
        ann = world.operator("Ann", 5)
        assert written(world, lambda: update(world, ann, capacity=7, active=True)) == [
            (Action.OPERATOR_CHANGED, str(ann.id), {"capacity": 5}, {"capacity": 7})
        ]
        assert written(world, lambda: update(world, ann, name="Anna", active=False)) == [
            (
                Action.OPERATOR_CHANGED,
                str(ann.id),
                {"name": "Ann", "active": True},
                {"name": "Anna", "active": False},
            )
        ]

    def test_a_source_created(self, world: World) -> None:
        command = CreateSource("telegram", "Telegram", Strategy.RANDOM)
        assert written(world, lambda: world.fairlead.create_source(command)) == [
            (
                Action.SOURCE_CREATED,
                "telegram",
                None,
                {"name": "Telegram", "strategy": "random"},
            )
        ]

    def test_a_source_changed(self, world: World) -> None:
        world.source()
        command = UpdateSource("telegram", strategy=Strategy.RANDOM)
        assert written(world, lambda: world.fairlead.update_source(command)) == [
            (Action.SOURCE_CHANGED, "telegram", {"strategy": "exact"}, {"strategy": "random"})
        ]

    def test_allocations_replaced(self, world: World) -> None:
        ann, bob, eve = (world.operator(name) for name in ("Ann", "Bob", "Eve"))
        world.source((ann, 1), (bob, 2))
        assert written(world, lambda: world.allocate("telegram", (eve, 0), (bob, 3))) == [
            (
                Action.ALLOCATIONS_REPLACED,
                "telegram",
                {str(ann.id): 1, str(bob.id): 2},
                {str(bob.id): 3, str(eve.id): 0},
            )
        ]

    def test_a_contact_transferred(self, world: World) -> None:
        ann, bob = world.operator("Ann"), world.operator("Bob")
        world.source()
        contact = world.register()
        for holder, taker in ((None, ann), (ann, bob)):
            assert written(world, lambda taker=taker: transfer(world, contact, taker)) == [  # type: ignore[misc]
                (
                    Action.CONTACT_TRANSFERRED,
                    str(contact.id),
                    {"operator_id": None if holder is None else str(holder.id)},
                    {"operator_id": str(taker.id)},
                )
            ]

    @pytest.mark.parametrize(
        "known",
        [
            RegisterContact("telegram", {"vk": "ivan"}),
            RegisterContact("telegram", {"vk": "ivan"}, lead_name="Ivan"),
            IVAN,
        ],
    )
    def test_a_lead_erased_once(self, world: World, known: RegisterContact) -> None:
        world.source()
        command = EraseLead(world.outcome(known).contact.lead.id)
        assert written(world, lambda: world.fairlead.erase_lead(command)) == [
            (Action.LEAD_ERASED, str(command.lead_id), None, None)
        ]
        assert written(world, lambda: world.fairlead.erase_lead(command)) == []

    def test_a_lead_erased_again_for_what_it_wrote_since(self, world: World) -> None:
        world.source()
        command = EraseLead(world.outcome(IVAN).contact.lead.id)
        world.fairlead.erase_lead(command)
        world.outcome(RegisterContact("telegram", lead_id=command.lead_id, payload={"more": 1}))
        assert len(written(world, lambda: world.fairlead.erase_lead(command))) == 1
        world.outcome(RegisterContact("telegram", lead_id=command.lead_id, idempotency_key="k"))
        assert len(written(world, lambda: world.fairlead.erase_lead(command))) == 1
        world.outcome(RegisterContact("telegram", lead_id=command.lead_id))
        assert written(world, lambda: world.fairlead.erase_lead(command)) == []

    def test_every_transaction_of_a_purge_that_removes_something(self, world: World) -> None:
        world.source()
        command = RegisterContact("telegram", {"vk": "often"})
        for contact in world.fairlead.register_contacts([command] * 151):
            close(world, contact.contact)  # type: ignore[union-attr]
        world.clock.advance(hours=2)
        moment = world.clock.now() - timedelta(hours=1)
        purge = PurgeContacts(moment)
        assert written(world, lambda: world.fairlead.purge_contacts(purge)) == [
            (Action.CONTACTS_PURGED, moment.astimezone(UTC).isoformat(), None, {"removed": number})
            for number in (150, 1)
        ]
        assert written(world, lambda: world.fairlead.purge_contacts(purge)) == []

    def test_a_key_created_and_revoked(self, world: World) -> None:
        world.source()
        expires_at = world.clock.now() + timedelta(days=1)
        command = CreateKey(Role.INTAKE, "Bot", "telegram", expires_at)
        (entry,) = written(world, lambda: world.fairlead.create_key(command))
        (key,) = world.fairlead.keys.all()
        assert entry == (
            Action.KEY_CREATED,
            key.prefix,
            None,
            {
                "role": "intake",
                "name": "Bot",
                "source": "telegram",
                "expires_at": expires_at.isoformat(),
            },
        )
        revoke = RevokeKey(key.prefix)
        assert written(world, lambda: world.fairlead.revoke_key(revoke)) == [
            (
                Action.KEY_REVOKED,
                key.prefix,
                {"revoked_at": None},
                {"revoked_at": world.clock.now().isoformat()},
            )
        ]
        assert written(world, lambda: world.fairlead.revoke_key(revoke)) == []


def test_registering_and_closing_are_no_changes(world: World) -> None:
    ann = world.operator("Ann", capacity=1)
    world.source((ann, 1))

    def work() -> None:
        contacts = [world.register() for _ in range(3)]
        close(world, contacts[0])
        close(world, contacts[0])

    assert written(world, work) == []


def test_a_change_that_changes_nothing_writes_nothing(world: World) -> None:
    ann, bob = world.operator("Ann", 5), world.operator("Bob")
    world.source((ann, 1), (bob, 2))
    contact = world.register()
    assert contact.operator
    holder = ann if contact.operator.id == ann.id else bob

    def work() -> None:
        update(world, ann)
        update(world, ann, name=" Ann ", capacity=5, active=True)
        world.fairlead.update_source(UpdateSource("telegram"))
        world.fairlead.update_source(
            UpdateSource("telegram", name="telegram", strategy=Strategy.EXACT)
        )
        world.allocate("telegram", (bob, 2), (ann, 1))
        transfer(world, contact, holder)

    assert written(world, work) == []


def test_what_is_refused_writes_nothing(world: World) -> None:
    ann, full = world.operator("Ann", 5), world.operator("Full", 0)
    world.source((ann, 1))
    contact = world.register()
    fairlead, lead_id = world.fairlead, contact.lead.id

    def work() -> None:
        for code, refused in (
            ("invalid_value", lambda: fairlead.create_operator(CreateOperator("", 5))),
            ("invalid_value", lambda: update(world, ann, capacity=-1)),
            ("unknown_operator", lambda: update(world, replace(ann, id=operator_id(1)))),
            ("source_exists", lambda: fairlead.create_source(CreateSource("telegram"))),
            ("unknown_source", lambda: fairlead.update_source(UpdateSource("nowhere", name="x"))),
            (
                "duplicate_operator",
                lambda: fairlead.replace_allocations(
                    ReplaceAllocations("telegram", [(ann.id, 2), (ann.id, 3)])
                ),
            ),
            ("operator_at_capacity", lambda: transfer(world, contact, full)),
            ("invalid_value", lambda: fairlead.rename_lead(RenameLead(lead_id, ""))),
            (
                "invalid_identity",
                lambda: fairlead.add_identity(AddIdentity(lead_id, "phone", "none")),
            ),
            (
                "unknown_identity",
                lambda: fairlead.remove_identity(RemoveIdentity(lead_id, "vk", "none")),
            ),
            (
                "unknown_source",
                lambda: fairlead.create_key(CreateKey(Role.INTAKE, source="nowhere")),
            ),
            ("unknown_key", lambda: fairlead.revoke_key(RevokeKey("flk_nobody"))),
            (
                "invalid_value",
                lambda: fairlead.purge_contacts(PurgeContacts(world.clock.now())),
            ),
        ):
            with pytest.raises(DomainError) as refusal:
                refused()
            assert refusal.value.code == code

    assert written(world, work) == []


def test_what_cannot_be_kept_leaves_no_entry(world: World) -> None:
    """Each with the wired handler, on a storage whose disk fills up at the commit."""
    commands = every_change(world)
    handlers = recording_handlers(world)
    real = world.container.storage().unit_of_work
    recorded = list[AuditEntry]()

    class Watched(FailingCommit):
        def __enter__(self) -> Self:
            opened = super().__enter__()
            add = opened.audit.add

            def adding(entry: AuditEntry) -> None:
                recorded.append(entry)
                add(entry)

            opened.audit.add = adding  # type: ignore[method-assign]
            return opened

    before = log(world)
    for name, command in commands.items():
        transactions = replace(world.container.transactions(), begin=lambda: Watched(real()))
        failing = replace(handlers[name], transactions=transactions)
        with pytest.raises(StorageUnavailable):
            failing(command)
    assert len(recorded) == len(commands), "each had written its entry, to be taken back"
    assert log(world) == before


class TestWhoActed:
    """The actor is the one that the entry point named."""

    def test_a_script_unless_anybody_says_otherwise(self, world: World) -> None:
        world.operator()
        assert [each.actor for each in log(world)] == ["script"]

    def test_whoever_acts_is_named(self, world: World) -> None:
        """In every use case."""
        actor = Actor("flk_abcdefghij", Role.ADMIN)
        commands, handlers = every_change(world), recording_handlers(world)
        assert commands.keys() == handlers.keys()
        before = len(log(world))
        for name, command in commands.items():
            handlers[name](command, actor)
        assert [each.actor for each in log(world)[before:]] == [actor.name] * len(commands)


def test_an_entry_carries_the_time_of_its_id(world: World) -> None:
    world.operator()
    (entry,) = log(world)
    assert entry.at == time_of(entry.id) == world.clock.now()


def test_nothing_tells_of_a_person_or_of_what_opens(world: World) -> None:
    ann, bob = world.operator("Ann"), world.operator("Bob")
    world.source((ann, 1))
    contact = world.outcome(IVAN).contact
    transfer(world, contact, bob)
    world.fairlead.rename_lead(RenameLead(contact.lead.id, "telltale"))
    world.fairlead.add_identity(AddIdentity(contact.lead.id, "vk", "telltale"))
    world.fairlead.remove_identity(RemoveIdentity(contact.lead.id, "telegram", "ivan77"))
    world.fairlead.erase_lead(EraseLead(contact.lead.id))
    world.fairlead.close_contact(CloseContact(contact.id))
    world.clock.advance(hours=1)
    world.fairlead.purge_contacts(PurgeContacts(world.clock.now() - timedelta(minutes=1)))
    made = world.fairlead.create_key(CreateKey(Role.ADMIN, "Somebody"))
    world.fairlead.revoke_key(RevokeKey(made.key.prefix))
    (key,) = world.fairlead.keys.all()
    signs = world.fairlead.create_endpoint(CreateEndpoint(URL))
    world.fairlead.rotate_secret(RotateSecret(signs.endpoint.id))
    entries = log(world)
    assert {each.action for each in entries} >= {
        Action.CONTACT_TRANSFERRED,
        Action.LEAD_RENAMED,
        Action.IDENTITY_ADDED,
        Action.IDENTITY_REMOVED,
        Action.LEAD_ERASED,
        Action.CONTACTS_PURGED,
        Action.KEY_REVOKED,
    }
    text = json.dumps(
        [[each.actor, each.subject, each.before, each.after] for each in entries],
        ensure_ascii=False,
    )
    secret = made.secret.removeprefix(made.key.prefix)
    for telltale in ("Ivan", "ivan77", "9161234567", "telltale", secret, key.digest.hex(), "whsec"):
        assert telltale not in text


def test_a_recorder_without_any_value_writes_what_was_done(world: World) -> None:
    record = Recorder(world.container.ids())

    def write() -> None:
        with world.container.storage().unit_of_work() as uow:
            record(uow, SCRIPT, Action.LEAD_ERASED, "somebody")

    assert written(world, write) == [(Action.LEAD_ERASED, "somebody", None, None)]


def test_an_invalid_change_is_taken_back_with_its_entry(world: World) -> None:
    def fail(uow: UnitOfWork) -> None:
        Recorder(world.container.ids())(uow, SCRIPT, Action.SOURCE_CHANGED, "x", {"a": 1}, {"a": 2})
        raise InvalidValue("no.")

    with pytest.raises(InvalidValue), world.container.storage().unit_of_work() as uow:
        fail(uow)
    assert log(world) == []
