"""Prometheus metrics. One registry per daemon, nothing global; the engine reports through ``Telemetry``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Milliseconds are the scale here: a stage takes one, a call ten; a slow board several hundred.
_STAGE_BUCKETS = (0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
_CALL_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0)

Sample = tuple[str, str, float]
"""name, help text, value"""


class Metrics:
    """The daemon's measurements; a :class:`~edgeface.telemetry.Telemetry`. Thread-safe."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._stages = Histogram(
            "edgeface_stage_seconds",
            "Time of one stage of the pipeline.",
            ["stage"],
            buckets=_STAGE_BUCKETS,
            registry=self.registry,
        )
        self._rejections = Counter(
            "edgeface_rejections",
            "Faces and pictures refused, by reason: an error code or a measure of the quality gate.",
            ["reason"],
            registry=self.registry,
        )
        self._requests = Counter(
            "edgeface_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._durations = Histogram(
            "edgeface_request_seconds",
            "Time of a request, waiting and transfer included.",
            ["route"],
            buckets=_CALL_BUCKETS,
            registry=self.registry,
        )
        self._errors = Counter(
            "edgeface_errors", "Requests answered with an error, by its code.", ["code"], registry=self.registry
        )
        self._turned_away = Counter(
            "edgeface_callers_turned_away",
            "TCP callers turned away, by reason: an error code of admission, or what failed before a request came.",
            ["reason"],
            registry=self.registry,
        )
        start = Gauge(
            "process_start_time_seconds", "Start of the process, seconds since 1970.", registry=self.registry
        )
        start.set(time.time())
        self.registry.register(_Memory())

    def stage(self, name: str, seconds: float) -> None:
        """One stage of the pipeline took so long."""
        self._stages.labels(name).observe(seconds)

    def rejected(self, reason: str) -> None:
        """A face or picture was refused."""
        self._rejections.labels(reason).inc()

    def turned_away(self, reason: str) -> None:
        """A caller over TCP was not let in."""
        self._turned_away.labels(reason).inc()

    def request(self, method: str, route: str, status: int, seconds: float, error: str | None) -> None:
        """A request was answered. ``route`` is the pattern, never the path: labels stay few and nameless."""
        self._requests.labels(method, route, str(status)).inc()
        self._durations.labels(route).observe(seconds)
        if error:
            self._errors.labels(error).inc()

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A value that is read when it is asked for."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def labels(self, name: str, text: str, values: Mapping[str, str]) -> None:
        """A constant 1 that carries facts as labels (the Prometheus way to say a version)."""
        Gauge(name, text, list(values), registry=self.registry).labels(*values.values()).set(1)

    def samples(self, gauges: Callable[[], Iterable[Sample]], counters: Callable[[], Iterable[Sample]]) -> None:
        """Values read together at each scrape."""
        self.registry.register(_Samples(gauges, counters))

    def text(self) -> bytes:
        """The exposition; may wait for the gallery, so call it off the event loop."""
        return generate_latest(self.registry)


class _Samples(Collector):
    def __init__(self, gauges: Callable[[], Iterable[Sample]], counters: Callable[[], Iterable[Sample]]) -> None:
        self._gauges = gauges
        self._counters = counters

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        for name, text, value in self._gauges():
            yield GaugeMetricFamily(name, text, value=value)
        for name, text, value in self._counters():
            yield CounterMetricFamily(name, text, value=value)


class _Memory(Collector):
    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "process_resident_memory_bytes", "Resident memory, bytes.", value=float(resident_bytes())
        )


def resident_bytes() -> int:
    """Resident memory of this process, bytes; 0 where /proc is not there."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
