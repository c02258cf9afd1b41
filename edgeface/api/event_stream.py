"""The live stream of events: server-sent events with replay.

A stream is a report, not a computed call: it takes no thread of the crew and meets no deadline. It reads the log in
the default executor while it replays, and a bounded queue afterwards.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable

from aiohttp import web

from edgeface.api.event_answers import EventAnswer
from edgeface.events.event import Event, EventKind
from edgeface.events.log import EventLog

KEEP_ALIVE_S = 15.0
"""Seconds of silence after which a comment is sent: half of what our own client waits, and proxies cut at 60."""
WRITE_S = 20.0
"""Seconds in which a reader must take something; then it is disconnected, and may come back where it was."""
RETRY_MS = 2000
_BATCH = 200

log = logging.getLogger(__name__)


class EventStream:
    """One reader's stream. Make and use it on the event loop."""

    def __init__(
        self, events: EventLog, response: web.StreamResponse, *, kinds: Collection[EventKind] | None, named: bool
    ) -> None:
        """``named``: the reader may know who it was."""
        self._events = events
        self._response = response
        self._kinds = kinds
        self._named = named
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._position = 0

    async def run(self, after: int | None, ending: asyncio.Event) -> None:
        """Send until the reader leaves, stands still for too long, or the daemon ends.

        ``after``: the number behind which to begin; ``None``: with what comes next. Raises ``SHUTTING_DOWN`` and
        ``ConnectionError``.
        """
        over = asyncio.ensure_future(ending.wait())
        over.add_done_callback(lambda _: self._wake.set())
        # Subscribed before the log is read: what comes meanwhile waits in the queue.
        news = self._events.subscribe(wake=lambda: self._loop.call_soon_threadsafe(self._wake.set))
        try:
            await self._begin(after)
            while True:
                self._wake.clear()
                last = ending.is_set()  # asked before the queue is: what is in it then is still sent
                delivery = news.take(0)
                if delivery.lagged:
                    await self._lagged()
                await self._send_events(delivery.events)
                if delivery.ended or last:
                    return
                if not delivery.events and not delivery.lagged:
                    await self._rest()
        finally:
            over.cancel()
            news.close()

    async def _begin(self, after: int | None) -> None:
        last = self._events.last
        self._position = last if after is None else min(after, last)
        # The number at once: a reader that is cut off before the first event comes back to here.
        await self._send(f"retry: {RETRY_MS}\nid: {self._position}\n\n")
        if after is not None and after > last:
            # The numbers are not those of this log: the device was set up anew, and nobody knows what was missed.
            await self._lagged()
        elif after is not None:
            await self._replay()

    async def _lagged(self) -> None:
        await self._send(f'event: lagged\ndata: {{"after":{self._position}}}\n\n')
        await self._replay()

    async def _replay(self) -> None:
        while events := await self._loop.run_in_executor(
            None, self._events.since, self._position, _BATCH, self._kinds
        ):
            await self._send_events(events)

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), KEEP_ALIVE_S)
        except asyncio.TimeoutError:
            await self._send(":\n\n")

    async def _send_events(self, events: Iterable[Event]) -> None:
        wanted = []
        for event in events:
            if event.sequence > self._position:  # others came from the log already
                self._position = event.sequence
                if self._kinds is None or event.kind in self._kinds:
                    wanted.append(self._frame(event if self._named else event.nameless()))
        if wanted:
            await self._send("".join(wanted))

    def _frame(self, event: Event) -> str:
        body = EventAnswer.of(event).as_json().decode("utf-8")
        return f"id: {event.sequence}\nevent: {event.kind.value}\ndata: {body}\n\n"

    async def _send(self, text: str) -> None:
        try:
            await asyncio.wait_for(self._response.write(text.encode("utf-8")), WRITE_S)
        except asyncio.TimeoutError:
            log.info("event stream stood still", extra={"fields": {"after": self._position}})
            raise ConnectionResetError("The reader takes nothing.") from None
