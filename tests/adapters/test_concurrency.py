"""Real threads and real processes on one storage: the invariants hold whatever happens at once."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

import pytest

from application.contacts import CloseContact
from application.fairlead import Fairlead
from application.operators import CreateOperator
from application.ports.contacts import ContactFilter, ContactView
from application.ports.failures import StorageUnavailable
from application.ports.operators import OperatorView
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource, ReplaceAllocations
from domain.contact import ContactState
from domain.errors import IdempotencyConflict
from domain.ids import ContactId
from domain.strategy import Strategy
from entrypoints.scripting import open_fairlead
from tests.adapters.registering import KEYS, mix

ROOT = Path(__file__).parents[2]
Process = subprocess.Popen[str]
THREADS = 8


@pytest.fixture
def fairlead(database_url: str) -> Iterator[Fairlead]:
    """Each storage as a user opens it: with the machine's own clock, ids and randomness."""
    with open_fairlead(database_url) as opened:
        yield opened


@pytest.fixture
def shared(shared_url: str) -> Iterator[Fairlead]:
    """A database that several processes can share."""
    with open_fairlead(shared_url) as opened:
        yield opened


def furnish(fairlead: Fairlead, *capacities: int) -> list[OperatorView]:
    """Create three sources, and operators that serve all of them."""
    operators = [
        fairlead.create_operator(CreateOperator(f"Operator {number}", capacity))
        for number, capacity in enumerate(capacities)
    ]
    for number, key in enumerate(KEYS):
        strategy = Strategy.RANDOM if number == 1 else Strategy.EXACT
        fairlead.create_source(CreateSource(key, strategy=strategy))
        fairlead.replace_allocations(
            ReplaceAllocations(key, [(each.id, 1 + at) for at, each in enumerate(operators)])
        )
    return operators


def at_once(*works: Callable[[], None]) -> None:
    """Run each in its own thread, all released at the same moment; raise what they raise."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        start.wait(10)
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(run, work) for work in works]:
            future.result(60)


def all_contacts(fairlead: Fairlead) -> list[ContactView]:
    found: list[ContactView] = []
    more = True
    while more:
        page = fairlead.contacts.contacts(
            ContactFilter(), limit=200, after=found[-1].id if found else None
        )
        found += page.items
        more = page.more
    return found


def register(fairlead: Fairlead, command: RegisterContact) -> Registered:
    (outcome,) = fairlead.register_contacts([command])
    assert isinstance(outcome, Registered), outcome
    return outcome


def assert_sound(fairlead: Fairlead) -> None:
    assert fairlead.check_invariants() == []


@pytest.mark.every_storage
class TestThreads:
    """Eight threads of one process."""

    @pytest.mark.parametrize("seed", range(3))
    def test_any_mixture_keeps_the_invariants(self, fairlead: Fairlead, seed: int) -> None:
        furnish(fairlead, 0, 1, 2, 3)
        registered = [0] * THREADS

        def work(number: int) -> None:
            registered[number] = mix(fairlead, seed * 100 + number, 40)

        at_once(*(lambda number=number: work(number) for number in range(THREADS)))
        assert_sound(fairlead)
        assert len(all_contacts(fairlead)) == sum(registered)

    def test_one_unknown_person_becomes_one_lead(self, fairlead: Fairlead) -> None:
        furnish(fairlead, 100)
        outcomes: list[Registered] = []

        def work() -> None:
            for number in range(10):
                command = RegisterContact("a", {"telegram": f"person-{number}", "vk": f"{number}"})
                outcomes.append(register(fairlead, command))

        at_once(*[work] * THREADS)
        by_person = Counter(each.contact.lead.id for each in outcomes)
        assert sorted(by_person.values()) == [THREADS] * 10
        assert sum(each.contact.lead.created is True for each in outcomes) == 10
        assert len(fairlead.leads.leads(identity=None, limit=200, after=None).items) == 10
        assert_sound(fairlead)

    def test_duplicates_under_one_key_become_one_contact(self, fairlead: Fairlead) -> None:
        furnish(fairlead, 100)
        outcomes: list[Registered] = []

        def work() -> None:
            for number in range(10):
                command = RegisterContact(
                    "a", {"telegram": f"{number}"}, payload={}, idempotency_key=f"key-{number}"
                )
                outcomes.append(register(fairlead, command))

        at_once(*[work] * THREADS)
        by_contact = Counter(each.contact.id for each in outcomes)
        assert sorted(by_contact.values()) == [THREADS] * 10
        assert sum(not each.replayed for each in outcomes) == 10
        assert len(all_contacts(fairlead)) == 10
        assert_sound(fairlead)

    def test_one_key_for_different_bodies_is_won_by_one(self, fairlead: Fairlead) -> None:
        furnish(fairlead, 100)
        outcomes: list[object] = []

        def work(number: int) -> None:
            command = RegisterContact("a", {"telegram": f"{number}"}, idempotency_key="key")
            outcomes.extend(fairlead.register_contacts([command]))

        at_once(*(lambda number=number: work(number) for number in range(THREADS)))
        assert Counter(map(type, outcomes)) == {Registered: 1, IdempotencyConflict: THREADS - 1}
        assert len(all_contacts(fairlead)) == 1

    def test_leads_that_are_known_never_take_anyone_past_capacity(self, fairlead: Fairlead) -> None:
        """The critical case: nothing but a lock taken first guards the load here."""
        operators = furnish(fairlead, 2, 3, 5)
        known = [
            register(fairlead, RegisterContact("a", {"telegram": f"{n}"})).contact
            for n in range(THREADS)
        ]
        for contact in known:
            fairlead.close_contact(CloseContact(contact.id))

        def work(number: int) -> None:
            for key in KEYS:
                register(fairlead, RegisterContact(key, {"telegram": f"{number}"}))

        at_once(*(lambda number=number: work(number) for number in range(THREADS)))
        loads = [fairlead.catalogue.operator(each.id).load for each in operators]
        assert loads == [2, 3, 5]
        states = Counter(each.state for each in all_contacts(fairlead))
        assert states[ContactState.WAITING] == 3 * THREADS - 10
        assert_sound(fairlead)

    def test_a_slot_that_is_freed_while_contacts_come_in_is_used(self, fairlead: Fairlead) -> None:
        """I3: a contact that begins to wait and a close cannot miss each other."""
        furnish(fairlead, 1)

        def come() -> None:
            for number in range(40):
                register(fairlead, RegisterContact("abc"[number % 3], {"telegram": "known"}))

        def go() -> None:
            for _ in range(40):
                for contact in fairlead.contacts.contacts(
                    ContactFilter(states=[ContactState.ASSIGNED]), limit=5, after=None
                ).items:
                    fairlead.close_contact(CloseContact(contact.id))

        at_once(come, come, go, go)
        assert_sound(fairlead)

    def test_readers_see_whole_transactions(self, fairlead: Fairlead) -> None:
        """While batches of 20 are written, lists and counters show only whole batches."""
        furnish(fairlead, 10_000)
        done = threading.Event()

        def write() -> None:
            try:
                for number in range(30):
                    fairlead.register_contacts(
                        [RegisterContact("a", {"telegram": f"{number}-{n}"}) for n in range(20)]
                    )
            finally:
                done.set()

        def read() -> None:
            while not done.is_set():
                (operator,) = fairlead.statistics.operators()
                assert operator.operator.load % 20 == 0
                assert operator.operator.load == operator.contacts.get("a", 0)
                page = fairlead.contacts.contacts(ContactFilter(), limit=200, after=None)
                assert len(page.items) % 20 == 0
                assert_sound(fairlead)

        at_once(write, read, read)


@contextmanager
def processes(*arguments: tuple[str, ...], output: int | IO[str]) -> Iterator[list[Process]]:
    """Start processes; at the end, kill those that still run."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.adapters.registering", *each],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for each in arguments
        ]
        try:
            yield started
        finally:
            for process in started:
                process.kill()


