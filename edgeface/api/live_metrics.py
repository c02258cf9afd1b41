"""Prometheus metrics of the live half and of the board, read at each scrape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from edgeface.api.appliance import Appliance
from edgeface.capture.camera import CameraState
from edgeface.machine import REASONS, temperatures, throttling


class LiveMetrics(Collector):
    """Camera, loop and sinks."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._camera()
        yield from self._loop()
        yield from self._sinks()

    def _camera(self) -> Iterator[Metric]:
        facts = self._appliance.terminal.camera.facts
        yield _counter("edgeface_camera_frames", "Frames that the camera delivered.", facts.frames)
        yield _counter(
            "edgeface_camera_frames_dropped", "Frames overtaken by newer ones before anybody looked.", facts.dropped
        )
        yield _counter("edgeface_camera_restarts", "Restarts of the camera process.", facts.restarts)
        yield _gauge("edgeface_camera_fps", "Frames a second over the last seconds.", facts.fps)
        states = GaugeMetricFamily(
            "edgeface_camera_state", "1 for the state that the camera is in.", labels=["state"]
        )
        for state in CameraState:
            states.add_metric([state.value], float(facts.state is state))
        yield states

    def _loop(self) -> Iterator[Metric]:
        loop = self._appliance.terminal.loop
        yield _counter("edgeface_live_frames", "Frames that reached the live loop.", loop.frames)
        yield _counter("edgeface_live_frames_looked_at", "Frames in which faces were looked for.", loop.looked_at)
        yield _gauge("edgeface_live_interval", "Faces are looked for in every so manieth frame.", loop.interval)
        yield _gauge("edgeface_live_tracks", "Faces that are followed.", loop.tracks)
        yield _gauge("edgeface_live_callers_waiting", "Calls that wait for a face.", len(loop.waiting))
        told = CounterMetricFamily(
            "edgeface_live_events",
            "Events of the live half, by kind; unwritten: the log refused it.",
            labels=["kind"],
        )
        for kind, count in sorted(dict(loop.told).items()):
            told.add_metric([kind], count)
        yield told

    def _sinks(self) -> Iterator[Metric]:
        families: tuple[GaugeMetricFamily | CounterMetricFamily, ...] = (
            GaugeMetricFamily("edgeface_sink_away", "1 while a sink takes no events.", labels=["sink"]),
            GaugeMetricFamily("edgeface_sink_behind", "Events that a sink may still have to take.", labels=["sink"]),
            CounterMetricFamily("edgeface_sink_delivered", "Events that a sink took.", labels=["sink"]),
            CounterMetricFamily(
                "edgeface_sink_skipped", "Events that expired before a sink took them.", labels=["sink"]
            ),
            CounterMetricFamily("edgeface_sink_failures", "Offers that a sink refused.", labels=["sink"]),
        )
        for sink in self._appliance.sinks():
            values = (float(sink.away), sink.behind, sink.delivered, sink.skipped, sink.failures)
            for family, value in zip(families, values, strict=True):
                family.add_metric([sink.name], value)
        yield from families
        if self._appliance.relay is not None:
            yield _gauge("edgeface_relay_working", "1 while the relay's line is held.", self._appliance.relay.working)


class MachineMetrics(Collector):
    """Temperatures, and what a Raspberry Pi's firmware had to do."""

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        degrees = GaugeMetricFamily(
            "edgeface_machine_temperature_celsius", "Temperature of a sensor.", labels=["sensor"]
        )
        for sensor, value in temperatures().items():
            degrees.add_metric([sensor], value)
        yield degrees
        found = throttling()
        if found is None:
            return
        now = GaugeMetricFamily(
            "edgeface_machine_throttled", "1 while the board slows itself down.", labels=["reason"]
        )
        ever = GaugeMetricFamily(
            "edgeface_machine_throttled_since_boot", "1 when it ever did since boot.", labels=["reason"]
        )
        for reason in REASONS:
            now.add_metric([reason], float(reason in found.now))
            ever.add_metric([reason], float(reason in found.since_boot))
        yield now
        yield ever


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=float(value))
