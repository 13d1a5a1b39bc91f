"""Entity tags: which version of an operator or a source a caller has seen.

A tag covers what calls can change, but neither loads nor queues, which move with every contact.
RFC 9110 would call such a tag weak (8.8.1). But `If-Match` compares strongly (13.1.1): a weak tag
never matches there, so no caller could make a change depend on what it saw. So the tag is strong in
form. The cost is in `If-None-Match`: its 304 says "what you could change is as you saw it", not
"every figure is". That is right for a caller that asks for it, and wrong for a cache that asks by
itself. Hence `no-store` with every tag: nothing of ours, and no browser, keeps a response that such
a 304 would make it show again.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, cast

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter

from application.ports.operators import OperatorView
from application.ports.sources import SourceView
from application.ports.versions import Expected
from domain.errors import ChangedMeanwhile, InvalidValue
from entrypoints.edge.problems import answer, header, problem_of

View = OperatorView | SourceView
_views: Final[TypeAdapter[View]] = TypeAdapter(View)

_TAG: Final = re.compile(r'(W/)?"([^"\x00-\x20\x7f]*)"')
_GAP: Final = re.compile(r"[ \t,]*")
"""What may stand before, between and after tags; a list may have empty elements."""
_LIST: Final = r'^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$'
"""What the OpenAPI document says of `If-Match`."""


async def _expected(
    request: Request,
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="The `ETag` of what you saw, or several, or `*`. If the current one is not "
            "among them, nothing is changed: 412, with the current state.",
            json_schema_extra={"pattern": _LIST},
        ),
    ] = None,
) -> Expected:
    # The parameter is for the OpenAPI document; a header that is sent several times is one list.
    if if_match is None:
        return None
    text = ", ".join(request.headers.getlist("if-match")).strip()
    if text == "*":
        return None
    found = list(_tags(text))
    if not found:
        raise _malformed()
    return frozenset(tag for weak, tag in found if not weak)


ExpectedVersions = Annotated[Expected, Depends(_expected)]
"""The versions that the caller's `If-Match` accepts; one that cannot be read is refused, never
ignored."""


async def _seen(
    request: Request,
    if_none_match: Annotated[
        str | None,
        Header(
            alias="If-None-Match",
            description="The `ETag` of what you saw, or several, or `*`: 304 if it is still the "
            "same.",
        ),
    ] = None,
) -> str:
    return "" if if_none_match is None else ", ".join(request.headers.getlist("if-none-match"))


SeenTags = Annotated[str, Depends(_seen)]
"""The caller's `If-None-Match`, for `shown`."""


def tagged(view: View, response: Response) -> View:
    """Put the tag of a view on its response."""
    response.headers.update(_headers(view))
    return view


def shown(view: View, seen: str, response: Response) -> View | Response:
    """Return what a GET answers: the view, or 304 if the caller names its tag."""
    if _is_seen(view, seen):
        return Response(status_code=304, headers=_headers(view))
    return tagged(view, response)


TAG: Final = {"ETag": header("Names this version of everything that calls can change.")}
"""Says in the OpenAPI document that a response has a tag."""
TAGGED: Final[Mapping[int | str, dict[str, Any]]] = {
    200: {"description": "The current state.", "headers": TAG}
}
"""The same for a 200."""
SEEN: Final[Mapping[int | str, dict[str, Any]]] = {
    **TAGGED,
    304: {"description": "Still as you saw it.", "headers": TAG},
}
"""The same for a call that looks at `If-None-Match`."""


def install(app: FastAPI) -> None:
    """Make an application answer ChangedMeanwhile with the current state."""
    app.add_exception_handler(ChangedMeanwhile, _on_changed)


async def _on_changed(request: Request, error: Exception) -> JSONResponse:
    error = cast(ChangedMeanwhile, error)
    view = cast(View, error.current)
    current = _views.dump_python(view, mode="json")
    described = problem_of(error).model_copy(update={"current": current})
    return answer(described, request.scope, _headers(view))


def _headers(view: View) -> Mapping[str, str]:
    return {"ETag": f'"{view.version}"', "Cache-Control": "no-store"}


def _is_seen(view: View, seen: str) -> bool:
    try:
        return seen.strip() == "*" or any(tag == view.version for _, tag in _tags(seen))
    except InvalidValue:
        # A full response does no harm where a 304 would do.
        return False


def _tags(text: str) -> Iterator[tuple[bool, str]]:
    """Yield each tag of a list, and whether it is weak; raises InvalidValue."""
    position, gap = _end_of_gap(text, 0), ","
    while position < len(text):
        found = _TAG.match(text, position)
        if found is None or "," not in gap:
            raise _malformed()
        yield found[1] is not None, found[2]
        position = _end_of_gap(text, found.end())
        gap = text[found.end() : position]


def _end_of_gap(text: str, position: int) -> int:
    gap = _GAP.match(text, position)
    return position if gap is None else gap.end()


def _malformed() -> InvalidValue:
    return InvalidValue(
        'write If-Match like the ETag, in double quotes: If-Match: "0123456789abcdef".',
        field="If-Match",
    )
