"""Lead pages over HTTP: corrections, search, and lists of several pages."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest

from application.leads import RenameLead
from application.register_contacts import RegisterContact
from domain.access import Role
from domain.ids import LeadId
from tests.entrypoints.http.client import Client, serving_world
from tests.entrypoints.http.keys import bearer, make
from tests.support import World

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    with serving_world(world) as opened:
        yield opened


def send(client: Client, lead_id: object, language: str = "en", **fields: str) -> httpx.Response:
    return client.post(
        f"/console/leads/{lead_id}",
        content=urlencode(fields),
        headers={**FORM, "Accept-Language": language},
    )


def more(text: str) -> str | None:
    """Return the address of the link that continues a list."""
    found = re.findall(r'<p class="more">.*?<a href="([^"]+)">(?:More|Older|Search further)', text)
    return unescape(found[0]) if found else None


class TestCorrecting:
    """The page where a person's data are corrected."""

    @pytest.fixture
    def ivan(self, world: World) -> LeadId:
        world.source((world.operator(), 1))
        identities = {"phone": "+79161234567", "own_kind": '"><b>x'}
        command = RegisterContact("telegram", identities, lead_name="<b>Ivan")
        return world.outcome(command).contact.lead.id

    def known(self, world: World, lead_id: LeadId) -> tuple[str | None, list[str]]:
        lead = world.fairlead.leads.lead(lead_id)
        return lead.name, [each.key for each in lead.identities]

    def test_a_name_is_saved_and_removed(self, client: Client, world: World, ivan: LeadId) -> None:
        for typed, name in (("Пётр", "Пётр"), ("  ", None), ("Petr", "Petr"), ("", None)):
            answer = send(client, ivan, act="name", name=typed)
            assert answer.status_code == 303
            assert answer.headers["location"] == f"/console/leads/{ivan}?said=renamed&of={ivan}"
            assert self.known(world, ivan)[0] == name
        assert "The name is saved." in client.get(answer.headers["location"]).text

    def test_an_identity_is_added_and_removed(
        self, client: Client, world: World, ivan: LeadId
    ) -> None:
        fields = {"kind": "email", "value": "Ivan@Shop.RU"}
        for said in ("identity-added", "identity-known"):
            answer = send(client, ivan, act="add", **fields)
            assert answer.headers["location"] == f"/console/leads/{ivan}?said={said}&of={ivan}"
        assert "email:ivan@shop.ru" in self.known(world, ivan)[1]
        answer = send(client, ivan, act="remove", **fields)
        assert (
            answer.headers["location"] == f"/console/leads/{ivan}?said=identity-removed&of={ivan}"
        )
        assert "email:ivan@shop.ru" not in self.known(world, ivan)[1]

    def test_an_identity_is_removed_by_the_form_that_stands_beside_it(
        self, client: Client, world: World, ivan: LeadId
    ) -> None:
        text = client.get(f"/console/leads/{ivan}").text
        forms = re.findall(r"<details.*?</details>", text, re.DOTALL)
        assert len(forms) == 2
        for each in forms:
            fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', each))
            given = {name: unescape(value) for name, value in fields.items()}
            assert send(client, ivan, **given).status_code == 303
        assert self.known(world, ivan)[1] == []

    @pytest.mark.parametrize(
        ("fields", "said", "russian"),
        [
            ({"act": "name", "name": "<i>" * 80}, "200 characters", "200 знаков"),
            ({"act": "name", "name": "<i>\0"}, "200 characters", "200 знаков"),
            ({"act": "add", "kind": "phone", "value": "<i>12"}, "not a phone number", "телефон"),
            ({"act": "add", "kind": "vk", "value": "<i>" * 80}, "1 to 200", "от 1 до 200"),
            ({"act": "add", "kind": "vk", "value": ""}, "1 to 200", "от 1 до 200"),
            ({"act": "add", "kind": "<i>", "value": "x"}, "one from the list", "из списка"),
            ({"act": "add"}, "one from the list", "из списка"),
            ({"act": "remove", "kind": "vk", "value": "<i>"}, "no such", "нет такого"),
            ({"act": "<i>"}, "no such", "нет такого"),
        ],
    )
    def test_what_is_refused_stays_typed_and_is_said_at_its_field(
        self,
        client: Client,
        world: World,
        ivan: LeadId,
        fields: dict[str, str],
        said: str,
        russian: str,
    ) -> None:
        before = self.known(world, ivan)
        for language, sentence in (("en", said), ("ru", russian)):
            answer = send(client, ivan, language, **fields)
            assert 400 <= answer.status_code < 500
            assert sentence in "".join(re.findall(r'role="alert"[^>]*>(.*?)</p>', answer.text))
            for typed in filter(None, map(fields.get, ("name", "value"))):
                assert fields["act"] == "remove" or typed in unescape(answer.text)
                assert "<i>" not in answer.text
            if fields["act"] in {"name", "add"}:
                (marked,) = re.findall(
                    r'aria-invalid="true" aria-describedby="([^"]+)"', answer.text
                )
                assert f'role="alert" id="{marked}"' in answer.text
        assert self.known(world, ivan) == before

    def test_an_identity_of_another_person_leads_to_them(
        self, client: Client, world: World, ivan: LeadId
    ) -> None:
        other = world.register(vk="7").lead.id
        world.fairlead.rename_lead(RenameLead(other, "<b>Petr"))
        for language, said in (("en", "Another person has"), ("ru", "другому человеку")):
            answer = send(client, ivan, language, act="add", kind="vk", value="7")
            assert answer.status_code == 409
            assert said in answer.text
            assert f'<a href="/console/leads/{other}">&lt;b&gt;Petr</a>' in answer.text
            assert '<option value="vk" selected>' in answer.text
        assert self.known(world, other)[1] == ["vk:7"]

    def test_kinds_that_bots_have_brought_can_be_chosen(self, client: Client, ivan: LeadId) -> None:
        text = client.get(f"/console/leads/{ivan}").text
        assert '<option value="own_kind">own_kind</option>' in text
        assert '<option value="email">email</option>' in text

    def test_what_people_are_called_is_text(self, client: Client, ivan: LeadId) -> None:
        text = client.get(f"/console/leads/{ivan}").text
        assert "<b>" not in text
        assert "&lt;b&gt;Ivan" in text

    def test_somebody_who_only_looks_is_shown_no_form_and_sends_none(
        self, client: Client, world: World, ivan: LeadId
    ) -> None:
        before = self.known(world, ivan)
        viewer, supervisor = (make(world, each) for each in (Role.VIEWER, Role.SUPERVISOR))
        path = f"/console/leads/{ivan}"
        assert 'name="act"' not in client.get(path, headers=bearer(viewer)).text
        assert 'name="act"' in client.get(path, headers=bearer(supervisor)).text
        content = urlencode({"act": "name", "name": "x"})
        answer = client.post(path, content=content, headers=FORM | bearer(viewer))
        assert answer.status_code == 403
        assert self.known(world, ivan) == before
        assert (
            client.post(path, content=content, headers=FORM | bearer(supervisor)).status_code == 303
        )

    def test_a_lead_that_is_not_there_is_a_page_that_says_so(self, client: Client) -> None:
        for act in ("name", "add", "remove"):
            answer = send(client, NOBODY, act=act, name="x", kind="vk", value="1")
            assert answer.status_code == 404
            assert "There is no such lead." in answer.text

    def test_corrections_are_in_the_audit_log(self, client: Client, ivan: LeadId) -> None:
        send(client, ivan, act="name", name="telltale")
        send(client, ivan, act="add", kind="vk", value="telltale")
        send(client, ivan, act="remove", kind="vk", value="telltale")
        text = client.get("/console/audit").text
        for said in ("name corrected", "identity added", "identity removed"):
            assert text.count(f"<td>{said}</td>") == 1
        assert text.count(f'href="/console/leads/{ivan}"') == 3
        assert "telltale" not in text
        assert client.get("/console/audit?action=identity_added").text.count('<tr id="entry-') == 1


