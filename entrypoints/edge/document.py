"""The OpenAPI document: what FastAPI cannot know, and names as clients will read them."""

import json
import re
from typing import Any, Final

from entrypoints.edge.access import OPEN

_SCHEMAS: Final = "#/components/schemas/"
_ENDING: Final = re.compile("(Out|View)$")
"""How the code tells what is shown from what it is shown of; a client knows only the former."""

_ATTRIBUTES: Final = "\n\nAttributes:\n"
_FIELD: Final = " " * 4


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its keys, and with `Operator` where the code says `OperatorView`."""
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
    renamed: dict[str, Any] = json.loads(references.sub(rf'"{_SCHEMAS}\1"', json.dumps(document)))
    return renamed


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
