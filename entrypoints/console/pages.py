"""Pages: templates filled in for a viewer, and what every answer of the console has in common."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from domain.access import ApiKey, Permission
from domain.errors import InvalidValue
from entrypoints.console.filled import EMPTY, Sentence
from entrypoints.console.language import LANGUAGES, Language, language, moment, preferred
from entrypoints.console.reasons import reason
from entrypoints.console.receivers import name_of
from entrypoints.console.words import (
    ACTIONS,
    ACTORS,
    EVENTS,
    KINDS,
    OBSTACLES,
    ROLES,
    STATES,
    STRATEGIES,
    SUBJECTS,
    UNREADABLE,
)
from entrypoints.edge.bodies import read_bytes
from entrypoints.edge.gate import KEY
from entrypoints.edge.origins import is_foreign
from entrypoints.edge.sessions import cookie, form_token

STATIC: Final = Path(__file__).with_name("static")
THEMES: Final = ("light", "dark")
TOKEN_FIELD: Final = "form-token"  # noqa: S105 -- a name
SAYING: Final = ("said", "of", "as")
"""Parameters of an address that say what was done last; see `entrypoints.console.saying`."""
_MOST_FORM: Final = 256 * 1024
"""Most bytes of a form; a thousand weights take a tenth of a mebibyte."""

_LIVE: Final = Markup('data-follows hx-get="{}" hx-trigger="changed"')
"""Attributes of a page that is fetched again when something has been stored."""
_IN_PLACE: Final = Markup('method="post" action="{0}" hx-post="{0}" hx-sync="this:{1}"')
"""Attributes of a form whose answer replaces the content without leaving the page."""


def pages_below(prefix: str = "") -> APIRouter:
    """Return a router for pages; it takes forms only from the console's own pages."""
    return APIRouter(prefix=prefix, dependencies=[Depends(_require_same_origin)])


def _require_same_origin(request: Request) -> None:
    if is_foreign(request.method, dict(request.scope["headers"])):
        raise HTTPException(HTTPStatus.FORBIDDEN)


@dataclass(frozen=True)
class Viewer:
    """Who is looking: their language and colours, the console's root path for them, their key."""

    language: Language
    theme: str | None
    root: str
    key: ApiKey | None
    form_token: str

    @classmethod
    def of(cls, request: Request) -> "Viewer":
        """Read the viewer from cookies and headers."""
        theme, chosen, session = (
            request.cookies.get(cookie(request.scope, what))
            for what in ("theme", "language", "session")
        )
        key = request.scope[KEY]
        return cls(
            preferred(chosen, request.headers.get("accept-language")),
            theme if theme in THEMES else None,
            request.scope["root_path"],
            key,
            form_token(key, session) if key is not None and session is not None else "",
        )

    def may(self, permission: str) -> bool:
        """Tell whether this viewer's key permits a kind of call; see `domain.access.Permission`."""
        return self.key is None or self.key.permits(Permission(permission))


def page(
    request: Request,
    template: str,
    status: int = HTTPStatus.OK,
    *,
    here: str | None = None,
    **values: Any,
) -> Response:
    """Fill in a template.

    Args:
        request: whom it is for.
        template: its name.
        status: of the answer.
        here: the page's path below the console, if it answers a form that was sent elsewhere.
        values: of the template; `said` is what was done, see `entrypoints.console.saying`, and
            `filled` a refused form.
    """
    viewer = Viewer.of(request)
    if here is None:
        here = _without_sayings(request.url.path, request.url.query)
    else:
        here = viewer.root + here
    text = _environment(viewer.language.code).get_template(f"{template}.html")
    return HTMLResponse(
        text.render(
            {
                "viewer": viewer,
                "root": viewer.root,
                "here": here,
                "live": _LIVE.format(here),
                "said": None,
                "filled": EMPTY,
                "token": Markup('<input type="hidden" name="{}" value="{}">').format(
                    TOKEN_FIELD, viewer.form_token
                ),
                **values,
            }
        ),
        status,
    )


