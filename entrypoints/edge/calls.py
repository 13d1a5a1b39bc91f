"""Every call that an application answers, read from its routes: methods and query parameters."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, get_args, get_origin

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount, compile_path
from starlette.types import Scope

METHODS: Final = "fairlead.methods"
"""Where a request's scope holds the function that tells which methods work at its address."""
ROOT: Final = "fairlead.root"
"""Where a request's scope holds the path that the service is served under."""

_FOR_PEOPLE: Final = frozenset({"/"})
"""Paths for people, besides what is mounted: pages of the console, and files."""


@dataclass(frozen=True, slots=True)
class Call:
    """The methods of a route.

    Attributes:
        path: its template, from the application's own root.
        pattern: matches the paths that it stands for.
        methods: HEAD is among them where GET is; OPTIONS, which every path has, is not.
        parameters: of its query, by name: whether one may be given several times. None for a page
            or a file: people open them with whatever a chat or an email put behind their address.
        files: it is a folder, and only the folder knows whether a file is there.
    """

    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    parameters: Mapping[str, bool] | None
    files: bool = False


class Calls:
    """Looks up calls by path.

    Args:
        app: its routes are read when the first call is looked for: by then all are there.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def __iter__(self) -> Iterator[Call]:
        return iter(self._all)

    def find(self, method: str, path: str) -> Call | None:
        """Return the call of a method and a path."""
        plain = self._plain.get((method, path))
        if plain is not None:
            return plain
        return next((each for each in self.at(path) if method in each.methods), None)

    def at(self, path: str) -> Iterator[Call]:
        """Yield the calls of a path; several where a template matches another one's path."""
        return (each for each in self._all if each.pattern.match(path))

    def methods(self, path: str) -> list[str]:
        """Return every method that works at a path, sorted by name."""
        found = {method for each in self.at(path) for method in each.methods}
        return sorted(found | {"OPTIONS"}) if found else []

    @cached_property
    def _all(self) -> list[Call]:
        return list(_calls(self._app.routes, ""))

    @cached_property
    def _plain(self) -> Mapping[tuple[str, str], Call]:
        return {
            (method, each.path): each
            for each in reversed(self._all)
            if "{" not in each.path
            for method in each.methods
        }


def path_of(scope: Scope) -> str:
    """Return the path that the router sees: below the path that the service is served under."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


def root_of(scope: Scope) -> str:
    """Return the path that the service is served under, also within mounted applications.

    A mounted application's `root_path` is its own, and `app_root_path` that of the outermost one,
    in which the service itself may be mounted.
    """
    root: str = scope.get(ROOT, scope.get("root_path", ""))
    return root


def allowed(scope: Scope) -> str:
    """Return the value of the header `Allow`; also within mounted applications."""
    methods: Callable[[], list[str]] = scope[METHODS]
    return ", ".join(methods())


def _calls(routes: Iterable[BaseRoute], prefix: str) -> Iterator[Call]:
    for each in iter_route_contexts([*routes]):
        route = each.original_route
        path = f"{prefix}{each.path}"
        if isinstance(route, Mount):
            if route.routes:
                yield from _calls(route.routes, path)
            else:
                path = f"{path}/{{path:path}}"
                methods = frozenset({"GET", "HEAD"})
                yield Call(path, compile_path(path)[0], methods, None, files=True)
            continue
        methods = frozenset(each.methods or ())
        for_people = prefix or path in _FOR_PEOPLE
        yield Call(
            path,
            compile_path(path)[0],
            methods | {"HEAD"} if "GET" in methods else methods,
            None if for_people else _parameters(getattr(each, "dependant", None)),
        )


def _parameters(dependant: Dependant | None) -> Mapping[str, bool]:
    if dependant is None:
        return {}
    found = {each.alias: _is_list(each.field_info.annotation) for each in dependant.query_params}
    for each in dependant.dependencies:
        found |= _parameters(each)
    return found


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))
