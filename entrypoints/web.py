"""The HTTP application."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.metadata import version
from typing import Any, Final

from anyio import to_thread
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from application.due import Alarm
from application.event_log import PlanForgetting
from application.intake import Intake
from application.ports.failures import StorageUnavailable
from application.ports.storage import Readers, Storage
from application.purging import PURGE, PlanPurge
from application.requeuing import Requeue
from domain.actor import TIMER, Actor
from entrypoints.console.app import create_console, refusal_page
from entrypoints.container import Container, build_container, build_simulation
from entrypoints.demo import DemoClock, Month
from entrypoints.edge import problem_pages, problems, service, versions
from entrypoints.edge.below import Below
from entrypoints.edge.bounds import Bounds
from entrypoints.edge.calls import Calls
from entrypoints.edge.cors import Cors
from entrypoints.edge.document import completed
from entrypoints.edge.front import FrontDoor, LeanRoute
from entrypoints.edge.gate import Gate
from entrypoints.edge.keyring import Keyring
from entrypoints.edge.listing import Listing
from entrypoints.edge.live import Live
from entrypoints.edge.methods import Methods
from entrypoints.edge.metrics import Metrics
from entrypoints.edge.open_files import allow_many
from entrypoints.edge.queries import Queries
from entrypoints.edge.rates import Rate, RateLimit
from entrypoints.edge.request_ids import RequestIds
from entrypoints.edge.routes import add_routes
from entrypoints.edge.writing import Writing
from entrypoints.settings import Settings
from entrypoints.v1 import (
    audit,
    contacts,
    endpoints,
    events,
    keys,
    leads,
    operators,
    sources,
    statistics,
)
from entrypoints.v1.examples import EXAMPLES
from entrypoints.v1.messages import trier, writer

logger = logging.getLogger(__name__)

_PATIENCE = 5.0
"""Seconds until an unavailable storage is tried again."""
_GARBAGE: Final = 10_000
"""New objects after which the collector looks for cycles: a few megabytes."""

_DESCRIPTION = """
Fairlead registers **contacts** (a customer writing through one of many bots) and gives each to a
human **operator** at once: by the operator's weight on that **source**, never past the operator's
capacity, and with a record of why. Errors are problem details (RFC 9457) with a stable `code`;
their `type` is the address of [a page about them](docs/problems). Times are UTC, ids are UUIDs of
version 7.
Every response has the header `X-Request-Id`: the one sent with the request, or a new one.
"""


class _Application(FastAPI):
    """FastAPI with layers that run before anything of its own."""

    before: Sequence[Callable[[ASGIApp], ASGIApp]] = ()
    """The outermost first."""
    root: str = ""
    """The path that it is served under."""

    def build_middleware_stack(self) -> ASGIApp:
        stack = super().build_middleware_stack()
        for each in reversed(self.before):
            stack = each(stack)
        return stack

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi(), self.root, EXAMPLES)
        return self.openapi_schema


def _say_if_lists_fail(readers: Readers) -> None:
    """Warn at the start if lists cannot be read; otherwise only clients that ask for one notice.

    The service starts all the same: registrations need no replica, and a replica fed by the
    primary gets its migration a moment later.
    """
    try:
        readers.health.ready()
    except StorageUnavailable as error:
        logger.warning("lists and statistics may answer 503: %s", error)


def _say_how_it_stands(storage: Storage) -> None:
    """Warn at the start about the storage, and open it; otherwise only clients notice a problem.

    The service starts all the same: a database may be away for a while. A file stays open from now
    on, so another file put in its place later is noticed.
    """
    for each in storage.warnings():
        logger.warning("%s", each)
    try:
        storage.health.ready()
    except StorageUnavailable as error:
        logger.warning("calls may answer 503: %s", error)


def create_app(settings: Settings | None = None, container: Container | None = None) -> FastAPI:
    """Build the application: `uvicorn --factory entrypoints.web:create_app`.

    The database is neither created nor migrated: until it exists, calls answer 503.

    Args:
        settings: read from the environment if not given.
        container: built from the settings if not given; tests bring theirs.
    """
    # Whoever brings a container may build other applications in this process, and end them.
    own_process = container is None
    container = container or build_container(settings)
    fairlead, intake = container.fairlead(), container.intake()
    live, keyring = Live(fairlead.changes), Keyring(fairlead.keys, container.clock())
    holder, _ = container.secrets().new()
    courier = container.courier(
        intake=intake, holder=holder, looking=live.looking, body=writer(fairlead)
    )
    try_out = trier(courier, container.ids())
    delivers = container.settings().deliveries

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if own_process:
            _spare_the_collector()
            allow_many()
        live.close_on_signals()
        await to_thread.run_sync(_say_how_it_stands, container.storage())
        if container.settings().read_database_url is not None:
            await to_thread.run_sync(_say_if_lists_fail, container.readers())
        alarm = asyncio.create_task(_let_time_pass(container, intake))
        delivering = [asyncio.create_task(courier.run())] if delivers else []
        yield
        alarm.cancel()
        live.close()
        for each in delivering:
            each.cancel()
        await asyncio.gather(*delivering, return_exceptions=True)
        await intake.close()
        container.readers().close()
        container.storage().close()

    app = _Application(
        title="Fairlead",
        version=version("fairlead"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Instrumentation without a listener costs every request some 15 us.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    problems.install(app)
    versions.install(app)
    metrics = Metrics(fairlead, container.clock(), container.settings().storage, container.times())
    writing, listing = Writing(intake), Listing()
    contact_routes = contacts.router(fairlead, listing, intake)
    lean_routes = [each for each in contact_routes.routes if isinstance(each, LeanRoute)]
    rate = container.settings().rate_limit
    root, origins = container.settings().root_path, container.settings().origins
    app.root = root
    app.before = [
        # A layer that is switched off is left out, so it costs calls nothing.
        *([partial(Below, root=root)] if root else []),
        partial(RequestIds, answered=metrics.count),
        *([partial(Cors, origins=origins)] if origins else []),
        Bounds,
        partial(Gate, keyring=keyring, page=refusal_page),
        *([] if rate is None else [partial(RateLimit, rate=Rate.of(rate))]),
        partial(FrontDoor, routes=lean_routes, root=root),
    ]
    calls = Calls(app)
    # The one added last is the outermost.
    app.add_middleware(Queries, calls=calls, page=refusal_page)
    app.add_middleware(Methods, calls=calls)
    add_routes(
        app,
        contact_routes,
        operators.router(fairlead, writing, listing),
        sources.router(fairlead, writing, listing),
        leads.router(fairlead, writing, listing),
        statistics.router(fairlead, listing),
        keys.router(fairlead, writing),
        audit.router(fairlead, listing),
        events.router(fairlead, listing, live, keyring),
        endpoints.router(fairlead, writing, try_out),
        service.router(fairlead, metrics),
        problem_pages.router(),
    )
    app.mount(
        "/console",
        create_console(
            fairlead, writing, intake, live, keyring, partial(_fill, container), try_out
        ),
        name="console",
    )
    app.mount("/static", StaticFiles(directory=service.STATIC), name="static")
    return app


def _spare_the_collector() -> None:
    """Let the garbage collector look at little, and seldom.

    What has been built lives as long as the process. Frozen, it is not walked by the collector
    again and again: each walk stops every request for 50 to 100 ms. A request makes a few hundred
    objects and no cycles among them. Looking for cycles every 700 objects, Python's default, takes
    7 % of the throughput.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)


async def _let_time_pass(container: Container, intake: Intake) -> None:
    """Put right what a wrong clock has left, and wake whenever something falls due."""
    timers, items = container.timers(), container.storage().due
    fairlead = container.fairlead()

    async def wake() -> None:
        # Like every transaction, this settles what is due.
        await intake.submit(fairlead.plan_purge, PlanPurge(), TIMER)
        await intake.submit(fairlead.requeue, Requeue(), TIMER)
        await intake.submit(fairlead.plan_forgetting, PlanForgetting(), TIMER)

    while PURGE not in timers.by_kind:
        with suppress(StorageUnavailable):
            if await to_thread.run_sync(items.earliest, {PURGE}) is not None:
                await wake()
            break
        await asyncio.sleep(_PATIENCE)
    await Alarm(timers, items, wake).run()


def _fill(container: Container, actor: Actor) -> None:
    """Simulate two days of a small company, unless there are operators already."""
    catalogue = container.storage().catalogue
    if catalogue.operators(active=None, limit=1, after=None).items:
        return
    clock = DemoClock()
    simulation = build_simulation(container.settings(), clock, container.storage())
    Month(simulation.fairlead(), clock, days=2, seed=7, actor=actor).run(lambda _: None)
