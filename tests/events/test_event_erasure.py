"""Deletion erases, in every file."""

from __future__ import annotations

from pathlib import Path

import pytest
from event_samples import KEY, OpenLog, hint, numbers, seen

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events import files
from edgeface.events.event import EventKind, NewEvent
from edgeface.events.log import EventLog
from edgeface.events.vault import Vault

_ADA = "ada_lovelace"


def content(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def sealed_rows(log: EventLog) -> list[bytes]:
    with log._journal.store.reading() as connection:
        return [row[0] for row in connection.execute("SELECT sealed FROM events ORDER BY sequence")]


def test_a_person_is_erased_from_the_files_and_nobody_else(log: EventLog, tmp_path: Path) -> None:
    for number in range(60):
        log.append(seen((_ADA, "eve", "bob")[number % 3]))
    log.append(NewEvent(EventKind.HINT, {"user_id": _ADA}, "gate"))  # still in memory
    log.append(NewEvent(EventKind.UNDECIDED, {"candidates": [{"user_id": "eve"}, {"user_id": _ADA}]}, "gate"))
    log.append(hint())
    gone = [row for row, event in zip(sealed_rows(log), log.since(0, 99), strict=False) if _ADA in str(event.data)]
    assert len(gone) == 22
    marks = Vault(KEY)
    assert log.erase_user(_ADA) == 22
    left = log.since(0, 99)
    assert _ADA not in str(left)
    assert len([event for event in left if event.data.get("user_id") in ("eve", "bob")]) == 40
    assert left[-1].data == {"what": "person_erased", "events": 22}
    written = content(tmp_path / "state")
    assert not any(row[:24] in written or row[-24:] in written for row in gone)
    assert marks.mark(_ADA) not in written and marks.mark("eve") in written
    assert log.erase_user(_ADA) == 0
    assert log.facts().events == len(left)


def test_a_member_of_one_group_is_erased_there_only(log: EventLog) -> None:
    here = log.append(seen("ada"))
    log.append(NewEvent(EventKind.PASSAGE, {"user_id": "ada", "group_id": "guests"}, "gate"))
    assert log.erase_user("ada", "guests") == 1
    assert log.since(0, 1) == (here,)


def test_a_person_is_erased_from_what_was_set_aside_too(open_log: OpenLog, tmp_path: Path) -> None:
    log = open_log()
    log.append(seen("ada"))
    log.close()
    (tmp_path / "state" / "events.db").write_bytes(b"x" * 5000)
    again = open_log()
    assert list((tmp_path / "state").glob("events.damaged-*"))
    again.erase_user("ada")
    assert not list((tmp_path / "state").glob("events.damaged-*"))


def test_everything_is_erased_and_the_numbers_go_on(open_log: OpenLog, tmp_path: Path) -> None:
    log = open_log()
    for _ in range(10):
        log.append(seen("ada"))
    log.append(hint())
    rows = sealed_rows(log)
    assert log.erase() == 11
    (first,) = log.since(0, 99)
    assert first.sequence == 12 and first.data == {"what": "log_erased", "events": 11}
    written = content(tmp_path / "state")
    assert not any(row[-24:] in written for row in rows)
    log.close()
    assert numbers(open_log().since(0, 99)) == [12]


def test_the_gallery_goes_together_with_the_events_and_brings_the_new_key(open_log: OpenLog, tmp_path: Path) -> None:
    log = open_log()
    log.append(seen("ada"))
    seen_at_the_time: list[int] = []

    def gallery_too() -> bytes:
        seen_at_the_time.append(len(log.since(0, 9)))
        return b"k" * 32

    log.erase(gallery_too)
    assert seen_at_the_time == [1]
    log.append(seen("bob"))
    log.close()
    again = open_log(key=b"k" * 32)
    assert [event.data.get("user_id") for event in again.since(0, 9)] == [None, "bob"]
    assert again.facts().set_aside == 0


def test_when_the_gallery_cannot_be_erased_the_events_stay(open_log: OpenLog) -> None:
    log = open_log()
    kept = log.append(seen("ada"))

    def refuses() -> bytes:
        raise EdgeFaceError(ErrorCode.STORAGE_READ_ONLY)

    with pytest.raises(EdgeFaceError):
        log.erase(refuses)
    assert log.since(0, 9) == (kept,)
    log.close()
    assert open_log().since(0, 9) == (kept,)


def test_an_erase_that_was_cut_off_is_finished_at_the_next_start(open_log: OpenLog, tmp_path: Path) -> None:
    log = open_log()
    log.append(seen("ada"))
    log.close()
    files.mark_erasing(tmp_path / "state")  # as a power cut just behind it would leave things
    again = open_log()
    assert again.since(0, 9) == ()
    assert again.append(seen("bob")).sequence == 2
    assert not files.is_erasing(tmp_path / "state")


def test_files_of_a_log_that_nobody_has_open(open_log: OpenLog, tmp_path: Path) -> None:
    log = open_log()
    log.append(seen("ada"))
    log.close()
    state = tmp_path / "state"
    with pytest.raises(RuntimeError), files.erased_with(state):
        raise RuntimeError("the gallery refuses")
    assert (state / "events.db").exists() and not files.is_erasing(state)
    with files.erased_with(state):
        pass
    assert {file.name for file in state.iterdir()} == {"events.numbers"}
