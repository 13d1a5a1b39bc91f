"""What docs/api-stability.md promises: what a release had is still there, and asks for no more."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.golden.surface import surface

GOLDEN = Path(__file__).parent / "golden"
RELEASES = sorted(each.stem for each in GOLDEN.glob("*.sqlite") if each.stem != "0.1.0")
"""The promise begins with 0.2.0."""
DOCUMENT: dict[str, Any] = json.loads(
    json.dumps(create_app(Settings(database_url="memory://")).openapi())
)


def broken(release: list[str], today: list[str]) -> list[str]:
    """Return the promises of a release that are broken today."""
    calls = {each for each in release if each.count(" ") == 1}
    gone = {each for each in release if not each.startswith("!")} - {*today}
    needed = {each for each in today if each.startswith("!")} - {*release}
    return sorted(gone | {each for each in needed if " ".join(each.split()[1:3]) in calls})


def surface_of(release: str) -> list[str]:
    return (GOLDEN / f"{release}.api").read_text("utf-8").splitlines()


@pytest.mark.parametrize("release", RELEASES)
def test_what_a_release_had_is_still_there_and_needs_nothing_more(release: str) -> None:
    assert broken(surface_of(release), surface(DOCUMENT)) == []


def test_the_promise_covers_every_call_of_the_api_but_new_ones() -> None:
    lines = surface(DOCUMENT)
    for method, path in (
        (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods
    ):
        mine = [each for each in lines if each.startswith(f"{method} {path} ")]
        assert any(" is called " in each for each in mine), path
        assert any(" answers 2" in each for each in mine), path


def operation(document: Any) -> Any:
    return document["paths"]["/v1/contacts"]["get"]


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def need_a_parameter(document: Any) -> None:
    operation(document)["parameters"][0]["required"] = True


def need_a_field(document: Any) -> None:
    schema(document, "NewContact")["required"].append("payload")


BREAKS: dict[str, Callable[[Any], Any]] = {
    "a call is gone": lambda document: document["paths"].pop("/v1/audit"),
    "a call has another name": lambda document: operation(document).update(operationId="list_all"),
    "a parameter is gone": lambda document: operation(document)["parameters"].pop(),
    "a parameter is needed": need_a_parameter,
    "a field of a body is gone": lambda document: schema(document, "NewContact")["properties"].pop(
        "payload"
    ),
    "a field of a body is needed": need_a_field,
    "a word of a body is gone": lambda document: schema(document, "Role")["enum"].pop(),
    "a word of a parameter is gone": lambda document: schema(document, "ContactState")[
        "enum"
    ].pop(),
    "a field of an answer is gone": lambda document: schema(document, "Contact")["properties"].pop(
        "closed_at"
    ),
    "a field has another type": lambda document: schema(document, "Operator")["properties"][
        "load"
    ].update(type="string"),
    "a status is gone": lambda document: document["paths"]["/v1/contacts"]["post"]["responses"].pop(
        "200"
    ),
    "a header is gone": lambda document: document["paths"]["/v1/contacts"]["post"]["responses"][
        "201"
    ].pop("headers"),
    "a code is gone": lambda document: document["paths"]["/v1/contacts"]["post"]["responses"][
        "409"
    ]["content"]["application/problem+json"]["examples"].clear(),
    "an object has another name": lambda document: document.update(
        json.loads(json.dumps(document).replace("ContactLead", "Person"))
    ),
}


@pytest.mark.parametrize("change", BREAKS)
def test_a_change_that_breaks_a_client_is_found(change: str) -> None:
    before, changed = surface(DOCUMENT), copy.deepcopy(DOCUMENT)
    BREAKS[change](changed)
    assert broken(before, surface(changed)) != []


def test_what_may_be_added_is_no_break() -> None:
    before, changed = surface(DOCUMENT), copy.deepcopy(DOCUMENT)
    changed["paths"]["/v1/new"] = {"post": copy.deepcopy(changed["paths"]["/v1/contacts"]["post"])}
    changed["paths"]["/v1/new"]["post"]["operationId"] = "register_anew"
    operation(changed)["parameters"].append(
        {"name": "text", "in": "query", "required": False, "schema": {"type": "string"}}
    )
    for name in ("NewContact", "Contact"):
        schema(changed, name)["properties"]["language"] = {"type": "string"}
    schema(changed, "EventType")["enum"].append("contact.offered")
    assert broken(before, surface(changed)) == []
    assert len(surface(changed)) > len(before)


def deprecated_in_silence(document: Any) -> list[str]:
    """Return the deprecated calls whose answers do not say since when and until when."""
    return [
        call["operationId"]
        for methods in document["paths"].values()
        for call in methods.values()
        if call.get("deprecated")
        and not all(
            {"Deprecation", "Sunset"} <= set(response.get("headers", {}))
            for status, response in call["responses"].items()
            if status.startswith("2")
        )
    ]


def test_no_call_is_deprecated_in_silence() -> None:
    assert deprecated_in_silence(DOCUMENT) == []
    changed = copy.deepcopy(DOCUMENT)
    operation(changed)["deprecated"] = True
    assert deprecated_in_silence(changed) == ["list_contacts"]
