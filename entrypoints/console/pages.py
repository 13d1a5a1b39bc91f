"""Pages: templates filled in for a viewer, and what every answer of the console has in common."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from domain.access import ApiKey, Permission
from domain.errors import InvalidValue
from entrypoints.console.language import LANGUAGES, Language, language, moment, preferred
from entrypoints.console.words import (
    ACTIONS,
    ACTORS,
    KINDS,
    REFUSALS,
    ROLES,
    SAID,
    STATES,
    STRATEGIES,
)
from entrypoints.http.bodies import read_bytes
from entrypoints.http.gate import KEY
from entrypoints.http.sessions import COOKIE, form_token

STATIC: Final = Path(__file__).with_name("static")
THEMES: Final = ("light", "dark")
LANGUAGE_COOKIE: Final = "fairlead_language"
THEME_COOKIE: Final = "fairlead_theme"
TOKEN_FIELD: Final = "form-token"  # noqa: S105 -- a name
_MOST_FORM: Final = 256 * 1024
"""Bytes of a form; a thousand weights take a tenth of a mebibyte."""

_LIVE: Final = Markup(
    'hx-get="{}" hx-select="#live" hx-target="#live" hx-swap="outerHTML" '
    'hx-trigger="changed from:body"'
)
"""Attributes of the part of a page that is fetched again when something was stored."""


@dataclass(frozen=True)
class Viewer:
    """Who looks: in which language and colours, where the console begins for them, by which key."""

    language: Language
    theme: str | None
    root: str
    key: ApiKey | None
    form_token: str

    @classmethod
    def of(cls, request: Request) -> "Viewer":
        """Tell by cookies and headers."""
        theme = request.cookies.get(THEME_COOKIE)
        key, cookie = request.scope[KEY], request.cookies.get(COOKIE)
        return cls(
            preferred(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")),
            theme if theme in THEMES else None,
            request.scope["root_path"],
            key,
            form_token(key, cookie) if key is not None and cookie is not None else "",
        )

    def may(self, permission: str) -> bool:
        """Tell whether this viewer's key permits a kind of call; see `domain.access.Permission`."""
        return self.key is None or self.key.permits(Permission(permission))


def page(request: Request, template: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """Fill in a template."""
    viewer = Viewer.of(request)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    text = _environment(viewer.language.code).get_template(f"{template}.html")
    return HTMLResponse(
        text.render(
            viewer=viewer,
            root=viewer.root,
            here=here,
            live=_LIVE.format(here),
            said=request.query_params.get("said"),
            token=Markup('<input type="hidden" name="{}" value="{}">').format(
                TOKEN_FIELD, viewer.form_token
            ),
            **values,
        ),
        status,
    )


def go(request: Request, path: str, **query: str) -> Response:
    """Send the browser to another page after a change, so that reloading it changes nothing."""
    asked = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(f"{request.scope['root_path']}{path}{asked}", HTTPStatus.SEE_OTHER)


async def form(request: Request) -> Mapping[str, str]:
    """Read a form; of fields with one name the last counts.

    Raises:
        InvalidValue: it is no form.
        HTTPException: it is too large, or too slow, or not of this viewer's session.
    """
    body = await read_bytes(dict(request.scope["headers"]), request.receive, _MOST_FORM)
    try:
        fields = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=5000
        )
    except ValueError as error:
        raise InvalidValue("this is not a form of this page; load it again.") from error
    given = dict(fields)
    # Without a session there is nothing that another site could use.
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
        points=spoken.points,
        moment=moment,
        time=partial(moment, show="time"),
        waited=spoken.waited,
        duration=spoken.duration,
        word=spoken.text,
        pretty=partial(json.dumps, ensure_ascii=False, indent=2),
    )
    made.globals.update(
        languages=[language(each) for each in LANGUAGES],
        kinds=KINDS,
        states=STATES,
        strategies=STRATEGIES,
        refusals=REFUSALS,
        sayings=SAID,
        roles=ROLES,
        acts=ACTIONS,
        actors=ACTORS,
    )
    return made
