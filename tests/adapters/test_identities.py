"""Identities are normalised to one spelling."""

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.identities import LibraryIdentityNormaliser
from domain.errors import DomainError, InvalidIdentity, InvalidValue, Unreadable
from domain.lead import Identity
from entrypoints.container import build_container
from entrypoints.settings import Settings

russian = LibraryIdentityNormaliser("RU")
british = LibraryIdentityNormaliser("GB")

RUSSIAN_SPELLINGS = [
    "+79161234567",
    "89161234567",
    "8 (916) 123-45-67",
    "+7 916 123 45 67",
    "  +7-916-123-45-67\t",
    "8.916.123.45.67",
    "9161234567",
    "tel:+7-916-123-45-67",
    "+7 (916) 123\u201345\u201367",
    "\uff0b\uff17 916 1234567",
    "8\u00a0916\u00a0123\u00a045\u00a067",
]


class TestPhones:
    """E.164, whatever the spelling."""

    @pytest.mark.parametrize("spelling", RUSSIAN_SPELLINGS)
    def test_every_spelling_is_one_number(self, spelling: str) -> None:
        assert russian("phone", spelling) == Identity("phone", "+79161234567")

    def test_a_number_without_a_country_code_is_of_the_default_region(self) -> None:
        assert british("phone", "020 7946 0958").value == "+442079460958"
        assert russian("phone", "8 495 123-45-67").value == "+74951234567"
        assert british("phone", "+7 495 123-45-67").value == "+74951234567"

    def test_the_default_region_comes_from_the_settings(self) -> None:
        for region, number in (("RU", "+79161234567"), ("US", "+19161234567")):
            container = build_container(Settings(database_url="memory://", phone_region=region))
            assert container.normalise()("phone", "916 123-45-67").value == number

    @pytest.mark.parametrize("new", ["+79991234567", "+7 200 123 45 68", "+882 16 1234567"])
    def test_a_number_that_no_table_knows_yet_is_taken(self, new: str) -> None:
        assert russian("phone", new).value.startswith("+")

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            ("1", Unreadable.PLACEHOLDER),
            ("+7 916", Unreadable.NOT_A_PHONE),
            ("+999 123456789", Unreadable.NOT_A_PHONE),
            ("ann@example.com", Unreadable.NOT_A_PHONE),
            ("9" * 65, Unreadable.NOT_A_PHONE),
            ("+7 495 123-45-67 ext. 5", Unreadable.EXTENSION),
        ],
    )
    def test_what_is_no_number_is_refused_with_its_field_and_a_reason(
        self, value: str, reason: Unreadable
    ) -> None:
        with pytest.raises(InvalidIdentity) as refused:
            russian("phone", value)
        assert (refused.value.field, refused.value.reason) == ("lead.identities.phone", reason)
        assert "+79161234567" in refused.value.detail

    @given(
        st.integers(900_000_0000, 999_999_9999), st.sampled_from(["+7", "8", "7", "", "+7 (", "8-"])
    )
    def test_russian_mobiles_meet_whatever_stands_before_them(
        self, number: int, prefix: str
    ) -> None:
        assume(len({*str(number)[-7:]}) > 1 and number != 9876543210)
        assert russian("phone", f"{prefix}{number}").value == f"+7{number}"

    def test_another_number_of_the_same_mobile_is_looked_up(self) -> None:
        assert russian("phone", "5511987654321").also == ("phone:+551187654321",)
        assert russian("phone", "+79161234567").also == ()


class TestEmails:
    """Lower case, one form of Unicode."""

    @pytest.mark.parametrize(
        ("spelling", "normal"),
        [
            ("Ann@Example.COM", "ann@example.com"),
            ("  ann@example.com\n", "ann@example.com"),
            ("a.n+n@example.com", "a.n+n@example.com"),
            ("ИВАН@Пример.РФ", "иван@пример.рф"),
            ("ann@XN--E1AFMKFD.xn--p1ai", "ann@пример.рф"),
            ("e\u0301@example.com", "\u00e9@example.com"),
            ("ann@\uff45\uff58ample.com", "ann@example.com"),
        ],
    )
    def test_every_spelling_is_one_address(self, spelling: str, normal: str) -> None:
        assert russian("email", spelling) == Identity("email", normal)

    @pytest.mark.parametrize(
        "value",
        ["ann", "ann@", "@example.com", "ann@example", "a b@example.com", "a@b@c.com", "a@-b.com"],
    )
    def test_what_is_no_address_is_refused_with_its_field(self, value: str) -> None:
        with pytest.raises(InvalidIdentity) as refused:
            russian("email", value)
        assert refused.value.field == "lead.identities.email"

    def test_mailboxes_that_exist_are_taken(self) -> None:
        for value in ("ann.@docomo.ne.jp", "a..b@docomo.ne.jp", "ann@company.local"):
            assert russian("email", value) == Identity("email", value)

    def test_nobody_is_asked_whether_the_domain_exists(self) -> None:
        assert isinstance(russian("email", "ann@no-such-domain-here.org"), Identity)


