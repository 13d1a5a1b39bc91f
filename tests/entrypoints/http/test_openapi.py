"""The OpenAPI document is complete and correct, and its examples work."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from entrypoints.edge.problem_types import STATUSES, TYPES, place
from entrypoints.edge.problems import MEDIA_TYPE
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import answered
from tests.entrypoints.http.keys import ENDLESS
from tests.support import World

APP = create_app(Settings(database_url="memory://"))
DOCUMENT: dict[str, Any] = APP.openapi()
CALLS = {
    ("post", "/v1/operators"),
    ("get", "/v1/operators"),
    ("get", "/v1/operators/{operator_id}"),
    ("patch", "/v1/operators/{operator_id}"),
    ("post", "/v1/sources"),
    ("get", "/v1/sources"),
    ("get", "/v1/sources/{key}"),
    ("patch", "/v1/sources/{key}"),
    ("put", "/v1/sources/{key}/allocations"),
    ("post", "/v1/contacts"),
    ("post", "/v1/contacts/batch"),
    ("get", "/v1/contacts"),
    ("get", "/v1/contacts/{contact_id}"),
    ("get", "/v1/contacts/{contact_id}/decision"),
    ("get", "/v1/contacts/{contact_id}/history"),
    ("post", "/v1/contacts/{contact_id}/close"),
    ("post", "/v1/contacts/{contact_id}/transfer"),
    ("get", "/v1/leads"),
    ("get", "/v1/leads/{lead_id}"),
    ("patch", "/v1/leads/{lead_id}"),
    ("delete", "/v1/leads/{lead_id}"),
    ("post", "/v1/leads/{lead_id}/identities"),
    ("delete", "/v1/leads/{lead_id}/identities/{kind}/{value}"),
    ("get", "/v1/leads/{lead_id}/export"),
    ("get", "/v1/stats/distribution"),
    ("get", "/v1/stats/operators"),
    ("get", "/v1/audit"),
    ("get", "/v1/events"),
    ("get", "/v1/events/stream"),
    ("post", "/v1/keys"),
    ("get", "/v1/keys"),
    ("delete", "/v1/keys/{prefix}"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def problem_examples() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for method, path, operation in operations():
        for status, response in operation["responses"].items():
            for example in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}):
                examples = response["content"][MEDIA_TYPE]["examples"]
                yield f"{method} {path} {example}", status, examples[example]


def test_the_document_is_served_as_it_is_made_and_holds_every_call(caller: Client) -> None:
    served = answered(caller.get("/openapi.json"))
    assert served == json.loads(json.dumps(DOCUMENT))
    assert {(method, path) for method, path, _ in operations()} >= CALLS


def test_every_call_has_a_summary_a_description_and_a_tag() -> None:
    for method, path, operation in operations():
        assert operation["summary"], (method, path)
        assert operation["description"].endswith("."), (method, path)
        assert len(operation["tags"]) == 1


def test_every_tag_has_a_text_and_every_text_a_call() -> None:
    used = [operation["tags"][0] for _, _, operation in operations()]
    listed = {each["name"]: each["description"] for each in DOCUMENT["tags"]}
    assert list(listed) == list(dict.fromkeys(used)), "in the order of the calls"
    for name, text in listed.items():
        assert text.endswith("."), name


def test_every_call_has_a_short_name_of_its_own_which_is_its_functions() -> None:
    """Generated clients name their functions so; a name that changes breaks who calls them."""
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    assert set(names) == {
        each.endpoint.__name__
        for each in APP.routes
        if isinstance(each, APIRoute) and each.include_in_schema
    }
    for each in names:
        assert re.fullmatch(r"[a-z]+(_[a-z]+){1,2}", each), each


def test_the_server_is_the_one_that_serves_the_document() -> None:
    assert DOCUMENT["servers"] == [{"url": "/"}]
    assert DOCUMENT["externalDocs"]["url"] == "/docs/problems"
    below = create_app(Settings(database_url="memory://", root_path="/fairlead")).openapi()
    assert below["servers"] == [{"url": "/fairlead"}]
    assert below["externalDocs"]["url"] == "/fairlead/docs/problems"
    types = set(re.findall(r'"type": "(/[^"]+)"', json.dumps(below)))
    assert types
    assert all(each.startswith("/fairlead/docs/problems/") for each in types)


def test_every_link_leads_to_a_call_and_names_its_parameters() -> None:
    parameters = {
        operation["operationId"]: {each["name"] for each in operation.get("parameters", [])}
        for _, _, operation in operations()
    }
    links = [
        link
        for _, _, operation in operations()
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert links
    for each in links:
        assert set(each["parameters"]) == parameters[each["operationId"]]


def test_every_parameter_and_body_and_answer_is_described() -> None:
    for method, path, operation in operations():
        for parameter in operation.get("parameters", []):
            assert parameter["schema"], (method, path, parameter)
            assert parameter["description"].endswith("."), (method, path, parameter["name"])
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content["schema"]
        assert any(status.startswith("2") for status in operation["responses"])
        for response in operation["responses"].values():
            assert response["description"]


def test_every_object_that_is_shown_or_taken_is_described() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema.get("description"), name


def test_every_call_that_reads_or_writes_documents_that_the_storage_may_be_away() -> None:
    for _, path, operation in operations():
        if path != "/healthz":
            assert "503" in operation["responses"], path


def test_every_call_but_the_open_one_says_that_it_takes_a_key() -> None:
    assert DOCUMENT["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert DOCUMENT["security"] == [{"key": []}]
    for _, path, operation in operations():
        assert ("security" in operation) == (path == "/healthz"), path
        if path != "/healthz":
            assert {"401", "403"} <= set(operation["responses"])


def test_every_call_with_a_body_documents_what_can_be_wrong_with_it() -> None:
    for _, path, operation in operations():
        if "requestBody" in operation:
            assert {"408", "413", "415", "422"} <= set(operation["responses"]), path
            assert (
                "malformed_json" in operation["responses"]["422"]["content"][MEDIA_TYPE]["examples"]
            )


def test_every_error_is_a_problem_with_examples() -> None:
    for method, path, operation in operations():
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            assert set(response["content"]) == {MEDIA_TYPE}, (method, path, status)
            content = response["content"][MEDIA_TYPE]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["examples"]


@pytest.mark.parametrize(
    ("status", "example"),
    [pytest.param(status, example, id=name) for name, status, example in problem_examples()],
)
def test_an_example_of_an_error_is_an_error_that_this_status_has(
    status: str, example: dict[str, Any]
) -> None:
    value = example["value"]
    members = {"type", "title", "status", "code", "detail", "errors"}
    assert set(value) == members | set(TYPES[value["code"]].more)
    assert value["type"] == place(value["code"])
    assert STATUSES[value["code"]] == value["status"] == int(status)
    assert value["detail"].endswith(".")
    assert example["summary"].endswith(".")


def test_every_error_of_a_caller_is_documented_somewhere() -> None:
    documented = {example["value"]["code"] for _, _, example in problem_examples()}
    # These three belong to no call.
    assert set(STATUSES) - documented == {"not_found", "method_not_allowed", "internal_error"}


def bodies(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DOCUMENT["components"]["schemas"][name]["examples"]
    assert found, name
    return found


def test_the_examples_of_bodies_work_when_they_are_sent(client: Client, world: World) -> None:
    for body in bodies("NewOperator"):
        operator = answered(client.post("/v1/operators", json=body), 201)
        for change in bodies("OperatorChange"):
            changed = answered(client.patch(f"/v1/operators/{operator['id']}", json=change))
            assert changed | change == changed
    for body in bodies("NewSource"):
        source = answered(client.post("/v1/sources", json=body), 201)
        assert source | body == source
        for change in bodies("SourceChange"):
            changed = answered(client.patch(f"/v1/sources/{source['key']}", json=change))
            assert changed | change == changed
    ids = [str(world.operator().id) for _ in range(5)]
    for body in bodies("NewAllocations"):
        # The operators in the example do not exist; put existing ones in their place.
        shown = body["allocations"]
        real = [each | {"operator_id": ids[n]} for n, each in enumerate(shown)]
        answered(client.put("/v1/sources/telegram-sales/allocations", json={"allocations": real}))
    for body in bodies("NewContact"):
        contact = answered(client.post("/v1/contacts", json=body), 201)
        assert contact["payload"] == body["payload"]
        assert contact["state"] == "assigned"
        (found,) = answered(client.post("/v1/contacts/batch", json={"contacts": [body]}))["results"]
        assert found["status"] == 201
        assert found["contact"]["lead"]["id"] == contact["lead"]["id"]
        lead = f"/v1/leads/{contact['lead']['id']}"
        for change in bodies("LeadChange"):
            assert answered(client.patch(lead, json=change))["name"] == change["name"]
        for identity in bodies("NewIdentity"):
            shown = answered(client.post(f"{lead}/identities", json=identity))
            assert identity["kind"] in {each["kind"] for each in shown["identities"]}


def test_the_examples_of_parameters_work_when_they_are_sent(caller: Client, memory: World) -> None:
    memory.source((memory.operator("Anna Petrova"), 1), key="telegram-sales")
    found = 0
    for method, path, operation in operations():
        if path in ENDLESS:
            continue
        for parameter in operation.get("parameters", []):
            examples = parameter["schema"].get("examples", [])
            for branch in parameter["schema"].get("anyOf", []):
                examples = examples + branch.get("examples", [])
            for example in examples:
                if method != "get":
                    continue
                found += 1
                if parameter["in"] == "path":
                    answered(caller.get(path.replace(f"{{{parameter['name']}}}", example)))
                else:
                    answered(caller.get(path, params={parameter["name"]: example}))
    assert found >= 2


def test_descriptions_are_for_clients_not_for_readers_of_the_code() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for words in ("Attributes:", "domain.", "application.", "None"):
        assert words not in json.dumps(schemas), words
    share = schemas["OperatorShare"]["properties"]
    assert share["actual_share"]["description"].endswith("0 to 1; null if there are none.")
    for name, field in (
        ("Operator", "load"),
        ("Source", "waiting"),
        ("SourceDistribution", "total"),
    ):
        assert schemas[name]["properties"][field]["description"], (name, field)


def test_the_steps_of_a_history_are_told_apart_by_their_type_and_described() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    items = schemas["History"]["properties"]["items"]["items"]
    assert items["discriminator"]["propertyName"] == "type"
    mapping = items["discriminator"]["mapping"]
    assert mapping.keys() == {"registered", "assigned", "transferred", "closed"}
    for name, reference in mapping.items():
        step = schemas[reference.rpartition("/")[2]]
        assert step["properties"]["type"]["const"] == name
        assert step["properties"].keys() == {*step["required"]}
        for field, schema in step["properties"].items():
            assert schema["description"], (name, field)


def test_objects_have_the_names_of_what_they_show() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert {"Operator", "Source", "Contact", "Lead", "CreatedKey"} <= schemas.keys()
    for name, schema in schemas.items():
        assert not name.endswith(("Out", "View")), name
        assert schema["title"] == name
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT)))
    # No name was given twice, and none got lost: what is shown is what is referred to.
    assert references == schemas.keys()