def filled_in(template: str, code: str, values: Mapping[str, Any]) -> str:
    """Fill in a template that is for no viewer in particular.

    Args:
        template: its name.
        code: of the language.
        values: of the template.
    """
    return _environment(code).get_template(f"{template}.html").render(values)


def go(request: Request, path: str, **query: str) -> Response:
    """Send the browser to another page after a change, so that reloading it changes nothing.

    Args:
        request: the one that is answered.
        path: of the page, below the console, with or without a query.
        query: parameters to add to it.
    """
    asked = urlencode(query)
    mark = ("&" if "?" in path else "?") if asked else ""
    return RedirectResponse(
        f"{request.scope['root_path']}{path}{mark}{asked}", HTTPStatus.SEE_OTHER
    )


def back(request: Request, given: Mapping[str, str], otherwise: str = "/") -> str:
    """Return the path below the console of the page from which a form was sent.

    Args:
        request: that sent it.
        given: its fields; `here` is the page's address.
        otherwise: what to return if that is not one of the console's.
    """
    root = request.scope["root_path"]
    asked = urlsplit(given.get("here", ""))
    if asked.scheme or asked.netloc or not asked.path.startswith(f"{root}/"):
        return otherwise
    return _without_sayings(asked.path.removeprefix(root), asked.query)


def _without_sayings(path: str, query: str) -> str:
    rest = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name not in SAYING
    ]
    return f"{path}?{urlencode(rest)}" if rest else path


async def form(request: Request) -> Mapping[str, str]:
    """Read a form; of several fields with one name the last counts.

    Raises:
        InvalidValue: it is not a form.
        HTTPException: it is too large, too slow, or not from this viewer's session.
    """
    body = await read_bytes(dict(request.scope["headers"]), request.receive, _MOST_FORM)
    try:
        fields = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=5000
        )
    except ValueError as error:
        raise InvalidValue("this is not a form of this page; load it again.") from error
    given = dict(fields)
    # Without a session there is nothing that another site could misuse.
    token, expected = given.pop(TOKEN_FIELD, ""), Viewer.of(request).form_token
    if expected and not hmac.compare_digest(token.encode(), expected.encode()):
        raise HTTPException(HTTPStatus.FORBIDDEN)
    return given


@cache
def _environment(code: str) -> Environment:
    made = Environment(
        loader=PackageLoader("entrypoints.console"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    spoken = language(code)
    made.install_gettext_translations(spoken.translations, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(
        number=spoken.number,
        percent=spoken.percent,
        signed=spoken.signed,
        moment=moment,
        time=partial(moment, show="time"),
        waited=spoken.waited,
        duration=spoken.duration,
        word=spoken.text,
        sentence=partial(_spoken, spoken),
        reason=lambda said: _spoken(spoken, reason(said)),
        known_as=name_of,
        in_place=_in_place,
        pretty=partial(json.dumps, ensure_ascii=False, indent=2),
    )
    made.globals.update(
        languages=[language(each) for each in LANGUAGES],
        kinds=KINDS,
        states=STATES,
        strategies=STRATEGIES,
        obstacles=OBSTACLES,
        unreadable=UNREADABLE,
        roles=ROLES,
        acts=ACTIONS,
        actors=ACTORS,
        events=EVENTS,
        subjects=SUBJECTS,
    )
    return made


def _in_place(address: str, meanwhile: str = "drop") -> Markup:
    """Write the attributes of a form; `meanwhile` rules what is sent before it is answered."""
    return _IN_PLACE.format(address, meanwhile)


def _spoken(language: Language, sentence: Sentence) -> str:
    values = {
        name: _spoken(language, value) if isinstance(value, Sentence) else value
        for name, value in sentence.values.items()
    }
    return language.text(sentence.text) % values
