"""/v1/stats."""

from tests.entrypoints.http.client import Client
from tests.entrypoints.http.expectations import answered, refused
from tests.support import World


def test_the_distribution_sets_what_happened_beside_what_should(
    client: Client, world: World
) -> None:
    ann, bob = world.operator("Ann", capacity=3), world.operator("Bob", capacity=1)
    world.source((ann, 3), (bob, 1), key="a")
    world.source(key="b")
    for _ in range(6):
        world.register("a")
    body = answered(client.get("/v1/stats/distribution"))
    assert set(body) == {"since", "until", "sources"}
    assert (body["since"], body["until"]) == (None, None)
    first, second = body["sources"]
    assert (first["source"], first["total"], first["waiting"]) == ("a", 6, 2)
    assert first["operators"] == [
        {
            "operator": {"id": str(ann.id), "name": "Ann"},
            "weight": 3,
            "target_share": 0.75,
            "contacts": 3,
            "actual_share": 0.75,
            # The fourth contact came when Bob was full: it was hers alone.
            "entitled": 3.25,
            "entitled_share": 0.8125,
            "while_full": 0,
            "while_unavailable": 0,
        },
        {
            "operator": {"id": str(bob.id), "name": "Bob"},
            "weight": 1,
            "target_share": 0.25,
            "contacts": 1,
            "actual_share": 0.25,
            "entitled": 0.75,
            "entitled_share": 0.1875,
            "while_full": 1,
            "while_unavailable": 0,
        },
    ]
    assert (second["source"], second["total"], second["operators"]) == ("b", 0, [])


def test_the_distribution_can_be_of_one_source(client: Client, world: World) -> None:
    for key in ("a", "b"):
        world.source(key=key)
    body = answered(client.get("/v1/stats/distribution?source=b"))
    assert [each["source"] for each in body["sources"]] == ["b"]
    refused(client.get("/v1/stats/distribution?source=none"), "unknown_source", "source")


def test_the_distribution_can_be_of_a_period_of_whole_hours(client: Client, world: World) -> None:
    ann = world.operator()
    world.source((ann, 1))
    for _ in range(30):
        world.register()
        world.clock.advance(hours=1)

    def total(query: str) -> tuple[int, int]:
        (source,) = answered(client.get(f"/v1/stats/distribution?{query}"))["sources"]
        return source["total"], source["operators"][0]["contacts"]

    assert total("since=2026-03-02T09:00:00Z") == (30, 30)
    assert total("since=2026-03-02T10:00:00Z") == (29, 29)
    assert total("since=2026-03-02T10:59:59Z") == (29, 29)
    assert total("until=2026-03-02T10:00:00Z") == (1, 1)
    assert total("since=2026-03-02T13:00:00%2B03:00&until=2026-03-02T12:00:00Z") == (2, 2)
    assert total("since=2026-03-02T23:00:00Z&until=2026-03-03T01:00:00Z") == (2, 2)
    assert total("since=2026-03-03T00:00:00Z&until=2026-03-04T00:00:00Z") == (15, 15)
    assert total("since=2026-03-04T00:00:00Z&until=2026-03-03T00:00:00Z") == (0, 0)
    body = answered(client.get("/v1/stats/distribution?since=2026-03-02T10:59:59%2B03:00"))
    assert body["since"] == "2026-03-02T07:00:00Z"


def test_the_operators_are_shown_with_load_and_contacts_of_each_source(
    client: Client, world: World
) -> None:
    ann, idle = world.operator("Ann", capacity=4), world.operator("Idle", capacity=0, active=False)
    for key in ("a", "b"):
        world.source((ann, 1), key=key)
    made = [world.register(key) for key in ("a", "b", "a")]
    answered(client.post(f"/v1/contacts/{made[0].id}/close"))
    body = answered(client.get("/v1/stats/operators"))
    assert body["items"] == [
        {
            "operator": {"id": str(ann.id), "name": "Ann"},
            "active": True,
            "load": 2,
            "capacity": 4,
            "utilisation": 0.5,
            "contacts": {"a": 2, "b": 1},
        },
        {
            "operator": {"id": str(idle.id), "name": "Idle"},
            "active": False,
            "load": 0,
            "capacity": 0,
            "utilisation": None,
            "contacts": {},
        },
    ]
