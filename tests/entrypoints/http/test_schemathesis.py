"""schemathesis: requests made from the OpenAPI document, and answers checked against it.

A run goes through all phases: the document's examples, the edges of every schema, random requests,
and sequences of calls in which one call uses the ids that another returned (the document declares
few links; schemathesis infers the others from the names of fields and parameters). There is one
run for each role, with a key of that role. It takes place in this process, with fake time, ids and
chance, and is the same every time. `make fuzz` makes 20,000 requests or more for each role; the
test suite runs a short form.
"""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.python import asgi
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.access import PERMISSIONS, Role, prefix_of
from entrypoints.edge.access import CALLS, OPEN
from entrypoints.edge.problems import MEDIA_TYPE
from entrypoints.web import create_app
from tests.contract.given import everything
from tests.entrypoints.http.keys import ENDLESS, make
from tests.postgresql import Databases
from tests.support import World, open_world

LONG = os.environ.get("FAIRLEAD_FUZZ") == "long"
LONG_REQUESTS = 20_000
"""At least, for each role."""
EXAMPLES = {
    Role.ADMIN: 1000 if LONG else 12,
    Role.SUPERVISOR: 800 if LONG else 6,
    Role.VIEWER: 700 if LONG else 4,
    Role.INTAKE: 700 if LONG else 4,
}
"""How many random requests per call, and how many sequences of calls."""
RUNS: Final = [
    ("sqlite", Role.ADMIN),
    *([("postgresql", Role.ADMIN)] if LONG else []),
    ("sqlite", Role.SUPERVISOR),
    ("sqlite", Role.VIEWER),
    ("sqlite", Role.INTAKE),
]
BY_THE_DOMAIN = {
    *("no_identity", "invalid_identity", "invalid_value", "duplicate_operator"),
    # The caller sets the If-Match condition itself, so it may be one that does not hold.
    "changed_meanwhile",
    # Nobody knows which numbers there have been.
    "events_gone",
}


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

    role: Role
    complaints: list[Complaint] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    phases: dict[str, Status] = field(default_factory=dict)
    statuses: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    defects: list[str] = field(default_factory=list)
    requests: int = 0
    changed: bool = False
    """Whether anything that is stored has changed."""


EXCUSES: tuple[Callable[[Complaint], bool], ...] = (
    # A schema cannot say that one of two fields is required, that no operator is named twice, or
    # what a phone number is; the domain can, with its own error code.
    lambda each: each.check == "positive_data_acceptance" and each.code in BY_THE_DOMAIN,
    # JSON Schema counts 148.0 as an integer; a service that took it would have to take 1e5.
    lambda each: each.check == "positive_data_acceptance" and "valid integer" in each.details,
    # Each item of a batch succeeds or fails by itself: a bad one is reported in a 200.
    lambda each: (
        each.check == "negative_data_rejection" and each.operation == "POST /v1/contacts/batch"
    ),
    # A waiting contact exists, but has no decision yet.
    lambda each: each.check == "ensure_resource_availability" and each.code == "no_decision",
    # A GET of this path asks for a contact with the id "batch".
    lambda each: (
        each.check == "allow_header_conformance" and each.operation.endswith("/v1/contacts/batch")
    ),
)


_WAIT = re.compile(rb"\bwait=(?:[12]?[0-9]|30)(?=&|$)")