class TestProcesses:
    """Several processes on one database."""

    def test_two_processes_at_once_keep_the_invariants(
        self, shared: Fairlead, shared_url: str
    ) -> None:
        furnish(shared, 0, 1, 2, 3)
        with processes(
            (shared_url, "1", "150"), (shared_url, "2", "150"), output=subprocess.PIPE
        ) as started:
            for process in started:
                assert process.stdout
                assert process.stdout.readline() == "ready\n"
            for process in started:
                assert process.stdin
                process.stdin.write("\n")
                process.stdin.flush()
            # This process is the third.
            mine = mix(shared, 3, 50)
            registered = mine
            for process in started:
                output, errors = process.communicate(timeout=60)
                assert process.returncode == 0, errors
                registered += int(output)
        assert len(all_contacts(shared)) == registered
        assert_sound(shared)
        known = [
            each
            for each in shared.leads.leads(identity=None, limit=200, after=None).items
            if each.identities[0].value.startswith("known-")
        ]
        assert len(known) == len({each.identities[0] for each in known}) <= 12

    def test_what_was_acknowledged_survives_kill_9(
        self, shared: Fairlead, shared_url: str, tmp_path: Path
    ) -> None:
        """I7: every id that was printed is in the database, however the process ended."""
        furnish(shared, 3, 1000, 2)
        chance = random.Random(9)
        acknowledged: set[ContactId] = set()
        for attempt in range(4):
            log = tmp_path / f"acknowledged-{attempt}"
            with (
                log.open("a") as output,
                processes(*[(shared_url, "forever")] * 2, output=output) as started,
            ):
                wait_until(lambda: log.stat().st_size > 0)  # noqa: B023 -- called at once
                time.sleep(chance.uniform(0, 0.3))
                for process in started:
                    process.send_signal(signal.SIGKILL)
                for process in started:
                    _, errors = process.communicate(timeout=30)
                    assert process.returncode == -signal.SIGKILL, errors
            # The signal may have cut a line short.
            lines = [line for line in log.read_text().splitlines() if len(line) == 36]
            acknowledged |= {ContactId(UUID(line)) for line in lines}
            assert_sound(shared)
        assert len(acknowledged) > 20
        assert acknowledged <= {each.id for each in all_contacts(shared)}
        register(shared, RegisterContact("a", {"telegram": "afterwards"}))
        assert_sound(shared)


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for something that is sure to happen; give up after 30 seconds."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_storage_that_fails_now_and_then_keeps_the_invariants(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers that give up at once, with a busy timeout of 0, have changed nothing."""
    monkeypatch.setattr("adapters.sql.sqlite.BUSY_TIMEOUT", 0.0)
    with open_fairlead(sqlite_url) as first, open_fairlead(sqlite_url) as second:
        furnish(first, 1, 2)
        counts: Counter[str] = Counter()

        def work(fairlead: Fairlead, name: str) -> None:
            for number in range(60):
                (outcome,) = fairlead.register_contacts(
                    [RegisterContact("a", {"telegram": f"{name}-{number}"})]
                )
                counts["ok" if isinstance(outcome, Registered) else "refused"] += 1
                assert isinstance(outcome, Registered | StorageUnavailable)

        at_once(lambda: work(first, "first"), lambda: work(second, "second"))
        assert len(all_contacts(first)) == counts["ok"]
        assert_sound(second)
