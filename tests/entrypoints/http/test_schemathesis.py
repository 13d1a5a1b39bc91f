"""schemathesis: requests made from the OpenAPI document, and answers held to it.

The run goes through all its phases: the document's examples, the edges of every schema, random
requests, and sequences of calls in which the ids that one answers are used by the next (the
document declares no links; schemathesis finds them by the names of fields and parameters). It is
in this process, on fake time, ids and chance, and the same every time.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.python import asgi
from starlette.types import ASGIApp, Receive, Scope, Send

from entrypoints.http.app import create_app
from entrypoints.http.gate import KEY, Gate
from entrypoints.http.problems import MEDIA_TYPE
from tests.postgresql import Databases
from tests.support import World, open_world

CONFIG: dict[str, Any] = {
    "seed": 1,
    "workers": 1,
    "generation": {"max-examples": 12, "deterministic": True, "database": "none"},
    "checks": {
        # A lead whose data were erased is still there, and so are its contacts.
        "use_after_free": {"enabled": False},
        # Everybody is let in here: a sequence of calls may revoke the key that it is made with.
        # Who is let in where is test_access.py's.
        "ignored_auth": {"enabled": False},
        "object_level_authorization": {"enabled": False},
    },
}
BY_THE_DOMAIN = {"no_identity", "invalid_identity", "invalid_value", "duplicate_operator"}


@dataclass(frozen=True)
class Complaint:
    """What schemathesis found wrong with one answer."""

    check: str
    operation: str
    message: str
    code: str | None
    """The `code` of the answer, if it is a problem."""
    details: str
    request: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.check}: {self.message}\n    {self.request}"


@dataclass
class Run:
    """What a run saw."""

    complaints: list[Complaint] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    phases: dict[str, Status] = field(default_factory=dict)
    statuses: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    defects: list[str] = field(default_factory=list)


EXCUSES: tuple[Callable[[Complaint], bool], ...] = (
    # A schema cannot say that one of two fields must be there, that no operator is named twice, or
    # what a phone number is; the domain says so, with a code of its own.
    lambda each: each.check == "positive_data_acceptance" and each.code in BY_THE_DOMAIN,
    # JSON Schema takes 148.0 for a whole number; a service that took it would have to take 1e5.
    lambda each: each.check == "positive_data_acceptance" and "valid integer" in each.details,
    # Items of a batch stand or fall by themselves: a bad one is told in a 200.
    lambda each: (
        each.check == "negative_data_rejection" and each.operation == "POST /v1/contacts/batch"
    ),
    # A contact that waits has no decision yet, although it is there.
    lambda each: each.check == "ensure_resource_availability" and each.code == "no_decision",
    # To GET there is to ask for a contact with the id "batch".
    lambda each: (
        each.check == "allow_header_conformance" and each.operation.endswith("/v1/contacts/batch")
    ),
)


class Open:
    """A gate that lets everybody in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[KEY] = None
        await self._app(scope, receive, send)


def prepare(world: World) -> None:
    """Put something there, so that calls find what they name."""
    ann, bob = world.operator("Ann", capacity=50), world.operator("Bob", capacity=2)
    world.operator("Cat", active=False)
    world.source((ann, 3), (bob, 1), key="telegram-sales")
    world.source(key="web")
    for _ in range(5):
        world.register("telegram-sales")
    world.register("web")


def run(world: World) -> Run:
    """Let schemathesis loose on an application."""
    prepare(world)
    app = create_app(container=world.container)
    app.before = [  # type: ignore[attr-defined]
        Open if getattr(each, "func", None) is Gate else each
        for each in app.before  # type: ignore[attr-defined]
    ]
    document = app.openapi()
    del document["security"]
    del document["components"]["securitySchemes"]
    app.openapi = lambda: document  # type: ignore[method-assign]
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG)
    )
    seen = Run()
    try:
        for event in from_schema(schema).execute():
            if isinstance(event, events.NonFatalError | events.FatalError):
                seen.errors.append(str(event))
            elif isinstance(event, events.PhaseFinished):
                seen.phases[event.phase.name.value] = event.status
            elif isinstance(event, events.ScenarioFinished):
                note(seen, event)
        seen.defects = world.defects()
    finally:
        asgi.shutdown_lifespans()
    return seen


def note(seen: Run, event: events.ScenarioFinished) -> None:
    """Note what the calls of one scenario were answered, and what is wrong with the answers."""
    recorder = event.recorder
    for case_id, interaction in recorder.interactions.items():
        if interaction.response is not None:
            operation = recorder.cases[case_id].value.operation.label
            seen.statuses[operation].add(interaction.response.status_code)
    for case_id, checks in recorder.checks.items():
        response = recorder.interactions[case_id].response
        for check in checks:
            if check.failure_info is None:
                continue
            media_type = "" if response is None else response.headers.get("content-type", [""])[0]
            problem = response.json() if response is not None and media_type == MEDIA_TYPE else {}
            failure = check.failure_info.failure
            seen.complaints.append(
                Complaint(
                    check.name,
                    recorder.cases[case_id].value.operation.label,
                    failure.message,
                    problem.get("code"),
                    str(problem.get("errors")),
                    check.failure_info.code_sample,
                )
            )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def seen(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    server_of_databases: Databases,
) -> Iterator[Run]:
    """What a run saw, on one database after the other."""
    url = f"sqlite:///{tmp_path_factory.mktemp('schemathesis') / 'fairlead.db'}"
    if request.param == "postgresql":
        url = server_of_databases.empty()
    with open_world(url) as world:
        yield run(world)


def test_every_answer_is_as_the_document_says(seen: Run) -> None:
    unexcused = [each for each in seen.complaints if not any(excuse(each) for excuse in EXCUSES)]
    assert not unexcused, "\n\n".join(map(str, unexcused[:10]))
    assert not seen.errors


def test_every_phase_was_run(seen: Run) -> None:
    assert set(seen.phases) >= {"examples", "coverage", "fuzzing", "stateful"}
    assert not {Status.ERROR, Status.INTERRUPTED, Status.SKIP} & {
        seen.phases[name] for name in ("examples", "coverage", "fuzzing", "stateful")
    }


def test_every_call_was_made_with_success_and_with_none(seen: Run) -> None:
    assert len(seen.statuses) >= 25
    for operation, statuses in seen.statuses.items():
        assert any(200 <= each < 300 for each in statuses), operation
        # It takes nothing that could be wrong, and shares its path with another call.
        if operation != "GET /v1/keys":
            assert any(400 <= each < 500 for each in statuses), operation
        assert not any(each >= 500 for each in statuses), operation


def test_what_is_stored_keeps_the_invariants_after_all_that(seen: Run) -> None:
    assert seen.defects == []
