"""The console's pages of endpoints: what they show, what their forms do, and what they keep."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import get_args
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest

from application.keys import CreateKey
from application.ports.endpoints import DeliveryState, EndpointView
from application.ports.events import SubjectKind
from application.ports.sender import Receipt
from domain import limits
from domain.access import Role
from domain.audit import Action
from domain.endpoint import Delivery, EndpointState, Inclusion
from domain.event_type import EventType
from entrypoints.console.audit import PAGES
from entrypoints.console.words import ACTIONS, EVENTS, SUBJECTS
from tests.entrypoints.consoles import RUSSIAN, fields, said, words
from tests.entrypoints.http.keys import bearer
from tests.entrypoints.receivers import URL, Wired, wired

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


@pytest.fixture
def wires() -> Iterator[Wired]:
    with wired() as opened:
        yield opened


def refused_at(answer: httpx.Response, field: str) -> str:
    """Return what is said to be wrong with a field of a form."""
    assert answer.status_code >= 400, answer.text
    found = re.search(rf'<input[^>]* ?name="{field}"[^>]*aria-describedby="([^"]*)"', answer.text)
    assert found, answer.text
    problem = re.search(rf'<p class="problem" role="alert" id="{found[1]}">(.*?)</p>', answer.text)
    assert problem
    return unescape(problem[1])


def rows(page: str) -> list[list[str]]:
    """Return the cells of the page's table."""
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in re.findall("<tr.*?</tr>", table, re.DOTALL)
    ]


def boxes(page: str) -> set[str]:
    """Return the names of the boxes that are ticked."""
    ticked = re.findall(r'<input type="checkbox"[^>]* checked>', page)
    return {name[1] for each in ticked if (name := re.search('name="([^"]*)"', each))}


def path(endpoint: EndpointView, act: str = "") -> str:
    return f"/endpoints/{endpoint.id}{act}"


