"""A long hand-out on real servers: killed halfway, and with other registrations meanwhile."""

from itertools import pairwise
from pathlib import Path

from application.operators import CreateOperator, UpdateOperator
from application.register_contacts import RegisterContact
from application.sources import CreateSource, ReplaceAllocations
from application.use_case import carry_out
from domain.actor import SCRIPT
from domain.ids import OperatorId
from tests.e2e.server import FAIRLEAD_SERVE, all_contacts, contact, opened, started, until

MANY = 5000


def away(url: str) -> OperatorId:
    """Make many contacts wait for an operator who is away, and none for a second one."""
    with opened(url) as fairlead:
        ann, bob = (
            fairlead.create_operator(CreateOperator(name, 100_000, active)).id
            for name, active in (("Ann", False), ("Bob", True))
        )
        for key, operator in (("telegram", ann), ("site", bob)):
            fairlead.create_source(CreateSource(key))
            fairlead.replace_allocations(ReplaceAllocations(key, [(operator, 1)]))
        for start in range(0, MANY, 500):
            fairlead.register_contacts(
                [
                    RegisterContact("telegram", {"telegram": f"user-{start + number}"})
                    for number in range(500)
                ]
            )
    return ann


def waiting(url: str) -> int:
    with opened(url) as fairlead:
        return fairlead.catalogue.source("telegram").waiting


def assert_in_order(url: str) -> None:
    """Assert that the oldest contacts have an operator, and got one in the order they came in."""
    with opened(url) as fairlead:
        assert fairlead.check_invariants() == []
        moments = [each.assigned_at for each in all_contacts(fairlead, "telegram")]
    moments.reverse()
    assert len(moments) == MANY
    given = [each for each in moments if each is not None]
    assert moments[: len(given)] == given
    assert all(before <= after for before, after in pairwise(given))


def test_a_server_that_is_killed_at_it_goes_on_where_it_was(
    migrated_url: str, tmp_path: Path
) -> None:
    ann = away(migrated_url)
    with started(migrated_url, tmp_path, FAIRLEAD_SERVE) as server, server.client() as client:
        assert client.patch(f"/v1/operators/{ann}", json={"active": True}).is_success
        for number in range(5):
            answer = client.post("/v1/contacts", json=contact(f"passer-by-{number}", "site"))
            assert answer.json()["state"] == "assigned"
        server.kill()
    left = waiting(migrated_url)
    assert 0 < left < MANY
    assert_in_order(migrated_url)
    # The next server carries on by itself.
    with started(migrated_url, tmp_path, FAIRLEAD_SERVE) as server:
        until(lambda: waiting(migrated_url) == 0, server, 60)
        server.stop()
        assert "Traceback" not in server.said()
    assert_in_order(migrated_url)


def test_what_a_script_was_killed_at_is_handed_out_by_whoever_comes(migrated_url: str) -> None:
    ann = away(migrated_url)
    with opened(migrated_url) as fairlead:
        order = fairlead.update_operator.order(UpdateOperator(ann, active=True), SCRIPT)
        fairlead.update_operator.transactions(lambda uow: carry_out(uow, [order]))
    assert 0 < waiting(migrated_url) < MANY
    with opened(migrated_url) as fairlead:
        fairlead.update_operator(UpdateOperator(ann, name="Anna"))
    assert waiting(migrated_url) == 0
    assert_in_order(migrated_url)
