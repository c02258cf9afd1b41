"""The ring between two processes: never a torn frame, newest wins, whatever happens to the writer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgeface.capture.ring import FrameRing, RingShape
from tests.capture.conftest import gone, plain, wait_until

SHAPE = RingShape(slots=3, image_bytes=160 * 120 * 3, small_bytes=80 * 60 * 3)

PRELUDE = """
import os, signal, sys
import numpy as np
from edgeface.capture.ring import FrameRing, RingShape
ring = FrameRing(int(sys.argv[1]), RingShape(3, 160 * 120 * 3, 80 * 60 * 3))

def put(number):
    value = number % 251
    big, small = np.full((120, 160, 3), value, np.uint8), np.full((60, 80, 3), value, np.uint8)
    return ring.write(number, big, small, float(number), 0.0)

class Fatal:
    "A picture during whose copying something happens to the process, after half of it."
    nbytes, shape = 160 * 120 * 3, (120, 160, 3)

    def __init__(self, what):
        self.what = what

    def __array__(self, *_, **__):
        for slot in range(3):
            if ring._numbers()[slot] == 0:
                ring._view(slot * ring.shape.slot_bytes + 128, 160, 60)[:] = 99
        os.kill(os.getpid(), self.what)
        return np.full(self.shape, 99, np.uint8)
"""


@pytest.fixture
def ring() -> FrameRing:
    return FrameRing.create(SHAPE)


def writer(ring: FrameRing, code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, str(ring.fd)],
        pass_fds=(ring.fd,),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def put(ring: FrameRing, number: int) -> bool:
    return ring.write(number, plain(number), plain(number, 80, 60), number / 10, number * 10.0)


def test_a_frame_arrives_as_it_was(ring: FrameRing) -> None:
    image = np.random.default_rng(1).integers(0, 255, (90, 120, 3)).astype(np.uint8)
    small = image[::2, ::2].copy()
    ring.write(7, image, small, 12.5, 1700000000.25)
    frame = ring.read(0)
    assert frame is not None
    assert (frame.number, frame.captured_at, frame.wall_at) == (7, 12.5, 1700000000.25)
    assert np.array_equal(frame.image, image)
    assert np.array_equal(frame.small, small)


def test_one_picture_for_both_is_stored_once_and_comes_back_as_one(ring: FrameRing) -> None:
    image = plain(5)
    ring.write(1, image, image, 0.0, 0.0)
    frame = ring.read(0)
    assert frame is not None
    assert frame.small is frame.image


def test_the_newest_wins_and_nothing_is_given_twice(ring: FrameRing) -> None:
    assert ring.read(0) is None
    for number in range(1, 11):
        put(ring, number)
    frame = ring.read(0)
    assert frame is not None
    assert frame.number == 10
    assert ring.read(10) is None
    put(ring, 11)
    newest = ring.read(10)
    assert newest is not None
    assert newest.number == 11


def test_the_copy_is_the_readers_own(ring: FrameRing) -> None:
    put(ring, 1)
    first = ring.read(0)
    for number in range(2, 8):
        put(ring, number)
    assert first is not None
    assert np.array_equal(first.image, plain(1))


def test_frames_that_nobody_read_are_counted(ring: FrameRing) -> None:
    for number in range(1, 4):
        put(ring, number)
    ring.read(0)  # 3
    for number in range(4, 7):
        put(ring, number)
    assert ring.count().newest == 6
    assert ring.count().dropped == 2  # 1 and 2; 3 was read, 4 to 6 are still there


def test_a_picture_that_does_not_fit_is_refused(ring: FrameRing) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        ring.write(1, plain(1, 200, 200), plain(1, 80, 60), 0.0, 0.0)
    with pytest.raises(ValueError, match="does not fit"):
        ring.write(1, plain(1), plain(1, 100, 100), 0.0, 0.0)


def test_no_frame_is_torn_under_a_fast_writer(ring: FrameRing) -> None:
    process = writer(ring, "for number in range(1, 6001): put(number)")
    last, seen = 0, 0
    while process.poll() is None:
        frame = ring.read(last)
        if frame is None:
            continue
        assert frame.number > last
        last, seen = frame.number, seen + 1
        assert (frame.image == last % 251).all(), "torn"
        assert (frame.small == last % 251).all(), "torn"
        assert frame.captured_at == last
    final = ring.read(0)
    assert final is not None
    assert final.number == 6000
    assert seen > 10
    assert ring.count().dropped > 0


def test_a_writer_killed_inside_a_slot_leaves_no_torn_frame(ring: FrameRing) -> None:
    code = "put(1); put(2); ring.write(3, Fatal(signal.SIGKILL), np.zeros((60, 80, 3), np.uint8), 0.0, 0.0)"
    assert writer(ring, code).wait() == -signal.SIGKILL
    frame = ring.read(0)
    assert frame is not None
    assert frame.number == 2
    assert (frame.image == 2).all()
    for number in range(4, 8):  # its slot is free again
        assert put(ring, number)
    assert ring.count().newest == 7


def test_a_writer_stopped_inside_a_slot_blocks_nobody(ring: FrameRing) -> None:
    code = "put(1); put(2); ring.write(3, Fatal(signal.SIGSTOP), np.zeros((60, 80, 3), np.uint8), 0.0, 0.0)"
    process = writer(ring, code)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    frame = ring.read(0)
    assert frame is not None
    assert frame.number == 2
    assert ring.count().newest == 2
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait() == 0
    frame = ring.read(0)
    assert frame is not None
    assert (frame.image == 99).all()


def test_a_slot_that_is_being_read_is_not_written(ring: FrameRing) -> None:
    put(ring, 1)
    reader = writer(
        ring,
        "import fcntl\n"
        "fcntl.lockf(ring.fd, fcntl.LOCK_SH, 2, 1)\n"  # the two slots that are not the newest
        "sys.stdout.write('locked'); sys.stdout.flush(); sys.stdin.read()",
    )
    assert reader.stdin is not None and reader.stdout is not None
    assert reader.stdout.read(6) == b"locked"
    assert not put(ring, 2)
    frame = ring.read(0)
    assert frame is not None
    assert frame.number == 1
    reader.stdin.close()
    reader.wait()
    assert put(ring, 3)
    assert ring.count().dropped == 1


def test_a_closed_ring_gives_nothing(ring: FrameRing) -> None:
    put(ring, 1)
    ring.close()
    ring.close()
    assert ring.read(0) is None
    assert ring.count().newest == 0


def test_too_little_memory_is_an_error_before_any_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    # A ring that is really too large must never be tried here: the kernel would kill somebody to make room for it.
    monkeypatch.setattr("edgeface.capture.ring._available_bytes", lambda: 1000)
    monkeypatch.setattr(os, "memfd_create", lambda *_: pytest.fail("memory was taken"))
    with pytest.raises(OSError, match="MiB of memory"):
        FrameRing.create(RingShape(2, 3000, 3000))


def test_the_memory_has_no_name_and_goes_with_its_processes() -> None:
    before = set(Path("/dev/shm").iterdir())
    code = (
        "from edgeface.capture.ring import FrameRing, RingShape; import sys, time\n"
        "ring = FrameRing.create(RingShape(3, 3000, 3000))\n"
        "print('made', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"made\n"
    assert set(Path("/dev/shm").iterdir()) == before
    process.kill()
    process.wait()
    wait_until(lambda: gone(process.pid))
    assert set(Path("/dev/shm").iterdir()) == before
