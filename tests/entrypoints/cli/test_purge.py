"""purge: what it removes and what it says."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from application.contacts import CloseContact
from application.fairlead import Fairlead
from application.operators import CreateOperator
from application.ports.contacts import ContactFilter
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource, ReplaceAllocations
from entrypoints.scripting import open_fairlead
from tests.entrypoints.cli.conftest import Command


@pytest.fixture
def closed(sqlite_url: str) -> None:
    """Three contacts, two of them closed just now."""
    with open_fairlead(sqlite_url) as opened:
        ann = opened.create_operator(CreateOperator("Ann", 5))
        opened.create_source(CreateSource("web"))
        opened.replace_allocations(ReplaceAllocations("web", [(ann.id, 1)]))
        for outcome in opened.register_contacts(
            [RegisterContact("web", {"vk": f"{number}"}) for number in range(3)]
        )[:2]:
            assert isinstance(outcome, Registered)
            opened.close_contact(CloseContact(outcome.contact.id))


def stored(fairlead: Fairlead) -> int:
    return len(fairlead.contacts.contacts(ContactFilter(), limit=9, after=None).items)


@pytest.mark.usefixtures("closed")
def test_contacts_closed_before_a_moment_are_removed(fairlead: Command, sqlite_url: str) -> None:
    done = fairlead("purge", "--before", datetime.now(UTC).isoformat())
    assert done.exit_code == 0, done.output
    assert "2 contacts closed before" in done.stdout
    with open_fairlead(sqlite_url) as opened:
        assert stored(opened) == 1
    assert fairlead("check").exit_code == 0


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    "before", ["2020-02-29", "2020-02-29T10:00", "2020-02-29T10:00:00Z", "2020-02-29 10:00+03:00"]
)
def test_what_was_closed_later_stays(fairlead: Command, sqlite_url: str, before: str) -> None:
    done = fairlead("purge", "--before", before)
    assert done.exit_code == 0, done.output
    assert "0 contacts closed before 2020-02-29T" in done.stdout
    with open_fairlead(sqlite_url) as opened:
        assert stored(opened) == 3


@pytest.fixture
def kamchatka(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put this process twelve hours ahead of UTC."""
    with monkeypatch.context() as far_away:
        far_away.setenv("TZ", "KAM-12")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("closed", "kamchatka")
def test_a_moment_without_a_zone_is_in_utc(fairlead: Command) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    assert fairlead("purge", "--before", (now + timedelta(hours=1)).isoformat()).exit_code == 2
    assert "2 contacts" in fairlead("purge", "--before", now.isoformat()).stdout


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("9999-01-01", "is not in the past"),
        ("last year", "is not a date"),
        ("2020-02-30", "is not a date"),
        ("", "is not a date"),
    ],
)
def test_a_moment_that_is_none_or_to_come_is_refused(
    fairlead: Command, sqlite_url: str, before: str, reason: str
) -> None:
    done = fairlead("purge", "--before", before)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert done.stdout == ""
    with open_fairlead(sqlite_url) as opened:
        assert stored(opened) == 3


def test_the_moment_has_to_be_named(fairlead: Command) -> None:
    done = fairlead("purge")
    assert done.exit_code == 2
    assert "--before" in done.stderr
