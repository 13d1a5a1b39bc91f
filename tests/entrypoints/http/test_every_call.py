"""Every call, made by every role and binding, about another source's people: what it reveals."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import httpx
import pytest

from application.ports.contacts import ContactFilter
from application.ports.statistics import HourSpan
from application.register_contacts import RegisterContact
from domain.access import PERMISSIONS, Permission, Role
from domain.ids import LeadId, OperatorId
from entrypoints.edge.access import is_open, needed
from tests.entrypoints.http.client import Client, serving_world
from tests.entrypoints.http.keys import bearer, make
from tests.entrypoints.http.test_access import ALL_CALLS
from tests.support import World, open_world

ACTORS = [*((role, None) for role in Role), (Role.INTAKE, "ours")]
PHONE, TELEGRAM = "+79161234509", "viola_secretly"
SECRETS = ("Viola", "Visible", TELEGRAM, "9161234509", "Oswald")
"""Personal data: a key that may not read is shown none of it."""
THEIRS = ("Theodora", "payload-secret")
"""Data of a source that the actor is not bound to."""
VICTIM = {"phone": PHONE, "telegram": "somebody_else", "vk": "one more"}


@dataclass(frozen=True)
class House:
    """Somebody else's source, with a person whom only that source knows."""

    world: World
    client: Client
    key: str
    source: str
    victim: LeadId
    values: Mapping[str, str]

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = bearer(self.key)
        if path.startswith("/console/") and method == "POST":
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            return self.client.request(method, path, headers=headers, content=urlencode(body or {}))
        return self.client.request(method, path, headers=headers, json=body)

    def theirs(self) -> list[Any]:
        """Return everything that is stored of the other source and its person."""
        fairlead = self.world.fairlead
        span = HourSpan()
        return [
            fairlead.contacts.contacts(ContactFilter(source="theirs"), limit=50, after=None),
            fairlead.catalogue.source("theirs"),
            fairlead.catalogue.operator(OperatorId(UUID(self.values["operator_id"]))),
            fairlead.leads.lead(self.victim),
            fairlead.statistics.distribution(sources=["theirs"], span=span),
            fairlead.keys.all(),
        ]


@contextmanager
def house(role: Role, bound_to: str | None) -> Iterator[House]:
    with open_world() as world:
        ann, theodora = world.operator("Ann"), world.operator("Theodora")
        world.source((ann, 1), key="ours")
        world.source((theodora, 1), key="theirs")
        world.outcome(RegisterContact("ours", {"vk": "one more"}, lead_name="Oswald"))
        contact = world.outcome(
            RegisterContact(
                "theirs",
                {"phone": PHONE, "telegram": TELEGRAM, "email": "unread"},
                lead_name="Viola Visible",
                payload={"text": "payload-secret"},
            )
        ).contact
        values = {
            "contact_id": str(contact.id),
            "lead_id": str(contact.lead.id),
            "operator_id": str(theodora.id),
            "key": "theirs",
            "kind": "telegram",
            "value:text": TELEGRAM,
            "table": "shares",
            "prefix": make(world, Role.VIEWER)[:14],
            "path:path": "nothing",
        }
        key = make(world, role, bound_to)
        with serving_world(world) as client:
            yield House(world, client, key, bound_to or "ours", contact.lead.id, values)


def tries(house: House, method: str, path: str) -> list[tuple[str, Any]]:
    """Return addresses and bodies by which a call could reach the other source's data."""
    for name, value in house.values.items():
        path = path.replace(f"{{{name}}}", quote(value))
    at = [path]
    if method == "GET":
        at += [f"{path}?{each}" for each in ("source=theirs", f"q={PHONE[1:-1]}", "limit=5")]
        return [(each, None) for each in at]
    lead: dict[str, Any] = {"name": "Mine", "identities": VICTIM}
    contacts = [
        {"source": source, "lead": each}
        for source in ("theirs", "ours")
        for each in (lead, {**lead, "id": str(house.victim)}, {"id": str(house.victim)})
    ]
    operator = {"operator_id": house.values["operator_id"]}
    bodies: list[Any] = [
        {"contacts": contacts},
        *contacts,
        operator,
        {"allocations": []},
        {"weight": 7},
        {"name": "Mine"},
        {"active": False},
        {"kind": "vk", "value": "mine"},
        {"source": "theirs", "kind": "phone", "value": PHONE, "name": "Mine", "text": "x"},
        {"key": "mine"},
        {},
    ]
    return [(each, body) for each in at for body in bodies]


@pytest.mark.parametrize(("role", "source"), ACTORS, ids=lambda each: str(each and str(each)))
def test_nobody_is_shown_or_changes_what_is_not_theirs(role: Role, source: str | None) -> None:
    with house(role, source) as open_house:
        before = open_house.theirs()
        hidden: tuple[str, ...] = () if Permission.READ in PERMISSIONS[role] else SECRETS
        hidden += THEIRS if source else ()
        for method, path in ALL_CALLS:
            for address, body in tries(open_house, method, path):
                answer = open_house.call(method, address, body)
                what = (method, address, body, answer.status_code)
                permission = needed(method, address.partition("?")[0])
                if not is_open(path) and permission not in PERMISSIONS[role]:
                    assert answer.status_code == 403, what
                said = answer.text + str(answer.headers)
                assert [each for each in hidden if each in said] == [], what
        if source:
            assert open_house.theirs() == before
        assert open_house.world.defects() == []


def test_what_is_said_depends_on_nothing_that_only_others_have_said() -> None:
    """A bound key gets the same answer for a person known only to others as for an unknown one."""
    with house(Role.INTAKE, "ours") as open_house:
        answers = []
        for phone in (PHONE, "+79161234508"):
            body = {"source": "ours", "lead": {"name": "Mine", "identities": {"phone": phone}}}
            answer = open_house.call("POST", "/v1/contacts", body)
            told = answer.json()
            answers.append((answer.status_code, told["lead"] | {"id": ""}, told["operator"]))
        assert answers[0] == answers[1]