class TestSearching:
    """The search results page."""

    def test_one_that_is_found_alone_is_shown_at_once(self, client: Client, world: World) -> None:
        world.source()
        contact = world.register(phone="+79161234567")
        operator = world.operator()
        for text, where in (
            ("4567", f"leads/{contact.lead.id}"),
            (str(contact.lead.id), f"leads/{contact.lead.id}"),
            (str(contact.id), f"contacts/{contact.id}"),
            (str(operator.id), f"operators/{operator.id}"),
        ):
            answer = client.get("/console/search", params={"q": text})
            assert answer.headers["location"] == f"/console/{where}"

    def test_an_id_that_is_also_an_identity_leads_to_both(
        self, client: Client, world: World
    ) -> None:
        world.source()
        contact = world.register(vk="1")
        lead = world.register(external_id=str(contact.id)).lead
        text = client.get("/console/search", params={"q": str(contact.id)}).text
        assert f'href="/console/contacts/{contact.id}"' in text
        assert f'href="/console/leads/{lead.id}"' in text
        assert "Nothing matches" not in text

    def test_whoever_is_on_no_page_is_behind_a_link(self, client: Client, world: World) -> None:
        world.source()
        commands = [
            RegisterContact("telegram", {"vk": f"{number}"}, lead_name=f"Ivan & {number}")
            for number in range(120)
        ]
        world.fairlead.register_contacts(commands)
        seen: list[str] = []
        way: str | None = "/console/search?q=ivan+%26"
        pages = 0
        while way is not None:
            text = client.get(way).text
            seen += re.findall(r'href="/console/leads/([^"]+)"', text)
            way, pages = more(text), pages + 1
        assert pages == 3
        assert len(set(seen)) == len(seen) == 120

    def test_a_last_page_of_nobody_says_so(self, client: Client, world: World) -> None:
        world.source()
        lead = world.register(vk="4567").lead.id
        text = client.get(f"/console/search?q=4567&after=0{lead.hex}").text
        assert "No more matches." in text

    @pytest.mark.parametrize("after", ["", "x", "9", "2%00", "0%ff", "1' OR 1=1 --", "2a/b/c"])
    def test_where_nothing_goes_on_is_refused_by_a_page(self, client: Client, after: str) -> None:
        answer = client.get(f"/console/search?q=ivan&after={after}")
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text

    def test_what_was_asked_for_is_text(self, client: Client) -> None:
        text = client.get("/console/search", params={"q": '"><script>x'}).text
        assert "<script>x" not in text
        assert "Nothing matches “&#34;&gt;&lt;script&gt;x”" in text

    def test_nothing_asked_is_a_hint(self, client: Client) -> None:
        assert "last four digits" in client.get("/console/search?q=+").text


