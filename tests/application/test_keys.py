"""Creating and revoking keys."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from application.keys import CreatedKey, CreateKey, RevokeKey
from domain import limits
from domain.access import Role, digest_of, prefix_of
from domain.errors import InvalidValue, UnknownKey, UnknownSource
from tests.support import World


def create(world: World, role: Role = Role.VIEWER, **more: object) -> CreatedKey:
    return world.fairlead.create_key(CreateKey(role, **more))  # type: ignore[arg-type]


def test_a_key_is_stored_as_it_was_answered_and_only_its_digest(world: World) -> None:
    end = world.clock.now() + timedelta(days=90)
    world.source(key="telegram")
    made = create(world, Role.INTAKE, name=" Bot ", source="telegram", expires_at=end)
    (stored,) = world.fairlead.keys.all()
    assert prefix_of(made.secret) == made.key.prefix == stored.prefix
    assert stored.digest == digest_of(made.secret)
    assert made.secret not in repr(stored)
    assert stored.opens(made.secret, world.clock.now())
    assert (made.key.name, made.key.source, made.key.role) == ("Bot", "telegram", Role.INTAKE)
    assert (made.key.created_at, made.key.expires_at) == (world.clock.now(), end)
    assert made.key.revoked_at is None


def test_every_key_is_another_one_and_long_enough_that_nobody_guesses_it(world: World) -> None:
    made = [create(world) for _ in range(20)]
    assert len({each.key.prefix for each in made}) == 20
    assert len({each.secret for each in made}) == 20
    for each in made:
        # 32 bytes in base64, six bits a character.
        assert len(each.secret.removeprefix(f"{each.key.prefix}_")) == 43


def test_a_key_that_would_have_expired_at_once_is_not_made(world: World) -> None:
    now = world.clock.now()
    for moment in (now, now - timedelta(days=1), datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(InvalidValue) as refusal:
            create(world, expires_at=moment)
        assert refusal.value.field == "expires_at"
    # Times are stored to the millisecond: less than one from now is now.
    with pytest.raises(InvalidValue):
        create(world, expires_at=now + timedelta(microseconds=999))
    assert world.fairlead.keys.all() == []
    assert create(world, expires_at=now + timedelta(milliseconds=1)).key.expires_at


def test_a_moment_is_kept_in_utc_to_the_millisecond(world: World) -> None:
    moscow = timezone(timedelta(hours=3))
    made = create(world, expires_at=datetime(2030, 1, 1, 3, 0, 0, 123999, moscow))
    assert made.key.expires_at == datetime(2030, 1, 1, 0, 0, 0, 123000, UTC)
    (stored,) = world.fairlead.keys.all()
    assert stored.expires_at == made.key.expires_at


def test_a_moment_that_no_storage_can_read_again_is_refused(world: World) -> None:
    """Otherwise reading keys would fail for all of them at once, and so would every call."""
    west = timezone(timedelta(hours=-14))
    with pytest.raises(InvalidValue) as refusal:
        create(world, expires_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=west))
    assert refusal.value.field == "expires_at"
    last = datetime(9999, 12, 31, 23, 59, 59, 999000, UTC)
    create(world, expires_at=last)
    assert [each.expires_at for each in world.fairlead.keys.all()] == [last]


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.INTAKE])
def test_a_source_is_named_for_intake_keys_only(world: World, role: Role) -> None:
    world.source(key="telegram")
    with pytest.raises(InvalidValue) as refusal:
        create(world, role, source="telegram")
    assert refusal.value.field == "source"
    assert world.fairlead.keys.all() == []


def test_a_source_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(UnknownSource) as refusal:
        create(world, Role.INTAKE, source="nowhere")
    assert refusal.value.field == "source"
    assert world.fairlead.keys.all() == []


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(world: World) -> None:
    made, other = create(world), create(world)
    world.clock.advance(minutes=5)
    revoked = world.fairlead.revoke_key(RevokeKey(made.key.prefix))
    assert revoked.revoked_at == world.clock.now()
    keys = {each.prefix: each for each in world.fairlead.keys.all()}
    assert not keys[made.key.prefix].opens(made.secret, world.clock.now())
    assert keys[other.key.prefix].opens(other.secret, world.clock.now())


def test_a_key_that_is_revoked_twice_keeps_its_first_moment(world: World) -> None:
    """Anyone who investigates a leak must know when the key stopped working."""
    made = create(world)
    first = world.fairlead.revoke_key(RevokeKey(made.key.prefix))
    world.clock.advance(hours=1)
    assert world.fairlead.revoke_key(RevokeKey(made.key.prefix)) == first
    assert [each.revoked_at for each in world.fairlead.keys.all()] == [first.revoked_at]


def test_a_key_that_is_not_there_cannot_be_revoked(world: World) -> None:
    create(world)
    with pytest.raises(UnknownKey):
        world.fairlead.revoke_key(RevokeKey("flk_0000000000"))
    assert [each.revoked_at for each in world.fairlead.keys.all()] == [None]


def test_there_are_a_thousand_keys_that_open_something_at_most(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every process keeps rereading valid keys; expired and revoked ones are only listed."""
    monkeypatch.setattr(limits, "MAX_KEYS", 3)
    create, now = world.fairlead.create_key, world.clock.now()
    create(CreateKey(Role.VIEWER, expires_at=now + timedelta(hours=1)))
    revoked = create(CreateKey(Role.VIEWER))
    create(CreateKey(Role.VIEWER))
    with pytest.raises(InvalidValue, match="3 valid keys"):
        create(CreateKey(Role.VIEWER))
    world.fairlead.revoke_key(RevokeKey(revoked.key.prefix))
    create(CreateKey(Role.VIEWER))
    with pytest.raises(InvalidValue):
        create(CreateKey(Role.VIEWER))
    world.clock.advance(hours=1)
    create(CreateKey(Role.VIEWER))
