"""A text is a phone only if it is certainly one number; a number has one normal text."""

import re

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType, ValidationResult

from adapters.numbering import home_of, plan_of
from adapters.phones import other_spellings, plain_phone, read_phone
from domain.errors import InvalidIdentity, Unreadable

N, X, P, A = (
    Unreadable.NOT_A_PHONE,
    Unreadable.EXTENSION,
    Unreadable.PLACEHOLDER,
    Unreadable.AMBIGUOUS,
)


def read(text: str, region: str = "RU") -> str:
    """Return the number, or why there is none."""
    try:
        return read_phone(text, region)
    except InvalidIdentity as error:
        refusal = error
    assert refusal.field == "lead.identities.phone"
    assert refusal.detail.startswith(repr(text))
    assert refusal.detail.endswith("+79161234567.")
    assert refusal.reason is not None
    return refusal.reason


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("+7 916 123 45 67 Anna", N),
        ("8 916 123 45 67 home", N),
        ("916-1234 Ann", N),
        ("+7 495 123 45 67 1234", N),
        ("+8 495 123-45-67", "+74951234567"),
        ("+8 800 555-35-35", "+78005553535"),
        ("0000000000", P),
        ("1111111111", P),
        ("+5215512345678", "+525512345678"),
        ("+525512345678", "+525512345678"),
        ("+551187654321", "+551187654321"),
        ("+5511987654321", "+5511987654321"),
    ],
)
def test_what_other_people_reported(written: str, expected: str) -> None:
    assert read(written) == expected


