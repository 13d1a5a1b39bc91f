"""Promises that were broken once, each with the case that showed it."""

import itertools
import random
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.identities import LibraryIdentityNormaliser
from adapters.sql.engine import open_database
from adapters.system import ClockIds
from application.contacts import CloseContact
from application.ports import StorageUnavailable
from application.register_contacts import RegisterContact
from application.views import ContactFilter
from domain.contact import ContactState
from domain.errors import DomainError, InvalidIdentity
from domain.ids import time_of
from tests.adapters.test_query_plans import Library
from tests.adapters.units_of_work import FailingCommit
from tests.support import START, FakeClock, World, open_world

ROOT = Path(__file__).parents[2]


def test_credits_that_come_back_to_where_they_were_are_stored_too(world: World) -> None:
    """I5: balancing moves a credit away, handing out moves it back, and it was not written."""
    cid, bob, ann = world.operator("Cid"), world.operator("Bob"), world.operator("Ann")
    key = world.source((bob, 1), (ann, 1))
    world.register()
    world.allocate(key, (bob, 0), (ann, 0))
    assert world.register().state is ContactState.WAITING
    world.allocate(key, (cid, 3), (ann, 1))
    assert world.defects() == []


def test_all_operators_of_a_dispatch_come_by_id_also_those_named_beside(world: World) -> None:
    """They are locked in the order in which they come: another order is a deadlock elsewhere."""
    first, second = world.operator("First"), world.operator("Second")
    key = world.source((second, 1))
    with world.container.storage().unit_of_work() as uow:
        dispatch = uow.dispatches.load(sources=[key], operators=[first.id])
        assert list(dispatch.operators) == [first.id, second.id]


@pytest.mark.parametrize("region", ["RU", "US", "BR", "DE", "AR", "IT", "MX"])
def test_a_phone_normalised_twice_is_the_same(region: str) -> None:
    normalise, chance = LibraryIdentityNormaliser(region), random.Random(1)
    prefixes = ("", "+", "8", "+55", "+54", "+39", "00", "000")
    for _ in range(3000):
        digits = "".join(chance.choices("0123456789", k=chance.randrange(4, 14)))
        try:
            once = normalise("phone", chance.choice(prefixes) + digits)
        except DomainError:
            continue
        assert normalise("phone", once.value) == once


@pytest.mark.parametrize(("region", "value"), [("US", "555-1234"), ("RU", "123-45-67")])
def test_a_number_that_every_town_has_is_no_identity(region: str, value: str) -> None:
    with pytest.raises(InvalidIdentity):
        LibraryIdentityNormaliser(region)("phone", value)


def test_processes_open_a_new_file_at_once(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from entrypoints.scripting import open_fairlead\n"
        "print('ready', flush=True)\n"
        "for url in sys.stdin:\n"
        "    with open_fairlead(url.strip()) as fairlead:\n"
        "        fairlead.health.ready()\n"
        "    print('done', flush=True)\n"
    )
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for number in range(15):
            for process in processes:
                assert process.stdin
                process.stdin.write(f"sqlite:///{tmp_path / f'{number}.db'}\n")
                process.stdin.flush()
            for process in processes:
                assert process.stdout
                if process.stdout.readline() != "done\n":
                    pytest.fail(process.communicate()[1].splitlines()[-1])
        for process in processes:
            process.communicate()


def test_ids_of_a_simulation_grow_and_carry_its_time() -> None:
    clock = FakeClock()
    ids = ClockIds(clock)
    made = []
    for step in (0, 0, 1, 5, 0):
        made += [ids.new() for _ in range(100)]
        assert time_of(made[-1]) == clock.now()
        clock.moment += timedelta(milliseconds=step)
    clock.moment = START - timedelta(hours=1)
    made.append(ids.new())
    assert all(earlier < later for earlier, later in itertools.pairwise(made))
    assert {each.version for each in made} == {7}


def test_the_queue_of_a_source_is_found_by_its_own_index(tmp_path: Path) -> None:
    with open_world(f"sqlite:///{tmp_path / 'x.db'}") as world:
        library = Library(world)
        assigned = ContactFilter(state=ContactState.ASSIGNED)
        (contact,) = world.fairlead.contacts.contacts(assigned, limit=1, after=None).items
        plans = library.plans(lambda: world.fairlead.close_contact(CloseContact(contact.id)))
    queues = [steps for statement, steps in plans if "state = 0" in statement.sql]
    assert queues == [["SEARCH contacts USING INDEX ix_contacts_waiting (source_key=?)"]] * 3


def test_a_batch_on_a_locked_database_waits_once(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sql.engine.BUSY_TIMEOUT", 0.2)
    with open_world(sqlite_url) as world:
        world.source((world.operator(), 1))
        other = open_database(sqlite_url)
        with other.write.begin():
            began = time.monotonic()
            world.fairlead.register_contacts(
                [RegisterContact("telegram", {"vk": f"{number}"}) for number in range(40)]
            )
            assert time.monotonic() - began < 2
        other.dispose()


def test_what_could_not_be_committed_is_answered_once_and_as_not_registered(
    tmp_path: Path,
) -> None:
    """A lot that fails, and then each of it alone: as many answers as commands, none a contact."""
    with open_world(f"sqlite:///{tmp_path / 'x.db'}") as world:
        world.source((world.operator(), 1))
        storage = world.container.storage()
        handler = replace(
            world.fairlead.register_contacts,
            unit_of_work=lambda: FailingCommit(storage.unit_of_work()),
        )
        outcomes = handler([RegisterContact("telegram", {"vk": f"{each}"}) for each in range(5)])
        assert [type(each) for each in outcomes] == [StorageUnavailable] * 5
        assert not storage.contacts.contacts(ContactFilter(), limit=9, after=None).items
