"""Which lead a contact belongs to, and what the lead learns from it."""

import itertools
from uuid import UUID

import pytest

from domain import limits
from domain.errors import IdentityTaken, InvalidValue, NoIdentity, UnknownLead, Unreadable
from domain.ids import time_of
from domain.lead import (
    Identity,
    Lead,
    LeadIndex,
    UnreadIdentity,
    begin_words,
    first_word,
    words_of,
)
from tests.domain.samples import lead_id
from tests.support import START, FakeClock, FakeIds

PHONE = Identity("phone", "+79161234567")
EMAIL = Identity("email", "ann@example.com")
TELEGRAM = Identity("telegram", "@ann")
EXTERNAL = Identity("external_id", "crm-1")
VK = Identity("vk", "id1")


def lead(number: int, name: str | None = None) -> Lead:
    return Lead(lead_id(number), name, START)


@pytest.fixture
def ids() -> FakeIds:
    return FakeIds(FakeClock())


def test_nobody_known_makes_a_new_lead_with_all_identities(ids: FakeIds) -> None:
    index = LeadIndex([])
    found = index.recognise([PHONE, EMAIL], new_id=ids.new, name="Ann")
    assert found.created
    assert not found.named
    assert list(found.learned) == [PHONE, EMAIL]
    assert found.conflicts == ()
    assert found.lead.name == "Ann"
    assert found.lead.created_at == time_of(found.lead.id) == START


def test_one_known_lead_gets_the_contact_and_the_new_identities(ids: FakeIds) -> None:
    ann = lead(1, "Ann")
    index = LeadIndex([(PHONE, ann)])
    found = index.recognise([TELEGRAM, PHONE, EMAIL], new_id=ids.new)
    assert found.lead is ann
    assert not found.created
    assert list(found.learned) == [EMAIL, TELEGRAM]
    assert found.conflicts == ()
    assert ids.made == 0
    again = index.recognise([EMAIL], new_id=ids.new)
    assert (again.lead, list(again.learned)) == (ann, [])


def test_a_lead_known_by_several_of_the_identities_is_no_conflict(ids: FakeIds) -> None:
    ann, same_ann = lead(1), lead(1)
    found = LeadIndex([(PHONE, ann), (EMAIL, same_ann)]).recognise([PHONE, EMAIL], new_id=ids.new)
    assert (found.lead, list(found.learned), found.conflicts) == (ann, [], ())


def test_what_a_lead_learns_under_one_identity_holds_under_its_others(ids: FakeIds) -> None:
    """The storage may read the same lead once for each identity; it is still one lead."""
    index = LeadIndex([(PHONE, lead(1)), (EMAIL, lead(1))])
    index.recognise([PHONE], new_id=ids.new, name="Ann")
    found = index.recognise([EMAIL], new_id=ids.new, name="Bob")
    assert (found.lead.name, found.named) == ("Ann", False)


def test_the_strongest_identity_decides_whatever_the_order(ids: FakeIds) -> None:
    """`external_id`, then `phone`, then `email`, then the other kinds by name."""
    owners = [(EXTERNAL, 5), (PHONE, 4), (EMAIL, 3), (TELEGRAM, 2), (VK, 1)]
    index = LeadIndex([(identity, lead(number)) for identity, number in owners])
    for order in itertools.permutations([EXTERNAL, PHONE, EMAIL, TELEGRAM, VK]):
        remaining = list(order)
        for strongest, number in owners:
            found = index.recognise(remaining, new_id=ids.new)
            assert found.lead.id == lead_id(number)
            assert not found.created
            assert list(found.learned) == []
            assert sorted(found.conflicts) == [lead_id(each) for each in range(1, number)]
            remaining.remove(strongest)


