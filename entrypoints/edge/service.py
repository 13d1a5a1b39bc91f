"""What the service says about itself: health, metrics, documentation."""

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from pydantic import BaseModel

from application.fairlead import Fairlead
from entrypoints.edge.metrics import Metrics
from entrypoints.edge.problems import QUERY_PROBLEMS, documented

STATIC = Path(__file__).parent / "static"

_DOCS = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fairlead API</title>
<link rel="icon" type="image/png" href="static/swagger-ui/favicon-32x32.png">
<link rel="stylesheet" href="static/swagger-ui/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="static/swagger-ui/swagger-ui-bundle.js"></script>
<script src="static/docs.js"></script>
</body>
</html>
"""


class Status(BaseModel):
    """The state of the service."""

    status: str


def router(fairlead: Fairlead, metrics: Metrics) -> APIRouter:
    """Build the routes on a wired application."""
    routes = APIRouter(tags=["service"])

    @routes.get("/healthz", responses=QUERY_PROBLEMS)
    async def check_health() -> Status:
        """Answer as long as the process is alive."""
        return Status(status="alive")

    @routes.get("/readyz", responses=documented())
    def check_readiness() -> Status:
        """Answer 200 if the database is reachable and migrated, 503 with the reason if not."""
        fairlead.health.ready()
        return Status(status="ready")

    @routes.get("/metrics", response_class=PlainTextResponse, responses=documented())
    def get_metrics() -> Response:
        """Show the metrics in Prometheus' text format."""
        body, media_type = metrics.text()
        return Response(body, media_type=media_type)

    @routes.get("/", include_in_schema=False)
    async def front(request: Request) -> RedirectResponse:
        root = request.scope.get("root_path")
        return RedirectResponse(f"{root}/console/" if root else "console/")

    @routes.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(_DOCS)

    return routes
