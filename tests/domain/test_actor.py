"""What an actor is bound to."""

import pytest

from domain.access import ApiKey, Role
from domain.actor import Actor
from domain.contact import Contact
from domain.errors import Forbidden
from domain.ids import ContactId
from tests.domain.samples import lead_id, operator_id
from tests.support import START, FakeClock, FakeIds

FREE = Actor("free")
OF_SOURCE = Actor("bot", Role.INTAKE, "telegram")
OF_OPERATOR = Actor("ann", operator_id=operator_id(1))


def contact(source: str = "telegram", operator: int | None = None) -> Contact:
    made = Contact(ContactId(FakeIds(FakeClock()).new()), source, lead_id(1), START)
    if operator is not None:
        made.assign(operator_id(operator), START)
    return made


@pytest.mark.parametrize(
    ("actor", "seen"),
    [
        (FREE, (True, True, True, True)),
        (OF_SOURCE, (True, True, False, False)),
        (OF_OPERATOR, (False, True, False, True)),
        (Actor("both", Role.ADMIN, "telegram", operator_id(1)), (False, True, False, False)),
        (Actor("bob", operator_id=operator_id(2)), (False, False, False, False)),
    ],
)
def test_whoever_is_bound_sees_what_it_is_bound_to(actor: Actor, seen: tuple[bool, ...]) -> None:
    contacts = (contact(), contact(operator=1), contact("whatsapp"), contact("whatsapp", 1))
    assert tuple(map(actor.sees, contacts)) == seen


def test_a_key_stands_for_an_actor_with_its_role_and_its_source() -> None:
    key = ApiKey("flk_abcdefghi1", b"", Role.INTAKE, START, source_key="telegram")
    assert Actor.holding(key) == Actor("flk_abcdefghi1", Role.INTAKE, "telegram")


def test_whoever_is_bound_to_a_source_registers_on_no_other() -> None:
    OF_SOURCE.require_source("telegram")
    FREE.require_source("whatsapp")
    with pytest.raises(Forbidden, match="'telegram' only") as raised:
        OF_SOURCE.require_source("whatsapp")
    assert raised.value.field == "source"