SPELLINGS = [
    "+79161234567",
    "89161234567",
    "79161234567",
    "9161234567",
    "0079161234567",
    "00 7 916 123 45 67",
    "8 (916) 123-45-67",
    "8(916)1234567",
    "(+7) 916 1234567",
    "+7 (8) 916 123 45 67",
    "+7.916.123.45.67",
    "+7-916-123-45-67.",
    "tel:+7-916-123-45-67",
    "TEL: 89161234567",
    "whatsapp:+79161234567",
    "'+79161234567",
    "+7 [916] 1234567",
    "8\u2011916\u20111234567",
    "+7 (916) 123\u201345\u201367",
    "+7\u2212916\u22121234567",
    "\uff0b\uff17 \uff08916\uff09 1234567",
    "\ufe62" + "79161234567",
    "8\u00a0916\u00a0123\u00a045\u00a067",
    "8\u2009916\u202f123\u300045\t67",
    "+7 916\n123-45-67",
    "8916/1234567",
    "\u0668\u0669\u0661\u0666\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
    "+8 916 123 45 67",
    "+89161234567",
    "+8(916)1234567",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_one_number(spelling: str) -> None:
    assert read(spelling) == "+79161234567"


@pytest.mark.parametrize(
    "written",
    [
        *("", "-", "+", "()", "hello", "нет", "none", "n/a", "ann@example.com", "\u0661\u0663"),
        *("+7 916", "+7 916 123 45 6", "+7 916 123 45 67 8", "+999 123456789", "123-45-68"),
        *("+7+9161234567", "+7 916+1234567", "79161234567+", "++79161234567", "+00 79161234567"),
        "8 916 123 45 67, 8 916 123 45 68",
        "8 916 123 45 67; 8 495 123 45 68",
        "8 916 123 45 67 / 8 495 123 45 68",
        "8 916 123 45 67\n8 495 123 45 68",
        "+7 495 123-45-67/68",
        "+7 (9__) 123-45-67",
        *("7 916 O12 34 56", "\u2460916 123 45 67", "+7 916 123 45 6\u00b2", "1-800-FLOWERS"),
        "+7 916 123 45 67;phone-context=example.com",
        "+79161234567;phone-context=+44",
        *("+8 495 123", "+8 123 456 78 90", "80291234568", "0007916123456", "20000000123456"),
        "9161234568" * 2,
    ],
)
def test_what_is_not_certainly_a_number_is_none(written: str) -> None:
    assert read(written) == N


@pytest.mark.parametrize(
    ("region", "written"),
    [
        ("DE", "030 1234567\n030 7654321"),
        ("DE", "030 1234\n030 5679"),
        ("DE", "0301234567/0307654321"),
        ("DE", "123456/654321"),
        ("AT", "01 23456/78"),
        ("IT", "06 123456\n+39 06 12"),
    ],
)
def test_two_numbers_are_none_where_lengths_differ(region: str, written: str) -> None:
    assert read(written, region) == N


@pytest.mark.parametrize(
    ("region", "written", "expected"),
    [
        ("DE", "030/2345687", "+49302345687"),
        ("DE", "+49 (0)30/2345687", "+49302345687"),
        ("DE", "(030) 23 45 68 7", "+49302345687"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("GB", "+44 (0)20 7946 0958", "+442079460958"),
        ("US", "(916) 223-4567", "+19162234567"),
        ("US", "011 7 916 1234567", "+79161234567"),
        ("IT", "06 6982 1234", "+390669821234"),
        ("FR", "06 12 34 56 87", "+33612345687"),
        ("BY", "8 029 123-45-67", "+375291234567"),
        ("KZ", "8 701 123 45 67", "+77011234567"),
        ("AR", "011 15 2345-6789", "+5491123456789"),
        ("BR", "(11) 98765-4321", "+5511987654321"),
    ],
)
def test_numbers_are_read_as_people_write_them_at_home(
    region: str, written: str, expected: str
) -> None:
    assert read(written, region) == expected


class TestBareDigits:
    """Without a plus: a number of the region if it is one there, else one with country code."""

    @pytest.mark.parametrize(
        ("region", "written", "expected"),
        [
            ("RU", "4915112345687", "+4915112345687"),
            ("RU", "5511987654321", "+5511987654321"),
            ("RU", "551187654321", "+551187654321"),
            ("RU", "5215512345678", "+525512345678"),
            ("RU", "5491123456789", "+5491123456789"),
            ("RU", "541123456789", "+541123456789"),
            ("RU", "380501234567", "+380501234567"),
            ("RU", "998901234567", "+998901234567"),
            ("RU", "22997123456", "+2290197123456"),
            ("RU", "12125550199", P),
            ("US", "79161234567", "+79161234567"),
            ("US", "9162234567", "+19162234567"),
            ("BR", "5511987654321", "+5511987654321"),
            ("DE", "79161234567", "+4979161234567"),
            # A number that is in no table yet, and cannot be anything else.
            ("RU", "9351234568", "+79351234568"),
            # One that is Belgian, or could be Russian one day.
            ("RU", "3201234598", A),
            # Not a number: none begins like this, in Russia or anywhere else.
            ("RU", "2212345678", N),
        ],
    )
    def test_what_messengers_send_is_found(self, region: str, written: str, expected: str) -> None:
        assert read(written, region) == expected

    def test_a_plus_is_an_answer(self) -> None:
        assert read("+3201234598", "RU") == "+3201234598"
        assert read("8 320 123-45-67", "RU") == read("+73201234567") == "+73201234567"

    def test_a_plus_before_8_is_a_country_where_there_is_one(self) -> None:
        assert read("+84951234567") == "+84951234567"
        assert read("+861065529988") == read("+86 10 6552 9988") == "+861065529988"
        assert read("+88005553535") == "+78005553535"
        assert read("+8 495 123 45 67", "DE") == read("+89161234567", "DE") == N


class TestPlaceholders:
    """What people type when they do not want to give a number."""

    @pytest.mark.parametrize(
        "written",
        [
            *("+7", "8", "7", "00", "+375", "+7 (", "+7 (___) ___-__-__", "+7 ___ ___ __ __"),
            *("+7 000 000 00 00", "+7 000 123 45 68", "80001234568", "1234567", "12345", "7654321"),
            *("1234567890", "+7 123 456-78-90", "8 (098) 765-43-21", "0123456789", "111", "000000"),
            *("9999999999", "+7 999 999-99-99", "8 888 888 88 88", "77777777777", "22222222222"),
            *("+7 916 000-00-00", "+7 (900) 111 11 11", "+49 30 5555555", "+1 212 555 0123"),
            *("202-555-0100", "+1 (800) 555-0199", "+1 555 555 5555", "99999999999999999999"),
        ],
    )
    def test_it_is_nobodys(self, written: str) -> None:
        assert read(written, "US" if written.startswith("202") else "RU") == P

    @pytest.mark.parametrize(
        "real",
        [
            *("+78005553535", "+78002000000", "+78002002020", "+74957777770", "+79161234567"),
            *("+79123456789", "+79999999990", "+79000000001", "+79991112233", "+12125550200"),
            *("+12025551212", "+442079460958", "+493012345678", "+77771234567", "+861012345678"),
            *("+4570101010", "+6591234567", "+35312345679"),
        ],
    )
    def test_a_number_that_is_easy_to_remember_is_somebodys(self, real: str) -> None:
        assert read(real) == real
        assert plain_phone(real)


class TestExtensions:
    """An extension means that several people share a number: it identifies none of them."""

    @pytest.mark.parametrize(
        "extension",
        [
            *(" ext. 5", " ext 512", ";ext=5", " extn 5", " Extension: 12", " доб. 12", " доб 123"),
            *(" (доб. 12)", ", доб.12", " вн. 12", " x12", "x12", " #12", "#12", ",12", ",,12"),
            *(" ;12", " int. 4", " ramal 4", " \u00d7 12", ", ext. 512"),
        ],
    )
    @pytest.mark.parametrize("number", ["+7 495 123-45-67", "84951234567", "tel:+7-495-123-45-67"])
    def test_it_is_said(self, number: str, extension: str) -> None:
        assert read(number + extension) == X

    @pytest.mark.parametrize(
        ("written", "why"),
        [
            ("+7 495 123 ext. 5", N),
            ("ext. 5", N),
            ("+7 495 123-45-67 ext.", N),
            ("+7 495 123-45-67 ext. 1234567", N),
            ("8 999 999 99 99 доб. 1", P),
            ("+7 495 123-45-67 x1 x2", N),
        ],
    )
    def test_only_of_what_is_a_number_itself(self, written: str, why: Unreadable) -> None:
        assert read(written) == why


HOSTILE = [
    "+7" + "9" * 100_000,
    "(" * 65,
    "+7916" + " " * 60 + "1234567",
    ";phone-context=" * 17_000,
    "+" * 260_000,
    "tel:" * 60_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{text[:6]} {len(text)}")
def test_what_is_too_long_is_never_parsed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr(phonenumbers, "parse", never)
    assert not plain_phone(text)
    assert read(text) == N


def test_nothing_that_is_not_digits_reaches_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = phonenumbers.parse

    def noting(number: str, region: str | None = None) -> phonenumbers.PhoneNumber:
        parsed.append(number)
        return parse(number, region)

    monkeypatch.setattr(phonenumbers, "parse", noting)
    for text in ("+7 916 1234567 Anna", "1-800-FLOWERS", "4915112345699", "+7;phone-context=+1"):
        read(text)
    assert parsed
    assert all(re.fullmatch(r"\+?[0-9]+", each) for each in parsed)


# ---- compared with the library -------------------------------------------------------------------

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
COMMON = ["RU", "US", "DE", "GB", "BR", "AR", "MX", "KZ", "BY", "UA", "IT", "FR", "ID", "JP"]
KINDS = [
    *(PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE),
    *(PhoneNumberType.VOIP, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.UAN),
]
digits = st.text("0123456789", max_size=15)


@st.composite
def numbers_of(draw: st.DrawFn, region: str) -> str:
    """National numbers of a region: the library's examples with some digits changed."""
    example = phonenumbers.example_number_for_type(region, draw(st.sampled_from(KINDS)))
    example = example or phonenumbers.example_number(region)
    assume(example is not None)
    assert example is not None
    national = [*phonenumbers.national_significant_number(example)]
    for _ in range(draw(st.sampled_from([0, 1, 3, 7]))):
        national[draw(st.integers(0, len(national) - 1))] = draw(st.sampled_from("0123456789"))
    return "".join(national)


regions = st.sampled_from(COMMON) | st.sampled_from(REGIONS)


@st.composite
def international(draw: st.DrawFn) -> str:
    """What looks like E.164."""
    region = draw(regions)
    real = draw(numbers_of(region))
    code = str(draw(st.sampled_from([phonenumbers.country_code_for_region(region), *CODES])))
    return "+" + draw(st.sampled_from([code + real, code + draw(digits), draw(digits), real]))


def parsed(text: str, region: str | None = None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def is_possible(number: phonenumbers.PhoneNumber) -> bool:
    found = phonenumbers.is_possible_number_with_reason(number)
    return found == ValidationResult.IS_POSSIBLE


@settings(deadline=None)
@given(international())
def test_what_is_said_without_a_parse_is_what_a_parse_says(text: str) -> None:
    number = parsed(text)
    if plain_phone(text):
        assert number is not None
        assert e164(number) == text
        assert is_possible(number)
        assert read(text) == text
    elif number is not None and phonenumbers.is_valid_number(number) and e164(number) == text:
        assert read(text) in {text, P}


@settings(deadline=None)
@given(regions, st.data())
def test_what_is_said_of_a_number_at_home_is_what_a_parse_says(
    region: str, data: st.DataObject
) -> None:
    metadata = PhoneMetadata.metadata_for_region(region)
    assert metadata is not None
    trunk, code = metadata.national_prefix or "", str(metadata.country_code)
    national = data.draw(numbers_of(region) | digits)
    before = data.draw(st.sampled_from(["", trunk, code, "0", "8", "1", code + trunk, "00", "810"]))
    found = home_of(region).read(before + national)
    if found is not None:
        number = parsed(before + national, region)
        assert number is not None
        assert e164(number) == found
        assert phonenumbers.is_valid_number(number)
        assert is_possible(number)
        again = parsed(found)
        assert again is not None
        assert e164(again) == found


def test_the_usual_spellings_take_no_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast paths are taken: a test that both paths agree would not notice if they were not."""

    def never(*_: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr(phonenumbers, "parse", never)
    for text in ("+79161234501", "+4915112345687", "+12122345678", "+5511987654321"):
        assert plain_phone(text)
    for text in (
        "8 (916) 123-45-02",
        "89161234503",
        "79161234504",
        "9161234505",
        "8 812 123-45-06",
    ):
        assert read(text).startswith("+7")
    assert read("(212) 234-5678", "US") == read("1 212 234 5678", "US") == "+12122345678"


def test_every_calling_code_has_a_plan_and_nothing_else_has() -> None:
    for code in range(1000):
        text = str(code)
        known = [each for each in CODES if text.startswith(str(each))]
        plan = plan_of(text)
        assert (plan.code if plan else None) == (len(str(known[0])) if known else None)
        assert plan_of(f"0{text}"[:3]) is None
    assert plan_of("") is None


def test_a_region_that_has_no_numbers_reads_international_ones() -> None:
    assert read("+79161234567", "AQ") == read("79161234567", "AQ") == "+79161234567"
    assert read("9161234567", "AQ") == N


# ---- one number, one identity --------------------------------------------------------------------

texts = st.one_of(
    international(),
    st.tuples(
        st.sampled_from(["", "+", "8", "00", "+7", "+8 ", "+55", "+54 9", "+521"]), digits
    ).map("".join),
    st.text("0123456789+()-. /x#,\u0661\uff0b\u2013\n\u00a0", max_size=24),
    st.text(max_size=80),
)


@settings(deadline=None)
@given(texts, st.sampled_from(COMMON))
def test_a_number_normalised_is_normal(text: str, region: str) -> None:
    found = read(text, region)
    if found.startswith("+"):
        assert re.fullmatch(r"\+[1-9][0-9]{3,16}", found)
        assert read(found, region) == found
        assert {read(each, region) for each in other_spellings(found)} <= {
            *other_spellings(found),
            P,
        }


@settings(deadline=None)
@given(st.sampled_from(COMMON), st.data())
def test_every_format_of_a_valid_number_meets_it(region: str, data: st.DataObject) -> None:
    number = parsed(
        f"+{phonenumbers.country_code_for_region(region)}{data.draw(numbers_of(region))}"
    )
    assume(number is not None and phonenumbers.is_valid_number(number))
    assert number is not None
    normal = e164(number)
    assume(read(normal) == normal)
    for form in (
        PhoneNumberFormat.INTERNATIONAL,
        PhoneNumberFormat.RFC3966,
        PhoneNumberFormat.E164,
    ):
        spelled = phonenumbers.format_number(number, form)
        assert read(spelled, data.draw(st.sampled_from(COMMON))) == normal
        assert read(spelled.replace("+", "00"), region) == normal


def meet(one: str, another: str) -> bool:
    return one == another or one in other_spellings(another)


def examples() -> list[str]:
    found = {
        e164(number)
        for region in REGIONS
        for kind in range(11)
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
        and phonenumbers.is_valid_number(number)
        and is_possible(number)
    }
    return sorted(found)


def test_no_two_numbers_of_the_world_meet() -> None:
    """Each is itself or unread, and no other number's spelling, except for documented pairs."""
    known = examples()
    assert len(known) > 900
    owners: dict[str, str] = {}
    for number in known:
        found = read(number)
        assert found in {number, P}
        for each in (number, *other_spellings(number)):
            other = owners.setdefault(each, number)
            assert other == number or number[:3] in {"+54", "+55"}, (number, other)


@settings(deadline=None)
@given(st.sampled_from(["BR", "AR", "MX", "BJ", "RU", "US", "KZ"]), st.data())
def test_two_valid_numbers_are_two_people(region: str, data: st.DataObject) -> None:
    code = phonenumbers.country_code_for_region(region)
    pair = [f"+{code}{data.draw(numbers_of(region))}" for _ in range(2)]
    for each in pair:
        number = parsed(each)
        assume(number is not None and phonenumbers.is_valid_number(number) and e164(number) == each)
    one, another = map(read, pair)
    assume(pair[0] != pair[1] and P not in {one, another})
    assert not meet(one, another) or region in {"AR", "BR"}


PAIRS = [
    ("+5511987654321", "+551187654321"),
    ("+5521964180266", "+552164180266"),
    ("+5491123456789", "+541123456789"),
    ("+5493514567890", "+543514567890"),
]


@pytest.mark.parametrize(("one", "another"), PAIRS)
def test_the_pairs_are_each_others(one: str, another: str) -> None:
    assert other_spellings(one) == (another,)
    assert other_spellings(another) == (one,)
    assert read(one) == one
    assert read(another) == another


@pytest.mark.parametrize(
    "alone",
    [
        "+551133334444",
        "+5511923456789",
        "+541",
        "+5408001234567",
        "+548001234567",
        "+79161234567",
        "+525512345678",
        "+5519",
        "+54",
    ],
)
def test_a_number_of_a_fixed_line_has_no_other_spelling(alone: str) -> None:
    assert other_spellings(alone) == ()
