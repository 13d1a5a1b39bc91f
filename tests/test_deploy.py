"""Dashboard and alerts ask for what /metrics of a running service shows."""

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from application.contacts import CloseContact
from application.endpoints import CreateEndpoint
from entrypoints.container import build_container
from entrypoints.edge.calls import Calls
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.http.client import serving_world
from tests.promql import Matcher, names_in
from tests.support import open_world

DEPLOY = Path(__file__).parents[1] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
ALERTS = [
    rule
    for group in yaml.safe_load((DEPLOY / "alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
PROMETHEUS = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text("utf-8"))
TARGET = {"job", "instance"}
"""Labels that Prometheus adds to whatever it reads."""
_in_legend = re.compile(r"{{ *(?:\$labels\.)?(\w+)")


def panels() -> Iterator[dict[str, Any]]:
    for panel in DASHBOARD["panels"]:
        yield panel
        yield from panel.get("panels", ())


def dashboard_expressions() -> Iterator[tuple[str, str]]:
    """Yield every query of the dashboard, with the text that names its labels."""
    for panel in panels():
        for target in panel.get("targets", ()):
            yield target["expr"], target["legendFormat"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            assert variable["query"]["query"] == variable["definition"]
            yield variable["definition"], ""


def alert_expressions() -> Iterator[tuple[str, str]]:
    for alert in ALERTS:
        yield alert["expr"], " ".join(alert["annotations"].values())


EXPRESSIONS = [*dashboard_expressions(), *alert_expressions()]


@pytest.fixture(scope="module")
def exposed() -> Mapping[str, set[str]]:
    """The labels of every series that a running service shows, by its name."""
    with open_world() as world, serving_world(world) as client:
        world.source((world.operator(), 1))
        world.fairlead.close_contact(CloseContact(world.register().id))
        world.fairlead.create_endpoint(CreateEndpoint("https://1.1.1.1/"))
        client.get("/v1/operators")
        text = client.get("/metrics").text
    shown: dict[str, set[str]] = {"up": set()}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            shown.setdefault(sample.name, set()).update(sample.labels)
    return {name: labels | TARGET for name, labels in shown.items()}


@pytest.mark.parametrize(("expression", "text"), EXPRESSIONS)
def test_every_name_of_an_expression_is_one_that_the_service_shows(
    expression: str, text: str, exposed: Mapping[str, set[str]]
) -> None:
    found = names_in(expression)
    assert found.metrics
    for metric, matchers in found.metrics:
        assert metric in exposed
        assert {each.label for each in matchers} <= exposed[metric]
        assert found.lists <= exposed[metric], "grouped by what one of the metrics has not"
    left = found.lists or set.intersection(*(exposed[metric] for metric, _ in found.metrics))
    named = set(_in_legend.findall(text))
    assert named <= left, "a label of the text is not one of the result"


def test_every_value_that_is_asked_for_can_occur() -> None:
    app = create_app(container=build_container(Settings(database_url="memory://")))
    # A page of the console counts under its path below /console.
    routes = {each.path for each in Calls(app)} | {"refused", "unmatched"}
    routes |= {each.removeprefix("/console") for each in routes}
    possible = {
        "route": routes,
        "status": {str(each.value) for each in HTTPStatus},
        "job": {each["job_name"] for each in PROMETHEUS["scrape_configs"]},
    }
    asked = {
        matcher
        for expression, _ in EXPRESSIONS
        for _, matchers in names_in(expression).metrics
        for matcher in matchers
        if "$" not in matcher.text
    }
    assert len(asked) > 5
    for each in asked:
        assert any(map(meets(each), possible[each.label])), each


def meets(matcher: Matcher) -> Any:
    """Return what tells whether a value is the one that a matcher names, wanted or not."""
    pattern = matcher.text if "~" in matcher.sign else re.escape(matcher.text)
    return re.compile(pattern).fullmatch


@pytest.mark.parametrize(
    "expression",
    [
        "sun(fairlead_contacts)",
        "sum(fairlead_contacts",
        "sum(fairlead_contacts))",
        "rate(fairlead_contacts[5minutes])",
        "fairlead_contacts{source='x'}",
        "fairlead_contacts ! 5",
    ],
)
def test_what_is_not_promql_is_noticed(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        names_in(expression)


def test_the_names_of_an_expression_are_found() -> None:
    found = names_in(
        'sum by (job, le) (rate(a_total{b="x", c!~"y|z"}[5m])) / on (d) max(e offset 5m) > 0.5'
    )
    assert found.metrics == [
        ("a_total", [Matcher("b", "=", "x"), Matcher("c", "!~", "y|z")]),
        ("e", []),
    ]
    assert found.lists == {"job", "le", "d"}


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    assert len({each["alert"] for each in ALERTS}) == len(ALERTS) == 8
    for each in ALERTS:
        assert each.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert each["labels"]["severity"] in {"critical", "warning"}
        assert each["annotations"].keys() == {"summary", "description"}
        assert len(each["annotations"]["description"]) > 100
        for page in re.findall(r"\bdocs/[\w-]+\.md", each["annotations"]["description"]):
            assert (DEPLOY.parent / page).is_file(), page


def test_the_page_lists_every_alert() -> None:
    page = (DEPLOY / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| `(Fairlead\w+)`", page, re.MULTILINE)
    assert listed == [each["alert"] for each in ALERTS]


def test_prometheus_loads_the_alerts_and_shows_its_key() -> None:
    assert [DEPLOY / each for each in PROMETHEUS["rule_files"]] == [DEPLOY / "alerts.yaml"]
    (scraped,) = PROMETHEUS["scrape_configs"]
    assert scraped["authorization"]["credentials_file"] == "fairlead.key"


def test_the_dashboard_takes_any_data_source_and_its_panels_have_their_places() -> None:
    rows = [each["title"] for each in panels() if each["type"] == "row"]
    assert rows == [
        *("Contacts and waiting", "Assignment", "Operators", "HTTP", "Process and storage")
    ]
    assert len({each["id"] for each in panels()}) == len([*panels()])
    by_choice = {"type": "prometheus", "uid": "${datasource}"}
    first, *others = DASHBOARD["templating"]["list"]
    assert (first["name"], first["type"]) == ("datasource", "datasource")
    sources = [each["datasource"] for each in others]
    for panel in panels():
        for target in panel.get("targets", ()):
            sources += [panel["datasource"], target["datasource"]]
    assert all(each == by_choice for each in sources)
    variables = {each["name"] for each in DASHBOARD["templating"]["list"]} | {"__rate_interval"}
    used = set(re.findall(r"\$(\w+)", " ".join(each for each, _ in dashboard_expressions())))
    assert used <= variables

    taken: dict[tuple[int, int], str] = {}
    for each in panels():
        place = each["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), each["title"]) == each["title"]
