"""The examples of answers in the OpenAPI document are what the calls answer."""

import json
import re
from collections.abc import Iterator
from typing import Any

from entrypoints.settings import Settings
from entrypoints.v1.examples import EXAMPLES
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import answered
from tests.support import World

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DOCUMENT = create_app(Settings(database_url="memory://")).openapi()


def run(client: Client, world: World) -> Iterator[tuple[str, Any]]:
    """Make the calls whose answers are examples, one a second; yield the examples by name."""

    def call(method: str, path: str, body: Any = None, status: int = 200) -> Any:
        world.clock.advance(seconds=1)
        return answered(client.request(method, path, json=body), status)

    def register(**more: Any) -> Any:
        return call("POST", "/v1/contacts", {"source": "telegram-sales", **more}, 201)

    yield "created", call("POST", "/v1/operators", {"name": "Anna", "capacity": 5}, 201)
    call("POST", "/v1/operators", {"name": "Boris", "capacity": 5}, 201)
    call("POST", "/v1/sources", {"key": "telegram-sales", "name": "Telegram, sales"}, 201)
    weights = [{"operator_id": "anna", "weight": 10}, {"operator_id": "boris", "weight": 30}]
    yield (
        "allocated",
        call("PUT", "/v1/sources/telegram-sales/allocations", {"allocations": weights}),
    )
    ivan = {"phone": "+7 916 123-45-67", "telegram": "ivan77"}
    assigned = register(
        lead={"name": "Ivan", "identities": ivan},
        payload={"text": "Is it in stock?"},
        idempotency_key="message-1",
    )
    yield "assigned", assigned
    decision = call("GET", f"/v1/contacts/{assigned['id']}/decision")
    # Ties are broken by ids, which are not the point here.
    decision["candidates"].sort(key=lambda each: each["operator"]["name"], reverse=True)
    yield "picked", decision
    for name in ("petr", "olga", "inna"):
        register(lead={"identities": {"telegram": name}})
    for operator in ("anna", "boris"):
        call("PATCH", f"/v1/operators/{operator}", {"active": False})
    yield (
        "waiting",
        register(lead={"identities": {"phone": "8 916 123-45-67"}}, payload={"text": "Hello?"}),
    )
    yield "even", call("GET", "/v1/stats/distribution?source=telegram-sales")


def test_one_run_gives_every_example(caller: Client, memory: World) -> None:
    found = dict(run(caller, memory))
    shown = {name: each["value"] for call in EXAMPLES.values() for name, each in call.items()}
    assert shown.keys() == found.keys()
    assert numbered({name: shown[name] for name in found}) == numbered(found)


def numbered(value: Any) -> Any:
    """Return a JSON value with its ids numbered in their order: who is who is what matters."""
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"id {len(numbers)}")

    return json.loads(_ID.sub(number, json.dumps(value)))


def test_the_document_has_the_examples_where_they_belong() -> None:
    placed = {
        (operation["operationId"], int(status)): content["examples"]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        for media_type, content in response.get("content", {}).items()
        if media_type == "application/json" and "examples" in content
    }
    assert placed == EXAMPLES
    for examples in placed.values():
        for each in examples.values():
            assert each["summary"]
            assert each["description"].endswith(".")


def test_an_example_has_every_field_of_its_schema_and_no_other() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                content = response.get("content", {}).get("application/json", {})
                for each in content.get("examples", {}).values():
                    name = content["schema"]["$ref"].rpartition("/")[2]
                    assert each["value"].keys() == schemas[name]["properties"].keys(), name