def test_no_identity_moves_in_a_conflict(ids: FakeIds) -> None:
    ann, bob = lead(1), lead(2)
    index = LeadIndex([(PHONE, ann), (EMAIL, bob)])
    found = index.recognise([EMAIL, PHONE, TELEGRAM], new_id=ids.new)
    assert (found.lead, found.conflicts, list(found.learned)) == (ann, (bob.id,), [TELEGRAM])
    assert index.recognise([EMAIL], new_id=ids.new).lead is bob
    assert index.recognise([TELEGRAM], new_id=ids.new).lead is ann


PAIR = (
    Identity("phone", "+5511987654321", ("phone:+551187654321",)),
    Identity("phone", "+551187654321", ("phone:+5511987654321",)),
)


class TestOtherSpellings:
    """Look-up variants: whose number it is when it comes in one of its two forms."""

    def test_an_identity_is_what_it_is_whatever_else_it_is_like(self) -> None:
        plain = Identity("phone", "+5511987654321")
        assert plain == PAIR[0]
        assert hash(plain) == hash(PAIR[0])
        assert plain.also == ()
        assert "also" not in repr(PAIR[0])

    @pytest.mark.parametrize(("known", "comes"), [PAIR, PAIR[::-1]])
    def test_what_is_nobodys_is_of_the_lead_of_another_spelling_and_learned(
        self, ids: FakeIds, known: Identity, comes: Identity
    ) -> None:
        ann = lead(1)
        index = LeadIndex([(known, ann)])
        found = index.recognise([comes, EMAIL], new_id=ids.new)
        assert (found.lead, found.created, found.conflicts) == (ann, False, ())
        assert list(found.learned) == [comes, EMAIL]
        again = index.recognise([Identity("phone", comes.value)], new_id=ids.new)
        assert (again.lead, list(again.learned)) == (ann, [])

    def test_contacts_of_one_batch_meet(self, ids: FakeIds) -> None:
        index = LeadIndex([])
        first = index.recognise([PAIR[0]], new_id=ids.new)
        second = index.recognise([PAIR[1]], new_id=ids.new)
        assert (first.created, second.created) == (True, False)
        assert second.lead is first.lead
        assert list(second.learned) == [PAIR[1]]

    def test_an_owner_of_its_own_comes_first(self, ids: FakeIds) -> None:
        ann, bob = lead(1), lead(2)
        index = LeadIndex([(PAIR[0], ann), (PAIR[1], bob)])
        for identity, owner in zip(PAIR, (ann, bob), strict=True):
            found = index.recognise([identity], new_id=ids.new)
            assert (found.lead, list(found.learned), found.conflicts) == (owner, [], ())

    def test_what_is_like_those_of_two_leads_is_of_none_and_tells_of_none(
        self, ids: FakeIds
    ) -> None:
        index = LeadIndex([(PHONE, lead(1)), (EMAIL, lead(2))])
        unclear = Identity("vk", "1", (PHONE.key, EMAIL.key, "vk:2"))
        found = index.recognise([unclear], new_id=ids.new)
        assert (found.created, found.conflicts) == (True, ())
        assert list(found.learned) == [unclear]

    def test_two_spellings_of_one_lead_are_of_that_lead(self, ids: FakeIds) -> None:
        ann = lead(1)
        index = LeadIndex([(PHONE, ann), (EMAIL, lead(1))])
        found = index.recognise([Identity("vk", "1", (PHONE.key, EMAIL.key))], new_id=ids.new)
        assert found.lead is ann

    def test_a_number_does_not_come_to_be_of_two_leads_by_its_spellings(self, ids: FakeIds) -> None:
        ann, bob = lead(1), lead(2)
        index = LeadIndex([(EXTERNAL, ann), (PAIR[0], bob)])
        found = index.recognise([EXTERNAL, PAIR[1], VK], new_id=ids.new)
        assert (found.lead, found.conflicts) == (ann, (bob.id,))
        assert list(found.learned) == [VK]
        assert index.recognise([PAIR[1]], new_id=ids.new).lead is bob

    def test_a_lead_named_by_id_learns_only_what_is_nobody_elses(self, ids: FakeIds) -> None:
        ann, bob = lead(1), lead(2)
        index = LeadIndex([(PAIR[0], bob)], [ann])
        found = index.recognise([PAIR[1]], new_id=ids.new, lead_id=ann.id)
        assert (found.lead, found.conflicts, list(found.learned)) == (ann, (bob.id,), [])
        own = LeadIndex([(PAIR[0], ann)], [ann])
        found = own.recognise([PAIR[1]], new_id=ids.new, lead_id=ann.id)
        assert (found.conflicts, list(found.learned)) == ((), [PAIR[1]])


