"""Wherever a call names an operator, its key works as well as its id."""

import pytest

from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import refused
from tests.support import World


@pytest.fixture
def ids(client: Client) -> dict[str, str]:
    """Create Ann, Boris, and a source that Ann serves; return the operators' ids by key."""
    made = {
        key: client.post("/v1/operators", json={"name": name, "capacity": 5}).json()["id"]
        for key, name in (("ann", "Ann"), ("boris", "Борис"))
    }
    client.post("/v1/sources", json={"key": "telegram"})
    client.put(
        "/v1/sources/telegram/allocations",
        json={"allocations": [{"operator_id": "ann", "weight": 1}]},
    )
    return made


def test_a_new_operator_is_answered_with_its_key(client: Client) -> None:
    body = {"name": "Ann", "capacity": 5, "key": "crm-42"}
    answer = client.post("/v1/operators", json=body)
    assert (answer.status_code, answer.json()["key"]) == (201, "crm-42")
    refused(client.post("/v1/operators", json=body), "operator_exists")
    refused(client.post("/v1/operators", json={**body, "key": "Crm"}), "validation_failed")


def test_a_path_takes_either(client: Client, ids: dict[str, str]) -> None:
    for name in ("ann", ids["ann"], ids["ann"].upper()):
        assert client.get(f"/v1/operators/{name}").json()["id"] == ids["ann"]
        changed = client.patch(f"/v1/operators/{name}", json={"capacity": 7})
        assert changed.json()["capacity"] == 7
        weighed = client.patch(
            f"/v1/sources/telegram/allocations/{name}", json={"weight": 3}
        ).json()
        assert [each["weight"] for each in weighed["allocations"]] == [3]


def test_a_body_takes_either(client: Client, ids: dict[str, str]) -> None:
    for ann, boris in (("ann", "boris"), (ids["ann"], "boris"), (ids["ann"], ids["boris"])):
        allocations = [{"operator_id": ann, "weight": 1}, {"operator_id": boris, "weight": 0}]
        source = client.put(
            "/v1/sources/telegram/allocations", json={"allocations": allocations}
        ).json()
        assert {each["operator_id"]: each["weight"] for each in source["allocations"]} == {
            ids["ann"]: 1,
            ids["boris"]: 0,
        }
    contact = client.post(
        "/v1/contacts", json={"source": "telegram", "lead": {"identities": {"vk": "1"}}}
    ).json()
    for name, key in (("boris", "boris"), (ids["ann"], "ann")):
        moved = client.post(f"/v1/contacts/{contact['id']}/transfer", json={"operator_id": name})
        assert moved.json()["operator"]["id"] == ids[key]


@pytest.mark.usefixtures("ids")
def test_a_key_that_nobody_has_is_unknown(client: Client, world: World) -> None:
    calls = [
        client.get("/v1/operators/nobody"),
        client.patch("/v1/operators/nobody", json={"capacity": 7}),
        client.patch("/v1/sources/telegram/allocations/nobody", json={"weight": 3}),
        client.put(
            "/v1/sources/telegram/allocations",
            json={"allocations": [{"operator_id": "nobody", "weight": 1}]},
        ),
    ]
    for each in calls:
        assert "'nobody'" in refused(each, "unknown_operator")["detail"]
    assert [each.weight for each in world.fairlead.catalogue.source("telegram").allocations] == [1]


@pytest.mark.parametrize("name", ["a%20b", "-a", "a" * 65, "%D0%B0", "a%0A"])
def test_what_is_neither_is_refused(client: Client, name: str) -> None:
    assert client.get(f"/v1/operators/{name}").status_code == 422
