"""What the service says about itself: health, metrics, documentation."""

import platform
import re
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

import entrypoints.edge.service
from application.contacts import CloseContact
from application.endpoints import CreateEndpoint
from application.keys import CreateKey
from application.operators import UpdateOperator
from application.use_case import carry_out
from domain.access import Role
from domain.actor import SCRIPT
from domain.endpoint import Delivery
from entrypoints.container import build_container
from entrypoints.edge.metrics import _Process
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import Client, serving, serving_world
from tests.entrypoints.http.expectations import answered, refused
from tests.entrypoints.http.keys import bearer
from tests.support import World

STATIC = Path(entrypoints.edge.service.STATIC)


def test_a_service_on_a_migrated_database_is_alive_and_ready(client: Client) -> None:
    assert answered(client.get("/healthz")) == {"status": "alive"}
    assert answered(client.get("/readyz")) == {"status": "ready"}


@pytest.mark.parametrize("there", [True, False])
def test_a_service_on_a_database_that_is_not_migrated_is_alive_and_says_the_way_out(
    sqlite_url: str, tmp_path: Path, there: bool, caplog: pytest.LogCaptureFixture
) -> None:
    if there:
        (tmp_path / "fairlead.db").touch()
    container = build_container(Settings(database_url=sqlite_url))
    with serving(create_app(container=container)) as client:
        assert "calls may answer 503" in caplog.text
        assert answered(client.get("/healthz")) == {"status": "alive"}
        response = client.get("/readyz")
        assert "fairlead migrate" in refused(response, "storage_unavailable")["detail"]
        assert int(response.headers["retry-after"]) > 0
        for path in ("/v1/operators", "/v1/contacts", "/metrics", "/v1/stats/distribution"):
            answer = client.get(path)
            refused(answer, "storage_unavailable")
            assert int(answer.headers["retry-after"]) > 0
        assert (tmp_path / "fairlead.db").exists() == there

        container.storage().migrate()
        assert answered(client.get("/readyz")) == {"status": "ready"}
        assert answered(client.get("/v1/operators"))["items"] == []


