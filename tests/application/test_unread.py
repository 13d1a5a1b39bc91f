"""Who is who: what is no identity, what cannot be read, and other spellings of a number."""

from collections.abc import Iterator, Mapping

import pytest

from application.leads import EraseLead
from application.ports.contacts import ContactFilter, ContactView
from application.register_contacts import Draft, RegisterContact, Registered
from domain.errors import (
    DomainError,
    IdempotencyConflict,
    InvalidIdentity,
    InvalidValue,
    NoIdentity,
    Unreadable,
)
from domain.ids import LeadId
from domain.lead import Identity, UnreadIdentity
from tests.domain.samples import lead_id
from tests.support import World, open_world


@pytest.fixture
def world() -> Iterator[World]:
    """In memory: the contract suites test what is stored."""
    with open_world() as opened:
        opened.source((opened.operator(), 1))
        yield opened


def send(
    world: World,
    identities: Mapping[str, str | None],
    *,
    lead: LeadId | None = None,
    key: str | None = None,
) -> Registered:
    return world.outcome(RegisterContact("telegram", identities, lead_id=lead, idempotency_key=key))


def keys_of(world: World, contact: ContactView) -> list[str]:
    return [each.key for each in world.fairlead.leads.lead(contact.lead.id).identities]


NOTHING = [None, "", " ", "\t\r\n", "\u200b", "\ufeff \u202a\u202c", "\u00a0\u3000", " " * 9999]


class TestNothing:
    """`null` and text with nothing visible in it count as absent."""

    @pytest.mark.parametrize("nothing", NOTHING, ids=lambda value: repr(value)[:12])
    def test_it_is_no_identity(self, world: World, nothing: str | None) -> None:
        contact = send(world, {"phone": nothing, "telegram": "ann", "x": nothing}).contact
        assert keys_of(world, contact) == ["telegram:ann"]
        assert contact.lead.unread == ()
        with pytest.raises(NoIdentity):
            send(world, {"phone": nothing, "email": nothing})
        by_id = send(world, {"phone": nothing}, lead=contact.lead.id).contact
        assert by_id.lead == contact.lead.__class__(contact.lead.id, None, False, ())

    def test_it_is_the_same_body_as_without(self, world: World) -> None:
        first = send(world, {"telegram": "ann"}, key="k")
        again = send(world, {"telegram": "ann", "phone": None, "email": " "}, key="k")
        assert again.replayed
        assert again.contact == first.contact

    @pytest.mark.parametrize("kind", ["Phone", "", "a:b", "1", "x" * 33])
    @pytest.mark.parametrize("value", [None, "", "x", "\0"])
    def test_a_kind_that_cannot_be_one_is_refused(
        self, world: World, kind: str, value: str | None
    ) -> None:
        with pytest.raises(InvalidValue) as refused:
            send(world, {"telegram": "ann", kind: value})
        assert refused.value.field == "lead.identities"


UNREADABLE = [
    ("phone", "none", Unreadable.NOT_A_PHONE),
    ("phone", "-", Unreadable.NOT_A_PHONE),
    ("phone", "8 916 123 45 67 Ann", Unreadable.NOT_A_PHONE),
    ("phone", "+7 495 123-45-67 доб. 12", Unreadable.EXTENSION),
    ("phone", "+7 (___) ___-__-__", Unreadable.PLACEHOLDER),
    ("phone", "1111111111", Unreadable.PLACEHOLDER),
    ("phone", "3201234598", Unreadable.AMBIGUOUS),
    ("email", "ann@", Unreadable.NOT_AN_EMAIL),
    ("email", "нет", Unreadable.NOT_AN_EMAIL),
    ("vk", "x" * 201, Unreadable.TOO_LONG),
    ("phone", "7" * 5000, Unreadable.TOO_LONG),
    ("vk", "a\0b", Unreadable.UNSTORABLE),
    ("email", "\ud800@x.ru", Unreadable.UNSTORABLE),
]


