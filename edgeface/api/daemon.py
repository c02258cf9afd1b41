"""The daemon: bind, open the engine, serve, and stop without losing a running call."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Sequence

import edgeface
from edgeface.api.dialect import Dialect
from edgeface.api.log import configure_logging
from edgeface.api.native.archive import sweep
from edgeface.api.notify import Notifier
from edgeface.api.server import Server
from edgeface.api.services import Phase, Services
from edgeface.api.sockets import Listener, open_listener
from edgeface.config import Config
from edgeface.engine import Engine

log = logging.getLogger(__name__)


class Daemon:
    """One daemon on the running event loop."""

    def __init__(self, config: Config, *, dialects: Sequence[Dialect] = (), notifier: Notifier | None = None) -> None:
        self.config = config
        self.services = Services(config)
        self._server = Server(self.services, dialects)
        self._notifier = notifier or Notifier()
        self._listener: Listener | None = None
        self._engine: Engine | None = None
        self._watchdog: asyncio.Task[None] | None = None

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
            self.services.serve(self._engine)
        except BaseException:
            await self.stop()
            raise
        self._watchdog = asyncio.create_task(self._feed_watchdog())
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
        self._notifier.stopping()
        self._server.stop_accepting()
        crews = (self.services.calls, self.services.upkeep)
        for crew in crews:
            crew.stop()
        drained = all(await asyncio.gather(*(crew.drained(self.config.server.grace_s) for crew in crews)))
        await self._server.close()
        if self._watchdog is not None:
            self._watchdog.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watchdog
        if self._listener is not None:
            self._listener.close()
        for crew in crews:
            crew.close()
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

    async def _feed_watchdog(self) -> None:
        interval = self._notifier.watchdog_s
        while interval is not None:
            if self.services.advancing():
                self._notifier.alive()
            await asyncio.sleep(interval / 3)


def serve(
    config: Config, *, dialects: Sequence[Dialect] = (), on_ready: Callable[[Daemon], None] | None = None
) -> None:
    """Run the daemon until SIGTERM or SIGINT. For the main thread of a process of its own.

    ``on_ready`` is told once calls are answered. Raises what :meth:`Daemon.start` raises.
    """
    configure_logging(config.log.level)
    asyncio.run(_serve(config, dialects, on_ready))


async def _serve(config: Config, dialects: Sequence[Dialect], on_ready: Callable[[Daemon], None] | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    daemon = Daemon(config, dialects=dialects, notifier=Notifier.from_environ(os.environ))
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