def test_of_an_identity_that_cannot_be_read_is_kept_what_can_be_seen_and_stored() -> None:
    kept = UnreadIdentity.of("phone", f" \u200b8\0\ud800 {'x' * 300}\n", Unreadable.UNSTORABLE)
    assert kept.value == f"8\ufffd\ufffd {'x' * 300}"[: limits.MAX_TEXT]
    assert (kept.kind, kept.reason) == ("phone", "unstorable")


def test_a_lead_in_conflict_through_two_identities_is_named_once(ids: FakeIds) -> None:
    ann, bob = lead(1), lead(2)
    index = LeadIndex([(PHONE, ann), (EMAIL, bob), (TELEGRAM, bob)])
    assert index.recognise([EMAIL, PHONE, TELEGRAM], new_id=ids.new).conflicts == (bob.id,)


def test_a_lead_named_by_id_gets_the_contact_whoever_owns_the_identities(ids: FakeIds) -> None:
    ann, bob = lead(1), lead(2)
    index = LeadIndex([(EXTERNAL, bob)], [ann])
    found = index.recognise([EXTERNAL, TELEGRAM], new_id=ids.new, lead_id=ann.id)
    assert (found.lead, found.created) == (ann, False)
    assert found.conflicts == (bob.id,)
    assert list(found.learned) == [TELEGRAM]


def test_a_lead_named_by_id_needs_no_identity(ids: FakeIds) -> None:
    ann = lead(1)
    found = LeadIndex([], [ann]).recognise([], new_id=ids.new, lead_id=ann.id)
    assert (found.lead, list(found.learned), found.conflicts) == (ann, [], ())


def test_an_unknown_lead_id_is_refused_and_teaches_nothing(ids: FakeIds) -> None:
    index = LeadIndex([])
    with pytest.raises(UnknownLead) as refusal:
        index.recognise([PHONE], new_id=ids.new, lead_id=lead_id(9), name="Ann")
    assert refusal.value.field == "lead.id"
    assert index.recognise([PHONE], new_id=ids.new).created


def test_neither_id_nor_identity_is_refused(ids: FakeIds) -> None:
    with pytest.raises(NoIdentity) as refusal:
        LeadIndex([]).recognise([], new_id=ids.new, name="Ann")
    assert refusal.value.field == "lead"
    assert ids.made == 0


def test_several_contacts_of_one_unknown_person_make_one_lead(ids: FakeIds) -> None:
    index = LeadIndex([])
    first = index.recognise([PHONE], new_id=ids.new)
    second = index.recognise([PHONE, EMAIL], new_id=ids.new)
    third = index.recognise([EMAIL], new_id=ids.new)
    fourth = index.recognise([], new_id=ids.new, lead_id=first.lead.id)
    assert [each.created for each in (first, second, third, fourth)] == [True, False, False, False]
    assert first.lead is second.lead is third.lead is fourth.lead
    assert [list(each.learned) for each in (first, second, third)] == [[PHONE], [EMAIL], []]
    assert ids.made == 1


def test_a_name_is_kept_only_if_the_lead_had_none(ids: FakeIds) -> None:
    nameless, named = lead(1), lead(2, "Bob")
    index = LeadIndex([(PHONE, nameless), (EMAIL, named)])
    first = index.recognise([PHONE], new_id=ids.new, name="Ann")
    assert (first.named, nameless.name) == (True, "Ann")
    assert not index.recognise([PHONE], new_id=ids.new, name="Cat").named
    assert not index.recognise([EMAIL], new_id=ids.new, name="Cat").named
    assert (nameless.name, named.name) == ("Ann", "Bob")