@pytest.mark.every_storage
def test_a_file_on_a_network_disk_is_warned_of_in_the_log(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "mounts").write_text(f"server:/export {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr("adapters.sql.mounts._MOUNTS", tmp_path / "mounts")
    with serving_world(world):
        pass
    warned = "is on a network disk (nfs4)" in caplog.text
    assert warned == world.container.settings().database_url.startswith("sqlite:")


def test_the_metrics_parse_and_tell_the_state(client: Client, world: World) -> None:
    ann = world.operator(capacity=2)
    world.source((ann, 1))
    for _ in range(3):
        world.register()
        world.clock.advance(seconds=30)
    world.source(key="idle")
    client.get("/v1/operators")
    client.get("/v1/operators/none-such")
    client.get("/nowhere/at/all")
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {each.name: each for each in text_string_to_metric_families(response.text)}
    assert all(each.documentation for each in families.values())

    def samples(name: str) -> dict[tuple[str, ...], float]:
        return {
            tuple(each.labels.values()): each.value
            for each in families[name].samples
            if not each.name.endswith("_created")
        }

    assert samples("fairlead_contacts") == {("idle",): 0, ("telegram",): 3}
    assert samples("fairlead_contacts_waiting") == {("idle",): 0, ("telegram",): 1}
    assert samples("fairlead_oldest_waiting_seconds") == {("idle",): 0, ("telegram",): 30}
    assert samples("fairlead_operator_load") == {("ann", str(ann.id)): 2}
    assert samples("fairlead_operator_capacity") == {("ann", str(ann.id)): 2}
    assert samples("fairlead_http_requests") == {
        ("GET", "/v1/operators", "200"): 1,
        ("GET", "/v1/operators/{operator_id}", "404"): 1,
        ("GET", "unmatched", "404"): 1,
    }


@pytest.mark.every_storage
def test_the_metrics_tell_how_far_endpoints_are(client: Client, world: World) -> None:
    fine, failing, disabled = (
        world.fairlead.create_endpoint(CreateEndpoint("https://1.1.1.1/")).endpoint.id
        for _ in range(3)
    )
    with world.container.storage().unit_of_work() as uow:
        for each in (fine, failing, disabled):
            endpoint = uow.endpoints.get(each)
            if each == failing:
                endpoint.fail(world.clock.now() - timedelta(seconds=90), "no answer")
            if each == disabled:
                endpoint.disable("it was gone")
            uow.endpoints.save(endpoint)
        later = world.clock.now() + timedelta(days=1)
        rows = [Delivery(1, "a", 1, later), Delivery(2, "b", 10, None), Delivery(3, "c", 10, None)]
        uow.endpoints.put(failing, rows)
    found = {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for each in family.samples
        if each.name.startswith("fairlead_endpoint_")
    }
    name = "fairlead_endpoint_"
    assert [found[f"{name}enabled", str(each)] for each in (fine, failing, disabled)] == [1, 1, 0]
    assert [found[f"{name}behind_events", str(each)] for each in (fine, disabled)] == [2, 0]
    assert found[f"{name}failing_seconds", str(fine)] == 0
    assert found[f"{name}failing_seconds", str(failing)] == 90
    assert found[f"{name}deliveries", str(failing), "pending"] == 1
    assert found[f"{name}deliveries", str(failing), "dead"] == 2


@pytest.mark.every_storage
def test_the_metrics_tell_how_long_contacts_waited(client: Client, world: World) -> None:
    ann = world.operator(capacity=2)
    world.source((ann, 1))
    first, second, *_ = [world.register() for _ in range(4)]
    world.clock.advance(seconds=40)
    world.fairlead.close_contact(CloseContact(first.id))
    # What is rolled back was not assigned.
    close = world.fairlead.close_contact
    with suppress(ZeroDivisionError), world.container.storage().unit_of_work() as uow:
        carry_out(uow, [close.order(CloseContact(second.id), SCRIPT)])
        raise ZeroDivisionError
    world.fairlead.update_operator(UpdateOperator(ann.id, capacity=9))
    (waits,) = (
        each
        for each in text_string_to_metric_families(client.get("/metrics").text)
        if each.name == "fairlead_assignment_seconds"
    )
    found = {(each.name[28:], each.labels.get("le")): each.value for each in waits.samples}
    assert {each.labels["source"] for each in waits.samples} == {"telegram"}
    assert [found["bucket", le] for le in ("0.0", "30.0", "60.0", "+Inf")] == [2, 2, 4, 4]
    assert (found["sum", None], found["count", None]) == (80, 4)


def test_who_came_in_while_a_clock_was_ahead_has_not_waited_yet(
    caller: Client, memory: World
) -> None:
    memory.source((memory.operator(capacity=0), 1))
    memory.clock.advance(hours=1)
    memory.register()
    memory.clock.advance(hours=-1)
    text = caller.get("/metrics").text
    assert 'fairlead_oldest_waiting_seconds{source="telegram"} 0.0' in text


@pytest.mark.every_storage
def test_the_metrics_tell_what_runs(client: Client, database_url: str) -> None:
    (built,) = (
        each.samples
        for each in text_string_to_metric_families(client.get("/metrics").text)
        if each.name == "fairlead_build_info"
    )
    assert [(each.labels, each.value) for each in built] == [
        (
            {
                "version": version("fairlead"),
                "python": platform.python_version(),
                "storage": database_url.partition(":")[0].removesuffix("+psycopg"),
            },
            1,
        )
    ]


@pytest.mark.parametrize("url", ["postgres://host/name", "postgresql+psycopg://host/name"])
def test_all_spellings_of_a_storage_are_shown_as_one(url: str) -> None:
    assert Settings(database_url=url).storage == "postgresql"


def test_the_process_is_measured_even_if_the_machine_is_hidden_from_it(tmp_path: Path) -> None:
    """As by `ProcSubset=pid` of the systemd unit."""
    (tmp_path / "self").symlink_to("/proc/self")
    shown, hidden = (
        {each.name: each.samples[0].value for each in _Process(proc=proc, registry=None).collect()}
        for proc in ("/proc", str(tmp_path))
    )
    assert {"process_cpu_seconds", "process_resident_memory_bytes", "process_open_fds"} <= set(
        hidden
    )
    start = "process_start_time_seconds"
    assert abs(hidden[start] - shown[start]) < 2, "the kernel's own figure is of whole seconds"


def test_what_is_refused_before_its_route_is_looked_for_is_counted_too() -> None:
    container = build_container(Settings(database_url="memory://", rate_limit="3/h"))
    viewer, intake = (
        bearer(container.fairlead().create_key(CreateKey(role)).secret)
        for role in (Role.VIEWER, Role.INTAKE)
    )
    with serving(create_app(container=container)) as client:
        client.get("/v1/operators/and/so/on")
        client.request("IVANOV", "/v1/operators")
        client.get("/console/", headers={"Accept": "text/html"})
        for _ in range(4):
            client.post("/v1/contacts", headers=intake)
        client.get("/metrics", headers=intake)
        client.get("/healthz", headers={f"x-{number}": "" for number in range(101)})
        text = client.get("/metrics", headers=viewer).text
    (requests,) = (
        each
        for each in text_string_to_metric_families(text)
        if each.name == "fairlead_http_requests"
    )
    assert {
        tuple(each.labels.values()): each.value
        for each in requests.samples
        if each.labels["route"] == "refused" and each.name.endswith("_total")
    } == {
        ("GET", "refused", "401"): 1,
        ("other", "refused", "401"): 1,
        ("GET", "refused", "303"): 1,
        ("POST", "refused", "429"): 1,
        ("GET", "refused", "403"): 1,
        ("GET", "refused", "431"): 1,
    }


def test_the_metrics_hold_nothing_of_a_customer_and_no_label_that_a_caller_chooses(
    caller: Client, memory: World
) -> None:
    """Of operators they hold the key, which is made from the name unless one is given."""
    memory.source((memory.operator("Olga Operatorova"), 1))
    lead = {
        "name": "Ivan Leadov",
        "identities": {"phone": "+79161234567", "email": "ivan@shop.ru", "telegram": "ivan_tg"},
    }
    contact = answered(
        caller.post(
            "/v1/contacts",
            json={"source": "telegram", "lead": lead, "payload": {"secret": "payload_text"}},
            headers={"Idempotency-Key": "the_key"},
        ),
        201,
    )
    caller.get("/v1/leads?identity=phone:%2B79161234567")
    caller.get(f"/v1/leads/{contact['lead']['id']}")
    caller.get("/nobody/ivan@shop.ru")
    caller.request("IVANOV", "/v1/contacts")
    text = caller.get("/metrics").text
    for personal in (
        *("Olga", "Ivan", "IVANOV", "9161234567", "shop.ru", "ivan_tg", "payload_text", "the_key"),
        *(contact["id"], contact["lead"]["id"]),
    ):
        assert personal not in text


def test_the_documentation_needs_nothing_but_this_server(caller: Client) -> None:
    page = caller.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    references = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
    assert len(references) >= 4
    for reference in references:
        assert not re.match(r"[a-z]+:|//", reference), reference
        answer = caller.get(f"/{reference.lstrip('/')}")
        assert answer.status_code == 200, reference
        assert answer.content
    assert "://" not in page.text
    script = caller.get("/static/docs.js").text
    assert "://" not in script
    assert 'url: "openapi.json"' in script
    assert answered(caller.get("/openapi.json"))["info"]["title"] == "Fairlead"


def test_the_style_sheet_loads_nothing_from_elsewhere() -> None:
    style = (STATIC / "swagger-ui" / "swagger-ui.css").read_text(encoding="utf-8")
    assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//", style)
    assert "@import" not in style


def test_the_licence_of_the_documentation_pages_is_shipped(caller: Client) -> None:
    licence = (STATIC / "swagger-ui" / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert caller.get("/static/swagger-ui/LICENSE").text == licence
    assert (STATIC / "swagger-ui" / "NOTICE").exists()
    assert (STATIC / "swagger-ui" / "swagger-ui-bundle.js.LICENSE.txt").exists()


def test_what_sqlite_does_not_need_is_not_imported() -> None:
    """PostgreSQL's driver takes 8 MiB; every process would pay for it."""
    code = (
        "import sys; from entrypoints.web import create_app; "
        "from entrypoints.settings import Settings; "
        "create_app(Settings(database_url='sqlite:///never-opened.db')); "
        "print('psycopg' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