class TestUnread:
    """One bad value does not spoil the others: a bot rarely asks twice."""

    @pytest.mark.parametrize(
        ("kind", "value", "reason"), UNREADABLE, ids=lambda value: repr(value)[:16]
    )
    def test_the_contact_is_registered_and_tells_of_it(
        self, world: World, kind: str, value: str, reason: Unreadable
    ) -> None:
        contact = send(world, {kind: value, "telegram": "ann"}).contact
        assert contact.lead.unread == (UnreadIdentity.of(kind, value, reason),)
        assert keys_of(world, contact) == ["telegram:ann"]
        assert world.fairlead.contacts.contact(contact.id) == contact
        by_id = send(world, {kind: value}, lead=contact.lead.id).contact
        assert by_id.lead.unread == contact.lead.unread

    @pytest.mark.parametrize(
        ("kind", "value", "reason"), UNREADABLE, ids=lambda value: repr(value)[:16]
    )
    def test_if_none_can_be_read_it_is_refused_by_its_field(
        self, world: World, kind: str, value: str, reason: Unreadable
    ) -> None:
        with pytest.raises(DomainError) as refused:
            send(world, {"telegram": " ", kind: value})
        assert refused.value.field == f"lead.identities.{kind}"
        if isinstance(refused.value, InvalidIdentity):
            assert refused.value.reason is reason
        assert world.fairlead.contacts.contacts(ContactFilter(), limit=1, after=None).items == []

    def test_several_come_by_kind(self, world: World) -> None:
        contact = send(world, {"phone": "none", "vk": "1", "email": "none"}).contact
        assert [each.kind for each in contact.lead.unread] == ["email", "phone"]

    def test_what_cannot_be_read_is_no_identity_of_anybody(self, world: World) -> None:
        ann = send(world, {"telegram": "ann", "phone": "9999999999"}).contact
        bob = send(world, {"telegram": "bob", "phone": "9999999999"}).contact
        assert ann.lead.id != bob.lead.id
        assert (ann.lead.conflicts, bob.lead.conflicts) == ((), ())

    def test_a_replay_shows_it(self, world: World) -> None:
        first = send(world, {"telegram": "ann", "phone": "none"}, key="k")
        again = send(world, {"phone": " none", "telegram": "ann"}, key="k")
        assert again.replayed
        assert again.contact == first.contact
        assert len(again.contact.lead.unread) == 1

    @pytest.mark.parametrize(
        "other", [{"phone": "nobody"}, {}, {"email": "none"}, {"phone": "+79161234567"}]
    )
    def test_another_value_is_another_body(self, world: World, other: dict[str, str]) -> None:
        send(world, {"telegram": "ann", "phone": "none"}, key="k")
        with pytest.raises(IdempotencyConflict):
            send(world, {"telegram": "ann", **other}, key="k")

    def test_it_is_exported_and_erased_with_the_person(self, world: World) -> None:
        contact = send(world, {"telegram": "ann", "phone": "none"}).contact
        (exported,) = world.fairlead.leads.export(contact.lead.id, limit=5000).contacts
        assert exported.contact.lead.unread == contact.lead.unread != ()
        world.fairlead.erase_lead(EraseLead(contact.lead.id))
        assert world.fairlead.contacts.contact(contact.id).lead.unread == ()

    def test_items_of_a_batch_keep_their_own(self, world: World) -> None:
        outcomes = world.fairlead.register_contacts(
            [
                RegisterContact("telegram", {"vk": "1", "phone": "none"}),
                RegisterContact("telegram", {"phone": "none"}),
                RegisterContact("telegram", {"vk": "1"}),
                RegisterContact("telegram", {"phone": "none"}, lead_id=LeadId(lead_id(9))),
            ]
        )
        first, second, third, fourth = outcomes
        assert isinstance(first, Registered)
        assert isinstance(second, InvalidIdentity)
        assert isinstance(third, Registered)
        assert [len(each.contact.lead.unread) for each in (first, third)] == [1, 0]
        assert isinstance(fourth, DomainError)
        assert fourth.field == "lead.id"

    def test_a_fingerprint_with_it_is_the_same_in_every_release(self) -> None:
        """For the fingerprint without unread values, see test_registering.py."""

        def normalise(kind: str, value: str) -> Identity:
            if kind == "phone":
                raise InvalidIdentity("no", reason=Unreadable.NOT_A_PHONE)
            return Identity(kind, value)

        command = RegisterContact("telegram", {"vk": "1", "phone": "нет", "email": None})
        assert Draft.of(command, normalise).fingerprint().hex() == (
            "4d31bae995ef7556b65a387eddd41fc13223900e8fba7b978d21df73b3bdd53c"
        )


class TestOtherSpellings:
    """A number that messengers send in two forms belongs to one person."""

    @pytest.mark.parametrize(
        ("one", "another"),
        [
            ("+55 11 98765-4321", "551187654321"),
            ("551187654321", "+5511987654321"),
            ("+54 9 11 2345-6789", "541123456789"),
            ("+541123456789", "5491123456789"),
            ("+52 55 1234 5678", "5215512345678"),
            ("+5215512345678", "+525512345678"),
            ("8 916 123 45 67", "+8 916 123 45 67"),
            ("+229 01 97 12 34 56", "22997123456"),
        ],
    )
    def test_it_is_one_lead(self, world: World, one: str, another: str) -> None:
        first = send(world, {"phone": one}).contact
        second = send(world, {"phone": another, "vk": "1"}).contact
        assert second.lead.id == first.lead.id
        assert not second.lead.created
        (only,) = world.fairlead.leads.leads(identity=None, limit=9, after=None).items
        for text in (one, another):
            found = world.fairlead.leads.leads(
                identity=world.fairlead.normalise("phone", text), limit=9, after=None
            )
            assert [each.id for each in found.items] == [only.id]
            assert [each.id for each in world.fairlead.search(text).leads] == [only.id]
        assert world.defects() == []

    def test_in_one_batch_too(self, world: World) -> None:
        outcomes = world.fairlead.register_contacts(
            [
                RegisterContact("telegram", {"phone": each})
                for each in ("5511987654321", "551187654321", "+55 11 98765 4321")
            ]
        )
        leads = [each.contact.lead for each in outcomes if isinstance(each, Registered)]
        assert len({each.id for each in leads}) == 1
        assert [each.created for each in leads] == [True, False, False]

    def test_a_search_by_the_form_that_never_came_finds_it(self, world: World) -> None:
        lead = send(world, {"phone": "551187654321"}).contact.lead.id
        assert [each.id for each in world.fairlead.search("+55 11 98765-4321").leads] == [lead]

    def test_what_was_stored_with_characters_that_nobody_sees_is_found(self, world: World) -> None:
        with world.container.storage().unit_of_work() as uow:
            found = uow.leads.index([], []).recognise(
                [Identity("telegram", "iv\u200ban")], new_id=world.container.ids().new
            )
            uow.leads.learn([found])
        contact = send(world, {"telegram": "iv\u200ban"}).contact
        assert contact.lead.id == found.lead.id
        assert keys_of(world, contact) == ["telegram:ivan", "telegram:iv\u200ban"]
        assert send(world, {"telegram": "ivan"}).contact.lead.id == found.lead.id
