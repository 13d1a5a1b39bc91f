"""A console with a small company behind it, and what a browser does with its forms."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

import httpx

from application.ports.contacts import ContactView
from application.ports.operators import OperatorView
from tests.entrypoints.http.client import Client, serving_world
from tests.support import World, open_world

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
RUSSIAN = {"Accept-Language": "ru"}


@dataclass
class House:
    """A console with Ann and Bob on one source, and a contact assigned to Ann."""

    world: World
    client: Client
    ann: OperatorView
    bob: OperatorView
    contact: ContactView

    def send(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return self.client.post(
            f"/console{path}", content=urlencode(fields), headers={**FORM, **(headers or {})}
        )

    def look(self, path: str) -> str:
        answer = self.client.get(f"/console{path}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def after(self, answer: httpx.Response) -> str:
        """Return the page that a form leads to."""
        assert answer.status_code == 303, answer.text
        return self.look(answer.headers["location"].removeprefix("/console"))

    def weights(self) -> dict[str, int]:
        source = self.world.fairlead.catalogue.source("telegram")
        return {each.name: each.weight for each in source.allocations}

    def holder(self) -> str | None:
        operator = self.world.fairlead.contacts.contact(self.contact.id).operator
        return operator.name if operator else None


@contextmanager
def furnished() -> Iterator[House]:
    """Open a console with in-memory storage."""
    with open_world() as world, serving_world(world) as client:
        yield furnish(world, client)


def furnish(world: World, client: Client) -> House:
    """Let people move in."""
    ann, bob = world.operator("Ann", 5), world.operator("Bob", 5)
    world.source((ann, 1))
    contact = world.register()
    world.allocate("telegram", (ann, 10), (bob, 30))
    return House(world, client, ann, bob, contact)


def said(text: str) -> str | None:
    found = re.search(r'<p class="notice">(.*?)</p>', text)
    return unescape(found[1]) if found else None


def fields(text: str, action: str) -> dict[str, str]:
    """Return the fields that a page's form with this action sends."""
    form = re.search(rf'<form[^>]*action="/console{re.escape(action)}".*?</form>', text, re.DOTALL)
    assert form, action
    inputs = [
        each
        for each in re.findall(r"<input[^>]*>", form[0])
        if 'type="checkbox"' not in each or each.endswith(" checked>")
    ]
    named = {
        name[1]: unescape(value[1])
        for each in inputs
        if (name := re.search(r'name="([^"]*)"', each))
        and (value := re.search(r'value="([^"]*)"', each))
    }
    chosen = re.findall(r'<select name="([^"]*)".*?</select>', form[0], re.DOTALL)
    return {**dict.fromkeys(chosen, ""), **named}


def undo(house: House, text: str) -> str:
    """Press Undo after the last action; return the resulting page."""
    toast = text.partition('id="said"')[2].partition("</div>")[0]
    action = re.search(r'action="/console([^"]*)"', toast)
    assert action, toast
    return house.after(house.send(action[1], fields(toast, action[1])))


def words(html: str) -> str:
    """Return a text without its markup."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())
