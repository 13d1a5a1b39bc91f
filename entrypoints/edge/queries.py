"""Queries: a parameter that a call does not take is refused, and not ignored."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Final
from urllib.parse import parse_qsl, unquote_to_bytes

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from application.ports.failures import StorageUnavailable
from entrypoints.edge.calls import Calls, path_of
from entrypoints.edge.problems import FieldProblem, Problem, Refusal, answer, problem

_SHOWN: Final = 100
"""Characters of an unknown name that a message quotes."""
_SAID: Final = 5
"""Wrong parameters that a message lists; even of a thousand, these are enough."""

Page = Callable[[Request, Refusal | StorageUnavailable], ASGIApp]


class Queries:
    """Refuses a query with parameters that the call does not take, or that are not valid text.

    Otherwise `?offset=50` would be answered with the first page again, `?sate=waiting` with every
    contact, and of `?limit=1&limit=9` one would be taken. No database takes a NUL.

    Args:
        app: what is behind it.
        calls: which parameters each call has.
        page: what a browser is shown if it called the console.
    """

    def __init__(self, app: ASGIApp, calls: Calls, page: Page) -> None:
        self._app = app
        self._calls = calls
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        wrong = self._wrong(scope) if scope["type"] == "http" and scope["query_string"] else None
        if wrong is None:
            await self._app(scope, receive, send)
            return
        refused: ASGIApp = answer(wrong, scope)
        if path_of(scope).startswith("/console/"):
            shown = Request(
                {**scope, "root_path": f"{scope.get('root_path', '')}/console"}, receive
            )
            refused = self._page(shown, Refusal(wrong.code, wrong.detail))
        await refused(scope, receive, send)

    def _wrong(self, scope: Scope) -> Problem | None:
        query: bytes = scope["query_string"]
        fields = [FieldProblem(field=name, detail=_NO_TEXT) for name in _garbled(query)]
        if fields:
            return _problem(fields, "")
        call = self._calls.find(scope["method"], path_of(scope))
        # An unknown path or method is answered further in, with 404 or 405.
        if call is None or call.parameters is None:
            return None
        scope["route"] = call
        given = Counter(
            name for name, _ in parse_qsl(query.decode("ascii"), keep_blank_values=True)
        )
        known = sorted(call.parameters)
        takes = f" The call takes {_listed(known)}." if known else " The call takes no parameters."
        return _problem(list(_misfits(given, call.parameters)), takes)


_NO_TEXT: Final = "this text cannot be stored: it holds %00, or %-escapes that are not UTF-8"


def _garbled(query: bytes) -> Iterable[str]:
    """Return the names of the parameters that are not valid text."""
    if query.isascii() and b"%" not in query:
        return []
    return {
        _name(each.partition(b"=")[0].decode("latin-1"))
        for each in query.split(b"&")
        if not _is_text(each)
    }


def _is_text(part: bytes) -> bool:
    # A byte beyond ASCII must be escaped: what it stands for would be a guess.
    whole = unquote_to_bytes(part)
    try:
        whole.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return part.isascii() and b"\0" not in whole


def _misfits(given: Mapping[str, int], known: Mapping[str, bool]) -> Iterable[FieldProblem]:
    for name, times in given.items():
        if name not in known:
            near = get_close_matches(name.lower(), known, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            yield FieldProblem(field=_name(name), detail=f"there is no such parameter{hint}")
        elif times > 1 and not known[name]:
            yield FieldProblem(field=name, detail=f"it is given {times} times; give one value")


def _problem(fields: list[FieldProblem], takes: str) -> Problem | None:
    if not fields:
        return None
    said = "; ".join(f"{each.field}: {each.detail}" for each in fields[:_SAID])
    more = "; and more" if len(fields) > _SAID else ""
    return problem("validation_failed", f"{said}{more}.{takes}", fields[:_SAID])


def _name(name: str) -> str:
    return name[:_SHOWN] or "(no name)"


def _listed(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
