"""Servers that share a database, each of which may die."""

import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.e2e.server import FAIRLEAD_SERVE, Server, started


@dataclass
class Fleet:
    """Servers that are killed when the test ends."""

    folder: Path
    stack: ExitStack
    servers: list[Server] = field(default_factory=list)

    def start(self, *urls: str, command: Sequence[str] = FAIRLEAD_SERVE) -> list[Server]:
        """Start a server on each of these databases; return all servers, dead or alive."""
        with ExitStack() as reserving:
            # Reserve all of them at once, so that no port is given out twice.
            reserved = [
                reserving.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in urls
            ]
            ports = [each.getsockname()[1] for each in reserved]
        with ThreadPoolExecutor(len(urls)) as pool:
            self.servers += pool.map(
                lambda url, port: self._started(url, command, port), urls, ports
            )
        return self.servers

    def replace(self, number: int, url: str, command: Sequence[str] = FAIRLEAD_SERVE) -> None:
        """Kill a server with SIGKILL, and start another one in its place."""
        self.servers[number].kill()
        port = httpx.URL(self.servers[number].url).port
        assert port
        self.servers[number] = self._started(url, command, port)

    def _started(self, url: str, command: Sequence[str], port: int) -> Server:
        return self.stack.enter_context(started(url, self.folder, command, port))


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with ExitStack() as stack:
        yield Fleet(tmp_path, stack)
