"""Queries: a call that asks for what it cannot have is told so, and not answered something else."""

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
"""Characters of a name that nobody knows, in what is said about it."""
_SAID: Final = 5
"""Parameters that are told to be wrong; of a query of a thousand these will do."""

Page = Callable[[Request, Refusal | StorageUnavailable], ASGIApp]


class Queries:
    """Refuses a query with parameters that the call does not have, or that hold no text.

    Left alone, `?offset=50` would be answered with the first page again, `?sate=waiting` with
    every contact, and of `?limit=1&limit=9` one would be taken. A NUL is what no database takes.

    Args:
        app: what is behind it.
        calls: which parameters each call has.
        page: what a browser is shown where the console is called.
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
        refused: ASGIApp = answer(wrong)
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
        # What is not there is answered as such, and so is a method that does not work.
        if call is None or call.parameters is None:
            return None
        scope["route"] = call
        given = Counter(
            name for name, _ in parse_qsl(query.decode("ascii"), keep_blank_values=True)
        )
        known = sorted(call.parameters)
        takes = f" The call takes {_listed(known)}." if known else " The call takes none."
        return _problem(list(_misfits(given, call.parameters)), takes)


_NO_TEXT: Final = (
    "this is no text that can be stored: it holds %00, or what is not UTF-8 in its %-escapes"
)


def _garbled(query: bytes) -> Iterable[str]:
    """Return the names of the parameters that hold no text."""
    if query.isascii() and b"%" not in query:
        return []
    return {
        _name(each.partition(b"=")[0].decode("latin-1"))
        for each in query.split(b"&")
        if not _is_text(each)
    }


def _is_text(part: bytes) -> bool:
    # A byte beyond ASCII has to be escaped; what it stands for would be anybody's guess.
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
            yield FieldProblem(field=name, detail=f"it stands there {times} times; give one value")


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
