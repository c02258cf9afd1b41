"""The bounded crew that computes calls.

All bookkeeping happens on the event loop, so there are no locks; only the work itself runs in threads. The crew
keeps four promises: never more calls at once than threads, never more waiting than the queue holds, no call
beyond its deadline (waiting included), and decisions go before bulk work.
"""

from __future__ import annotations

import asyncio
import bisect
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from edgeface.errors import EdgeFaceError, ErrorCode

T = TypeVar("T")


class Priority(IntEnum):
    """Who goes first. Somebody stands at the door for a decision; nobody waits for bulk work."""

    DECISION = 0
    ORDINARY = 1
    BULK = 2


@dataclass(order=True, slots=True)
class _Waiter:
    priority: Priority
    number: int
    turn: asyncio.Future[None] = field(compare=False)


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[], Any]
    outcome: asyncio.Future[Any]
    priority: Priority
    started: float


class Workers:
    """``threads`` calls at once, ``waiting`` more in line. Make and use it on one event loop."""

    def __init__(self, name: str, *, threads: int, waiting: int, deadline_s: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._most_waiting = waiting
        self._deadline_s = deadline_s
        self._free = threads
        # One thread stays for the others, where there is more than one.
        self._bulk_free = max(1, threads - 1)
        self._line: list[_Waiter] = []
        self._number = 0
        self._jobs: set[_Job] = set()
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._inbox: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        # Daemon threads: a call that hangs in native code must not keep a stopped daemon from exiting.
        self._threads = [
            threading.Thread(target=self._serve, name=f"{name}-{index}", daemon=True) for index in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def running(self) -> int:
        """Calls being computed."""
        return len(self._jobs)

    @property
    def waiting(self) -> int:
        """Calls in line."""
        return len(self._line)

    @property
    def oldest_s(self) -> float:
        """Seconds since the longest running call began; 0 when none runs."""
        return max((self._loop.time() - job.started for job in self._jobs), default=0.0)

    async def run(self, work: Callable[[], T], priority: Priority) -> T:
        """Compute ``work()`` in a thread.

        Raises ``BUSY`` (line full), ``DEADLINE``, ``SHUTTING_DOWN``, and whatever the work raises. A caller that
        is cancelled while in line leaves it; one that is cancelled later loses the result, and the thread is free
        again when the work is done.
        """
        if self._stopping:
            raise EdgeFaceError(ErrorCode.SHUTTING_DOWN)
        expires = None if self._deadline_s is None else self._loop.time() + self._deadline_s
        await self._turn(priority, expires)
        job = _Job(work, self._loop.create_future(), priority, self._loop.time())
        self._jobs.add(job)
        self._idle.clear()
        self._inbox.put(job)
        timer = None if expires is None else self._loop.call_at(expires, _expire, job.outcome)
        try:
            result: T = await job.outcome
            return result
        finally:
            if timer is not None:
                timer.cancel()

    def stop(self) -> None:
        """Refuse new calls and those in line; running ones go on."""
        self._stopping = True
        line, self._line = self._line, []
        for waiter in line:
            _fail(waiter.turn, EdgeFaceError(ErrorCode.SHUTTING_DOWN))

    async def drained(self, timeout_s: float) -> bool:
        """Wait until nothing runs; ``False`` when it takes longer."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout_s)
        except asyncio.TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Let the threads end once their work is done."""
        self.stop()
        for _ in self._threads:
            self._inbox.put(None)

    async def _turn(self, priority: Priority, expires: float | None) -> None:
        turn: asyncio.Future[None] = self._loop.create_future()
        self._number += 1
        waiter = _Waiter(priority, self._number, turn)
        bisect.insort(self._line, waiter)
        self._dispatch()
        if len(self._line) > self._most_waiting:
            # The last in line goes: a decision that arrives pushes out bulk work, never the other way round.
            _fail(self._line.pop().turn, EdgeFaceError(ErrorCode.BUSY))
        timer = None if expires is None else self._loop.call_at(expires, _expire, turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._give_back(priority)  # cancelled in the same instant in which our turn came
            elif waiter in self._line:
                self._line.remove(waiter)
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _dispatch(self) -> None:
        while self._free and self._line:
            first = self._line[0]
            if first.turn.done():  # hung up or expired while in line
                self._line.pop(0)
                continue
            if first.priority is Priority.BULK:
                if not self._bulk_free:
                    return  # sorted: behind bulk there is only bulk
                self._bulk_free -= 1
            self._free -= 1
            self._line.pop(0)
            first.turn.set_result(None)

    def _give_back(self, priority: Priority) -> None:
        self._free += 1
        if priority is Priority.BULK:
            self._bulk_free += 1
        self._dispatch()

    def _finished(self, job: _Job, result: Any, error: BaseException | None) -> None:
        self._jobs.discard(job)
        if not self._jobs:
            self._idle.set()
        if not job.outcome.done():
            if error is None:
                job.outcome.set_result(result)
            else:
                job.outcome.set_exception(error)
        self._give_back(job.priority)

    def _serve(self) -> None:
        while (job := self._inbox.get()) is not None:
            result: Any = None
            failure: BaseException | None = None
            try:
                result = job.work()
            except StopIteration as error:  # a future cannot carry this one
                failure = RuntimeError(f"StopIteration: {error}")
            except BaseException as error:  # handed to the caller, whatever it is
                failure = error
            try:
                self._loop.call_soon_threadsafe(self._finished, job, result, failure)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more
            del job, result, failure  # an idle thread keeps no picture alive


def _expire(future: asyncio.Future[Any]) -> None:
    _fail(future, EdgeFaceError(ErrorCode.DEADLINE))


def _fail(future: asyncio.Future[Any], error: EdgeFaceError) -> None:
    if not future.done():
        future.set_exception(error)
