"""The whole life of contacts on a real server."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.e2e.server import ON_BOTH_ENGINES, contact

pytestmark = ON_BOTH_ENGINES


def created(client: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def house(client: httpx.Client, key: str, *capacities: int) -> list[str]:
    """Create operators with these capacities, all with weight 1 on a new source of their own."""
    ids = [
        created(client, "/v1/operators", {"name": f"Operator {number}", "capacity": capacity})["id"]
        for number, capacity in enumerate(capacities)
    ]
    created(client, "/v1/sources", {"key": key})
    allocations = [{"operator_id": each, "weight": 1} for each in ids]
    answer = client.put(f"/v1/sources/{key}/allocations", json={"allocations": allocations})
    assert answer.status_code == 200, answer.text
    return ids


def test_the_whole_life_of_a_contact(client: httpx.Client) -> None:
    ann, bob = house(client, "life", 1, 1)
    first = created(client, "/v1/contacts", contact("ivan", "life"))
    second = created(client, "/v1/contacts", contact("petr", "life"))
    third = created(client, "/v1/contacts", contact("ivan", "life"))
    if first["operator"]["id"] == bob:
        # Both were equal, and it was Bob's turn.
        ann, bob = bob, ann
    assert (first["operator"]["id"], second["operator"]["id"]) == (ann, bob)
    assert (third["state"], third["lead"]["id"]) == ("waiting", first["lead"]["id"])

    decision = client.get(f"/v1/contacts/{second['id']}/decision").json()
    assert [each["reason"] for each in decision["candidates"]] == ["at_capacity", None]
    assert client.get(f"/v1/contacts/{third['id']}/decision").status_code == 404

    full = client.post(f"/v1/contacts/{first['id']}/transfer", json={"operator_id": bob})
    assert (full.status_code, full.json()["code"]) == (409, "operator_at_capacity")
    assert client.post(f"/v1/contacts/{second['id']}/close").json()["state"] == "closed"
    handed_out = client.get(f"/v1/contacts/{third['id']}").json()
    assert (handed_out["state"], handed_out["operator"]["id"]) == ("assigned", bob)

    client.patch(f"/v1/operators/{bob}", json={"capacity": 2})
    moved = client.post(f"/v1/contacts/{first['id']}/transfer", json={"operator_id": bob})
    assert moved.json()["operator"]["id"] == bob
    lead = client.get(f"/v1/leads/{first['lead']['id']}").json()
    assert [each["id"] for each in lead["contacts"]] == [third["id"], first["id"]]
    (source,) = client.get("/v1/stats/distribution?source=life").json()["sources"]
    assert (source["total"], source["waiting"]) == (3, 0)
    given = {each["operator"]["id"]: each["contacts"] for each in source["operators"]}
    assert given == {ann: 1, bob: 2}
    statistics = client.get("/v1/stats/operators").json()["items"]
    loads = {each["operator"]["id"]: each["load"] for each in statistics}
    assert (loads[ann], loads[bob]) == (0, 2)
    assert 'fairlead_contacts{source="life"} 3.0' in client.get("/metrics").text
    assert client.get("/readyz").json() == {"status": "ready"}


def test_sixteen_threads_pass_no_limit_and_closes_hand_out_what_waits(
    client: httpx.Client,
) -> None:
    ids = house(client, "crowd", 3, 5, 7)
    with ThreadPoolExecutor(16) as pool:

        def register(number: int) -> dict[str, Any]:
            answer: dict[str, Any] = created(
                client, "/v1/contacts", contact(f"user-{number}", "crowd")
            )
            return answer

        made = list(pool.map(register, range(160)))
        assert sum(each["state"] == "assigned" for each in made) == 15

        def loads() -> list[int]:
            return [client.get(f"/v1/operators/{each}").json()["load"] for each in ids]

        assert loads() == [3, 5, 7]

        def close(one: dict[str, Any]) -> httpx.Response:
            return client.post(f"/v1/contacts/{one['id']}/close")

        assigned = [each for each in made if each["state"] == "assigned"]
        assert {each.status_code for each in pool.map(close, assigned * 2)} == {200}
        assert loads() == [3, 5, 7]
        assert client.get("/v1/sources/crowd").json()["waiting"] == 130
        oldest = sorted(each["id"] for each in made if each["state"] == "waiting")[:15]
        now = client.get("/v1/contacts?source=crowd&state=assigned&limit=200").json()["items"]
        assert sorted(each["id"] for each in now) == oldest

        # Registrations, closes and changes of capacity, all at once.
        changes = pool.submit(
            lambda: [
                client.patch(f"/v1/operators/{ids[0]}", json={"capacity": n % 5}).status_code
                for n in range(30)
            ]
        )
        more = pool.map(register, range(160, 260))
        closed = pool.map(close, made)
        assert {each.status_code for each in closed} == {200}
        assert len({each["id"] for each in more}) == 100
        assert changes.result() == [200] * 30


def test_duplicates_that_come_together_with_one_key_make_one_contact(
    client: httpx.Client,
) -> None:
    house(client, "twins", 1000)
    with ThreadPoolExecutor(16) as pool:

        def send(number: int) -> httpx.Response:
            key = f"key-{number % 5}"
            body = contact(f"twin-{number % 5}", "twins")
            return client.post("/v1/contacts", json=body, headers={"Idempotency-Key": key})

        answers = list(pool.map(send, range(200)))
    for start in range(5):
        group = answers[start::5]
        assert len({each.json()["id"] for each in group}) == 1
        assert sorted(each.status_code for each in group) == [200] * 39 + [201]
        replayed = {each.headers.get("idempotency-replayed") for each in group}
        assert replayed == {None, "true"}
    assert len(client.get("/v1/contacts?source=twins&limit=200").json()["items"]) == 5
    assert len({each.json()["lead"]["id"] for each in answers}) == 5
