"""How a delivery reaches its receiver."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.actor import Actor
from domain.ids import EndpointId


class Receipt(NamedTuple):
    """What came of an attempt.

    Attributes:
        status: the HTTP status; None if there was no answer.
        error: what was wrong, in words; None if it was delivered.
        retry_after: how long the receiver wants to be left alone.
    """

    status: int | None
    error: str | None
    retry_after: timedelta | None = None


class Message(NamedTuple):
    """What is sent.

    Attributes:
        id: the same for every attempt at one delivery.
        secrets: those to sign it with.
    """

    id: UUID
    at: datetime
    body: bytes
    secrets: Sequence[str]


class Sender(Protocol):
    """Sends messages to endpoints."""

    def open(self) -> None:
        """Do what the first message would keep everybody waiting for: it takes some 60 ms."""
        ...

    def check(self, url: str) -> None:
        """Look whether a message may be sent to a URL; this may wait for the network.

        Raises:
            InvalidValue: it is no URL, or its host is not one that may be sent to.
        """
        ...

    async def send(self, url: str, message: Message) -> Receipt:
        """Attempt it once, for 15 seconds at most. It never raises for what a receiver does."""
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...


Trying = Callable[[EndpointId, Actor], Awaitable[Receipt]]
"""Sends an endpoint a message at once, and tells what came of it; raises UnknownEndpoint."""
