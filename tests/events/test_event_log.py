"""What the log promises: order, numbers, durability, secrecy, limits."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from event_samples import KEY, NOON, HandClock, OpenLog, hint, numbers, opened, seen

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import EventKind, NewEvent
from edgeface.events.log import EventLog


def rows(folder: Path) -> list[int]:
    """The numbers that are in the database now, seen from outside."""
    connection = sqlite3.connect(f"file:{folder / 'events.db'}?mode=ro", uri=True)
    try:
        return [row[0] for row in connection.execute("SELECT sequence FROM events ORDER BY sequence")]
    finally:
        connection.close()


# --- writing and reading


def test_an_event_comes_back_as_it_was_written(log: EventLog, hand_clock: HandClock) -> None:
    written = log.append(seen(reasons=["blur", "yaw"], nested={"a": None}))
    assert written.sequence == 1 and len(written.event_id) == 32
    assert (written.wall_at, written.monotonic_at, written.boot_id) == (NOON, 1000.0, "boot-one")
    assert written.clock_trusted and written.expires_at_monotonic is None
    hand_clock.pass_s(1)
    expiring = log.append(opened(expires_s=2.5))
    assert expiring.expires_at_monotonic == 1003.5
    assert log.since(0, 10) == (written, expiring)
    assert log.since(1, 10) == (expiring,) and log.since(2, 10) == ()
    assert log.since(0, 1) == (written,)


def test_what_append_returned_is_on_the_disk(log: EventLog, tmp_path: Path) -> None:
    for number in range(1, 6):
        log.append(seen())
        assert rows(tmp_path / "state") == list(range(1, number + 1))


def test_hints_wait_and_go_with_the_next_decision(log: EventLog, tmp_path: Path) -> None:
    held = [log.append(hint(number)) for number in range(3)]
    assert rows(tmp_path / "state") == []
    assert log.since(0, 10) == tuple(held)
    assert log.facts().pending == 3 and log.facts().transactions == 0
    log.append(seen())
    assert rows(tmp_path / "state") == [1, 2, 3, 4]
    assert log.facts().pending == 0 and log.facts().transactions == 1
    log.append(hint())
    log.flush()
    assert rows(tmp_path / "state") == [1, 2, 3, 4, 5]


def test_hints_are_written_at_once_where_the_configuration_says_so(open_log: OpenLog, tmp_path: Path) -> None:
    open_log(flush_s=0).append(hint())
    assert rows(tmp_path / "state") == [1]


def test_memory_is_bounded_whatever_the_configuration_says(log: EventLog) -> None:
    for number in range(1000):
        log.append(hint(number))
    assert log.facts().pending <= 256
    assert numbers(log.since(0, 2000)) == list(range(1, 1001))


def test_kinds_select(log: EventLog) -> None:
    for number in range(30):
        log.append((seen(), hint(number), opened())[number % 3])
    held = log.append(hint())
    both = log.since(0, 100, (EventKind.DOOR_OPENED, EventKind.RECOGNISED))
    assert [event.kind for event in both[:2]] == [EventKind.RECOGNISED, EventKind.DOOR_OPENED]
    assert len(both) == 20 and numbers(both) == sorted(numbers(both))
    assert log.since(0, 100, (EventKind.HINT,))[-1] == held
    assert len(log.since(0, 4, (EventKind.HINT,))) == 4
    assert log.since(0, 100, (EventKind.CAMERA,)) == ()


def test_data_that_is_not_json_is_refused_and_does_no_harm(log: EventLog) -> None:
    for wrong in ({"a": {1, 2}}, {"a": float("nan")}):
        with pytest.raises((TypeError, ValueError)):
            log.append(NewEvent(EventKind.HINT, wrong, "gate"))
    log.append(seen())
    assert len(log.since(0, 10)) == 1


def test_what_readers_see_does_not_change_with_the_callers_own(log: EventLog) -> None:
    data = {"user_id": "ada", "reasons": ["blur"]}
    written = log.append(NewEvent(EventKind.REFUSED, data, "gate"))
    data["reasons"].append("yaw")  # type: ignore[attr-defined]
    assert written.data["reasons"] == ["blur"]


def test_threads_get_numbers_of_their_own_and_readers_see_a_prefix(log: EventLog) -> None:
    found: list[int] = []

    def write(number: int) -> None:
        found.extend(log.append(seen() if index % 5 == number else hint()).sequence for index in range(60))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    reached: list[int] = []
    while any(writer.is_alive() for writer in writers) or len(reached) < 240:
        reached += numbers(log.since(reached[-1] if reached else 0, 50))
    assert sorted(found) == reached == list(range(1, 241))


# --- numbers


def test_numbers_go_on_after_a_restart(open_log: OpenLog) -> None:
    first = open_log()
    first.append(seen())
    last = first.append(hint()).sequence
    first.close()
    second = open_log()
    assert second.append(seen()).sequence == last + 1
    assert numbers(second.since(0, 10)) == [1, 2, 3]


@pytest.mark.parametrize("spoilt", ["", "many\n", None])
def test_a_lost_number_file_leaves_a_gap_but_no_doubled_number(
    open_log: OpenLog, tmp_path: Path, spoilt: str | None
) -> None:
    log = open_log()
    log.append(seen())
    log.append(hint())
    log.close()
    file = tmp_path / "state" / "events.numbers"
    if spoilt is None:
        file.unlink()
    else:
        file.write_text(spoilt)
    assert open_log().append(seen()).sequence > 10_000


def test_numbers_survive_a_lost_database(open_log: OpenLog, tmp_path: Path) -> None:
    log = open_log()
    last = [log.append(seen()).sequence for _ in range(5)][-1]
    log.close()
    for file in (tmp_path / "state").glob("events.db*"):
        file.unlink()
    assert open_log().append(seen()).sequence == last + 1


# --- secrecy


def test_the_files_name_nobody(log: EventLog, tmp_path: Path) -> None:
    log.append(seen("ada_lovelace_1815"))
    log.append(hint())
    log.close()
    content = b"".join(file.read_bytes() for file in (tmp_path / "state").iterdir())
    assert b"ada_lovelace" not in content and b"staff" not in content and b"gate" not in content
    assert {oct(file.stat().st_mode & 0o777) for file in (tmp_path / "state").iterdir()} == {"0o600"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET wall_at = wall_at - 3600 WHERE sequence = 1",
        "UPDATE events SET kind = 'door_opened' WHERE sequence = 1",
        "UPDATE events SET clock_trusted = 0 WHERE sequence = 1",
        "UPDATE events SET sealed = (SELECT sealed FROM events WHERE sequence = 2) WHERE sequence = 1",
        "UPDATE events SET sealed = x'00' WHERE sequence = 1",
        "UPDATE events SET kind = 'of_a_later_version' WHERE sequence = 1",
    ],
)
def test_a_row_that_was_changed_does_not_open_and_says_so(open_log: OpenLog, tmp_path: Path, change: str) -> None:
    log = open_log()
    log.append(seen())
    log.append(seen("eve"))
    log.close()
    with sqlite3.connect(tmp_path / "state" / "events.db") as connection:
        connection.execute(change)
    found = open_log().since(0, 10)
    assert numbers(found) == [1, 2]
    assert found[0].kind is EventKind.SYSTEM and found[0].data["what"] == "event_damaged"
    assert found[1].data["user_id"] == "eve"


def test_observers_learn_what_happened_but_not_who_it_was(log: EventLog) -> None:
    shown = log.append(seen("ada", door="north", reason="no_rule", reasons=["yaw"], something_new=1)).nameless()
    assert dict(shown.data) == {"door": "north", "reason": "no_rule", "reasons": ["yaw"]}
    camera = {"state": "restarting", "restarts": 2, "reason": "rtsp://me:secret@10.0.0.1 does not answer"}
    shown = log.append(NewEvent(EventKind.CAMERA, camera, "gate")).nameless()
    assert dict(shown.data) == {"state": "restarting", "restarts": 2}
    assert shown.sequence == 2 and shown.kind is EventKind.CAMERA


# --- the clock


def test_a_change_of_trust_and_a_jump_are_events_before_the_next(log: EventLog, hand_clock: HandClock) -> None:
    log.append(seen())
    hand_clock.trusted = False
    log.append(seen())
    hand_clock.pass_s(100)
    hand_clock.wall += 3600
    hand_clock.trusted = True
    log.append(hint())
    hand_clock.pass_s(100)
    hand_clock.wall -= 7200
    log.append(seen())
    assert [
        (event.kind.value, event.data.get("trusted"), event.data.get("jump_s")) for event in log.since(0, 20)
    ] == [
        ("recognised", None, None),
        ("clock", False, None),
        ("recognised", None, None),
        ("clock", True, 3600.0),
        ("hint", None, None),
        ("clock", True, -7200.0),
        ("recognised", None, None),
    ]


def test_the_first_event_under_a_doubtful_clock_says_so(open_log: OpenLog, hand_clock: HandClock) -> None:
    hand_clock.trusted = False
    log = open_log()
    log.append(seen())
    assert [event.kind for event in log.since(0, 9)] == [EventKind.CLOCK, EventKind.RECOGNISED]
    assert not log.since(0, 9)[1].clock_trusted
    log.close()
    again = open_log()
    again.append(seen())
    assert again.since(2, 9)[0].kind is EventKind.RECOGNISED  # nothing changed: not said twice


@pytest.mark.parametrize(
    ("change", "expired"),
    [
        ({}, False),
        ({"monotonic": 1001.9, "wall": NOON + 1.9}, False),
        ({"monotonic": 1002.0, "wall": NOON + 2.0}, True),
        ({"wall": NOON - 3600}, False),
        ({"wall": NOON + 2.0}, True),  # the machine slept: CLOCK_MONOTONIC stood still
        ({"boot_id": "boot-two", "monotonic": 5.0}, True),
    ],
)
def test_expiry_by_either_clock_and_in_any_other_boot(
    log: EventLog, hand_clock: HandClock, change: dict[str, object], expired: bool
) -> None:
    order, report = log.append(opened(expires_s=2.0)), log.append(opened(expires_s=None))
    for name, value in change.items():
        setattr(hand_clock, name, value)
    assert order.expired(hand_clock.now()) is expired
    assert not report.expired(hand_clock.now())


# --- limits


def test_the_oldest_go_when_there_are_too_many(open_log: OpenLog) -> None:
    log = open_log(most=1000, most_hints=5000)
    for number in range(1100):
        log.append(hint(number))
    log.flush()
    log.tidy()
    kept = numbers(log.since(0, 5000))
    assert 900 <= len(kept) <= 1000 and kept[-1] == 1100 and kept == list(range(kept[0], 1101))
    assert log.facts().events == len(kept) and log.facts().oldest == kept[0]


def test_hints_go_before_decisions(open_log: OpenLog) -> None:
    log = open_log(most=1000, most_hints=100)
    for number in range(300):
        log.append(hint(number))
        if number % 10 == 0:
            log.append(seen())
    log.flush()
    log.tidy()
    assert len(log.since(0, 5000, (EventKind.HINT,))) <= 100
    assert len(log.since(0, 5000, (EventKind.RECOGNISED,))) == 30


def test_age_removes_only_while_the_clock_is_believed(open_log: OpenLog, hand_clock: HandClock) -> None:
    log = open_log(keep_days=10)
    for _ in range(5):
        log.append(seen())
        hand_clock.pass_s(86_400)
    hand_clock.wall += 365 * 86_400
    hand_clock.trusted = False
    log.tidy()
    assert len(log.since(0, 99)) == 5
    hand_clock.trusted = True
    hand_clock.wall -= 365 * 86_400
    hand_clock.pass_s(7.5 * 86_400)
    log.tidy()
    assert numbers(log.since(0, 99)) == [4, 5]


def test_a_clock_that_began_in_1970_does_not_empty_the_log(open_log: OpenLog, hand_clock: HandClock) -> None:
    hand_clock.wall, hand_clock.trusted = 100.0, False
    log = open_log(keep_days=10)
    for _ in range(3):
        log.append(seen())
    hand_clock.wall, hand_clock.trusted = NOON, True
    log.append(seen())
    log.tidy()
    assert len(log.since(0, 99, (EventKind.RECOGNISED,))) == 4
    hand_clock.pass_s(11 * 86_400)
    log.tidy()
    assert log.since(0, 99) == ()


# --- damage


def spoil(folder: Path) -> None:
    file = folder / "events.db"
    file.write_bytes(b"not a database, but long enough to be looked at".ljust(8192, b"!"))


def truncate(folder: Path) -> None:
    file = folder / "events.db"
    file.write_bytes(file.read_bytes()[:6000])


def overwrite_the_pages(folder: Path) -> None:
    """Every page but the first, which is the schema."""
    with (folder / "events.db").open("r+b") as handle:
        size = handle.seek(0, 2)
        handle.seek(4096)
        handle.write(b"\xff" * (size - 4096))


@pytest.mark.parametrize("damage", [spoil, truncate, overwrite_the_pages])
def test_a_damaged_log_is_set_aside_and_begun_anew_with_an_event_that_says_so(
    open_log: OpenLog, tmp_path: Path, damage: object
) -> None:
    log = open_log()
    last = [log.append(seen(f"u{number}")).sequence for number in range(40)][-1]
    log.close()
    damage(tmp_path / "state")  # type: ignore[operator]
    again = open_log()
    (first,) = again.since(0, 10)
    assert first.sequence > last and first.kind is EventKind.SYSTEM
    assert first.data["what"] == "log_begun_anew" and first.data["reason"]
    assert (tmp_path / "state" / str(first.data["file"])).stat().st_size > 0
    assert again.append(seen()).sequence > first.sequence
    assert again.facts().set_aside == 1


def test_damage_while_running_loses_no_event_that_is_being_written(log: EventLog, tmp_path: Path) -> None:
    for number in range(40):
        log.append(seen(f"u{number}"))
    held = log.append(hint())
    log._journal.store.empty_log()
    overwrite_the_pages(tmp_path / "state")
    log._journal.store._writer.execute("PRAGMA shrink_memory")
    log._journal.store._reader.execute("PRAGMA shrink_memory")
    written = log.append(seen("after"))
    found = log.since(0, 100)
    assert found[-1] == written and held in found
    assert any(event.data.get("what") == "log_begun_anew" for event in found)
    assert numbers(found) == sorted(set(numbers(found)))


def test_only_so_many_copies_are_kept(open_log: OpenLog, tmp_path: Path) -> None:
    for _ in range(4):
        log = open_log()
        log.append(seen())
        log.close()
        spoil(tmp_path / "state")
    open_log()
    assert len(list((tmp_path / "state").glob("events.damaged-*.db"))) == 2


def test_a_log_sealed_with_another_key_is_set_aside_not_erased(open_log: OpenLog, tmp_path: Path) -> None:
    log = open_log()
    log.append(seen())
    log.close()
    other = open_log(key=b"another key of thirty-two bytes!")
    (first,) = other.since(0, 10)
    assert "another key" in str(first.data["reason"])
    aside = tmp_path / "state" / str(first.data["file"])
    other.close()
    # Whoever has the first key can still read what was set aside.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    aside.rename(elsewhere / "events.db")
    assert open_log(elsewhere, key=KEY).since(0, 10)[0].data["user_id"] == "ada"


def test_a_log_of_a_newer_version_is_refused(open_log: OpenLog, tmp_path: Path) -> None:
    open_log().close()
    with sqlite3.connect(tmp_path / "state" / "events.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(EdgeFaceError) as caught:
        open_log()
    assert caught.value.code is ErrorCode.GALLERY_VERSION
    assert (tmp_path / "state" / "events.db").exists()


def test_a_closed_log_says_so(log: EventLog) -> None:
    log.close()
    log.close()
    for call in (lambda: log.append(seen()), lambda: log.since(0, 1), log.flush, log.subscribe, log.facts):
        with pytest.raises(EdgeFaceError) as caught:
            call()
        assert caught.value.code is ErrorCode.SHUTTING_DOWN


def test_how_much_is_written_is_counted(log: EventLog, tmp_path: Path) -> None:
    for _ in range(20):
        log.append(seen())
    facts = log.facts()
    assert facts.transactions == 20
    assert facts.bytes_written == (tmp_path / "state" / "events.db-wal").stat().st_size > 20 * 4096
    for number in range(200):
        log.append(hint(number))
    log.flush()
    assert log.facts().transactions == 21
