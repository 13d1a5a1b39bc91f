"""A client that openapi-python-client made from the document goes the README's way on a server."""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from tests.e2e.conftest import Running
from tests.e2e.server import until

PACKAGE = "fairlead_client"


class Generated:
    """A generated package: its calls by name, its models by class."""

    def __init__(self) -> None:
        self.models: Any = import_module(f"{PACKAGE}.models")
        self.client: Any = import_module(f"{PACKAGE}.client")
        self._folder = Path(import_module(f"{PACKAGE}.api").__path__[0])

    def call(self, name: str) -> Any:
        """Return the module of a call."""
        (file,) = self._folder.glob(f"*/{name}.py")
        return import_module(f"{PACKAGE}.api.{file.parent.name}.{name}")


@pytest.fixture(scope="module")
def document(running: Running) -> Any:
    """The document that the server serves, asked for before there is a key."""
    return httpx.get(f"{running.server.url}/openapi.json", trust_env=False).json()


@pytest.fixture(scope="module")
def generated(document: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    """A client made from that document."""
    folder = tmp_path_factory.mktemp("generated")
    file = folder / "openapi.json"
    file.write_text(json.dumps(document), "utf-8")
    config = Config.from_sources(
        # By default the code is formatted, which takes longer than to make it.
        ConfigFile(post_hooks=[]),
        MetaType.NONE,
        file,
        "utf-8",
        overwrite=False,
        output_path=folder / PACKAGE,
    )
    # Whatever it complains about is a defect of the document.
    assert [f"{each.header}: {each.detail}" for each in generate(config=config)] == []
    sys.path.insert(0, str(folder))
    try:
        yield Generated()
    finally:
        sys.path.remove(str(folder))
        for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def client(generated: Generated, running: Running) -> Iterator[Any]:
    """That client, with an administrator's key."""
    # A status that the document does not name is an error.
    options = {"base_url": running.server.url, "raise_on_unexpected_status": True}
    body = generated.models.NewKey(role=generated.models.Role.ADMIN)
    with generated.client.Client(**options) as stranger:
        key = generated.call("create_key").sync(client=stranger, body=body).key
        ask = generated.call("list_operators").sync_detailed
        until(lambda: ask(client=stranger).status_code == 401, running.server)
    with generated.client.AuthenticatedClient(token=key, **options) as opened:
        yield opened


@pytest.fixture
def ask(generated: Generated, client: Any) -> Callable[..., Any]:
    """Make a call that must be answered with a status, 200 if none is given."""

    def make(name: str, status: int = 200, **given: Any) -> Any:
        answer = generated.call(name).sync_detailed(client=client, **given)
        assert answer.status_code == status, answer.content
        return answer.parsed

    return make


def test_every_call_of_the_document_has_its_function(
    generated: Generated, document: dict[str, Any]
) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            assert callable(generated.call(operation["operationId"]).sync_detailed)


def test_the_client_goes_the_way_of_the_readme(
    generated: Generated, ask: Callable[..., Any]
) -> None:
    models = generated.models
    for name in ("Anna", "Boris"):
        operator = ask("create_operator", 201, body=models.NewOperator(name=name, capacity=5))
        assert (operator.name, operator.key, operator.active) == (name, name.lower(), True)
    ask("create_source", 201, body=models.NewSource(key="telegram-sales", name="Telegram, sales"))
    weights = [models.NewAllocation("anna", 10), models.NewAllocation("boris", 30)]
    body = models.NewAllocations(weights)
    source = ask("replace_allocations", key="telegram-sales", body=body)
    assert [each.share for each in source.allocations] == [0.25, 0.75]

    body = writing(models, {"phone": "+7 916 123-45-67", "telegram": "ivan77"})
    contact = ask("register_contact", 201, body=body, idempotency_key="message-1")
    assert (contact.state, contact.operator.name) == (models.ContactState.ASSIGNED, "Boris")
    assert (contact.lead.name, contact.lead.created) == ("Ivan", True)
    assert contact.payload["text"] == "Is it in stock?"
    assert contact.closed_at is None
    again = ask("register_contact", 200, body=body, idempotency_key="message-1")
    assert again == contact == ask("get_contact", contact_id=contact.id)

    decision = ask("get_decision", contact_id=contact.id)
    assert (decision.strategy, decision.picked) == (models.Strategy.EXACT, contact.operator)
    assert {(each.operator.name, each.weight) for each in decision.candidates} == {
        ("Anna", 10),
        ("Boris", 30),
    }
    (lead,) = ask("list_leads", identity="phone:89161234567").items
    assert {(each.kind, each.value) for each in lead.identities} == {
        ("phone", "+79161234567"),
        ("telegram", "ivan77"),
    }
    moved = ask("transfer_contact", contact_id=contact.id, body=models.NewTransfer("anna"))
    assert moved.operator.name == "Anna"
    closed = ask("close_contact", contact_id=contact.id)
    assert closed.state is models.ContactState.CLOSED
    assert closed.closed_at >= contact.created_at
    (shares,) = ask("get_distribution", source="telegram-sales").sources
    assert [each.contacts for each in shares.operators] == [0, 1]
    statistics = ask("get_operator_statistics").items
    assert {(each.operator.name, each.load) for each in statistics} == {("Anna", 0), ("Boris", 0)}
    happened = [each.type_.value for each in ask("list_events", contact=contact.id).items]
    assert happened == [
        f"contact.{each}" for each in ("registered", "assigned", "transferred", "closed")
    ]


def test_a_refusal_is_a_problem_and_a_batch_tells_its_items_apart(
    generated: Generated, ask: Callable[..., Any]
) -> None:
    models = generated.models
    ask("create_source", 201, body=models.NewSource(key="web"))
    good = writing(models, {"telegram": "olga"}, source="web")
    bad = writing(models, {"telegram": "olga"}, source="nowhere")
    problem = ask("register_contact", 404, body=bad)
    assert isinstance(problem, models.Problem)
    assert (problem.code, problem.type_) == ("unknown_source", "/docs/problems/unknown_source")
    registered, refused = ask("register_batch", body=models.NewContacts([good, bad])).results
    assert (registered.status, registered.contact.operator) == (201, None)
    assert (refused.status, refused.error.code) == (404, "unknown_source")


def writing(models: Any, identities: dict[str, str], source: str = "telegram-sales") -> Any:
    """Return the body of a registration."""
    return models.NewContact(
        source=source,
        lead=models.NewContactLead(
            name="Ivan", identities=models.NewContactLeadIdentities.from_dict(identities)
        ),
        payload=models.NewContactPayloadType0.from_dict({"text": "Is it in stock?"}),
    )
