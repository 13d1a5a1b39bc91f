"""Metrics for Prometheus: this process and its requests, and the state that the storage holds."""

import platform
import time
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib.metadata import version
from itertools import accumulate
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from starlette.types import Scope

from application.assignment_times import BOUNDS, AssignmentTimes
from application.fairlead import Fairlead
from application.ports.system import Clock
from domain.endpoint import EndpointState

ROUTED: Final = "fairlead.routed"
"""Set in a request's scope once its route is looked for."""
_OPERATOR: Final = ("operator_id", "operator")
_ENDPOINT: Final = ("endpoint",)
_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Keeps its own registry, so two applications in one process do not count together.

    Args:
        fairlead: whose state is shown.
        clock: tells how long contacts have waited, and whether it has jumped.
        times: how long contacts waited before this process assigned them.
        storage: the kind of storage, as `Settings.storage` names it.
    """

    def __init__(
        self, fairlead: Fairlead, clock: Clock, storage: str, times: AssignmentTimes
    ) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_State(fairlead, clock))
        self._registry.register(_Jumps(clock))
        self._registry.register(_Waits(times))
        _Process(registry=self._registry)
        GCCollector(registry=self._registry)
        Gauge(
            "fairlead_build_info",
            "What runs; always 1.",
            ("version", "python", "storage"),
            registry=self._registry,
        ).labels(version("fairlead"), platform.python_version(), storage).set(1)
        self._requests = Counter(
            "fairlead_http_requests",
            "Requests answered by this process.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "fairlead_http_request_seconds",
            "Time from a request's arrival to the last byte of its answer.",
            ("route",),
            registry=self._registry,
        )

        # Looking up a label by its text takes longer than counting, and there are few labels.
        self._of = cache(self._labelled)

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count and time a request by its route's template, never by its values.

        A request that was refused before its route was looked for is only counted: its time says
        nothing.
        """
        method = scope["method"]
        if method not in _METHODS:
            # A client can send any word, and what it makes up is not kept as a label.
            method = "other"
        if ROUTED not in scope:
            self._requests.labels(method, "refused", status).inc()
            return
        route = getattr(scope.get("route"), "path", "unmatched")
        requests, histogram = self._of(method, route, status)
        requests.inc()
        histogram.observe(seconds)

    def _labelled(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        return self._requests.labels(method, route, status), self._seconds.labels(route)

    def text(self) -> tuple[bytes, str]:
        """Return the metrics and their media type.

        Raises:
            StorageUnavailable: the state cannot be read.
        """
        return generate_latest(self._registry), _CONTENT_TYPE


class _Waits(Collector):
    """Tells how long contacts waited for the operators that this process gave them to."""

    def __init__(self, times: AssignmentTimes) -> None:
        self._times = times

    def describe(self) -> Iterator[Metric]:
        """Describe what is collected."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Yield the histogram."""
        waits = HistogramMetricFamily(
            "fairlead_assignment_seconds",
            "Time from registration to assignment, of contacts that this process assigned.",
            labels=["source"],
        )
        bounds = [*map(str, BOUNDS), "+Inf"]
        for source, each in self._times.by_source().items():
            buckets = list(zip(bounds, accumulate(each.counts), strict=True))
            waits.add_metric([source], buckets=buckets, sum_value=each.total)
        yield waits


class _Jumps(Collector):
    """Tells whether this machine's clock can be believed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def describe(self) -> Iterator[Metric]:
        """Describe what is collected."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Yield the counter."""
        yield CounterMetricFamily(
            "fairlead_clock_jumps",
            "Times that this machine's clock was found to have jumped by more than a second.",
            value=self._clock.jumps,
        )


class _Process(ProcessCollector):
    """Finds out when the machine started even if `/proc/stat` is hidden.

    The systemd unit hides it (`ProcSubset=pid`), and the library then shows nothing at all.
    """

    def _boot_time(self) -> float:
        try:
            found: float = super()._boot_time()  # type: ignore[no-untyped-call]
        except OSError:
            return time.time() - time.monotonic()
        return found


class _State(Collector):
    """Reads the storage when Prometheus asks, so every process reports the same."""

    def __init__(self, fairlead: Fairlead, clock: Clock) -> None:
        self._fairlead = fairlead
        self._clock = clock

    def describe(self) -> Iterator[Metric]:
        """Describe nothing: the registry must not read the storage when it is made."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        contacts = GaugeMetricFamily(
            "fairlead_contacts", "Contacts registered in total.", labels=["source"]
        )
        waiting = GaugeMetricFamily(
            "fairlead_contacts_waiting", "Contacts that wait for an operator.", labels=["source"]
        )
        oldest = GaugeMetricFamily(
            "fairlead_oldest_waiting_seconds",
            "How long the contact that a queue hands out next has waited; 0 if none waits.",
            labels=["source"],
        )
        since, now = self._fairlead.statistics.waiting_since(), self._clock.now()
        for source in self._fairlead.statistics.totals():
            contacts.add_metric([source.source], source.total)
            waiting.add_metric([source.source], source.waiting)
            waited = (now - since.get(source.source, now)).total_seconds()
            # It may have come in while a clock was ahead.
            oldest.add_metric([source.source], max(waited, 0.0))
        load = GaugeMetricFamily(
            "fairlead_operator_load", "Open contacts of an operator.", labels=_OPERATOR
        )
        capacity = GaugeMetricFamily(
            "fairlead_operator_capacity", "Capacity of an operator.", labels=_OPERATOR
        )
        for each in self._fairlead.statistics.operators():
            labels = [str(each.operator.id), each.operator.key]
            load.add_metric(labels, each.operator.load)
            capacity.add_metric(labels, each.operator.capacity)
        yield from (contacts, waiting, oldest, load, capacity, *self._endpoints(now))

    def _endpoints(self, now: datetime) -> Iterator[Metric]:
        enabled = GaugeMetricFamily(
            "fairlead_endpoint_enabled", "1 if events are delivered to it.", labels=_ENDPOINT
        )
        behind = GaugeMetricFamily(
            "fairlead_endpoint_behind_events",
            "Events of the log that come after what an endpoint has got.",
            labels=_ENDPOINT,
        )
        failing = GaugeMetricFamily(
            "fairlead_endpoint_failing_seconds",
            "Time since the first attempt that failed after the last success; 0 if none has.",
            labels=_ENDPOINT,
        )
        deliveries = GaugeMetricFamily(
            "fairlead_endpoint_deliveries",
            "Events that were not delivered at once: pending ones are tried again, dead ones not.",
            labels=[*_ENDPOINT, "state"],
        )
        for each in self._fairlead.endpoints.all():
            labels = [str(each.id)]
            enabled.add_metric(labels, float(each.state is EndpointState.ENABLED))
            behind.add_metric(labels, each.behind)
            since = each.failing_since or now
            failing.add_metric(labels, max((now - since).total_seconds(), 0.0))
            deliveries.add_metric([*labels, "pending"], each.pending)
            deliveries.add_metric([*labels, "dead"], each.dead)
        yield from (enabled, behind, failing, deliveries)
