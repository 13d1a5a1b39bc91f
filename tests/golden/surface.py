"""What clients of the API rely on, as lines of text made from an OpenAPI document.

`python tests/golden/surface.py openapi.json > tests/golden/0.2.0.api`, with the document that the
release serves, made what tests/test_api_stability.py compares with today's. A line says that
something is there or, if it begins with an exclamation mark, that a call needs it.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

Json = Mapping[str, Any]
_DEEPEST: Final = 6
"""Levels of objects within objects that are looked at; none of ours has more."""
_OLD: Final = ("Out", "View")
"""How names ended in 0.2.0, whose names were not promised."""


def surface(document: Json) -> list[str]:
    """Return the lines, sorted."""
    return sorted(set(_lines(document)))


def _lines(document: Json) -> Iterator[str]:
    schemas: Json = document["components"]["schemas"]
    yield from (f"object {each}" for each in schemas if not each.endswith(_OLD))
    for place, kind, _ in _fields(schemas["Problem"], schemas):
        yield f"a problem has {place}: {kind}"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            call = f"{method.upper()} {path}"
            yield call
            name = operation["operationId"]
            if not name.endswith(f"_{method}"):
                yield f"{call} is called {name}"
            yield from _taken(call, operation, schemas)
            yield from _answered(call, operation["responses"], schemas)


def _taken(call: str, operation: Json, schemas: Json) -> Iterator[str]:
    for each in operation.get("parameters", []):
        what = f"{each['in']} {each['name']}"
        yield f"{call} takes {what}"
        for value in _values(each["schema"], schemas):
            yield f"{call} takes {what} = {value}"
        if each.get("required"):
            yield f"! {call} needs {what}"
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for place, kind, needed in _fields(content["schema"], schemas, words=True):
            yield f"{call} takes body {place}: {kind}"
            if needed:
                yield f"! {call} needs body {place}"


def _answered(call: str, responses: Json, schemas: Json) -> Iterator[str]:
    for status, response in responses.items():
        yield f"{call} answers {status}"
        for header in response.get("headers", {}):
            yield f"{call} answers {status} with {header}"
        for content in response.get("content", {}).values():
            if int(status) >= 400:
                for code in content["examples"]:
                    yield f"{call} answers {status} {code}"
                continue
            for place, kind, _ in _fields(content.get("schema", {}), schemas):
                yield f"{call} answers {status} body {place}: {kind}"


def _fields(
    schema: Json,
    schemas: Json,
    place: str = "",
    needed: bool = True,
    depth: int = 0,
    words: bool = False,
) -> Iterator[tuple[str, str, bool]]:
    """Yield each field: its place, its type, and whether nothing can be sent without it.

    Where words from a list can be sent, each counts as a type.
    """
    for each in _branches(schema, schemas):
        if place:
            yield place, str(each.get("type", "any")), needed
            yield from ((place, word, needed) for word in each.get("enum", ()) if words)
        if depth > _DEEPEST:
            continue
        must = each.get("required", ())
        for name, inner in each.get("properties", {}).items():
            at = f"{place}.{name}" if place else name
            yield from _fields(inner, schemas, at, needed and name in must, depth + 1, words)
        if "items" in each:
            yield from _fields(each["items"], schemas, f"{place}[]", False, depth + 1, words)


def _values(schema: Json, schemas: Json) -> Iterator[str]:
    for each in _branches(schema, schemas):
        yield from map(str, each.get("enum", ()))
        yield from _values(each["items"], schemas) if "items" in each else ()


def _branches(schema: Json, schemas: Json) -> Iterator[Json]:
    """Yield what a schema may stand for, without references."""
    if "$ref" in schema:
        yield from _branches(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    elif "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from _branches(each, schemas)
    else:
        yield schema


if __name__ == "__main__":
    print("\n".join(surface(json.loads(Path(sys.argv[1]).read_text("utf-8")))))