class TestAdding:
    """A new endpoint, and its secret."""

    def test_where_there_is_none_the_page_says_what_it_is_for_and_leads_on(
        self, wires: Wired
    ) -> None:
        page = wires.house.look("/endpoints")
        assert "An endpoint is a URL where another program" in page
        assert '<a href="#new">' in page
        assert 'id="new"' in page
        wires.endpoint()
        assert "An endpoint is a URL" not in wires.house.look("/endpoints")

    def test_an_endpoint_wants_what_was_ticked(self, wires: Wired) -> None:
        given = {
            "url": f" {URL} ",
            "description": "The chat",
            "type:contact.assigned": "yes",
            "type:lead.changed": "yes",
            "source:telegram": "yes",
            "include:contact": "yes",
        }
        assert wires.house.send("/endpoints", given).status_code == 201
        (made,) = wires.all()
        assert (made.url, made.description) == (URL, "The chat")
        assert made.types == (EventType.CONTACT_ASSIGNED, EventType.LEAD_CHANGED)
        assert (made.sources, made.include) == (("telegram",), (Inclusion.CONTACT,))
        assert boxes(wires.house.look(path(made))) == given.keys() - {"url", "description"}

    def test_with_nothing_ticked_it_wants_everything(self, wires: Wired) -> None:
        wires.house.send("/endpoints", {"url": URL, "description": " "})
        (made,) = wires.all()
        assert (made.types, made.sources, made.include) == ((), (), ())
        assert made.description is None
        assert boxes(wires.house.look(path(made))) == set()

    def test_its_secret_is_shown_once_and_kept_nowhere(self, wires: Wired) -> None:
        answer = wires.house.send("/endpoints", {"url": URL})
        (made,) = wires.all()
        assert SECRET.findall(answer.text) == [wires.secret(made.id)]
        assert "never shown again" in answer.text
        assert answer.headers["cache-control"] == "no-store"
        # A page that follows would be read again at once, without the secret.
        assert "data-follows" not in answer.text
        for each in ("/endpoints", path(made), "/audit", "/"):
            assert not SECRET.search(wires.house.look(each))
        assert f'href="/console{path(made)}"' in wires.house.look("/audit")

    def test_a_browser_that_reloads_adds_nothing_and_is_shown_nothing(self, wires: Wired) -> None:
        given = fields(wires.house.look("/endpoints"), "/endpoints") | {"url": URL}
        assert wires.house.send("/endpoints", given).status_code == 201
        again = wires.house.send("/endpoints", given)
        assert "added after this form was shown" in refused_at(again, "url")
        assert not SECRET.search(again.text)
        assert len(wires.all()) == 1
        wanted = fields(again.text, "/endpoints")
        assert wanted["url"] == URL
        assert wires.house.send("/endpoints", wanted).status_code == 201
        assert len(wires.all()) == 2

    def test_a_colleague_who_adds_another_one_meanwhile_is_in_nobodys_way(
        self, wires: Wired
    ) -> None:
        given = fields(wires.house.look("/endpoints"), "/endpoints") | {"url": URL}
        wires.endpoint("https://other.example/")
        assert wires.house.send("/endpoints", given).status_code == 201

    def test_what_was_typed_and_ticked_stays_if_it_is_refused(self, wires: Wired) -> None:
        wires.receiver.refusal = "10.0.0.1 is not public; name the host."
        given = {
            "url": "https://10.0.0.1/x",
            "description": "<b>Ours",
            "type:contact.closed": "yes",
            "source:telegram": "yes",
            "include:contact": "yes",
        }
        answer = wires.house.send("/endpoints", given)
        assert answer.status_code == 422
        assert "10.0.0.1 is not public." in refused_at(answer, "url")
        kept = fields(answer.text, "/endpoints")
        assert (kept["url"], kept["description"]) == (given["url"], given["description"])
        assert boxes(answer.text) == given.keys() - {"url", "description"}
        assert answer.text.count('<details class="choice" open>') == 2
        assert wires.all() == []

    @pytest.mark.parametrize(
        ("typed", "field", "sentence"),
        [
            ({"url": ""}, "url", "Введите URL целиком"),
            ({"url": "crm"}, "url", "Введите URL целиком"),
            ({"url": "ftp://example.com/"}, "url", "Введите URL целиком"),
            ({"url": "http://1.1.1.1/"}, "url", "URL должен начинаться с https://"),
            ({"url": "https://a:b@1.1.1.1/"}, "url", "В URL не должно быть имени"),
            ({"url": "https://127.0.0.1/"}, "url", "Хост 127.0.0.1 не публичный."),
            ({"url": f"https://1.1.1.1/{'x' * 2000}"}, "url", "не больше 2000 знаков"),
            ({"url": "https://1.1.1.1/", "description": "x" * 201}, "description", "от 1 до 200"),
        ],
    )
    def test_what_is_wrong_stands_at_its_field_in_the_readers_language(
        self, typed: dict[str, str], field: str, sentence: str
    ) -> None:
        """By the sender that is built in; it looks nothing up that is an address."""
        with wired(fake=False) as wires:
            answer = wires.house.send("/endpoints", typed, RUSSIAN)
            assert answer.status_code == 422
            assert sentence in refused_at(answer, field)
            assert wires.all() == []

    @pytest.mark.parametrize("box", ["type:nothing", "include:nothing"])
    def test_a_box_that_is_not_on_the_form_is_refused(self, wires: Wired, box: str) -> None:
        answer = wires.house.send("/endpoints", {"url": URL, box: "yes"})
        assert answer.status_code == 422
        assert "This is not a form of this page" in answer.text
        assert wires.all() == []

    def test_a_source_that_is_not_there_is_refused(self, wires: Wired) -> None:
        answer = wires.house.send("/endpoints", {"url": URL, "source:nowhere": "yes"})
        assert answer.status_code == 404
        assert "There is no such source." in answer.text
        assert "source:nowhere" in boxes(answer.text)
        assert wires.all() == []

    def test_more_than_there_may_be_are_refused(
        self, wires: Wired, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "MAX_ENDPOINTS", 1)
        wires.endpoint()
        answer = wires.house.send("/endpoints", {"url": "https://other.example/"}, RUSSIAN)
        assert answer.status_code == 422
        assert "Получателей уже 1; удалите ненужных." in answer.text


