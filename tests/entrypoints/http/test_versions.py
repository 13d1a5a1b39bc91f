"""ETag, If-Match, If-None-Match: nobody overwrites what they have not seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.contacts import CloseContact
from domain.errors import InvalidValue
from entrypoints.edge.problems import MEDIA_TYPE
from entrypoints.edge.versions import _tags
from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import NOBODY, answered, refused
from tests.support import World


@dataclass(frozen=True)
class Change:
    """A call that honours If-Match: its method, path and body, and where the result is shown.

    Attributes:
        another: the body of somebody else's call.
    """

    method: str
    path: str
    body: Mapping[str, Any]
    shown: str
    another: Mapping[str, Any]


CHANGES = {
    "operator": Change(
        "PATCH", "/v1/operators/{ann}", {"capacity": 7}, "/v1/operators/{ann}", {"capacity": 8}
    ),
    "source": Change(
        "PATCH", "/v1/sources/web", {"name": "Site"}, "/v1/sources/web", {"name": "Web"}
    ),
    "allocations": Change(
        "PUT",
        "/v1/sources/web/allocations",
        {"allocations": [{"operator_id": "{bob}", "weight": 5}]},
        "/v1/sources/web",
        {"allocations": []},
    ),
    "weight": Change(
        "PATCH",
        "/v1/sources/web/allocations/{ann}",
        {"weight": 9},
        "/v1/sources/web",
        {"weight": 8},
    ),
}
PLACES = sorted({each.shown for each in CHANGES.values()})


@dataclass
class Desk:
    """A client of an application with two operators and a source that Ann serves."""

    client: Client
    ids: Mapping[str, str]

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path.format(**self.ids), headers=headers)

    def change(self, change: Change, *headers: tuple[str, str], **more: str) -> httpx.Response:
        body = repr(change.body)
        for name, each in self.ids.items():
            body = body.replace(f"{{{name}}}", each)
        return self.client.request(
            change.method,
            change.path.format(**self.ids),
            content=body.replace("'", '"'),
            headers=[("Content-Type", "application/json"), *headers, *more.items()],
        )

    def tag(self, path: str) -> str:
        return self.get(path).headers["etag"]


@pytest.fixture
def desk(client: Client, world: World) -> Desk:
    return furnished(client, world)


@pytest.fixture
def memory_desk(caller: Client, memory: World) -> Desk:
    return furnished(caller, memory)


def furnished(client: Client, world: World) -> Desk:
    ann, bob = world.operator("Ann", capacity=5), world.operator("Bob")
    world.source((ann, 1), key="web")
    return Desk(client, {"ann": str(ann.id), "bob": str(bob.id)})


each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


@each_change
def test_a_change_by_the_tag_that_was_seen_is_made_and_has_a_new_tag(
    desk: Desk, change: Change
) -> None:
    seen = desk.tag(change.shown)
    changed = desk.change(change, ("If-Match", seen))
    shown = desk.get(change.shown)
    assert answered(changed) == answered(shown)
    assert changed.headers["etag"] == shown.headers["etag"] != seen
    assert changed.headers["cache-control"] == shown.headers["cache-control"] == "no-store"


@each_change
def test_a_change_of_what_somebody_else_has_changed_is_refused_with_what_it_is_now(
    desk: Desk, change: Change
) -> None:
    seen = desk.tag(change.shown)
    answered(desk.change(change))
    shown = desk.get(change.shown)
    late = desk.change(change, ("If-Match", seen))
    assert (late.status_code, late.headers["content-type"]) == (412, MEDIA_TYPE)
    body = late.json()
    assert (body["code"], body["status"]) == ("changed_meanwhile", 412)
    assert body["current"] == shown.json()
    assert late.headers["etag"] == shown.headers["etag"] != seen
    assert late.headers["cache-control"] == "no-store"
    assert desk.get(change.shown).json() == shown.json()


@each_change
def test_without_if_match_the_last_one_wins_as_ever(memory_desk: Desk, change: Change) -> None:
    first = answered(memory_desk.change(replace(change, body=change.another)))
    last = answered(memory_desk.change(change))
    assert memory_desk.get(change.shown).json() == last != first


@each_change
@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{tag}", 200),
        ("*", 200),
        (" * ", 200),
        ('"one", {tag}', 200),
        ('{tag},"other"', 200),
        ('W/"one" ,, {tag} ,', 200),
        ('"with,comma",{tag}', 200),
        ('"one"', 412),
        ('"one", "two"', 412),
        ('""', 412),
        ("W/{tag}", 412),
        ('W/{tag}, W/"one"', 412),
        ('"*"', 412),
        # What cannot be read is not ignored: that would mean overwriting after all.
        ("{bare}", 422),
        ("{bare}, {tag}", 422),
        ('{tag} "one"', 422),
        ("w/{tag}", 422),
        ("W / {tag}", 422),
        ('"', 422),
        ('{tag}, "', 422),
        ("*, {tag}", 422),
        ("", 422),
        (",", 422),
    ],
)
def test_lists_weak_tags_and_what_cannot_be_read(
    memory_desk: Desk, change: Change, header: str, status: int
) -> None:
    tag = memory_desk.tag(change.shown)
    before = memory_desk.get(change.shown).json()
    header = header.format(tag=tag, bare=tag.strip('"'))
    answer = memory_desk.change(change, ("If-Match", header))
    assert answer.status_code == status, answer.text
    if status == 422:
        assert "in double quotes" in refused(answer, "invalid_value", "If-Match")["detail"]
    assert (memory_desk.get(change.shown).json() == before) is (status != 200)


@each_change
def test_a_list_on_several_lines_is_one_list(memory_desk: Desk, change: Change) -> None:
    tag = memory_desk.tag(change.shown)
    answer = memory_desk.change(change, ("If-Match", '"one"'), ("if-match", tag))
    answered(answer)
    answer = memory_desk.change(change, ("If-Match", '"one"'), ("if-match", '"two"'))
    assert answer.status_code == 412


@each_change
def test_what_is_not_there_is_not_there_whatever_was_seen(
    memory_desk: Desk, change: Change
) -> None:
    desk = Desk(memory_desk.client, {"ann": NOBODY, "bob": NOBODY})
    path = change.path.replace("/web", "/nowhere")
    for header in ("*", '"one"'):
        answer = desk.change(replace(change, path=path), ("If-Match", header))
        assert answer.status_code == 404


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ("*", 304),
        ('"one", W/{tag}', 304),
        ('"one"', 200),
        ("{bare}", 200),
        ('"', 200),
        ("", 200),
    ],
)
def test_who_has_it_is_told_so_without_the_body(
    memory_desk: Desk, path: str, header: str, status: int
) -> None:
    tag = memory_desk.tag(path)
    header = header.format(tag=tag, bare=tag.strip('"'))
    for method in ("GET", "HEAD"):
        answer = memory_desk.client.request(
            method, path.format(**memory_desk.ids), headers={"If-None-Match": header}
        )
        assert answer.status_code == status
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == "no-store"
        assert (answer.content == b"") is (status == 304 or method == "HEAD")


def test_loads_queues_and_credits_leave_the_tags_and_names_of_others_too(
    desk: Desk, world: World
) -> None:
    before = [desk.tag(path) for path in PLACES]
    contacts = [world.register("web") for _ in range(7)]
    world.fairlead.close_contact(CloseContact(contacts[0].id))
    desk.client.patch(f"/v1/operators/{desk.ids['bob']}", json={"name": "Robert"})
    assert [desk.tag(path) for path in PLACES] == before
    # The answer still shows the current state.
    assert desk.get("/v1/operators/{ann}").json()["load"] == 5
    assert desk.get("/v1/sources/web").json()["waiting"] == 1


def test_what_is_new_has_its_tag_at_once(caller: Client) -> None:
    for path, body in (
        ("/v1/operators", {"name": "Cat", "capacity": 1}),
        ("/v1/sources", {"key": "vk"}),
    ):
        made = caller.post(path, json=body)
        answered(made, 201)
        shown = caller.get(made.headers["location"])
        assert made.headers["etag"] == shown.headers["etag"]


def test_every_call_that_honours_if_match_says_so_in_the_document(caller: Client) -> None:
    paths = answered(caller.get("/openapi.json"))["paths"]
    found = set()
    for path, methods in paths.items():
        for method, operation in methods.items():
            headers = {
                each["name"] for each in operation.get("parameters", []) if each["in"] == "header"
            }
            if "If-Match" in headers:
                found.add((method, path))
                assert "412" in operation["responses"]
                assert "ETag" in operation["responses"]["200"]["headers"]
            assert ("304" in operation["responses"]) == ("If-None-Match" in headers)
    assert found == {
        ("patch", "/v1/operators/{operator_id}"),
        ("patch", "/v1/sources/{key}"),
        ("put", "/v1/sources/{key}/allocations"),
        ("patch", "/v1/sources/{key}/allocations/{operator_id}"),
    }


TAG = st.tuples(
    st.booleans(), st.text(st.characters(codec="latin-1", exclude_characters='"'), max_size=9)
).filter(lambda each: all(letter > " " and letter != "\x7f" for letter in each[1]))


@given(tags=st.lists(TAG, min_size=1), comma=st.sampled_from([",", ", ", " ,\t", ",,"]))
def test_any_list_of_tags_is_read_as_it_was_written(
    tags: list[tuple[bool, str]], comma: str
) -> None:
    written = comma.join(f'{"W/" if weak else ""}"{tag}"' for weak, tag in tags)
    assert list(_tags(written)) == tags


@given(st.text(st.sampled_from('",W/*a \t'), max_size=30))
def test_any_text_is_a_list_of_tags_or_refused(text: str) -> None:
    try:
        found = list(_tags(text))
    except InvalidValue:
        return
    assert text.count('"') == 2 * len(found)


# One weight.


@pytest.mark.parametrize(
    ("path", "body", "code", "fields"),
    [
        ("/v1/sources/web/allocations/{ann}", {"weight": -1}, "validation_failed", ["weight"]),
        ("/v1/sources/web/allocations/{ann}", {"weight": 1.5}, "validation_failed", ["weight"]),
        ("/v1/sources/web/allocations/{ann}", {}, "validation_failed", ["weight"]),
        ("/v1/sources/web/allocations/{ann}", {"weight": 1, "x": 1}, "validation_failed", ["x"]),
        ("/v1/sources/web/allocations/-", {"weight": 1}, "validation_failed", ["operator_id"]),
        ("/v1/sources/web/allocations/x", {"weight": 1}, "unknown_operator", ["operator_id"]),
        ("/v1/sources/W/allocations/{ann}", {"weight": 1}, "validation_failed", ["key"]),
        (f"/v1/sources/web/allocations/{NOBODY}", {"weight": 1}, "unknown_operator", []),
        ("/v1/sources/nowhere/allocations/{ann}", {"weight": 1}, "unknown_source", []),
    ],
)
def test_a_weight_that_cannot_be_is_refused(
    memory_desk: Desk, path: str, body: dict[str, Any], code: str, fields: list[str]
) -> None:
    before = memory_desk.get("/v1/sources/web").json()
    answer = memory_desk.client.patch(path.format(**memory_desk.ids), json=body)
    refused(answer, code, *fields)
    assert memory_desk.get("/v1/sources/web").json() == before


def test_one_weight_answers_the_source_and_hands_out_what_waited(desk: Desk, world: World) -> None:
    for _ in range(8):
        world.register("web")
    path = f"/v1/sources/web/allocations/{desk.ids['bob']}"
    source = answered(desk.client.patch(path, json={"weight": 3}))
    assert source == answered(desk.get("/v1/sources/web"))
    assert source["waiting"] == 0
    assert [(each["name"], each["weight"], each["share"]) for each in source["allocations"]] == [
        ("Ann", 1, 0.25),
        ("Bob", 3, 0.75),
    ]
    assert answered(desk.client.patch(path, json={"weight": 0}))["allocations"][1]["weight"] == 0
    entries = answered(desk.client.get("/v1/audit?subject=web&action=allocations_replaced"))
    newest = entries["items"][0]
    assert (newest["before"], newest["after"]) == ({desk.ids["bob"]: 3}, {desk.ids["bob"]: 0})
    assert not world.defects()


Act = Callable[[httpx.AsyncClient], Any]


def test_two_who_saw_the_same_do_not_undo_each_other(desk: Desk) -> None:
    """Of several whole sets sent at the same time with the same tag, one is accepted."""
    seen = desk.tag("/v1/sources/web")

    def put(name: str) -> Act:
        body = {"allocations": [{"operator_id": desk.ids[name], "weight": 2}]}

        async def call(client: httpx.AsyncClient) -> httpx.Response:
            return await client.put(
                "/v1/sources/web/allocations", json=body, headers={"If-Match": seen}
            )

        return call

    answers = desk.client.together(put("ann"), put("bob"), put("ann"), put("bob"))
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412]
