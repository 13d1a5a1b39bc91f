"""Identities in one spelling."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.identities import LibraryIdentityNormaliser
from domain.errors import DomainError, InvalidIdentity, InvalidValue
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
    "+7 916 1234567 ext. 5",
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

    @pytest.mark.parametrize("new", ["+79991234567", "+7 000 000 00 00", "+882 16 1234567"])
    def test_a_number_that_no_table_knows_yet_is_taken(self, new: str) -> None:
        assert russian("phone", new).value.startswith("+")

    @pytest.mark.parametrize(
        "value",
        [
            "1",
            "123",
            "+7 916",
            "hello",
            "+",
            "+999 123456789",
            "9" * 30,
            "ann@example.com",
            "\u0660",
            "--",
        ],
    )
    def test_what_is_no_number_is_refused_with_its_field(self, value: str) -> None:
        with pytest.raises(InvalidIdentity) as refused:
            russian("phone", value)
        assert refused.value.field == "lead.identities.phone"
        assert "+79161234567" in refused.value.detail

    @given(
        st.integers(900_000_0000, 999_999_9999), st.sampled_from(["+7", "8", "7", "", "+7 (", "8-"])
    )
    def test_russian_mobiles_meet_whatever_stands_before_them(
        self, number: int, prefix: str
    ) -> None:
        assert russian("phone", f"{prefix}{number}").value == f"+7{number}"


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

    def test_nobody_is_asked_whether_the_domain_exists(self) -> None:
        assert russian("email", "ann@no-such-domain-here.org")


class TestOtherKinds:
    """Trimmed and matched exactly."""

    @pytest.mark.parametrize(
        "value", ["Ann_42", "ann_42", "+7 916", "A B", "a:b", "Ё😀", "e\u0301"]
    )
    def test_a_value_is_kept_as_it_came(self, value: str) -> None:
        assert russian("telegram", f" \t{value}\n") == Identity("telegram", value)

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


@given(
    st.sampled_from(["+7", "8", "+44", "+1", "+49"]),
    st.from_regex(r"[2-9][0-9]{9}", fullmatch=True),
)
def test_a_phone_normalised_twice_is_the_same(prefix: str, number: str) -> None:
    try:
        once = russian("phone", prefix + number)
    except DomainError:
        return
    assert russian("phone", once.value) == once


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