class TestSettings:
    """The form on the page of an endpoint."""

    def test_they_are_changed(self, wires: Wired) -> None:
        made = wires.endpoint(types=(EventType.CONTACT_CLOSED,), description="Old")
        given = fields(wires.house.look(path(made)), path(made))
        given |= {"url": "https://new.example/", "description": "New", "source:telegram": "yes"}
        assert given.pop("type:contact.closed")
        page = wires.house.after(wires.house.send(path(made), given))
        assert said(page) == "Saved: New."
        now = wires.shown(made.id)
        assert (now.url, now.description) == ("https://new.example/", "New")
        assert (now.types, now.sources, now.include) == ((), ("telegram",), ())

    def test_what_is_as_it_was_changes_nothing_and_looks_nothing_up(self, wires: Wired) -> None:
        made = wires.endpoint(types=(EventType.CONTACT_CLOSED, EventType.CONTACT_ASSIGNED))
        wires.receiver.checked.clear()
        shown = {"url": URL, "type:contact.assigned": "yes", "type:contact.closed": "yes"}
        page = wires.house.after(wires.house.send(path(made), shown))
        assert said(page) == "Nothing to change: crm.example."
        changes = wires.house.world.fairlead.audit.entries(
            subject=str(made.id), action=Action.ENDPOINT_CHANGED, limit=9, after=None
        )
        assert changes.items == []
        wires.receiver.refusal = "the host crm.example is not known."
        page = wires.house.after(wires.house.send(path(made), {"url": URL, "description": "CRM"}))
        assert said(page) == "Saved: CRM."
        assert wires.receiver.checked == []

    def test_a_description_can_be_removed(self, wires: Wired) -> None:
        made = wires.endpoint(description="CRM")
        given = {"url": URL, "description": " ", "type:contact.closed": "yes"}
        assert wires.house.send(path(made), given).status_code == 303
        assert wires.shown(made.id).description is None
        assert wires.shown(made.id).types == (EventType.CONTACT_CLOSED,)

    def test_a_new_url_is_looked_at(self, wires: Wired) -> None:
        made = wires.endpoint()
        wires.receiver.refusal = "the host away.example is not known."
        answer = wires.house.send(path(made), {"url": "https://away.example/"}, RUSSIAN)
        assert "Хост away.example не найден" in refused_at(answer, "url")
        assert fields(answer.text, path(made))["url"] == "https://away.example/"
        assert wires.shown(made.id).url == URL

    def test_what_a_colleague_has_saved_meanwhile_is_not_overwritten(self, wires: Wired) -> None:
        made = wires.endpoint(description="Old")
        mine = fields(wires.house.look(path(made)), path(made)) | {"description": "Mine"}
        theirs = {"url": URL, "description": "Theirs", "type:contact.closed": "yes"}
        assert wires.house.send(path(made), theirs).status_code == 303
        answer = wires.house.send(path(made), mine)
        assert answer.status_code == 412
        assert refused_at(answer, "description") == "Now: Theirs"
        assert "Now: contact.closed" in answer.text
        assert "Save mine over it" in answer.text
        assert wires.shown(made.id).description == "Theirs"
        over = fields(answer.text, path(made))
        assert said(wires.house.after(wires.house.send(path(made), over))) == "Saved: Mine."
        now = wires.shown(made.id)
        assert (now.description, now.types) == ("Mine", ())

    def test_sources_beyond_those_that_are_offered_stay_ticked(
        self, wires: Wired, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("entrypoints.console.choosing._OFFERED", 1)
        wires.house.world.source(key="zebra")
        made = wires.endpoint(sources=("zebra",))
        page = wires.house.look(path(made))
        assert boxes(page) == {"source:zebra"}
        assert "Only the first 1,000 sources" in page


class TestSecret:
    """A new secret."""

    def test_it_is_shown_once(self, wires: Wired) -> None:
        made = wires.endpoint()
        before = wires.secret(made.id)
        given = fields(wires.house.look(path(made)), path(made, "/rotate"))
        answer = wires.house.send(path(made, "/rotate"), given)
        assert answer.status_code == 200
        assert SECRET.findall(answer.text) == [wires.secret(made.id)] != [before]
        assert answer.headers["cache-control"] == "no-store"
        assert "data-follows" not in answer.text
        assert "24 hours" in answer.text
        assert not SECRET.search(wires.house.look(path(made)))

    def test_a_browser_that_reloads_makes_no_other_one(self, wires: Wired) -> None:
        """The secret that the receiver has would sign nothing any more."""
        made = wires.endpoint()
        given = fields(wires.house.look(path(made)), path(made, "/rotate"))
        wires.house.send(path(made, "/rotate"), given)
        kept = wires.secret(made.id)
        again = wires.house.send(path(made, "/rotate"), given)
        assert again.status_code == 412
        assert "A new secret was made" in again.text
        assert not SECRET.search(again.text)
        assert wires.secret(made.id) == kept
        given = fields(again.text, path(made, "/rotate"))
        wires.house.world.clock.advance(seconds=1)
        assert SECRET.search(wires.house.send(path(made, "/rotate"), given).text)
        assert wires.secret(made.id) != kept


class TestStanding:
    """How endpoints stand, in words."""

    def test_a_list_says_how_each_is(self, wires: Wired) -> None:
        now = datetime.now(UTC)
        well, ill, off = (wires.endpoint(f"https://{each}.example/t0ken") for each in "abc")
        wires.stand(well.id, last_success_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC), cursor=10**6)
        wires.stand(
            ill.id,
            [Delivery(1, "source:x", 1, now), Delivery(2, "source:x", 10, None)],
            failing_since=now - timedelta(minutes=10, seconds=30),
            last_error="the receiver answered 500 Internal Server Error.",
            description="<b>Ill",
            cursor=10**6,
        )
        wires.stand(
            off.id,
            state=EndpointState.DISABLED,
            last_error="it has failed for five days without one success: there was no answer "
            "within 15 seconds.",
            cursor=0,
        )
        silent = "There was no answer within 15 seconds."
        last = str(wires.house.world.fairlead.events.events(after=0, limit=1).last)
        assert rows(wires.house.look("/endpoints")) == [
            ["a.example", "enabled", "0", "0", "0", "2026-03-02 09:00 UTC"],
            [
                "<b>Ill",
                "failing for 10 min 30 s The receiver answered 500 Internal Server Error.",
                *("0", "1", "1", "none yet"),
            ],
            [
                "c.example",
                f"disabled It has failed for five days without a single success. {silent}",
                *(last, "0", "0", "none yet"),
            ],
        ]
        page = wires.house.client.get("/console/endpoints", headers=RUSSIAN).text
        told = [each[1] for each in rows(page)]
        assert told[:2] == [
            "включён",
            "сбой уже 10 мин 30 с Получатель ответил: 500 Internal Server Error.",
        ]
        assert told[2].startswith("отключён")
        assert told[2].endswith("пять дней не удалась ни одна доставка. Ответа не было 15 секунд.")
        assert "t0ken" not in page

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPERVISOR, Role.VIEWER])
    def test_the_overview_tells_administrators_what_ails(self, wires: Wired, role: Role) -> None:
        ill, off, well = (wires.endpoint(f"https://{each}.example/t0ken") for each in "abc")
        wires.stand(ill.id, failing_since=datetime.now(UTC) - timedelta(hours=5))
        wires.stand(off.id, state=EndpointState.DISABLED, last_error="x")
        key = wires.house.world.fairlead.create_key(CreateKey(role)).secret
        page = wires.house.client.get("/console/", headers=bearer(key)).text
        item = r'<li class="bad" id="endpoint-.*?</li>'
        told = [words(each) for each in re.findall(item, page, re.DOTALL)]
        assert told == (
            [
                "Deliveries to a.example have been failing for 5 h .",
                "b.example is disabled: no events are delivered there.",
            ]
            if role is Role.ADMIN
            else []
        )
        assert (path(ill) in page) is (path(off) in page) is (role is Role.ADMIN)
        assert path(well) not in page
        assert "t0ken" not in page

    def test_of_many_that_ail_the_overview_tells_of_five(self, wires: Wired) -> None:
        for number in range(7):
            made = wires.endpoint(f"https://{number}.example/")
            wires.stand(made.id, state=EndpointState.DISABLED, last_error="x")
        page = wires.house.look("/")
        assert page.count("is disabled") == 5
        assert '<a href="/console/endpoints">All endpoints</a>' in page

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPERVISOR, Role.VIEWER])
    def test_only_administrators_are_shown_the_way_and_let_in(
        self, wires: Wired, role: Role
    ) -> None:
        made = wires.endpoint()
        key = wires.house.world.fairlead.create_key(CreateKey(role)).secret
        get = wires.house.client.get
        assert ('href="/console/endpoints"' in get("/console/", headers=bearer(key)).text) is (
            role is Role.ADMIN
        )
        for each in ("/console/endpoints", f"/console{path(made)}"):
            assert (get(each, headers=bearer(key)).status_code == 200) is (role is Role.ADMIN)
        for act in ("", "/try", "/rotate", "/enable", "/redeliver", "/delete"):
            if role is not Role.ADMIN:
                answer = wires.house.send(path(made, act), {"url": URL}, bearer(key))
                assert answer.status_code == 403
        assert wires.all() == [made]