class Spared:
    """Wraps an application and protects one key: revoking it would end a sequence of calls.

    No call waits for events: none would come.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._path = f"/v1/keys/{prefix}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._path:
            scope = {**scope, "path": "/v1/keys/flk_0000000000", "raw_path": b""}
        elif scope["type"] == "http" and scope["path"] == "/v1/events":
            scope = {**scope, "query_string": _WAIT.sub(b"wait=0", scope["query_string"])}
        await self._app(scope, receive, send)


def prepare(world: World, key: str) -> None:
    """Create some data, so that calls find what they name.

    Args:
        world: where to create it.
        key: the key of a source that does not exist yet.
    """
    ann, bob = world.operator("Ann", capacity=50), world.operator("Bob", capacity=2)
    world.operator("Cat", active=False)
    world.source((ann, 3), (bob, 1), key=key)
    world.source(key=f"{key}-empty")
    for _ in range(5):
        world.register(key)
    world.register(f"{key}-empty")


def config(role: Role, key: str) -> SchemathesisConfig:
    """Return the configuration of a run."""
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "workers": 1,
            "generation": {
                "max-examples": EXAMPLES[role],
                "deterministic": True,
                "database": "none",
            },
            "auth": {"openapi": {"key": {"bearer": key}}},
            "checks": {
                # A lead whose data were erased still exists, and so do its contacts.
                "use_after_free": {"enabled": False},
            },
        }
    )


def run(world: World, role: Role) -> Run:
    """Let schemathesis loose on an application, with a key of this role."""
    prepare(world, "telegram-sales")
    key = make(world, role)
    app = create_app(container=world.container)
    document = dict(app.openapi())
    document["paths"] = {
        path: each for path, each in document["paths"].items() if path not in ENDLESS
    }
    schema = schemathesis.openapi.from_dict(document, config=config(role, key))
    schema.app = Spared(app, prefix_of(key) or "")
    before = everything(world.container.storage())
    seen = Run(role)
    try:
        for event in from_schema(schema).execute():
            if isinstance(event, events.NonFatalError | events.FatalError):
                seen.errors.append(str(event))
            elif isinstance(event, events.PhaseFinished):
                seen.phases[event.phase.name.value] = event.status
                if role in {Role.ADMIN, Role.SUPERVISOR}:
                    # Thousands of calls have paused every operator and closed every contact.
                    prepare(world, f"after-{len(seen.phases)}")
            elif isinstance(event, events.ScenarioFinished):
                note(seen, event)
        seen.defects = world.defects()
        seen.changed = everything(world.container.storage()) != before
    finally:
        asgi.shutdown_lifespans()
    return seen


def note(seen: Run, event: events.ScenarioFinished) -> None:
    """Record how the calls of one scenario were answered, and what is wrong with the answers."""
    recorder = event.recorder
    for case_id, interaction in recorder.interactions.items():
        if interaction.response is not None:
            seen.requests += 1
            # OPTIONS is answered to any key.
            if interaction.request.method != "OPTIONS":
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


@pytest.fixture(scope="module", params=RUNS, ids="-".join)
def seen(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    server_of_databases: Databases,
) -> Iterator[Run]:
    """What a run saw, for each role in turn."""
    database, role = request.param
    url = f"sqlite:///{tmp_path_factory.mktemp('schemathesis') / 'fairlead.db'}"
    if database == "postgresql":
        url = server_of_databases.empty()
    with open_world(url) as world:
        yield run(world, role)


def permitted(operation: str, role: Role) -> bool:
    """Tell whether a role may make a call, named as in the document."""
    method, _, path = operation.partition(" ")
    calls = {(each, known.replace(":text}", "}")): may for (each, known), may in CALLS.items()}
    return path in OPEN or calls[method, path] in PERMISSIONS[role]


def test_every_answer_is_as_the_document_says(seen: Run) -> None:
    unexcused = [each for each in seen.complaints if not any(excuse(each) for excuse in EXCUSES)]
    assert not unexcused, "\n\n".join(map(str, unexcused[:10]))
    assert not seen.errors


def test_every_phase_was_run(seen: Run) -> None:
    assert set(seen.phases) >= {"examples", "coverage", "fuzzing", "stateful"}
    assert not {Status.ERROR, Status.INTERRUPTED, Status.SKIP} & {
        seen.phases[name] for name in ("examples", "coverage", "fuzzing", "stateful")
    }
    assert seen.requests >= (LONG_REQUESTS if LONG else 500)


_LUCKY = {"DELETE /v1/leads/{lead_id}/identities/{kind}/{value}"}
"""Calls that succeed only on what another call has just added. Whether a short run gets there
depends on what Hypothesis draws, which depends on the modules that happen to be loaded."""


def test_every_call_was_made_with_success_and_with_none_if_the_role_permits_it(seen: Run) -> None:
    assert len(seen.statuses) >= 25
    for operation, statuses in seen.statuses.items():
        succeeded = any(200 <= each < 300 for each in statuses)
        if succeeded or operation not in _LUCKY:
            assert succeeded == permitted(operation, seen.role), (operation, statuses)
        assert any(400 <= each < 500 for each in statuses), operation
        assert not any(each >= 500 for each in statuses), operation


def test_what_is_stored_keeps_the_invariants_after_all_that(seen: Run) -> None:
    assert seen.defects == []
    assert seen.changed == (seen.role is not Role.VIEWER)
