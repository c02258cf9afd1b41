"""What goes through the pipes: whole, in pieces, and with what does not belong there."""

from __future__ import annotations

import json

from edgeface.capture.report import ALIVE, FRAME, Alive, Ended, Failed, Job, Opened, ReportReader, encode
from edgeface.capture.ring import RingShape
from edgeface.capture.source import SourceInfo
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode

INFO = SourceInfo("V4L2 /dev/video0", 640, 480, 30.0, live=True)
FAILED = Failed("camera_unavailable", "It was unplugged.")


def test_reports_survive_any_division() -> None:
    stream = encode(Opened(INFO)) + FRAME + FRAME + ALIVE + FRAME + encode(FAILED) + ALIVE + encode(Ended())
    expected = [Opened(INFO), Alive(3), FAILED, Alive(0), Ended()]
    assert ReportReader().feed(stream) == expected
    reader = ReportReader()
    single = [report for byte in stream for report in reader.feed(bytes([byte]))]
    assert [report for report in single if not isinstance(report, Alive)] == [Opened(INFO), FAILED, Ended()]
    assert sum(report.frames for report in single if isinstance(report, Alive)) == 3


def test_what_a_library_writes_into_the_pipe_is_ignored() -> None:
    assert ReportReader().feed(b'noise\n[1]\n{"is": "Failed"}\n' + FRAME) == [Alive(1)]


def test_a_long_reason_still_fits_one_write() -> None:
    line = encode(Failed("camera_unavailable", "\u6444" * 5000))
    assert len(line) <= 4096
    json.loads(line)


def test_only_what_cannot_help_is_hopeless() -> None:
    assert Failed.of(EdgeFaceError(ErrorCode.CONFIG_INVALID, "wrong")).hopeless
    assert not Failed.of(EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, "away")).hopeless
    other = Failed.of(RuntimeError("Camera frontend has timed out!"))
    assert not other.hopeless
    assert other.detail == "RuntimeError: Camera frontend has timed out!"


def test_a_job_reads_as_it_was_written() -> None:
    job = Job(CameraConfig(source="rtsp://u:p@h/x", rotate=90), 5, RingShape(3, 300, 30), 6, 7, 8)
    assert Job.from_line(job.line()) == job
    assert job.line().count(b"\n") == 1
