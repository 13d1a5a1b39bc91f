"""The OpenAPI document: what FastAPI cannot know, and names as clients will read them."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from entrypoints.edge.access import OPEN
from entrypoints.edge.problem_types import place

Examples = Mapping[tuple[str, int], Mapping[str, Any]]
"""Examples of answers: by the call and the status, and then by name."""

TAGS: Final = {
    "contacts": "A contact is one fact: this lead wrote through this source. It is `waiting`, then "
    "`assigned`, then `closed`. Register one for each message or conversation, and close it when "
    "it is answered: that frees the operator's slot.",
    "operators": "People who answer contacts. `capacity` is the most open contacts that an "
    "operator has at the same time; `load` is how many it has now.",
    "sources": "Channels and bots. A source's allocations say who answers it: each operator's "
    "weight, divided by the sum of weights, is its share.",
    "leads": "People who wrote, each known by identities: a phone, an email, a name on a platform. "
    "An identity belongs to one lead.",
    "statistics": "What each operator got, next to what the weights say.",
    "keys": "API keys. A key has a role, which says what its owner may do; `intake` is for bots.",
    "audit": "Who changed the configuration, or gave contacts away by hand.",
    "events": "Everything that happens, in the order in which it was stored and numbered without "
    "gaps: by the page, with a wait for what comes next, or as server-sent events.",
    "endpoints": "Receivers of webhooks. Every event that an endpoint wants is sent to its URL, "
    "signed as Standard Webhooks 1.0 says, at least once, and those of one subject in order.",
    "service": "What watches the service asks it.",
}
"""What each tag is about, in the order of the document."""

_SCHEMAS: Final = "#/components/schemas/"
_ENDING: Final = re.compile("(Out|View)$")
"""How the code tells what is shown from what it is shown of; a client knows only the former."""

_ATTRIBUTES: Final = "\n\nAttributes:\n"
_FIELD: Final = " " * 4


def completed(document: dict[str, Any], root: str, examples: Examples) -> dict[str, Any]:
    """Return the document with all that clients want to know, in their words.

    Args:
        document: as FastAPI makes it, which says `OperatorView` for what is an `Operator`.
        root: the path that the service is served under.
        examples: of answers.
    """
    document["servers"] = [{"url": root or "/"}]
    document["externalDocs"] = {
        "description": "Every problem, and what to do about it",
        "url": f"{root}/docs/problems",
    }
    document["tags"] = [{"name": each, "description": text} for each, text in TAGS.items()]
    _show(document, examples)
    # The gate asks for keys, and FastAPI does not know about it.
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"key": []}]
    for path in OPEN & document["paths"].keys():
        for operation in document["paths"][path].values():
            operation["security"] = []
    schemas = document["components"]["schemas"]
    for name in list(schemas):
        schema = schemas.pop(name)
        _describe_fields(schema)
        schemas[_ENDING.sub("", name)] = {**schema, "title": _ENDING.sub("", schema["title"])}
    references = re.compile(f'"{_SCHEMAS}([A-Za-z]+?)(?:Out|View)"')
    text = references.sub(rf'"{_SCHEMAS}\1"', json.dumps(document))
    # The examples of problems are made before anybody knows where the service is served.
    renamed: dict[str, Any] = json.loads(text.replace(f'"{place("")}', f'"{place("", root)}'))
    return renamed


def _show(document: dict[str, Any], examples: Examples) -> None:
    """Put the examples where they belong."""
    calls = {
        each["operationId"]: each for path in document["paths"].values() for each in path.values()
    }
    for (call, status), shown in examples.items():
        answer = calls[call]["responses"][str(status)]
        answer["content"]["application/json"]["examples"] = dict(shown)


def _describe_fields(schema: dict[str, Any]) -> None:
    """Move what a view's docstring says of its attributes to these, with JSON's word for nothing.

    A schema of pydantic describes its fields itself; a view is a dataclass, and knows no pydantic.
    """
    about, _, attributes = schema.get("description", "").partition(_ATTRIBUTES)
    if attributes:
        schema["description"] = about
        # What goes on below a line is indented further.
        for each in attributes.replace(f"\n{_FIELD}{_FIELD}", " ").splitlines():
            names, _, text = each.removeprefix(_FIELD).partition(": ")
            said = text.replace("None", "null")
            for name in names.split(", "):
                schema["properties"][name]["description"] = said[0].upper() + said[1:]
