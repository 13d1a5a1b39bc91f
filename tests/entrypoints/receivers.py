"""A receiver of webhooks that answers as a test wants, and endpoints in any state."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from dependency_injector import providers

from application.endpoints import CreateEndpoint
from application.ports.endpoints import EndpointView
from application.ports.sender import Message, Receipt, Sender
from domain.endpoint import Delivery
from domain.errors import InvalidValue
from domain.ids import EndpointId
from tests.entrypoints.consoles import House, furnish
from tests.entrypoints.http.client import serving_world
from tests.support import World, open_world

TAKEN = Receipt(204, None)
URL = "https://crm.example/hooks/t0ken"


@dataclass
class FakeReceiver(Sender):
    """Takes every message, unless it is told to answer something else.

    Attributes:
        refusal: why no URL may be sent to; None if each may.
        checked: every URL that was looked at.
        sent: every message, with its URL.
    """

    answer: Receipt = TAKEN
    refusal: str | None = None
    checked: list[str] = field(default_factory=list)
    sent: list[tuple[str, Message]] = field(default_factory=list)

    def open(self) -> None:
        """Nothing is needed."""

    def check(self, url: str) -> None:
        self.checked.append(url)
        if self.refusal is not None:
            raise InvalidValue(self.refusal, field="url")

    async def send(self, url: str, message: Message) -> Receipt:
        self.sent.append((url, message))
        return self.answer

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Wired:
    """A house, and the receiver of all that it sends."""

    house: House
    receiver: FakeReceiver

    def endpoint(self, url: str = URL, **settings: Any) -> EndpointView:
        return self.house.world.fairlead.create_endpoint(CreateEndpoint(url, **settings)).endpoint

    def stand(
        self, endpoint_id: EndpointId, deliveries: Sequence[Delivery] = (), **values: Any
    ) -> None:
        """Put an endpoint into a state."""
        world = self.house.world
        with world.container.storage().unit_of_work() as uow:
            endpoint = uow.endpoints.get(endpoint_id)
            for name, value in values.items():
                setattr(endpoint, name, value)
            uow.endpoints.save(endpoint)
            uow.endpoints.put(endpoint_id, deliveries)

    def shown(self, endpoint_id: EndpointId) -> EndpointView:
        return self.house.world.fairlead.endpoints.endpoint(endpoint_id)

    def all(self) -> list[EndpointView]:
        return self.house.world.fairlead.endpoints.all()

    def secret(self, endpoint_id: EndpointId) -> str:
        return self.house.world.fairlead.endpoints.whole(endpoint_id).secret


@contextmanager
def wired(*, fake: bool = True) -> Iterator[Wired]:
    """Open a house whose messages go to a fake receiver, or are sent as they are in earnest."""
    receiver = FakeReceiver()
    with open_world() as world:
        if fake:
            _rewire(world, receiver)
        with serving_world(world) as client:
            yield Wired(furnish(world, client), receiver)


def _rewire(world: World, receiver: FakeReceiver) -> None:
    world.container.sender.override(providers.Object(receiver))
    built = world.fairlead
    world.fairlead = replace(
        built,
        create_endpoint=replace(built.create_endpoint, sender=receiver),
        update_endpoint=replace(built.update_endpoint, sender=receiver),
    )
    world.container.fairlead.override(providers.Object(world.fairlead))
