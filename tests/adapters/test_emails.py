"""Addresses that can exist are accepted, and a mailbox has one normal text."""

import email_validator
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from adapters.emails import read_email
from domain import limits
from domain.errors import InvalidIdentity, Unreadable


@pytest.mark.parametrize(
    ("spelling", "normal"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("a.n+n@example.com", "a.n+n@example.com"),
        ("ИВАН@Пример.РФ", "иван@пример.рф"),
        ("ann@XN--E1AFMKFD.xn--p1ai", "ann@пример.рф"),
        ("e\u0301@example.com", "\u00e9@example.com"),
        ("ann@\uff45\uff58ample.com", "ann@example.com"),
        ("o'neil!#$%&*/=?^`{|}~@example.com", "o'neil!#$%&*/=?^`{|}~@example.com"),
        ("ann@a-b.example.museum", "ann@a-b.example.museum"),
        ("ann@b.c", "ann@b.c"),
    ],
)
def test_every_spelling_is_one_address(spelling: str, normal: str) -> None:
    assert read_email(spelling) == normal


@pytest.mark.parametrize(
    ("spelling", "normal"),
    [
        ("ann.@docomo.ne.jp", "ann.@docomo.ne.jp"),
        ("a..b@docomo.ne.jp", "a..b@docomo.ne.jp"),
        (".Ann...b.@docomo.ne.jp", ".ann...b.@docomo.ne.jp"),
        ('"a..b"@docomo.ne.jp', "a..b@docomo.ne.jp"),
        ('"ann."@docomo.ne.jp', "ann.@docomo.ne.jp"),
        ("иван.@пример.рф", "иван.@пример.рф"),
        ("e\u0301..x@example.com", "\u00e9..x@example.com"),
        ("ann@company.local", "ann@company.local"),
        ("ann@mail.company.lan", "ann@mail.company.lan"),
        ("ann@shop.test", "ann@shop.test"),
        ("ann@abcdefghijklmnop.onion", "ann@abcdefghijklmnop.onion"),
        ("ann@nas.home.arpa", "ann@nas.home.arpa"),
        ("Ann@Mail_Server.Company.com", "ann@mail_server.company.com"),
        ("ann@_mta.example.com", "ann@_mta.example.com"),
        ("a..b@mail_server.company.com", "a..b@mail_server.company.com"),
        ("ann@example.com.", "ann@example.com"),
        ('"Ann Smith"@example.com', '"ann smith"@example.com'),
        ('"ann@home"@example.com', '"ann@home"@example.com'),
        ('"ann"@example.com', "ann@example.com"),
        ("ann@[192.0.2.1]", "ann@[192.0.2.1]"),
        ("ann@[IPv6:2001:DB8::1]", "ann@[ipv6:2001:db8::1]"),
        ("ann\uff20example.com", "ann@example.com"),
        ("ann @ example.com", "ann@example.com"),
        ("ann@\u00a0example.com", "ann@example.com"),
        ("ann\n@example.com", "ann@example.com"),
        ("ann\u2009@exa\u200ample.com", "ann@example.com"),
    ],
)
def test_what_servers_take_is_taken(spelling: str, normal: str) -> None:
    assert read_email(spelling) == normal
    assert read_email(normal) == normal


@pytest.mark.parametrize(
    "text",
    [
        *("ann", "ann@", "@example.com", "ann@example", "a b@example.com", "a@b@c.com", "a@-b.com"),
        *("Ann ann@example.com", "ann@example.com, bob@example.com", "Ann <ann@example.com>"),
        *("ann@example.com\nbob@example.com", "ann@example .com", "ann\tsmith@example.com"),
        *(
            "...@example.com",
            ".@example.com",
            '""@example.com',
            "ann@.example.com",
            "ann@example..com",
        ),
        *("ann@localhost", "ann@host.localhost", "ann@somewhere.invalid", "ann@192.0.2.1", "ann@_"),
        *(
            "ann@example.com..",
            "ann@ab--c.com",
            "ann@xn--a.com",
            "ann@" + "a" * 64,
        ),
        *("ann@" + "a" * 64 + ".com", '"ann@example.com', 'a"n"n@example.com', "ann@[192.0.2]"),
        *("mailto:", "-", "нет", "@", "@@", "."),
    ],
)
def test_what_cannot_be_a_mailbox_is_none(text: str) -> None:
    with pytest.raises(InvalidIdentity) as refused:
        read_email(text)
    assert refused.value.field == "lead.identities.email"
    assert refused.value.reason is Unreadable.NOT_AN_EMAIL
    assert repr(text) in refused.value.detail


labels = st.from_regex(r"[a-zA-Z0-9-]{1,8}|[a-z]{60,66}", fullmatch=True)
plain = st.builds(
    "{}@{}.{}".format,
    st.from_regex(r"[a-zA-Z0-9._+-]{1,12}|[a-z]{60,70}", fullmatch=True),
    st.lists(labels, min_size=1, max_size=3).map(".".join),
    st.sampled_from(["com", "RU", "x", "test", "invalid", "co1", "a" * 63, "a" * 64, "xn--p1ai"]),
)


def by_the_library(text: str) -> str | None:
    """Return what the library makes of an address, without its list of domains."""
    try:
        found = email_validator.validate_email(text, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return None
    return found.normalized.lower()


def by_us(text: str) -> str | None:
    try:
        return read_email(text)
    except InvalidIdentity:
        return None


@settings(deadline=None)
@given(plain | st.emails() | st.from_regex(r"[a-z.@-]{3,20}", fullmatch=True))
@example("a@b.co")
@example("a@b--c.com")
@example("a@xn--a.com")
def test_a_plain_address_is_what_the_library_makes_of_it(text: str) -> None:
    assume(len(text) <= limits.MAX_TEXT)
    library = by_the_library(text)
    if library is not None:
        assert by_us(text) == library
    elif ".." not in text and ".@" not in text and text.strip(".") == text:
        assert by_us(text) is None


def test_a_plain_address_takes_no_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr(email_validator, "validate_email", never)
    for text in ("ann@example.com", "A.N_n+shop-1@Mail.Example.co.uk", "7@7.ru"):
        assert read_email(text) == text.lower()


@settings(deadline=None)
@given(
    st.one_of(
        st.text(max_size=60).map(limits.visible),
        st.builds(
            "{}@{}".format, st.text(max_size=20), st.sampled_from(["x.ru", "a_b.com", "é.com"])
        ),
        st.builds('"{}"@x.ru'.format, st.text(max_size=20)),
    )
)
@example("\u0130@x.ru")
@example('"\u037e"@x.ru')
def test_an_address_normalised_is_normal(text: str) -> None:
    once = by_us(limits.visible(text))
    if once is not None and limits.visible(once) == once:
        assert by_us(once) == once


def test_what_an_earlier_release_stored_is_still_found() -> None:
    """Earlier, the library alone decided, with its own list of domains."""
    for stored in ("ann@example.com", "иван@пример.рф", "é@example.com", "o'neil@a-b.co.uk"):
        assert read_email(stored) == stored == by_the_library(stored)
