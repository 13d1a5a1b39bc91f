"""Keys and roles: what a key opens, what a role permits, and what is stored."""

import hmac
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from domain.access import (
    PERMISSIONS,
    ApiKey,
    Permission,
    Role,
    Session,
    digest_of,
    prefix_of,
)
from domain.errors import InvalidValue
from tests.support import START

PREFIX = "flk_abcdefghi1"
SECRET = f"{PREFIX}_{'s' * 43}"
KEY = ApiKey(PREFIX, digest_of(SECRET), Role.VIEWER, START)


def test_what_is_stored_of_a_key_is_its_digest_and_nothing_that_opens() -> None:
    assert KEY.digest == sha256(SECRET.encode()).digest()
    assert SECRET not in repr(KEY)


def test_all_sessions_of_a_key_go_by_one_name() -> None:
    session, later = Session(PREFIX, "a", START), START + timedelta(hours=1)
    assert session.name == f"{PREFIX}.a"
    assert session.every(later) == Session(PREFIX, "", later)


def test_a_key_opens_to_whoever_presents_all_of_it() -> None:
    assert KEY.opens(SECRET, START)


@pytest.mark.parametrize(
    "presented", ["", PREFIX, SECRET[:-1], f"{SECRET}s", SECRET.upper(), "ключ", "\ud800"]
)
def test_a_key_opens_to_nobody_who_presents_anything_else(presented: str) -> None:
    assert not KEY.opens(presented, START)


def test_a_key_opens_until_the_moment_at_which_it_expires() -> None:
    end = START + timedelta(hours=1)
    key = replace(KEY, expires_at=end)
    assert key.opens(SECRET, end - timedelta(milliseconds=1))
    assert not key.opens(SECRET, end)
    assert not key.valid(end)


def test_a_revoked_key_opens_nothing_also_if_it_has_not_expired() -> None:
    key = replace(KEY, expires_at=START + timedelta(days=1), revoked_at=START)
    assert not key.valid(START)
    assert not key.opens(SECRET, START)


@pytest.mark.parametrize(
    ("presented", "key"),
    [
        (SECRET, KEY),
        ("", KEY),
        (SECRET[:-1], KEY),
        ("nonsense", KEY),
        (SECRET, replace(KEY, revoked_at=START)),
        (SECRET, replace(KEY, expires_at=START)),
    ],
)
def test_whatever_is_wrong_whole_digests_are_compared_in_constant_time(
    presented: str, key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checking the dates or the first characters first would give away a nearly correct key."""
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    key.opens(presented, START)
    assert compared == [(key.digest, digest_of(presented))]


def test_every_role_permits_what_it_says_and_no_more() -> None:
    sees = {Permission.LEARN, Permission.FOLLOW, Permission.READ}
    assert {
        Role.ADMIN: {
            *sees,
            Permission.REGISTER,
            Permission.TRY,
            Permission.OPERATE,
            Permission.ADMINISTER,
        },
        Role.SUPERVISOR: {*sees, Permission.OPERATE},
        Role.VIEWER: sees,
        Role.INTAKE: {Permission.REGISTER, Permission.LEARN, Permission.FOLLOW},
    } == PERMISSIONS
    for role, permitted in PERMISSIONS.items():
        key = replace(KEY, role=role)
        assert {each for each in Permission if key.permits(each)} == permitted


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.INTAKE])
def test_only_an_intake_key_is_bound_to_a_source(role: Role) -> None:
    assert replace(KEY, role=Role.INTAKE, source_key="telegram").source_key == "telegram"
    with pytest.raises(InvalidValue) as refusal:
        replace(KEY, role=role, source_key="telegram")
    assert refusal.value.field == "source"


def test_a_name_is_kept_without_the_white_space_around_it() -> None:
    assert replace(KEY, name=" Ann's laptop\n").name == "Ann's laptop"


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "A\0nn", "A\ud800nn"])
def test_a_name_that_cannot_be_shown_or_stored_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        replace(KEY, name=name)
    assert refusal.value.field == "name"


def test_the_visible_part_of_a_key_is_found_in_it() -> None:
    assert prefix_of(SECRET) == PREFIX
    # The secret may itself contain the separator.
    assert prefix_of(f"{PREFIX}_a_b") == PREFIX


@pytest.mark.parametrize(
    "text", ["", "flk_", PREFIX, "flk_short_x", f"FLK{SECRET[3:]}", f" {SECRET}", "abc"]
)
def test_what_is_no_key_has_no_visible_part(text: str) -> None:
    assert prefix_of(text) is None