class TestLists:
    """A list that is cut off continues behind a link."""

    def walk(self, client: Client, way: str | None, pattern: str) -> list[str]:
        seen: list[str] = []
        while way is not None:
            answer = client.get(way)
            assert answer.status_code == 200, answer.text
            seen += re.findall(pattern, answer.text)
            way = more(answer.text)
        return seen

    CONTACT = r'<td><a href="/console/contacts/([^"]+)">'

    def test_the_queue_of_a_source(self, client: Client, world: World) -> None:
        world.source(key="web")
        waiting = [str(world.register("web").id) for _ in range(130)]
        world.source()
        world.register()
        assert self.walk(client, "/console/sources/web", self.CONTACT) == waiting

    def test_the_open_contacts_of_an_operator(self, client: Client, world: World) -> None:
        ann, bob = world.operator("Ann"), world.operator("Bob")
        world.source((ann, 1))
        held = [str(world.register().id) for _ in range(170)]
        world.source((bob, 1), key="web")
        world.register("web")
        assert self.walk(client, f"/console/operators/{ann.id}", self.CONTACT) == held[::-1]

    def test_the_contacts_of_a_lead(self, client: Client, world: World) -> None:
        world.source()
        made = [world.register(vk="1") for _ in range(210)]
        way = f"/console/leads/{made[0].lead.id}"
        pattern = r'<li id="contact-[^"]+"><a href="/console/contacts/([^"]+)">'
        assert self.walk(client, way, pattern) == [str(each.id) for each in made[::-1]]

    def test_all_contacts_are_behind_the_latest(self, client: Client, world: World) -> None:
        ann = world.operator("Ann", capacity=20)
        world.source((ann, 1))
        made = [str(world.register().id) for _ in range(130)]
        text = client.get("/console/").text
        assert 'href="/console/contacts">All contacts</a>' in text
        assert self.walk(client, "/console/contacts", self.CONTACT) == made[::-1]
        states = {"assigned": made[:20][::-1], "waiting": made[20:], "closed": []}
        for state, expected in states.items():
            for query in (f"state={state}", f"state={state}&source=telegram"):
                found = self.walk(client, f"/console/contacts?{query}", self.CONTACT)
                assert found == expected
        query = f"operator={ann.id}&state=assigned&source="
        assert self.walk(client, f"/console/contacts?{query}", self.CONTACT) == made[:20][::-1]
        assert "No such contacts." in client.get("/console/contacts?state=closed").text

    @pytest.mark.parametrize(
        "query", ["state=lost", "after=x", "operator=x", "source=%00", f"operator={NOBODY}"]
    )
    def test_a_list_of_nothing_that_there_is_is_refused(self, client: Client, query: str) -> None:
        assert client.get(f"/console/contacts?{query}").status_code in {404, 422}

    def test_every_source_can_be_chosen(
        self, client: Client, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("entrypoints.console.choosing._OFFERED", 2)
        for key in ("a", "b"):
            world.source(key=key)
        for path in ("/try", "/statistics"):
            assert "Only the first 1,000" not in client.get(f"/console{path}").text
        world.source(key="last")
        for path in ("/try", "/statistics"):
            text = client.get(f"/console{path}").text
            assert "Only the first 1,000 sources can be chosen here" in text
            assert "last" not in re.findall(r"<option[^>]*>(\w+)<", text)
            way = f"/console{path}?source=last"
            assert f'href="{way}"' in client.get("/console/sources/last").text
            assert "<option selected>last</option>" in client.get(way).text
