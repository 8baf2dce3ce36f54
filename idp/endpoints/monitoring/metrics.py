"""``/metrics`` in Prometheus' text format, for loopback or with a bearer token.

Requests are counted in each process; where ``PROMETHEUS_MULTIPROC_DIR`` names a folder (the service unit and ``make run`` do,
because the server has several processes on one port), all processes count in files there and any of them answers for all.
Everything else is read from the database when somebody asks, so that the worker needs no port of its own.
"""

from __future__ import annotations

import hmac
from bisect import bisect_left
from collections import Counter as Occurrences
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ...bundle import Bundle
from ...errors import UnavailableError
from ...readiness import Readiness
from ...services import Services
from ..wsgi import EndpointRequest, Response, error

_BUCKETS = (.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)
_TEXT = (("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store"),
         ("X-Content-Type-Options", "nosniff"))
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-proto")


class _Timings(Histogram):
    """A histogram that takes many values at once, and touches each of its figures once for all of them."""

    def observe_all(self, amounts: Sequence[float]) -> None:
        """Do what ``observe`` does, with each of several amounts."""
        self._sum.inc(sum(amounts))
        for bucket, number in Occurrences(bisect_left(self._upper_bounds, amount) for amount in amounts).items():
            self._buckets[bucket].inc(number)


class PrometheusMeter:
    """Counts answers (port ``Meter`` of the programs' door).

    Args:
        bundle_seconds: Answers of that time are counted together. 0: each at once.
    """

    def __init__(self, *, bundle_seconds: float = 0) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter("idp_answers", "Answers by endpoint and status", ("endpoint", "status"), registry=self._registry)
        self._seconds = _Timings("idp_answer_seconds", "Time to answer", ("endpoint",), buckets=_BUCKETS,
                                  registry=self._registry)
        self._counters: dict[tuple[str, int], Counter] = {}
        self._timings: dict[str, _Timings] = {}
        self._bundle: Bundle[tuple[str, int, float]] = Bundle(self._enter, seconds=bundle_seconds)

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._bundle.add((endpoint, status, seconds))

    def _enter(self, answers: list[tuple[str, int, float]]) -> None:
        """Count several answers; each figure is touched once for all of them."""
        for kind, number in Occurrences((endpoint, status) for endpoint, status, _ in answers).items():
            counter = self._counters.get(kind)
            if counter is None:
                counter = self._counters[kind] = self._answers.labels(kind[0], str(kind[1]))
            counter.inc(number)
        seconds_of: defaultdict[str, list[float]] = defaultdict(list)
        for endpoint, _, seconds in answers:
            seconds_of[endpoint].append(seconds)
        for endpoint, amounts in seconds_of.items():
            timings = self._timings.get(endpoint)
            if timings is None:
                timings = self._timings[endpoint] = self._seconds.labels(endpoint)
            timings.observe_all(amounts)

    def text(self, *others: Collector) -> bytes:
        """Give the figures of all processes and of other collectors; those of other processes may be a moment old."""
        self._bundle.flush()
        registry = CollectorRegistry()
        try:
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        except ValueError:  # no folder is shared: this process is the only one
            registry.register(_Own(self._registry))
        for other in others:
            registry.register(other)
        return generate_latest(registry)


class _Own(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        return self._registry.collect()


class _Figures(Collector):
    """What /readyz found, as figures: one state each, and every number."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def collect(self) -> Iterator[Metric]:
        _status, body = self._readiness.look()
        up = GaugeMetricFamily("idp_dependency_up", "1 up, 0.5 degraded, 0 down", labels=("dependency",))
        figures = []
        for name, found in body["dependencies"].items():
            up.add_metric((name,), {"up": 1.0, "degraded": 0.5}.get(found["state"], 0.0))
            for figure, value in found.items():
                if isinstance(value, int):
                    family = GaugeMetricFamily(f"idp_{name}_{figure}", f"{figure} as /readyz gives it")
                    family.add_metric((), value)
                    figures.append(family)
        yield up
        yield from figures


class _Events(Collector):
    """Audit events of the last minute, for example refused sign-ins."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("idp_audit_events_last_minute", "Audit records of the last minute", labels=("event",))
        try:
            counts = self._services.audit_reader.counts(since=self._services.clock.now() - 60)
        except UnavailableError:
            counts = {}  # idp_dependency_up tells it
        for event, count in counts.items():
            family.add_metric((event,), count)
        yield family


class MetricsEndpoint:
    """``/metrics``.

    Args:
        meter: Counts of this process.
        readiness: What /readyz asks.
        services: The rooms.
        token: Bearer token for callers beyond loopback; "" admits none.
    """

    def __init__(self, meter: PrometheusMeter, readiness: Readiness, services: Services, *, token: str = "") -> None:
        self._meter = meter
        self._others: tuple[Collector, ...] = (_Figures(readiness), _Events(services))
        self._digest = sha256(token.encode()).digest() if token else b""

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer loopback callers and holders of the token; others are told that there is nothing."""
        if not (self._local(request) or self._holds_token(request)):
            return error(404, "not_found", "There is nothing here.")
        return Response(200, self._meter.text(*self._others), _TEXT)

    def _local(self, request: EndpointRequest) -> bool:
        """A request that any proxy passed on is not local, whatever address the proxy itself has."""
        if any(request.header(name) for name in _FORWARDED):
            return False
        return request.caller.source in {"127.0.0.1", "::1", "::ffff:127.0.0.1"}

    def _holds_token(self, request: EndpointRequest) -> bool:
        scheme, _, token = request.header("authorization").partition(" ")
        sent = sha256(token.strip().encode("utf-8", "surrogatepass")).digest()
        return bool(self._digest) and scheme.lower() == "bearer" and hmac.compare_digest(sent, self._digest)
