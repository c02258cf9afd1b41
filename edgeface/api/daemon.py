"""The daemon: bind, open the engine, serve, and stop without losing a running call."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence

import edgeface
from edgeface.api.appliance import Appliance
from edgeface.api.auth.clock import Clock
from edgeface.api.auth.usage_file import EVERY_S, UsageFile
from edgeface.api.dialect import Dialect
from edgeface.api.log import configure_logging
from edgeface.api.native.archive import sweep
from edgeface.api.notify import Notifier
from edgeface.api.reloading import reloaded
from edgeface.api.server import Server
from edgeface.api.services import Phase, Services
from edgeface.api.sockets import Listener, open_listener
from edgeface.api.tcp import TcpListener, open_tcp
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError
from edgeface.events.log import EventLog

log = logging.getLogger(__name__)


class Daemon:
    """One daemon on the running event loop."""

    def __init__(
        self,
        config: Config,
        *,
        dialects: Sequence[Dialect] = (),
        notifier: Notifier | None = None,
        clock: Clock | None = None,
        reread: Callable[[], Config] | None = None,
    ) -> None:
        """``reread``: reads the configuration again, for :meth:`reload`."""
        self.config = config
        self._reread = reread
        self.services = Services(config, clock)
        self._server = Server(self.services, dialects)
        self._notifier = notifier or Notifier()
        self._listener: Listener | None = None
        self.tcp: TcpListener | None = None
        """The TCP listener, where one is configured, from :meth:`start` on."""
        self._engine: Engine | None = None
        self._usage_file = UsageFile(config.state_dir)
        self._chores: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Bind, answer health at once, open the engine and its models, then answer calls.

        Raises ``SOCKET_IN_USE``, ``CONFIG_INVALID`` and whatever :meth:`Engine.open` raises; then nothing is left
        open.
        """
        try:
            self._listener = open_listener(self.config.server)
            await self._server.start(self._listener)
            loop = asyncio.get_running_loop()
            self._engine = await loop.run_in_executor(None, self._open_engine)
            self.services.keep(await loop.run_in_executor(None, self._open_events, self._engine))
            if self._listener.tcp is not None and not self.config.tcp.enabled:
                log.warning("systemd's TCP socket is not served", extra={"fields": {"tcp.enabled": False}})
            if self.config.tcp.enabled:
                # Behind the engine: it holds the lock of the state directory, where the certificate is kept.
                self.tcp = await loop.run_in_executor(None, self._open_tcp, self._listener.tcp)
                self._server.start_tcp(self.tcp)
            await loop.run_in_executor(None, self._go_live, self._engine)
            self.services.serve(self._engine)
        except BaseException:
            await self.stop()
            raise
        self._chores.append(asyncio.create_task(self._feed_watchdog()))
        if self.tcp is not None:
            self._chores.append(asyncio.create_task(self._keep_usages()))
            self._log_tcp(self.tcp)
        self._notifier.ready()
        pack = self._engine.pack
        self._notifier.status(f"pack {pack.name}")
        log.info(
            "serving",
            extra={
                "fields": {
                    "version": edgeface.__version__,
                    "socket": self._listener.path,
                    "pack": pack.name,
                    "workers": self.config.server.workers,
                }
            },
        )

    async def stop(self) -> None:
        """Stop accepting, let running calls finish within ``grace_s``, answer the others, close."""
        if self.services.phase is Phase.STOPPING:
            return
        self.services.phase = Phase.STOPPING
        self.services.ending.set()
        self._notifier.stopping()
        self._server.stop_accepting()
        crews = (self.services.calls, self.services.upkeep, self.services.at_camera)
        for crew in crews:
            crew.stop()
        # Before the log: the last events are written, and the relay is let go.
        over = asyncio.get_running_loop().run_in_executor(None, self._leave_live)
        drained = all(await asyncio.gather(over, *(crew.drained(self.config.server.grace_s) for crew in crews)))
        await self._server.close()
        for chore in self._chores:
            chore.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await chore
        if self.tcp is not None:
            await self._write_usages()
        if self._listener is not None:
            self._listener.close()
        for crew in crews:
            crew.close()
        if self.services.events is not None and drained:
            await asyncio.get_running_loop().run_in_executor(None, self.services.events.close)
        if self._engine is not None and drained:
            await asyncio.get_running_loop().run_in_executor(None, self._engine.close)
        # A call that outlives the grace still uses the engine; closing it under the call would crash. The gallery
        # survives a kill at any instant, so leaving it to the end of the process loses nothing.
        log.info("stopped", extra={"fields": {"abandoned": sum(crew.running for crew in crews)}})

    def _open_engine(self) -> Engine:
        engine = Engine.open(self.config, self.services.metrics)
        try:
            sweep(self.config.state_dir)
            engine.analyzer.warm()
        except BaseException:
            engine.close()
            raise
        return engine

    def _open_events(self, engine: Engine) -> EventLog:
        events = EventLog.open(self.config.state_dir, self.config.events, key=engine.gallery.subkey("events"))
        engine.events = events
        return events

    def _go_live(self, engine: Engine) -> None:
        events = self.services.events
        if self.config.camera.source == "none" or events is None:
            return
        appliance = Appliance.open(engine, events, self.services.metrics)
        self.services.go_live(appliance)
        appliance.start()

    def _leave_live(self) -> bool:
        return self.services.appliance is None or self.services.appliance.stop()

    async def reload(self) -> None:
        """Read the configuration again and take over thresholds, rules and profiles; a wrong one changes nothing."""
        if self._reread is None or self._engine is None or self.services.phase is not Phase.SERVING:
            return
        try:
            new = await asyncio.get_running_loop().run_in_executor(None, self._reread)
            found = reloaded(self._engine.config, new)
            if self.services.appliance is not None:
                self.services.appliance.reload(found.config)
            else:
                self._engine.reconfigure(found.config)
        except EdgeFaceError as error:
            log.error("configuration not reloaded", extra={"fields": {"reason": error.message}})
            return
        log.info(
            "configuration reloaded", extra={"fields": {"needs_restart": ",".join(found.needs_restart) or "nothing"}}
        )

    def _open_tcp(self, passed: socket.socket | None) -> TcpListener:
        return open_tcp(self.config, has_keys=len(self.services.admission.keyring) > 0, passed=passed)

    def _log_tcp(self, listener: TcpListener) -> None:
        host, port = listener.address
        fields = {
            "host": host,
            "port": port,
            "certificate_sha256": listener.fingerprint or "none",
            "keys": len(self.services.admission.keyring),
            "anonymous": self.config.tcp.anonymous,
        }
        log.info("listening on TCP", extra={"fields": fields})
        if self.config.tcp.anonymous != "none":
            log.warning("callers without a key are let in", extra={"fields": {"role": self.config.tcp.anonymous}})

    async def _keep_usages(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self._write_usages()

    async def _write_usages(self) -> None:
        quotas = self.services.admission.quotas
        if quotas.changed:
            counts = quotas.snapshot()
            written = await asyncio.get_running_loop().run_in_executor(None, self._usage_file.write, counts)
            quotas.changed = quotas.changed or not written

    async def _feed_watchdog(self) -> None:
        interval = self._notifier.watchdog_s
        while interval is not None:
            if self.services.advancing():
                self._notifier.alive()
            await asyncio.sleep(interval / 3)


def serve(
    config: Config,
    *,
    dialects: Sequence[Dialect] = (),
    on_ready: Callable[[Daemon], None] | None = None,
    reread: Callable[[], Config] | None = None,
) -> None:
    """Run the daemon until SIGTERM or SIGINT. For the main thread of a process of its own.

    ``on_ready`` is told once calls are answered. ``reread``: reads the configuration again, at SIGHUP.
    Raises what :meth:`Daemon.start` raises.
    """
    configure_logging(config.log.level)
    daemon = functools.partial(
        Daemon, config, dialects=dialects, notifier=Notifier.from_environ(os.environ), reread=reread
    )
    asyncio.run(_serve(daemon, on_ready))


async def _serve(make: Callable[[], Daemon], on_ready: Callable[[Daemon], None] | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    daemon = make()
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = asyncio.ensure_future(daemon.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    # Also without anything to read again: a stray SIGHUP must not end a door.
    loop.add_signal_handler(signal.SIGHUP, reload)
    starting = asyncio.ensure_future(daemon.start())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        # A stop during a slow start must not wait for its end.
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            if on_ready is not None:
                on_ready(daemon)
            await stop.wait()
    finally:
        stopping.cancel()
        if not starting.done():
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
        await daemon.stop()
