"""Readers of the live queue."""

from __future__ import annotations

import threading

import pytest
from event_samples import OpenLog, hint, numbers, seen

from edgeface.events.log import EventLog


def test_events_come_in_order_hints_too(log: EventLog) -> None:
    log.append(seen())
    with log.subscribe() as news:
        made = [log.append(seen()), log.append(hint()), log.append(seen())]
        delivery = news.take(0)
        assert list(delivery.events) == made and not delivery.lagged and not delivery.ended
        assert news.take(0).events == ()


def test_a_reader_that_lags_is_told_and_finds_the_rest_in_the_log(log: EventLog) -> None:
    with log.subscribe(8) as news:
        for number in range(20):
            log.append(hint(number))
        delivery = news.take(0)
        assert delivery.lagged and delivery.events == ()
        log.append(seen())
        after = news.take(0)
        assert not after.lagged and numbers(after.events) == [21]
        replayed = numbers(log.since(0, 100))
        assert sorted({*replayed, *numbers(after.events)}) == list(range(1, 22))


def test_a_waiting_reader_is_woken_by_an_event_and_by_the_end(log: EventLog) -> None:
    got: list[int] = []
    done = threading.Event()

    def read() -> None:
        with log.subscribe() as news:
            ready.set()
            while not (delivery := news.take(30)).ended:
                got.extend(numbers(delivery.events))
            got.extend(numbers(delivery.events))
        done.set()

    ready = threading.Event()
    reader = threading.Thread(target=read)
    reader.start()
    assert ready.wait(10)
    log.append(seen())
    log.append(seen())
    log.close()
    assert done.wait(10)
    reader.join()
    assert got == [1, 2]


def test_a_reader_that_left_gets_nothing(log: EventLog) -> None:
    news = log.subscribe()
    news.close()
    log.append(seen())
    assert news.take(0).events == () and news.take(0).ended


def test_a_reader_whose_event_loop_is_closed_harms_nobody(log: EventLog) -> None:
    def gone() -> None:
        raise RuntimeError("Event loop is closed")

    log.subscribe(wake=gone)
    with log.subscribe() as news:
        log.append(seen())
        log.append(seen())
        assert len(news.take(0).events) == 2


def test_nobody_is_told_of_what_was_not_written(open_log: OpenLog) -> None:
    log = open_log()
    with log.subscribe() as news:
        log._journal.store._writer.execute("PRAGMA query_only = ON")
        with pytest.raises(Exception, match="cannot be written"):
            log.append(seen())
        log._journal.store._writer.execute("PRAGMA query_only = OFF")
        assert news.take(0).events == ()
        assert numbers(news.take(0).events) == []
        log.append(seen())
        assert len(log.since(0, 9)) == 1
