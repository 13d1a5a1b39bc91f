"""The contract of Keys and KeyReader."""

from dataclasses import replace
from datetime import timedelta

import pytest

from application.ports.storage import Storage
from domain.access import ApiKey, Role, Session, digest_of
from domain.errors import UnknownKey
from tests.contract.given import Given, everything
from tests.contract.test_operators import TEXTS


def key_of(given: Given, number: int, role: Role = Role.VIEWER) -> ApiKey:
    return ApiKey(f"flk_{number:010}", digest_of(f"{number}"), role, given.now)


def add(storage: Storage, *keys: ApiKey) -> None:
    with storage.unit_of_work() as uow:
        for each in keys:
            uow.keys.add(each)


def get(storage: Storage, prefix: str) -> ApiKey:
    with storage.unit_of_work() as uow:
        return uow.keys.get(prefix)


@pytest.mark.parametrize("role", list(Role))
def test_what_is_added_is_read_back(storage: Storage, given: Given, role: Role) -> None:
    key = key_of(given, 1, role)
    add(storage, key)
    assert get(storage, key.prefix) == key
    assert storage.keys.all() == [key]


def test_everything_about_a_key_is_kept(storage: Storage, given: Given) -> None:
    given.source("telegram")
    key = replace(
        key_of(given, 1, Role.INTAKE),
        name="Bot",
        source_key="telegram",
        expires_at=given.now + timedelta(days=1, milliseconds=7),
        revoked_at=given.now + timedelta(milliseconds=1),
        digest=bytes(range(224, 256)),
    )
    add(storage, key)
    assert get(storage, key.prefix) == key
    assert storage.keys.all() == [key]


@pytest.mark.parametrize("name", TEXTS)
def test_names_of_any_text_are_kept(storage: Storage, given: Given, name: str) -> None:
    add(storage, replace(key_of(given, 1), name=name))
    assert [each.name for each in storage.keys.all()] == [name]


def test_an_empty_storage_has_no_keys(storage: Storage) -> None:
    assert storage.keys.all() == []


def test_all_keys_are_shown_the_newest_first(storage: Storage, given: Given) -> None:
    made = []
    for number in (5, 3, 4, 1):
        made.append(key_of(given, number))
        add(storage, made[-1])
        given.world.clock.advance(milliseconds=1)
    # Two keys of the same moment have an order, too: otherwise pages would jump.
    twins = [key_of(given, 8), key_of(given, 7)]
    add(storage, *twins[::-1])
    assert storage.keys.all() == [*twins, *made[::-1]]


def test_save_keeps_that_a_key_was_revoked_and_touches_no_other(
    storage: Storage, given: Given
) -> None:
    one, other = key_of(given, 1), key_of(given, 2)
    add(storage, one, other)
    revoked = replace(one, revoked_at=given.now + timedelta(milliseconds=5))
    with storage.unit_of_work() as uow:
        uow.keys.save(revoked)
    assert get(storage, one.prefix) == revoked
    assert get(storage, other.prefix) == other


@pytest.mark.parametrize("prefix", ["flk_0000000002", "", "flk_%", "FLK_0000000001"])
def test_a_prefix_that_no_key_has_is_refused_by_its_field(
    storage: Storage, given: Given, prefix: str
) -> None:
    add(storage, key_of(given, 1))
    with pytest.raises(UnknownKey) as refusal:
        get(storage, prefix)
    assert refusal.value.field == "prefix"


def test_what_is_rolled_back_was_never_made_or_revoked(storage: Storage, given: Given) -> None:
    key = key_of(given, 1)
    add(storage, key)

    def fail() -> None:
        with storage.unit_of_work() as uow:
            uow.keys.add(key_of(given, 2))
            uow.keys.save(replace(key, revoked_at=given.now))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert storage.keys.all() == [key]


def test_nothing_else_that_is_stored_tells_of_keys(storage: Storage, given: Given) -> None:
    """Keys are separate: dispatching, statistics and audits stay as they were."""
    given.source("telegram", (given.operator(), 1))
    before = everything(storage)
    add(storage, key_of(given, 1))
    assert everything(storage) == before


class TestSessions:
    """An ended session is remembered until it would have expired by itself."""

    def test_what_stands_for_all_of_a_key_takes_the_place_of_each(
        self, storage: Storage, given: Given
    ) -> None:
        now, later = given.now, given.now + timedelta(hours=1)
        ended = [Session("flk_a", "1", later), Session("flk_a", "2", later)]
        others = [Session("flk_aa", "1", later), Session("flk_b", "", later)]
        for each in (*ended, *others):
            with storage.unit_of_work() as uow:
                uow.keys.end_session(each, now)
        with storage.unit_of_work() as uow:
            assert list(uow.keys.ended_sessions("flk_a")) == [later, later]
            uow.keys.end_session(ended[0].every(until=later), now)
            assert list(uow.keys.ended_sessions("flk_a")) == [later]
        assert storage.keys.ended_sessions() == dict.fromkeys(
            ("flk_a.", "flk_aa.1", "flk_b."), later
        )

    def test_what_is_over_by_itself_is_forgotten(self, storage: Storage, given: Given) -> None:
        for end, at in ((1, 0), (3, 1), (2, 1)):
            moment = given.now + timedelta(hours=at)
            with storage.unit_of_work() as uow:
                uow.keys.end_session(
                    Session("flk_a", str(end), given.now + timedelta(hours=end)), moment
                )
        assert set(storage.keys.ended_sessions()) == {"flk_a.2", "flk_a.3"}

    def test_to_end_one_twice_changes_nothing(self, storage: Storage, given: Given) -> None:
        session = Session("flk_a", "1", given.now + timedelta(hours=1))
        for _ in range(2):
            with storage.unit_of_work() as uow:
                uow.keys.end_session(session, given.now)
        assert storage.keys.ended_sessions() == {session.name: session.ends_at}
