"""Couriers that run on fake time, and a receiver that does as a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from dependency_injector import providers

from application.courier import Courier
from application.endpoints import CreateEndpoint, WithSecret
from application.intake import Intake
from application.ports.endpoints import EndpointView
from application.ports.failures import StorageUnavailable
from application.ports.sender import Message, Receipt, Sender
from entrypoints.v1.messages import writer
from tests.support import World

WELL = Receipt(204, None)
BROKEN = Receipt(500, "the receiver answered 500.")


class FakeReceiver(Sender):
    """Answers what it is told to, and remembers what it was sent.

    Attributes:
        answer: what to answer to an event, which is given as it is shown.
        sent: numbers and subjects of all events, with whether each was taken.
        urls: where each was sent.
    """

    def __init__(self) -> None:
        self.answer: Callable[[dict[str, Any]], Receipt | Awaitable[Receipt]] = lambda _: WELL
        self.sent: list[tuple[int, str, bool]] = []
        self.messages: list[Message] = []
        self.urls: list[str] = []

    def open(self) -> None:
        """Nothing is needed."""

    def check(self, url: str) -> None:
        """Let messages go anywhere."""

    async def send(self, url: str, message: Message) -> Receipt:
        self.urls.append(url)
        event = json.loads(message.body)
        await asyncio.sleep(0)
        answer = self.answer(event)
        receipt = answer if isinstance(answer, Receipt) else await answer
        self.messages.append(message)
        subject = f"{event['subject']['kind']}:{event['subject']['id']}"
        self.sent.append((event["seq"], subject, receipt.error is None))
        return receipt

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def taken(self) -> list[int]:
        """The numbers of the events that were taken, in order."""
        return [seq for seq, _, taken in self.sent if taken]

    def assert_in_order(self) -> None:
        """Assert that of every subject, no event was first taken after a later one."""
        first: dict[str, list[int]] = {}
        for seq, subject, taken in self.sent:
            if taken and seq not in first.setdefault(subject, []):
                first[subject].append(seq)
        assert all(each == sorted(each) for each in first.values())


class MortalIntake(Intake):
    """An intake that stores nothing any more once its process is dead.

    Attributes:
        lost: what becomes of the next order that stores deliveries, if that is to fail.
    """

    dead = False
    lost: asyncio.Future[Any] | None = None

    def submit(self, *order: Any, **more: Any) -> Any:
        if self.dead:
            raise StorageUnavailable("this process is dead")
        if self.lost is not None and getattr(order[1], "deliveries", None):
            lost, self.lost = self.lost, None
            return lost
        return super().submit(*order, **more)


@dataclass
class Post:
    """Couriers of several processes on one storage, on fake time.

    Attributes:
        since: the number after which deliveries begin.
    """

    world: World
    receiver: FakeReceiver = field(default_factory=FakeReceiver)
    shift: float = 0.0
    since: int = 0

    def __post_init__(self) -> None:
        self.world.container.sender.override(providers.Object(self.receiver))

    def endpoint(self, **settings: Any) -> WithSecret:
        """Create an endpoint at an address that is public and needs no looking up."""
        return self.world.fairlead.create_endpoint(CreateEndpoint("https://1.1.1.1/", **settings))

    def shown(self) -> EndpointView:
        (endpoint,) = self.world.fairlead.endpoints.all()
        return endpoint

    def pass_time(self, **by: float) -> None:
        """Let time pass, by both clocks."""
        before = self.world.clock.now()
        self.world.clock.advance(**by)
        self.shift += (self.world.clock.now() - before).total_seconds()

    @asynccontextmanager
    async def process(
        self, holder: str = "a", *, dies: bool = False, **ports: Any
    ) -> AsyncIterator[Courier]:
        """Run a courier; if it dies, nothing is stored when the block ends."""
        container = self.world.container
        intake = MortalIntake(container.transactions())
        courier: Courier = container.courier(
            intake=intake,
            holder=holder,
            looking=_looking,
            body=writer(self.world.fairlead),
            steady=lambda: monotonic() + self.shift,
            **ports,
        )
        task = asyncio.create_task(courier.run())
        try:
            yield courier
        finally:
            intake.dead = dies
            task.cancel()
            await asyncio.wait([task])
            await intake.close()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(20):
            while not reached():  # noqa: ASYNC110 -- nobody tells
                await asyncio.sleep(0.005)

    async def until_done(self) -> None:
        """Wait until nothing is left to deliver at this moment."""
        endpoints = self.world.fairlead.endpoints

        def done() -> bool:
            return all(
                each.behind == 0 and not endpoints.due(each.id, self.world.clock.now(), 1)
                for each in endpoints.all()
                if each.state == "enabled"
            )

        await self.until(done)


@asynccontextmanager
async def _looking() -> AsyncIterator[Callable[[float], Awaitable[bool]]]:
    async def changes(seconds: float) -> bool:
        await asyncio.sleep(min(seconds, 0.005))
        return True

    yield changes