def test_a_missing_name_names_nobody(ids: FakeIds) -> None:
    nameless = lead(1)
    assert not LeadIndex([(PHONE, nameless)]).recognise([PHONE], new_id=ids.new).named
    assert nameless.name is None


def test_an_identity_of_another_kind_with_the_same_value_is_another_identity(
    ids: FakeIds,
) -> None:
    index = LeadIndex([(Identity("vk", "1"), lead(1))])
    assert index.recognise([Identity("max", "1")], new_id=ids.new).created


@pytest.mark.parametrize("value", ["+79161234567", "a:b", ":", "::x", "two words"])
def test_an_identity_is_read_back_from_its_key(value: str) -> None:
    identity = Identity("telegram", value)
    assert identity.key == f"telegram:{value}"
    assert Identity.from_key(identity.key) == identity


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("", "x"),
        ("Phone", "x"),
        ("a:b", "x"),
        ("1a", "x"),
        ("a" * 33, "x"),
        ("phone\n", "x"),
        ("vk", ""),
        ("vk", "x" * 201),
        ("vk", "\0"),
        ("vk", "\ud800"),
    ],
)
def test_an_identity_out_of_its_limits_is_refused(kind: str, value: str) -> None:
    with pytest.raises(InvalidValue):
        Identity(kind, value)


def test_an_identity_comes_trimmed() -> None:
    with pytest.raises(ValueError, match="trimmed"):
        Identity("vk", " x")


def test_a_lead_may_have_no_name_but_not_an_empty_one() -> None:
    assert lead(1).name is None
    assert lead(1, " Ann ").name == "Ann"
    with pytest.raises(InvalidValue) as refusal:
        Lead(lead_id(1), " ", time_of(UUID(int=0)))
    assert refusal.value.field == "lead.name"


def test_a_name_is_corrected_and_removed() -> None:
    ann = lead(1, "Ann")
    assert not ann.rename(" Ann ")
    assert ann.rename(" Anna ")
    assert ann.name == "Anna"
    assert ann.rename(None)
    assert not ann.rename(None)
    assert ann.name is None
    with pytest.raises(InvalidValue) as refusal:
        ann.rename(" ")
    assert refusal.value.field == "name"


def test_an_identity_is_taught_to_whom_is_said_if_it_is_nobodys() -> None:
    ann, bob = lead(1, "Ann"), lead(2)
    index = LeadIndex([(PHONE, ann), (EMAIL, bob)], [ann])
    found = index.teach(ann.id, VK)
    assert (found.lead, list(found.learned)) == (ann, [VK])
    assert (found.created, found.named, found.conflicts) == (False, False, ())
    assert list(index.teach(ann.id, PHONE).learned) == []
    with pytest.raises(IdentityTaken) as refusal:
        index.teach(ann.id, EMAIL)
    assert (refusal.value.lead_id, refusal.value.field) == (bob.id, "value")
    with pytest.raises(UnknownLead):
        index.teach(lead_id(3), VK)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Пётр ЁЛКИН", {"петр", "елкин"}),
        ("O'Neil-Smith_Jr", {"o", "neil", "smith", "jr"}),
        ("İbrahim", {"ibrahim"}),
        ("Groß 7", {"gross", "7"}),
        ("— 😀 !", set()),
    ],
)
def test_a_name_has_words_in_one_case(name: str, words: set[str]) -> None:
    assert words_of(name) == words


def test_beginnings_of_words_are_told_from_what_is_none() -> None:
    words = words_of("Ivan Ivanov Petr")
    assert begin_words(["iv", "p"], words)
    assert begin_words(["ivan", "ivanov"], words)
    assert not begin_words(["ivan", "x"], words)
    assert first_word("ivan", words) == "ivan"
    assert first_word("ivano", words) == "ivanov"
    assert first_word("iv", words) == "ivan"
    assert first_word("x", words) is None