class TestDeliveries:
    """What an endpoint has not got, and what can be done about it."""

    def test_each_says_what_it_waits_for(self, wires: Wired) -> None:
        made, ann = wires.endpoint(), wires.house.ann
        contact = f"contact:{wires.house.contact.id}"
        soon = datetime.now(UTC) + timedelta(hours=1)
        past = datetime(2026, 3, 2, tzinfo=UTC)
        deliveries = [
            Delivery(1, contact, 10, None, "the connection broke: ReadError."),
            Delivery(2, contact, 3, soon, "there was no answer within 15 seconds."),
            Delivery(3, contact, 0, past),
            Delivery(4, "source:telegram", 0, past),
            Delivery(5, f"operator:{ann.id}", 1, past, "something new"),
        ]
        wires.stand(made.id, deliveries)
        page = wires.house.look(path(made))
        (end, ann_end) = (str(each).rpartition("-")[2] for each in (wires.house.contact.id, ann.id))
        assert rows(page) == [
            ["1", f"contact {end}", "10", "given up", "The connection broke: ReadError."],
            [
                *("2", f"contact {end}", "3", f"{soon:%Y-%m-%d %H:%M} UTC"),
                "There was no answer within 15 seconds.",
            ],
            ["3", f"contact {end}", "0", "after event 2", "—"],
            ["4", "source telegram", "0", "as soon as possible", "—"],
            ["5", f"operator {ann_end}", "1", "as soon as possible", "something new"],
        ]
        for each in (f"/contacts/{wires.house.contact.id}", "/sources/telegram"):
            assert f'href="/console{each}"' in page
            assert wires.house.look(each)
        wires.stand(made.id, state=EndpointState.DISABLED, last_error="x")
        waits = [each[3] for each in rows(wires.house.look(path(made)))]
        assert waits == ["given up", *["once it is enabled"] * 4]

    def test_there_are_fifty_on_a_page(self, wires: Wired) -> None:
        made = wires.endpoint()
        at = datetime.now(UTC)
        wires.stand(made.id, [Delivery(each, f"source:s{each}", 1, at) for each in range(1, 102)])
        shown, address = [], path(made)
        for _ in range(3):
            page = wires.house.look(address)
            shown.append([int(each[0]) for each in rows(page)])
            more = re.search(r'<p class="more"><a href="/console([^"]*)">More', page)
            address = more[1] if more else ""
        assert shown == [[*range(1, 51)], [*range(51, 101)], [101]]
        assert not address
        assert "None at the moment." in wires.house.look(path(wires.endpoint()))

    @pytest.mark.parametrize("after", ["-1", "x", str(2**63)])
    def test_a_place_that_makes_no_sense_is_refused(self, wires: Wired, after: str) -> None:
        address = f"/console{path(wires.endpoint())}?after={after}"
        assert wires.house.client.get(address).status_code == 422

    def test_a_test_message_is_sent_and_what_came_of_it_is_said(self, wires: Wired) -> None:
        made = wires.endpoint()
        answer = wires.house.send(path(made, "/try"), {})
        assert answer.status_code == 200
        assert "delivered: the receiver answered 204." in answer.text
        ((url, message),) = wires.receiver.sent
        assert url == URL
        assert b'"endpoint.test"' in message.body
        assert message.secrets == [wires.secret(made.id)]
        wires.receiver.answer = Receipt(503, "the receiver answered 503 Service Unavailable.")
        answer = wires.house.send(path(made, "/try"), {}, RUSSIAN)
        assert answer.status_code == 200
        (told,) = re.findall('<p class="notice bad" role="alert">(.*?)</p>', answer.text)
        assert told == (
            "Пробное сообщение не доставлено. Получатель ответил: 503 Service Unavailable."
        )
        # Nothing is stored of it.
        assert wires.shown(made.id) == made

    @pytest.mark.parametrize("start", ["cursor", "now"])
    def test_it_is_enabled_from_where_it_was_or_from_now(self, wires: Wired, start: str) -> None:
        made = wires.endpoint()
        assert "Enable from now" not in wires.house.look(path(made))
        wires.stand(made.id, state=EndpointState.DISABLED, last_error="x")
        for _ in range(3):
            wires.house.world.register()
        assert "Enable from now" in wires.house.look(path(made))
        behind = wires.shown(made.id).behind
        assert behind >= 6
        page = wires.house.after(wires.house.send(path(made, "/enable"), {"start": start}))
        assert said(page) == "crm.example gets events again."
        now = wires.shown(made.id)
        assert now.state is EndpointState.ENABLED
        assert now.cursor - made.cursor in ({0} if start == "cursor" else {behind})

    def test_what_it_has_missed_may_be_gone(self, wires: Wired) -> None:
        made = wires.endpoint()
        wires.stand(made.id, state=EndpointState.DISABLED, last_error="x", cursor=0)
        world = wires.house.world
        with world.container.storage().unit_of_work() as uow:
            assert uow.events.forget(world.clock.now() + timedelta(days=1), 3)
        answer = wires.house.send(path(made, "/enable"), {"start": "cursor"}, RUSSIAN)
        assert answer.status_code == 410
        assert "Часть пропущенных событий уже не хранится." in answer.text
        assert wires.shown(made.id).state is EndpointState.DISABLED

    def test_only_what_was_given_up_is_delivered_again(self, wires: Wired) -> None:
        made = self._with_given_up(wires, [1, 2, 5])
        page = wires.house.after(wires.house.send(path(made, "/redeliver"), {}))
        assert said(page) == "Events that were given up are delivered again."
        found = wires.house.world.fairlead.endpoints.deliveries(made.id, after=0, limit=99)
        assert [(each.seq, each.attempts) for each in found] == [(1, 0), (2, 0), (3, 2), (5, 0)]
        assert not [each for each in found if each.at is None]
        assert "given-up events again" not in page

    def test_it_goes_on_where_it_has_ended(
        self, wires: Wired, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in (("_AGAIN", 2), ("_EVENTS", 1), ("_CHUNK", 1)):
            monkeypatch.setattr(f"entrypoints.console.delivering.{name}", value)
        made = self._with_given_up(wires, [1, 2, 4, 5, 6])
        for left in ([4, 5, 6], [6], []):
            wires.house.send(path(made, "/redeliver"), {})
            found = wires.house.world.fairlead.endpoints.deliveries(
                made.id, after=0, limit=99, state=DeliveryState.DEAD
            )
            assert [each.seq for each in found] == left

    def test_what_it_no_longer_wants_or_nobody_has_is_not_delivered_again(
        self, wires: Wired
    ) -> None:
        made = self._with_given_up(wires, [1, 2, 10**9])
        wires.stand(made.id, types=(EventType.LEAD_CHANGED,))
        answer = wires.house.send(path(made, "/redeliver"), {})
        assert answer.status_code == 410
        assert "nothing to deliver again" in answer.text

    def _with_given_up(self, wires: Wired, seqs: list[int]) -> EndpointView:
        """Return an endpoint that has given up some events, and will try one more."""
        made = wires.endpoint()
        dead = [Delivery(each, "source:telegram", 10, None, "x") for each in seqs]
        wires.stand(made.id, [*dead, Delivery(3, "source:other", 2, datetime.now(UTC), "x")])
        assert "given-up events again" in wires.house.look(path(made))
        return made

    def test_it_is_deleted_and_stays_in_the_audit_log(self, wires: Wired) -> None:
        made = wires.endpoint()
        page = wires.house.after(wires.house.send(path(made, "/delete"), {}))
        assert said(page) == "The endpoint is deleted."
        assert wires.all() == []
        for act in ("", "/try", "/rotate", "/enable", "/redeliver", "/delete"):
            answer = wires.house.send(path(made, act), {"url": URL}, RUSSIAN)
            assert answer.status_code == 404
            assert "Такого получателя нет." in answer.text
        audit = wires.house.client.get("/console/audit", headers=RUSSIAN).text
        assert "получатель добавлен" in audit
        assert "получатель удалён" in audit
        assert "t0ken" not in audit


@pytest.mark.parametrize(
    "what", ["endpoint-saved", "endpoint-enabled", "endpoint-deleted", "redelivering"]
)
def test_a_forged_address_makes_no_page_lie(wires: Wired, what: str) -> None:
    made = wires.endpoint()
    wires.stand(made.id, state=EndpointState.DISABLED, last_error="x")
    for of in (made.id, uuid4(), "x"):
        query = urlencode({"said": what, "of": of, "as": "0"})
        assert said(wires.house.look(f"/endpoints?{query}")) is None


def test_what_people_typed_is_shown_as_text(wires: Wired) -> None:
    evil = "<script>alert(1)</script>"
    made = wires.endpoint(f"https://crm.example/{evil}", description=evil)
    wires.stand(made.id, state=EndpointState.DISABLED, last_error=evil)
    for each in ("/endpoints", path(made), "/", "/audit"):
        page = wires.house.look(each)
        assert evil not in page
        assert "&lt;script&gt;alert(1)" in page


def test_everything_that_happens_has_words() -> None:
    assert {each for group in EVENTS.values() for each in group} == set(EventType)
    assert set(ACTIONS) == set(Action)
    kinds = set(get_args(SubjectKind))
    assert set(SUBJECTS) == kinds
    assert kinds <= PAGES.keys()
