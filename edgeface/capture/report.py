"""What the camera process and its parent tell each other: lines of JSON through pipes, plain data only.

The child's pipe carries a bare line break for every new frame and a space for a sign of life without one; because a
pipe is ordered and belongs to the kernel, it is the heartbeat, and it wakes whoever waits for a frame.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from edgeface.capture.ring import RingShape
from edgeface.capture.source import SourceInfo
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode

FRAME = b"\n"
ALIVE = b" \n"
# Characters; as JSON escapes they stay below PIPE_BUF (4096 bytes), up to which the kernel writes whole.
_MOST_TEXT = 600


@dataclass(frozen=True, slots=True)
class Job:
    """What a camera process is to do. File descriptors are inherited; ``first``: number of its first frame."""

    config: CameraConfig
    ring_fd: int
    ring: RingShape
    report_fd: int
    parent_pid: int
    first: int

    def line(self) -> bytes:
        """As the child reads it from its stdin: not in its arguments, which every user of the machine can list."""
        body = {**asdict(self), "config": self.config.model_dump(mode="json")}
        return json.dumps(body).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Job:
        """The line's job."""
        body = json.loads(line)
        config, ring = CameraConfig.model_validate(body.pop("config")), RingShape(**body.pop("ring"))
        return cls(config=config, ring=ring, **body)


@dataclass(frozen=True, slots=True)
class Opened:
    """The source is open."""

    info: SourceInfo


@dataclass(frozen=True, slots=True)
class Ended:
    """The source has no more pictures, as it should."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The source failed; the process ends. ``code`` is the catalogue's wire code."""

    code: str
    detail: str

    @classmethod
    def of(cls, error: Exception) -> Failed:
        """What is to be told of an exception."""
        if isinstance(error, EdgeFaceError):
            return cls(error.code.code, error.detail or error.message)
        return cls(ErrorCode.CAMERA_UNAVAILABLE.code, f"{type(error).__name__}: {error}")

    @property
    def hopeless(self) -> bool:
        """Whether a restart cannot help."""
        return not ErrorCode.from_wire(self.code).spec.retryable


@dataclass(frozen=True, slots=True)
class Alive:
    """Frames that came (0: only a sign of life)."""

    frames: int


Report: TypeAlias = "Opened | Ended | Failed | Alive"


def encode(report: Opened | Ended | Failed) -> bytes:
    """The report as one line, short enough to be written whole or not at all."""
    body: dict[str, Any] = {"is": type(report).__name__, **asdict(report)}
    if isinstance(report, Failed):
        body["detail"] = report.detail[:_MOST_TEXT]
    elif isinstance(report, Opened):
        body["info"]["description"] = report.info.description[:_MOST_TEXT]
    return json.dumps(body).encode() + b"\n"


class ReportReader:
    """Bytes of the pipe in, reports out; a line may come in pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Report]:
        """The reports that are complete now, all frames since the last other report as one."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        reports: list[Report] = []
        for line in lines:
            if line.strip():
                report = _decoded(line)
                if report is not None:
                    reports.append(report)
            elif reports and isinstance(reports[-1], Alive):
                reports[-1] = Alive(reports[-1].frames + (not line))
            else:
                reports.append(Alive(int(not line)))
        return reports


def _decoded(line: bytes) -> Report | None:
    try:
        body = json.loads(line)
        kind = body.pop("is")
        if kind == "Opened":
            return Opened(SourceInfo(**body["info"]))
        return Ended() if kind == "Ended" else Failed(**body)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None  # a library wrote into the pipe: not ours
