"""What every dialect and handler of one daemon shares: the engine, the crew, body limits, metrics, the phase."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeVar

from aiohttp import web

import edgeface
from edgeface.api.appliance import Appliance
from edgeface.api.auth.admission import Admission
from edgeface.api.auth.clock import Clock
from edgeface.api.auth.keyring import Keyring
from edgeface.api.auth.quota import Quotas
from edgeface.api.auth.usage_file import UsageFile
from edgeface.api.bodies import Bodies
from edgeface.api.fetch import Fetcher
from edgeface.api.live_metrics import LiveMetrics, MachineMetrics
from edgeface.api.metrics import Metrics, Sample
from edgeface.api.workers import Priority, Workers
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.log import EventLog
from edgeface.live.terminal import Terminal
from edgeface.types import Role

T = TypeVar("T")

_STUCK_AFTER_DEADLINES = 3
"""A call that runs this many deadlines long will not come back."""
MOST_AT_CAMERA = 4
"""Calls that may wait for a face at once: there is one camera, and each sees the same face."""
_LEAST_FREE_BYTES = 1 << 20
"""Below this SQLite cannot write its log."""


class Phase(Enum):
    """Where the daemon is in its life."""

    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "stopping"


class Services:
    """Made on the event loop, before the engine is open."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        """Raises ``CONFIG_INVALID`` when the keys of the TCP listener cannot be used."""
        server = config.server
        self.config = config
        self.phase = Phase.STARTING
        self.metrics = Metrics()
        self.calls = Workers("call", threads=server.workers, waiting=server.queue, deadline_s=server.deadline_s)
        # Archives take minutes and must neither hold up a call nor meet its deadline: one at a time, none in line.
        self.upkeep = Workers("upkeep", threads=1, waiting=0, deadline_s=None)
        self.bodies = Bodies(most_bytes=server.max_request_bytes, timeout_s=server.body_timeout_s)
        self.fetcher = Fetcher(config.fetch, config.image)
        self.admission = _admission(config, clock or Clock(), self._token_key)
        self.events: EventLog | None = None
        """The event log, once it is open."""
        self.appliance: Appliance | None = None
        """The live half, where a camera is configured."""
        # Who waits for a face does nothing meanwhile: that neither takes a thread of the crew nor meets its deadline.
        self.at_camera = Workers("at-camera", threads=MOST_AT_CAMERA, waiting=0, deadline_s=None)
        self.ending = asyncio.Event()
        """Set when the daemon stops, so that streams end."""
        self._engine: Engine | None = None
        self._describe()

    @property
    def engine(self) -> Engine:
        """The open engine. Raises ``BUSY`` while starting, ``SHUTTING_DOWN`` at the end."""
        if self.phase is Phase.STOPPING:
            raise EdgeFaceError(ErrorCode.SHUTTING_DOWN)
        if self._engine is None:
            raise EdgeFaceError(ErrorCode.BUSY, "The daemon is starting.")
        return self._engine

    def serve(self, engine: Engine) -> None:
        """The engine is open: answer calls."""
        self._engine = engine
        self.phase = Phase.SERVING
        facts = {"version": edgeface.__version__, "pack": engine.pack.name, "contract": engine.pack.contract_id}
        self.metrics.labels("edgeface_info", "Version, active model pack, embedding contract.", facts)
        self.metrics.samples(lambda: _gallery_gauges(engine), lambda: _gallery_counters(engine))

    def keep(self, events: EventLog) -> None:
        """The event log is open."""
        self.events = events
        self.metrics.samples(lambda: _event_gauges(events), lambda: _event_counters(events))

    def go_live(self, appliance: Appliance) -> None:
        """The camera is being watched."""
        self.appliance = appliance
        self.metrics.registry.register(LiveMetrics(appliance))

    @property
    def terminal(self) -> Terminal:
        """The live half. Raises ``CAMERA_UNAVAILABLE`` where no camera is configured, and as :attr:`engine`."""
        self.engine  # noqa: B018 - raises while starting and stopping
        if self.appliance is None:
            raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, "No camera is configured (camera.source).")
        return self.appliance.terminal

    async def compute(self, work: Callable[[Engine], T], priority: Priority) -> T:
        """Run a use case in the crew."""
        engine = self.engine
        return await self.calls.run(lambda: work(engine), priority)

    def not_ready(self) -> list[str]:
        """Why calls would not be computed; empty when they will be."""
        reasons = []
        if self.phase is not Phase.SERVING:
            reasons.append(self.phase.value)
        if not self.advancing():
            reasons.append("stuck")
        if self.phase is Phase.SERVING:
            try:
                free = os.statvfs(self.config.state_dir)
                if free.f_bavail * free.f_frsize < _LEAST_FREE_BYTES:
                    reasons.append(ErrorCode.STORAGE_FULL.code)
                if free.f_flag & os.ST_RDONLY or not os.access(self.config.state_dir, os.W_OK):
                    reasons.append(ErrorCode.STORAGE_READ_ONLY.code)
            except OSError:
                reasons.append(ErrorCode.STORAGE_READ_ONLY.code)
        return reasons

    def advancing(self) -> bool:
        """Whether the crew and the live loop make progress: what the watchdog is fed by."""
        if self.appliance is not None and not self.appliance.advancing():
            return False
        return self.calls.oldest_s < self.config.server.deadline_s * _STUCK_AFTER_DEADLINES

    def _token_key(self) -> bytes:
        return self.engine.gallery.subkey("access-token")

    def _describe(self) -> None:
        gauge = self.metrics.gauge
        gauge("edgeface_calls_running", "Calls being computed.", lambda: self.calls.running)
        gauge("edgeface_calls_waiting", "Calls in line.", lambda: self.calls.waiting)
        gauge("edgeface_body_bytes", "Request bodies held in memory.", lambda: self.bodies.held_bytes)
        self.metrics.registry.register(MachineMetrics())
        gauge("edgeface_ready", "1 when calls are computed.", lambda: float(not self.not_ready()))


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
"""Where an application keeps its services."""


def require(request: web.Request, role: Role) -> None:
    """Admit a caller of the native API. Once per request: over TCP it counts against the quota of a key.

    Raises ``FORBIDDEN`` unless the caller has the role, and what :meth:`Admission.native` raises.
    """
    request.app[SERVICES].admission.native(request).require(role)


def _admission(config: Config, clock: Clock, token_key: Callable[[], bytes]) -> Admission:
    # Without the listener nobody shows a key, and nothing of them is read.
    keyring = Keyring.open(config) if config.tcp.enabled else Keyring(())
    quotas = Quotas(clock, UsageFile(config.state_dir).read() if config.tcp.enabled else {})
    quotas.keep_only(keyring.names)
    return Admission(config.tcp, keyring, quotas, token_key, clock)


def _gallery_gauges(engine: Engine) -> Iterable[Sample]:
    stats = engine.gallery.stats()
    yield "edgeface_gallery_groups", "Groups.", stats.groups
    yield "edgeface_gallery_users", "Users, counted once per group.", stats.users
    yield "edgeface_gallery_faces", "Faces.", stats.faces
    yield "edgeface_gallery_revision", "Grows by one with every committed change.", stats.revision
    yield "edgeface_gallery_damaged_faces", "Faces whose seal does not open.", stats.damaged_faces
    yield "edgeface_gallery_erasure_pending", "1 while deleted rows may still be on disk.", stats.erasure_pending
    yield "edgeface_gallery_read_only", "1 when the gallery cannot be written.", stats.read_only
    # Totals, not one series per group: a group's name says who is in the building.
    ready = [index for index in stats.indexes if index.state.value == "ready"]
    yield "edgeface_index_groups", "Groups that have, or should have, an HNSW index.", len(stats.indexes)
    yield "edgeface_index_groups_ready", "Groups whose HNSW index answers.", len(ready)
    yield "edgeface_index_faces", "Faces in HNSW indexes that answer.", sum(index.faces for index in ready)
    if stats.audit_recall_at_1 is not None:
        yield "edgeface_index_recall_at_1", "HNSW against the exact scan, sampled.", stats.audit_recall_at_1


def _gallery_counters(engine: Engine) -> Iterable[Sample]:
    stats = engine.gallery.stats()
    yield "edgeface_searches_exact", "Searches answered by the exact scan.", stats.exact_searches
    yield "edgeface_searches_hnsw", "Searches answered by HNSW.", stats.hnsw_searches
    yield "edgeface_index_audits", "HNSW searches compared with the exact scan.", stats.audits


def _event_gauges(events: EventLog) -> Iterable[Sample]:
    facts = events.facts()
    yield "edgeface_events_kept", "Events in the log.", facts.events
    yield "edgeface_events_hints_kept", "Hints among them.", facts.hints
    yield "edgeface_events_pending", "Hints that are not written yet.", facts.pending
    yield "edgeface_events_last", "The last sequence number.", facts.last
    yield "edgeface_clock_trusted", "1 while the wall clock is believed.", float(events.clock.now().trusted)


def _event_counters(events: EventLog) -> Iterable[Sample]:
    facts = events.facts()
    yield "edgeface_events_transactions", "Transactions of the event log.", facts.transactions
    yield "edgeface_events_written_bytes", "Bytes that the event log wrote.", facts.bytes_written
    yield "edgeface_events_hints_dropped", "Hints lost because the storage did not take them.", facts.hints_dropped
    yield "edgeface_events_set_aside", "Times that a damaged event log was begun anew.", facts.set_aside
