"""What Fairlead is measured against answers as Fairlead does, or nothing is measured at all."""

from benchmarks.servers import create_empty
from tests.entrypoints.http.client import serving, serving_world
from tests.support import open_world

BODY = {
    "source": "bench",
    "lead": {"identities": {"telegram": "new"}},
    "payload": {"text": "hello"},
}


def test_the_empty_application_answers_with_the_fields_of_a_contact() -> None:
    with serving(create_empty()) as client:
        empty = client.post("/v1/contacts", json=BODY)
    with open_world() as world, serving_world(world) as client:
        world.source((world.operator(), 1), key="bench")
        ours = client.post("/v1/contacts", json=BODY)
    assert empty.status_code == ours.status_code == 201
    assert empty.json().keys() == ours.json().keys()
    assert empty.json()["lead"].keys() == ours.json()["lead"].keys()