class TestOtherKinds:
    """Trimmed and matched exactly."""

    @pytest.mark.parametrize(
        "value", ["Ann_42", "ann_42", "+7 916", "A B", "A  B", "A\tB", "a:b", "Ё😀", "e\u0301"]
    )
    def test_a_value_is_kept_as_it_came(self, value: str) -> None:
        identity = russian("telegram", f" \t{value}\u2009\n")
        assert (identity, identity.also) == (Identity("telegram", value), ())

    @pytest.mark.parametrize("value", ["", "  ", "x" * 201, "a\0b", "\ud800"])
    def test_what_cannot_be_kept_is_refused_with_its_field(self, value: str) -> None:
        for kind in ("telegram", "phone", "email"):
            with pytest.raises(InvalidValue) as refused:
                russian(kind, value)
            assert refused.value.field == f"lead.identities.{kind}"

    @pytest.mark.parametrize("kind", ["", "Phone", "1x", "a-b", "a:b", "x" * 33, "é", "phone\n"])
    def test_a_kind_that_is_none_is_refused(self, kind: str) -> None:
        with pytest.raises(InvalidValue) as refused:
            russian(kind, "value")
        assert refused.value.field == "lead.identities"


UNSEEN = (
    *("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202c", "\u202e", "\u2060"),
    *("\u2066", "\u2069", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u180e", "\u2800", "\u3164"),
    *("\ufe0f", "\ufff9", "\U000e0041", "\x01", "\x7f", "\x9f"),
)


class TestUnseen:
    """Invisible characters are not part of any value."""

    @pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
    @pytest.mark.parametrize(
        ("kind", "value", "normal"),
        [
            ("phone", "8 (916) 123-45-67", "+79161234567"),
            ("phone", "+79161234567", "+79161234567"),
            ("email", "Ann@Example.com", "ann@example.com"),
            ("external_id", "order 7", "order 7"),
        ],
    )
    def test_they_go_wherever_they_stand(
        self, kind: str, value: str, normal: str, unseen: str
    ) -> None:
        for at in (0, 1, 5, len(value)):
            spelled = value[:at] + unseen + value[at:]
            assert russian(kind, spelled) == Identity(kind, normal)
            assert russian(kind, f" {unseen} {spelled}{unseen}\n") == Identity(kind, normal)

    @pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
    def test_nothing_else_is_nothing(self, unseen: str) -> None:
        for kind in ("phone", "email", "telegram"):
            with pytest.raises(InvalidValue):
                russian(kind, f" {unseen}\u00a0{unseen * 300}")

    def test_what_was_stored_with_them_is_still_found(self) -> None:
        assert russian("telegram", " iv\u200ban ").also == ("telegram:iv\u200ban",)
        assert russian("telegram", "\u200bivan").also == ("telegram:\u200bivan",)
        assert russian("telegram", "ivan" + "\u200b" * 200).also == ()


@given(
    st.sampled_from(["telegram", "external_id", "email"]),
    st.one_of(st.text(max_size=210), st.emails()),
)
def test_normalising_twice_changes_nothing_more(kind: str, value: str) -> None:
    try:
        once = russian(kind, value)
    except DomainError:
        return
    assert russian(kind, once.value) == once


@pytest.mark.parametrize("region", ["RU", "US", "BR", "DE", "AR", "IT", "MX"])
def test_a_phone_of_any_country_normalised_twice_is_the_same(region: str) -> None:
    normalise, chance = LibraryIdentityNormaliser(region), random.Random(1)
    prefixes = ("", "+", "8", "+55", "+54", "+39", "00", "000")
    for _ in range(3000):
        digits = "".join(chance.choices("0123456789", k=chance.randrange(4, 14)))
        try:
            once = normalise("phone", chance.choice(prefixes) + digits)
        except DomainError:
            continue
        assert normalise("phone", once.value) == once


@pytest.mark.parametrize(("region", "value"), [("US", "555-1234"), ("RU", "123-45-67")])
def test_a_number_that_every_town_has_is_no_identity(region: str, value: str) -> None:
    with pytest.raises(InvalidIdentity):
        LibraryIdentityNormaliser(region)("phone", value)
