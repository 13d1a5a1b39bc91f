"""The pages that the `type` of a problem leads to, one for each type, made from the table of types.

They are for the developer of a client who has just got a problem, so the example is the answer as
it comes over the wire.
"""

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from entrypoints.edge.calls import root_of
from entrypoints.edge.problem_types import TYPES, place
from entrypoints.edge.problems import MEDIA_TYPE, Refusal, example

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
code { font-size: .875em; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: 1rem; border: 1px solid; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .25rem 1rem .25rem 0; }
"""
_SAFE: Final = {
    # The page loads nothing, and its style is the only thing in it that is not text.
    "Content-Security-Policy": "default-src 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Fairlead API</title>
<style>{style}</style>
</head>
<body>
<nav><a href="{root}/docs">Fairlead API</a>{above}</nav>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
_ABOVE: Final = ' / <a href="{root}/docs/problems">Problems</a>'
_ALL: Final = """<p>Every error is a problem (RFC 9457). Its <code>type</code> is the address of
one of these pages; its <code>code</code> never changes.</p>
<table>
<thead>
<tr><th scope="col">code</th><th scope="col">status</th><th scope="col">meaning</th></tr>
</thead>
<tbody>
{rows}
</tbody>
</table>"""
_ROW: Final = (
    '<tr><td><a href="{place}"><code>{code}</code></a></td><td>{status}</td><td>{meaning}</td></tr>'
)
_ONE: Final = """<p>Code <code>{code}</code>, status {status} {phrase}.</p>
<h2>What it means</h2>
<p>{meaning}</p>
<h2>What to do</h2>
<p>{remedy}</p>
<h2>Example</h2>
<pre><code>{example}</code></pre>"""


def router() -> APIRouter:
    """Build the routes of the pages."""
    routes = APIRouter(prefix="/docs/problems", include_in_schema=False)

    @routes.get("")
    async def list_problems(request: Request) -> HTMLResponse:
        root = root_of(request.scope)
        rows = [
            _ROW.format(
                place=escape(place(code, root)),
                # A narrow screen breaks the line there.
                code=code.replace("_", "_<wbr>"),
                status=each.status,
                meaning=_prose(each.meaning),
            )
            for code, each in TYPES.items()
        ]
        return _page(root, "Problems", _ALL.format(rows="\n".join(rows)))

    @routes.get("/{code}")
    async def get_problem(code: str, request: Request) -> HTMLResponse:
        root, found = root_of(request.scope), TYPES.get(code)
        if found is None:
            raise Refusal(
                "not_found", f"no problem has this code; {root}/docs/problems lists them all."
            )
        shown = _ONE.format(
            code=code,
            status=found.status,
            phrase=found.phrase,
            meaning=_prose(found.meaning),
            remedy=_prose(found.remedy),
            example=escape(_answer(code, root)),
        )
        return _page(root, found.title, shown, _ABOVE.format(root=escape(root)))

    return routes


def _page(root: str, title: str, content: str, above: str = "") -> HTMLResponse:
    shown = _PAGE.format(
        root=escape(root), title=escape(title), style=_STYLE, above=above, content=content
    )
    return HTMLResponse(shown, headers=_SAFE)


def _prose(text: str) -> str:
    """Return a text as HTML: what stands between backticks is code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{each}</code>" if n % 2 else each for n, each in enumerate(parts))


def _answer(code: str, root: str) -> str:
    found = TYPES[code]
    body = json.dumps(example(code, root), indent=2, ensure_ascii=False)
    return f"HTTP/1.1 {found.status} {found.phrase}\nContent-Type: {MEDIA_TYPE}\n\n{body}"
