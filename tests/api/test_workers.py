from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from edgeface.api.workers import Priority, Workers
from edgeface.errors import EdgeFaceError, ErrorCode


class Gate:
    """Work that waits until it is let go, and remembers the order in which it ran."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.ran: list[str] = []

    def work(self, name: str):
        def run() -> str:
            self.ran.append(name)
            assert self.open.wait(20)
            return name

        return run


@pytest.fixture
async def make() -> AsyncIterator:
    made = []

    def factory(threads: int = 1, waiting: int = 4, deadline_s: float | None = 20.0) -> Workers:
        made.append(Workers("test", threads=threads, waiting=waiting, deadline_s=deadline_s))
        return made[-1]

    yield factory
    for workers in made:
        workers.close()


async def until(condition) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen")


async def test_returns_results_and_raises_what_the_work_raises(make) -> None:
    workers = make(threads=2)
    assert await workers.run(lambda: 7, Priority.DECISION) == 7
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 // 0, Priority.DECISION)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await workers.run(lambda: next(iter(())), Priority.DECISION)
    assert await workers.run(lambda: 8, Priority.DECISION) == 8


async def test_never_more_at_once_than_threads_nor_more_in_line_than_the_queue(make) -> None:
    workers, gate = make(threads=2, waiting=3), Gate()
    calls = [asyncio.ensure_future(workers.run(gate.work(str(n)), Priority.ORDINARY)) for n in range(5)]
    await until(lambda: workers.running == 2)
    assert workers.waiting == 3
    with pytest.raises(EdgeFaceError) as caught:
        await workers.run(gate.work("x"), Priority.ORDINARY)
    assert caught.value.code is ErrorCode.BUSY
    gate.open.set()
    assert await asyncio.gather(*calls) == ["0", "1", "2", "3", "4"]
    assert "x" not in gate.ran


async def test_a_queue_of_zero_still_serves_one_call_at_a_time(make) -> None:
    workers = make(threads=1, waiting=0)
    assert await workers.run(lambda: 1, Priority.BULK) == 1
    assert await workers.run(lambda: 2, Priority.BULK) == 2


async def test_decisions_go_before_bulk_work(make) -> None:
    workers, gate = make(), Gate()
    calls = [asyncio.ensure_future(workers.run(gate.work("first"), Priority.ORDINARY))]
    await until(lambda: workers.running == 1)
    for name, priority in (("bulk", Priority.BULK), ("ordinary", Priority.ORDINARY), ("door", Priority.DECISION)):
        calls.append(asyncio.ensure_future(workers.run(gate.work(name), priority)))
        await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(*calls)
    assert gate.ran == ["first", "door", "ordinary", "bulk"]


async def test_a_decision_pushes_bulk_work_out_of_a_full_line_but_not_the_other_way(make) -> None:
    workers, gate = make(waiting=1), Gate()
    first = asyncio.ensure_future(workers.run(gate.work("first"), Priority.BULK))
    await until(lambda: workers.running == 1)
    bulk = asyncio.ensure_future(workers.run(gate.work("bulk"), Priority.BULK))
    await until(lambda: workers.waiting == 1)
    door = asyncio.ensure_future(workers.run(gate.work("door"), Priority.DECISION))
    with pytest.raises(EdgeFaceError) as caught:
        await bulk
    assert caught.value.code is ErrorCode.BUSY
    with pytest.raises(EdgeFaceError):
        await workers.run(gate.work("more bulk"), Priority.BULK)
    gate.open.set()
    assert await asyncio.gather(first, door) == ["first", "door"]


async def test_bulk_work_leaves_a_thread_for_the_others(make) -> None:
    workers, gate = make(threads=2, waiting=8), Gate()
    bulk = [asyncio.ensure_future(workers.run(gate.work(f"bulk{n}"), Priority.BULK)) for n in range(4)]
    await until(lambda: workers.running == 1 and workers.waiting == 3)
    assert await workers.run(lambda: "door", Priority.DECISION) == "door"
    gate.open.set()
    await asyncio.gather(*bulk)


async def test_waiting_counts_against_the_deadline(make) -> None:
    workers, gate = make(deadline_s=0.2), Gate()
    first = asyncio.ensure_future(workers.run(gate.work("first"), Priority.DECISION))
    second = asyncio.ensure_future(workers.run(gate.work("second"), Priority.DECISION))
    for call in (first, second):
        with pytest.raises(EdgeFaceError) as caught:
            await call
        assert caught.value.code is ErrorCode.DEADLINE
    assert workers.waiting == 0
    assert workers.running == 1  # a thread cannot be stopped: it is busy until the work is done
    assert workers.oldest_s > 0
    gate.open.set()
    await until(lambda: workers.running == 0)
    assert await workers.run(lambda: "again", Priority.DECISION) == "again"
    assert gate.ran == ["first"]


async def test_a_caller_that_leaves_the_line_is_not_computed(make) -> None:
    workers, gate = make(), Gate()
    first = asyncio.ensure_future(workers.run(gate.work("first"), Priority.DECISION))
    await until(lambda: workers.running == 1)
    left = asyncio.ensure_future(workers.run(gate.work("left"), Priority.DECISION))
    stays = asyncio.ensure_future(workers.run(gate.work("stays"), Priority.DECISION))
    await until(lambda: workers.waiting == 2)
    left.cancel()
    gate.open.set()
    assert await asyncio.gather(first, stays) == ["first", "stays"]
    assert gate.ran == ["first", "stays"]


async def test_a_caller_that_leaves_while_computed_gives_the_thread_back(make) -> None:
    workers, gate = make(), Gate()
    first = asyncio.ensure_future(workers.run(gate.work("first"), Priority.BULK))
    await until(lambda: workers.running == 1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    gate.open.set()
    assert await workers.run(lambda: "next", Priority.BULK) == "next"


async def test_a_turn_that_comes_in_the_instant_of_leaving_is_given_back(make) -> None:
    workers, gate = make(), Gate()
    first = asyncio.ensure_future(workers.run(gate.work("first"), Priority.DECISION))
    await until(lambda: workers.running == 1)
    leaving = asyncio.ensure_future(workers.run(gate.work("leaving"), Priority.DECISION))
    await until(lambda: workers.waiting == 1)
    gate.open.set()
    await first
    leaving.cancel()
    assert await workers.run(lambda: "next", Priority.DECISION) == "next"


async def test_stop_refuses_those_in_line_and_lets_the_running_finish(make) -> None:
    workers, gate = make(), Gate()
    first = asyncio.ensure_future(workers.run(gate.work("first"), Priority.DECISION))
    await until(lambda: workers.running == 1)
    second = asyncio.ensure_future(workers.run(gate.work("second"), Priority.DECISION))
    await until(lambda: workers.waiting == 1)
    workers.stop()
    for call in (second, workers.run(gate.work("third"), Priority.DECISION)):
        with pytest.raises(EdgeFaceError) as caught:
            await call
        assert caught.value.code is ErrorCode.SHUTTING_DOWN
    assert not await workers.drained(0.05)
    gate.open.set()
    assert await first == "first"
    assert await workers.drained(5)
