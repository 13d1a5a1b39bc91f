"""Fakes for the ports, and an application that is wired with them."""

import itertools
import random
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from dependency_injector import providers
from sqlalchemy import make_url

from adapters.addresses import Hosts
from adapters.webhooks import WebhookSender
from application.fairlead import Fairlead
from application.operators import CreateOperator
from application.ports.contacts import ContactView
from application.ports.operators import OperatorView
from application.ports.system import Clock, Ids, Rolls
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource, ReplaceAllocations
from domain.decision import Candidate, Decision, Pool
from domain.ids import OperatorId
from domain.picker import ROLLS
from domain.strategy import Strategy
from entrypoints.container import Container, build_container
from entrypoints.settings import Settings
from tests.postgresql import MIGRATED

STORAGES = ("memory", "sqlite", "postgresql")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class FakeClock(Clock):
    """Stands still until it is moved."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class FakeIds(Ids):
    """UUIDs of version 7 that carry the fake clock's time and count up within it."""

    clock: FakeClock
    made: int = 0

    def new(self) -> UUID:
        self.made += 1
        milliseconds = int(self.clock.now().timestamp() * 1000)
        return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | self.made)


@dataclass
class FakeRolls(Rolls):
    """Random numbers from a seed."""

    source: random.Random = field(default_factory=lambda: random.Random(0))

    def __call__(self) -> int:
        return self.source.randrange(ROLLS)


@dataclass
class World:
    """A wired application and the fakes that it was wired with."""

    fairlead: Fairlead
    container: Container
    clock: FakeClock

    def operator(
        self, name: str = "Ann", capacity: int = 1000, active: bool = True
    ) -> OperatorView:
        return self.fairlead.create_operator(CreateOperator(name, capacity, active))

    def source(
        self,
        *weights: tuple[OperatorView, int],
        key: str = "telegram",
        strategy: Strategy = Strategy.EXACT,
    ) -> str:
        self.fairlead.create_source(CreateSource(key, strategy=strategy))
        self.allocate(key, *weights)
        return key

    def allocate(self, key: str, *weights: tuple[OperatorView, int]) -> None:
        self.fairlead.replace_allocations(
            ReplaceAllocations(key, [(operator.id, weight) for operator, weight in weights])
        )

    def register(self, source: str = "telegram", **identities: str) -> ContactView:
        """Register one contact, of a new lead if no identity is given."""
        identities = identities or {"telegram": f"user-{next(_count)}"}
        return self.outcome(RegisterContact(source, identities)).contact

    def outcome(self, command: RegisterContact) -> Registered:
        (outcome,) = self.fairlead.register_contacts([command])
        if not isinstance(outcome, Registered):
            raise outcome
        return outcome

    def load(self, operator: OperatorView) -> int:
        return self.fairlead.catalogue.operator(operator.id).load

    def defects(self) -> list[str]:
        return [f"{each.invariant}: {each.detail}" for each in self.fairlead.check_invariants()]


_count = itertools.count()


def decision_of(
    strategy: Strategy, candidates: Sequence[Candidate], roll: int | None, picked: OperatorId
) -> Decision:
    """Return a decision that picked this operator, rightly or wrongly."""
    pool = Pool(strategy, candidates)
    position = pool.lineup.operator_ids.index(picked)
    return Decision(strategy, pool.lineup, pool.loads, array("q", pool.credits), roll, position)


def copied(database_url: str) -> bool:
    """Copy a migrated file to where there is none, in a tenth of the time of a migration."""
    file = make_url(database_url).database
    if (
        not database_url.startswith("sqlite:///")
        or not file
        or file.startswith("file:")
        or Path(file).exists()
    ):
        return False
    Path(file).write_bytes(_migrated_file())
    return True


@cache
def _migrated_file() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "fairlead.db"
        storage = build_container(Settings(database_url=f"sqlite:///{file}")).storage()
        storage.migrate()
        storage.close()
        return file.read_bytes()


@contextmanager
def open_world(
    database_url: str = "memory://",
    *,
    beside: World | None = None,
    read_database_url: str | None = None,
) -> Iterator[World]:
    """Open an application with fakes and a real storage; the schema is created first.

    Args:
        database_url: as in the settings.
        beside: another world, whose clock and ids this one shares.
        read_database_url: as in the settings; nothing is created there.
    """
    container = build_container(
        Settings(
            database_url=database_url,
            read_database_url=read_database_url,
            # Endpoints stay as a test puts them, and nothing is sent to the hosts that it names.
            deliveries=False,
        )
    )
    clock = beside.clock if beside else FakeClock()
    ids = beside.container.ids() if beside else FakeIds(clock)
    container.clock.override(providers.Object(clock))
    container.ids.override(providers.Object(ids))
    container.rolls.override(providers.Object(FakeRolls()))
    container.pause.override(providers.Object(lambda _=None: None))
    # No test asks a name server; nobody listens there.
    sender = WebhookSender(Hosts.parse("example.com"), "0", lambda _: [ip_address("127.0.0.1")])
    container.sender.override(providers.Object(sender))
    if not (copied(database_url) or database_url in MIGRATED):
        container.storage().migrate()
    storage = container.storage()
    try:
        yield World(container.fairlead(), container, clock)
    finally:
        container.readers().close()
        storage.close()
