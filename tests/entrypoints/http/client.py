"""A client that calls an application in this process, including its lifespan and threads.

Starlette's TestClient warns that it wants httpx2, and warnings are errors here; httpx's own
ASGITransport is asynchronous and runs no lifespan. This is that transport behind a portal.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from entrypoints.web import create_app
from tests.support import World


class Client:
    """Sends requests one by one; by default, a defect of the service is raised, not answered."""

    def __init__(self, portal: BlockingPortal, client: httpx.AsyncClient) -> None:
        self._portal = portal
        self._client = client

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            return await self._client.request(method, url, **options)

        return self._portal.call(send)

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self.request("POST", url, **options)

    def patch(self, url: str, **options: Any) -> httpx.Response:
        return self.request("PATCH", url, **options)

    def put(self, url: str, **options: Any) -> httpx.Response:
        return self.request("PUT", url, **options)

    def delete(self, url: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", url, **options)

    def together(
        self, *calls: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]
    ) -> Sequence[httpx.Response]:
        """Make several calls at the same time; return the answers in the order of the calls."""

        async def send() -> Sequence[httpx.Response]:
            return await asyncio.gather(*(call(self._client) for call in calls))

        return self._portal.call(send)


@contextmanager
def serving(
    app: FastAPI,
    *,
    raise_defects: bool = True,
    address: str = "127.0.0.1",
    base_url: str = "http://localhost",
) -> Iterator[Client]:
    """Start an application, and stop it afterwards.

    Args:
        app: the application to serve.
        raise_defects: whether a defect of the service is raised or answered.
        address: the client's address, as the service sees it.
        base_url: the URL by which the client calls the service.
    """

    @asynccontextmanager
    async def running() -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(
            app, raise_app_exceptions=raise_defects, client=(address, 50000)
        )
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=base_url) as client,
        ):
            yield client

    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running()) as client,
    ):
        yield Client(portal, client)


@contextmanager
def serving_world(world: World) -> Iterator[Client]:
    """Serve a wired application over HTTP."""
    with serving(create_app(container=world.container)) as client:
        yield client
